// Imports of codes: the jobs, one of them with its rejected rows, and a new one.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call, get, text } from "../api.js";
import { to } from "../place.js";
import { may } from "../session.js";
import { plain, time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Bar } from "../parts/bar.js";
import { Curl } from "../parts/curl.js";
import { useBulletins, useLater } from "../parts/bulletins.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem } from "../parts/notice.js";
import { Save } from "../parts/save.js";
import { State } from "../parts/state.js";
import { NewImport } from "./new_import.js";

const COLUMNS = [
  ["Name", ({ id, name }) => html`<a href=${to("imports", id)}>${name ?? id}</a>`],
  ["State", ({ state }) => html`<${State} is=${state} />`],
  ["Imported", ({ rows }) => whole(rows.imported), "number"],
  ["Rejected", ({ rows }) => whole(rows.duplicate + rows.invalid), "number"],
  ["Begun", ({ created_at }) => time(created_at)],
];

const ROWS = [
  ["Row", ({ row }) => whole(row), "number"],
  ["Code", ({ code }) => html`<code>${code}</code>`],
  ["What became of it", ({ state }) => plain(state)],
  ["Why", ({ why }) => why ?? ""],
];

const OVER = ["finished", "failed", "cancelled"];

export function Imports({ parts: [id] }) {
  if (id === "new") return html`<${NewImport} />`;
  return id ? html`<${Job} id=${id} />` : html`<${All} />`;
}

function All() {
  return html`<div>
    <div class="row between">
      <${Head}>Imports<//>
      ${may("operator") && html`<a class="button first" href=${to("imports", "new")}>
        Import codes</a>`}
    </div>
    <section class="sheet">
      <${List} path="/api/v1/jobs" columns=${COLUMNS} caption="Imports"
        empty="There is none yet. An import brings codes of others, in a file." />
      <${Curl} of=${["GET", "/api/v1/jobs"]} />
    </section>
  </div>`;
}

function Job({ id }) {
  const path = `/api/v1/jobs/${encodeURIComponent(id)}`;
  const loaded = useLoaded(() => get(path), [id]);
  const [report, setReport] = useState(null);
  const later = useLater(loaded.reload);
  useBulletins(({ things, left_out }) => {
    if (things.jobs?.[id]) loaded.reload();
    else if (left_out.of_things) later();
  }, (isAgain) => (isAgain ? later : loaded.reload)());
  const fetchReport = useAct(() => text(`${path}/report`));
  const cancel = useAct((key) => call("DELETE", path, { key }));
  const job = loaded.value;
  if (!job) return html`<${Head}>Import<//><${Problem} error=${loaded.error} />`;
  const { rows, progress } = job;
  const isOver = OVER.includes(job.state);
  return html`<div>
    <${Head}>${job.name ?? job.id} <${State} is=${job.state} /><//>
    <${Problem} error=${loaded.error ?? cancel.error ?? fetchReport.error} />
    ${job.why && html`<div class="notice" role="alert"><p>${job.why}</p></div>`}
    <section class="sheet" aria-live="polite">
      <${Bar} label="Rows" parts=${[["imported", "used", rows.imported],
        ["duplicate", "held", rows.duplicate], ["invalid", "taken", rows.invalid]]} />
      <p>${isOver ? `${whole(progress.rows)} rows.`
        : `${whole(progress.rows)} rows so far: ${Math.round((100 * progress.bytes)
          / Math.max(1, progress.of_bytes))} % of the file.`}</p>
      <dl class="facts"><dt>begun</dt><dd>${time(job.created_at)}</dd>
        <dt>ended</dt><dd>${time(job.ended_at)}</dd>
        ${job.batch && html`<dt>batch</dt>
          <dd><a href=${to("coupons", "batch", job.batch)}>${job.batch}</a></dd>`}</dl>
      ${!isOver && may("operator") && html`<p><button type="button" disabled=${cancel.busy}
        onClick=${async () => (await cancel.run()) && loaded.reload()}>Stop it</button></p>`}
      <${Curl} of=${["GET", path]} />
    </section>
    ${may("operator") && html`<section class="sheet"><h2>Rejected rows</h2>
      ${["invalid", "duplicate"].map((state) => html`<${List} key=${state}
        path="${path}/rows?state=${state}" columns=${ROWS} caption=${plain(state)}
        turn=${isOver ? 1 : 0} empty="None is ${state}." />`)}
      ${report === null
        ? html`<button type="button" disabled=${fetchReport.busy}
          onClick=${async () => setReport((await fetchReport.run()) ?? null)}>
          Prepare the report</button>`
        : html`<${Save} name="${id}.csv" text=${report}>Save the report<//>`}
      <${Curl} of=${["GET", `${path}/report`]} /></section>`}
  </div>`;
}
