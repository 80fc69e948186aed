// A QR code as a picture. Dark on light, also at night: not every reader takes it the other way.
import { html } from "../html.js";
import { qrOf } from "./qr.js";

const MARGIN = 4;

export function Code({ text, label }) {
  const grid = qrOf(text);
  if (!grid) return null;
  const size = grid.length + 2 * MARGIN;
  const squares = grid.flatMap((row, y) => row.map((dark, x) => (
    dark ? `M${x + MARGIN} ${y + MARGIN}h1v1h-1z` : ""))).join("");
  return html`<svg class="code" viewBox="0 0 ${size} ${size}" role="img" aria-label=${label}
    shape-rendering="crispEdges"><path d=${squares} fill="#000" /></svg>`;
}
