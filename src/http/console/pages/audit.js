// What staff did: every act, before it was done and how it went.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { plain, time } from "../words.js";
import { Curl } from "../parts/curl.js";
import { Choice, Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { queryOf } from "../parts/query.js";
import { State } from "../parts/state.js";

const COLUMNS = [
  ["When", ({ at }) => time(at)],
  ["Who", ({ username, account, service }) => username ?? service ?? html`<code>${account}</code>`],
  ["What", ({ what, path, dry_run }) => html`<a href="/docs/#${what}">${what}</a>${dry_run
    && " (a dry run)"}<br /><code>${path}</code>`],
  ["Why", ({ reason }) => reason ?? "–"],
  ["Outcome", ({ outcome, status }) => html`<${State} is=${outcome} /> ${status}`],
];

const OUTCOMES = ["", "done", "refused", "failed", "unknown"];

export function Audit({ parts: [who = ""] }) {
  const [said, put] = useState({ who, what: "", outcome: "" });
  const [asked, ask] = useState(said);
  const set = (part) => put((before) => ({ ...before, ...part }));
  const path = `/api/v1/audit${queryOf(asked)}`;
  return html`<div>
    <${Head}>Audit<//>
    <section class="sheet">
      <${Form} label="Which acts" onSubmit=${() => ask(said)}>
        <${Field} name="who" label="Who" said=${said} set=${set} autocomplete="off"
          hint="The id of an account or of a key, or the name of a service." />
        <${Field} name="what" label="What" said=${said} set=${set} autocomplete="off"
          hint="The name of a call, such as createCampaign." />
        <${Choice} name="outcome" label="Outcome" said=${said} set=${set}
          among=${OUTCOMES.map((one) => [one, one ? plain(one) : "any"])} />
        <button class="first">Look</button>
      <//>
    </section>
    <section class="sheet">
      <${List} key=${path} path=${path} columns=${COLUMNS} caption="Acts, the newest first"
        empty="Nothing of the kind was done." />
      <${Curl} of=${["GET", path]} /></section>
  </div>`;
}
