// Turns `backticks` into code.
import { html } from "../html.js";

export const rich = (text = "") => text.split("`").map(
  (part, n) => (n % 2 ? html`<code key=${n}>${part}</code>` : part));
