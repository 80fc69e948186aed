// A button that saves a text as a file.
import { html } from "../html.js";

export function Save({ name, text, children }) {
  const save = () => {
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };
  return html`<button type="button" class="small" onClick=${save}>${children}</button>`;
}
