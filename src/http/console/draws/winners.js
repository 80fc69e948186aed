// Who has won, by the names that the public is told.
import { html } from "../html.js";
import { many } from "../words.js";

export function Winners({ draw }) {
  const rows = [
    ...draw.winners.map((lot, n) => [`winner ${n + 1}`, lot]),
    ...draw.reserves.map((lot, n) => [`reserve ${n + 1}`, lot])];
  return html`<section class="sheet"><h2>Winners</h2>
    ${rows.length === 0 && html`<p class="quiet">Nobody took part.</p>`}
    ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label="Winners">
      <table><caption>${many(draw.winners.length, "winner")},
          ${" "}${many(draw.reserves.length, "reserve")}, in the order of the draw</caption>
        <thead><tr><th scope="col">Drawn as</th><th scope="col">Who</th>
          <th scope="col">Ballot</th></tr></thead>
        <tbody>${rows.map(([as, { ballot, name }]) => html`<tr key=${ballot}><td>${as}</td>
          <td>${name}</td><td><code>${ballot}</code></td></tr>`)}</tbody></table></div>`}
    <dl class="facts"><dt>seed</dt><dd><code>${draw.seed}</code></dd>
      <dt>root of all ballots</dt><dd><code>${draw.root}</code></dd></dl>
  </section>`;
}
