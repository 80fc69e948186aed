// Taking part in a draw: a ballot, and the receipt that proves it.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { useAct } from "../parts/act.js";
import { Curl } from "../parts/curl.js";
import { Problem } from "../parts/notice.js";
import { Receipt } from "../parts/receipt.js";

export function Ballots({ path }) {
  const [ballot, setBallot] = useState(null);
  const submit = useAct((key) => call("POST", `${path}/ballots`, { body: {}, key }));
  const run = async () => setBallot((await submit.run()) ?? null);
  return html`<section class="sheet"><h2>Take part in the draw</h2>
    <${Problem} error=${submit.error} />
    <div role="status">${ballot?.receipt && html`<p class="good">Your ballot is in the box.</p>
      <${Receipt} of=${ballot} />`}</div>
    ${!ballot && html`<button class="first" type="button" disabled=${submit.busy}
      onClick=${run}>Submit a ballot</button>`}
    <${Curl} of=${["POST", `${path}/ballots`, {}, { key: true }]} />
  </section>`;
}
