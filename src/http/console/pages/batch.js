// One batch: the life of its coupons as a flow with numbers on it, its codes, giving one away, and
// voiding some.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call, get, text } from "../api.js";
import { to } from "../place.js";
import { may } from "../session.js";
import { counts } from "../stock.js";
import { offer, time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Bar } from "../parts/bar.js";
import { Curl } from "../parts/curl.js";
import { useFigures } from "../parts/figures.js";
import { Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { Ledger } from "../parts/ledger.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem, Told } from "../parts/notice.js";
import { Save } from "../parts/save.js";
import { VoidSome } from "./void_some.js";

// So many codes are shown; a file has more.
const SHOWN = 20;
const MOST_SAVED = 100_000;

export function Batch({ id }) {
  const path = `/api/v1/coupon-batches/${encodeURIComponent(id)}`;
  const loaded = useLoaded(async () => {
    const [batch, ledger] = await Promise.all([get(path), get(`${path}/ledger`)]);
    return { batch, ledger };
  }, [id]);
  useFigures();
  const known = loaded.value;
  if (!known) return html`<${Head}>Batch<//><${Problem} error=${loaded.error} />`;
  const { batch, ledger } = known;
  const now = { ...ledger, ...counts("batches", id) };
  return html`<div>
    <${Head}>${batch.name ?? batch.id}<//>
    <${Problem} error=${loaded.error} />
    <section class="sheet">
      <${Flow} of=${now} />
      <${Bar} label="Coupons" parts=${[["assigned", "taken", now.assigned],
        ["held", "held", now.held], ["used", "used", now.used],
        ["expired or void", "gone", now.expired + now.void],
        ["available", "free", now.available]]} />
      <dl class="facts">
        <dt>takes off</dt><dd>${offer(batch)}</dd>
        <dt>good until</dt><dd>${time(batch.expires_at)}</dd>
        <dt>made</dt><dd>${time(batch.created_at)}</dd>
        <dt>for a member</dt><dd>${batch.one_per_member ? "at most one" : "any number"}</dd>
        <dt>id</dt><dd><code>${batch.id}</code></dd>
      </dl>
      <${Curl} of=${["GET", path]} />
    </section>
    ${may("operator") && html`<div class="grid">
      <${Give} path=${path} done=${loaded.reload} /><${Codes} path=${path} id=${id} /></div>
      <${VoidSome} path=${path} word=${batch.name ?? batch.id} done=${loaded.reload} />`}
    <section class="sheet"><h2>Ledger</h2><${Ledger} of=${ledger} />
      <p><button class="small" type="button" onClick=${loaded.reload}>Look again</button></p>
      <${Curl} of=${["GET", `${path}/ledger`]} /></section>
  </div>`;
}

// Left to right as a coupon lives; what it can fall out to stands at the end.
function Flow({ of }) {
  const step = (name, count) => html`<li><b>${whole(count)}</b>${name}</li>`;
  const arrow = (sign) => html`<li class="then" aria-hidden="true">${sign}</li>`;
  return html`<ul class="flow" aria-label="How the coupons stand">
    ${step("available", of.available)}${arrow("→")}${step("assigned", of.assigned)}${arrow("→")}
    ${step("held", of.held)}${arrow("→")}${step("used", of.used)}
    ${arrow("or")}${step("expired", of.expired)}${step("void", of.void)}</ul>`;
}

function Give({ path, done }) {
  const [said, put] = useState({ member_id: "", source_id: "" });
  const [given, setGiven] = useState(null);
  const set = (part) => put((before) => ({ ...before, ...part }));
  const body = { member_id: said.member_id, source_id: said.source_id || undefined };
  const give = useAct((key) => call("POST", `${path}/assign`, { body, key }));
  const submit = async () => {
    const coupon = await give.run();
    setGiven(coupon ?? null);
    if (coupon) done();
  };
  return html`<section class="sheet"><h2>Give the next one</h2>
    <${Problem} error=${give.error} />
    <${Told} text=${given ? html`It has <a href=${to("coupons", "code", given.code)}>
      ${given.code}</a> now.` : ""} />
    <${Form} label="Give a coupon" onSubmit=${submit}>
      <${Field} name="member_id" label="To the member" hint="Their id" said=${said} set=${set}
        error=${give.error} />
      <${Field} name="source_id" label="For" hint="An order, for example: the same one gets no
        second coupon." said=${said} set=${set} error=${give.error} />
      <button class="first" disabled=${give.busy}>Give</button>
    <//>
    <${Curl} of=${["POST", `${path}/assign`, body, { key: true }]} />
  </section>`;
}

function Codes({ path, id }) {
  const shown = useLoaded(async () => {
    const lines = (await text(`${path}/codes?limit=${SHOWN}`)).split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line).code);
  }, [path]);
  const [file, setFile] = useState(null);
  const fetchFile = useAct(() => text(`${path}/codes?format=csv&limit=${MOST_SAVED}`));
  return html`<section class="sheet"><h2>Codes</h2>
    <${Problem} error=${shown.error ?? fetchFile.error} />
    <p>${shown.value?.map((code) => html`<a key=${code} href=${to("coupons", "code", code)}>
      <code>${code}</code></a> `)}</p>
    ${file === null
      ? html`<button type="button" disabled=${fetchFile.busy}
        onClick=${async () => setFile((await fetchFile.run()) ?? null)}>
        Prepare a file of the first ${whole(MOST_SAVED)}</button>`
      : html`<${Save} name="${id}.csv" text=${file}>Save the codes<//>`}
    <${Curl} of=${["GET", `${path}/codes?format=csv`]} />
  </section>`;
}
