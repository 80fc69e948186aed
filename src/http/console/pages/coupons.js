// Coupons: the batches, one of them, one code, and how a new batch is made.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { to } from "../place.js";
import { may } from "../session.js";
import { offer, time, whole } from "../words.js";
import { Curl } from "../parts/curl.js";
import { useNews } from "../parts/bulletins.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { Batch } from "./batch.js";
import { Coupon } from "./coupon.js";
import { NewBatch } from "./new_batch.js";

const COLUMNS = [
  ["Name", ({ id, name }) => html`<a href=${to("coupons", "batch", id)}>${name ?? id}</a>`],
  ["Made", ({ count, imported_by }) => (imported_by ? "imported" : whole(count)), "number"],
  ["Takes off", offer, "number"],
  ["Good until", ({ expires_at }) => time(expires_at)],
];

const NOTICES = [
  ["Told", ({ at }) => time(at)],
  ["Code", ({ code }) => html`<a href=${to("coupons", "code", code)}><code>${code}</code></a>`],
  ["Member", ({ known_as, owner }) => html`<code>${known_as?.id ?? owner}</code>`],
  ["Expires in", ({ days }) => `${days} d`, "number"],
];

export function Coupons({ parts: [kind, id] }) {
  if (kind === "new") return html`<${NewBatch} />`;
  if (kind === "batch") return html`<${Batch} id=${id} />`;
  return kind === "code" ? html`<${Coupon} code=${id} />` : html`<${All} />`;
}

function All() {
  const [code, setCode] = useState("");
  const news = useNews("batch.created");
  const open = (event) => {
    event.preventDefault();
    if (code.trim()) location.hash = to("coupons", "code", code.trim());
  };
  return html`<div>
    <div class="row between">
      <${Head}>Coupons<//>
      ${may("operator") && html`<span class="row">
        <a class="button first" href=${to("coupons", "new")}>New batch</a>
        <a class="button" href=${to("imports", "new")}>Import codes</a></span>`}
    </div>
    <section class="sheet"><h2>One code</h2>
      <form class="row" aria-label="Find a code" onSubmit=${open}>
        <label for="code">Code</label>
        <input id="code" value=${code} autocomplete="off"
          onInput=${(event) => setCode(event.target.value)} />
        <button>Show its life</button></form></section>
    <section class="sheet"><h2>Batches</h2>
      <${List} path="/api/v1/coupon-batches" columns=${COLUMNS} caption="Batches" ...${news}
        empty="There is none yet. A batch is so many coupons, made in one go." />
      <${Curl} of=${["GET", "/api/v1/coupon-batches"]} /></section>
    <section class="sheet"><h2>Notices: what expires soon</h2>
      <${List} path="/api/v1/notices" columns=${NOTICES} caption="Notices"
        empty="Nobody had to be told yet." />
      <${Curl} of=${["GET", "/api/v1/notices"]} /></section>
    <section class="sheet"><h2>Expired</h2><${Expired} /></section>
  </div>`;
}

const EXPIRED = [
  ["Code", ({ code }) => html`<a href=${to("coupons", "code", code)}><code>${code}</code></a>`],
  ["Batch", ({ batch, name }) => name ?? batch],
  ["Member", ({ known_as, owner }) => html`<code>${known_as?.id ?? owner ?? "nobody"}</code>`],
  ["Expired", ({ expires_at }) => time(expires_at)],
];

function Expired() {
  const [on, setOn] = useState(new Date().toISOString().slice(0, 10));
  const path = `/api/v1/coupons/expired?on=${on}`;
  return html`<div class="row"><label for="on">On the day</label>
      <input id="on" type="date" value=${on}
        onInput=${(event) => setOn(event.target.value)} /></div>
    ${on && html`<${List} key=${on} path=${path} columns=${EXPIRED} caption="Expired that day"
      empty="Nothing expired that day." />
      <${Curl} of=${["GET", path]} />`}`;
}
