// Saving a text as a file, and a button for it.
import { html } from "../html.js";

export function saveAs(name, text, type = "text/plain") {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

export const Save = ({ name, text, children }) => html`<button type="button" class="small"
  onClick=${() => saveAs(name, text)}>${children}</button>`;
