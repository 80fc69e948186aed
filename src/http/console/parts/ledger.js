// The books of a campaign, a batch or a lottery: every line, and whether they balance.
import { html } from "../html.js";
import { plain, whole } from "../words.js";

export function Ledger({ of }) {
  const { imbalance, ...lines } = of;
  return html`<dl class="facts">
    ${Object.entries(lines).map(([name, count]) => html`<dt key=${name}>${plain(name)}</dt>
      <dd>${whole(count)}</dd>`)}
    <dt>balance</dt>
    <dd class=${imbalance === 0 ? "good" : "bad"}>${imbalance === 0
      ? "The books balance." : `${whole(imbalance)} are missing or there twice.`}</dd>
  </dl>`;
}
