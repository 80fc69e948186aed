// What became of a coupon, or of several, step by step.
import { html } from "../html.js";
import { to } from "../place.js";
import { plain, time } from "../words.js";

// A step of one of several has the `code` that it is of.
export function Life({ steps }) {
  if (!steps.length) return html`<p class="quiet">Nothing yet.</p>`;
  return html`<ol class="life">${steps.map((step, n) => html`<li key=${n}>
    <b>${plain(step.step)}</b>${step.reference && html` for ${step.reference}`}<br />
    <span class="quiet">${time(step.at)}${step.code && html`,
      ${" "}<a href=${to("coupons", "code", step.code)}><code>${step.code}</code></a>`}${step.by
      && html`, by <code>${step.known_as?.id ?? step.by}</code>`}</span></li>`)}</ol>`;
}
