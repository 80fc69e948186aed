// The receipt of a ballot: what its owner keeps.
import { html } from "../html.js";
import { Save } from "./save.js";

export function Receipt({ of }) {
  return html`<p>Keep the receipt: with it you can prove that your ballot was counted.</p>
    <dl class="facts"><dt>ballot</dt><dd><code>${of.receipt.ballot}</code></dd>
      <dt>signature</dt><dd><code>${of.receipt.signature}</code></dd></dl>
    <p><${Save} name="receipt-${of.lottery}.json" text=${JSON.stringify(of, null, 2)}>
      Save the receipt<//></p>`;
}
