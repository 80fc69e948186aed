// For the support desk: a code, an order or a member, and what became of all coupons that have to
// do with it, as one life.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { get } from "../api.js";
import { go, to } from "../place.js";
import { Curl } from "../parts/curl.js";
import { Choice, Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { Life } from "../parts/life.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem } from "../parts/notice.js";
import { queryOf } from "../parts/query.js";
import { State } from "../parts/state.js";

const KINDS = [["code", "a code"], ["reference", "an order"], ["member", "a member’s id"],
  ["their_id", "a member of a service"]];
const MOST = 25;

const path = (asked) => `/api/v1/coupons${queryOf({ ...asked, limit: MOST })}`;

// The coupons, and every step of all of them, the newest first.
async function lifeOf(asked) {
  const page = await get(path(asked));
  const coupons = await Promise.all(page.items.filter(({ code }) => code)
    .map(({ code }) => get(`/api/v1/coupons/${encodeURIComponent(code)}`)));
  const steps = coupons.flatMap(({ code, history }) => (
    (history ?? []).map((step) => ({ ...step, code }))));
  steps.sort((one, other) => other.at.localeCompare(one.at));
  return { coupons, steps, isMore: page.next_cursor !== null };
}

export function Find({ parts: [kind = "code", text = "", service = ""] }) {
  const [said, put] = useState({ kind, text, service });
  const set = (part) => put((before) => ({ ...before, ...part }));
  const submit = () => {
    const found = said.text.trim();
    if (!found) return;
    if (said.kind === "code") go("coupons", "code", found);
    else go("find", said.kind, found, ...(said.kind === "their_id" ? [said.service.trim()] : []));
  };
  const asked = { [kind]: text, ...(kind === "their_id" && { service }) };
  return html`<div>
    <${Head}>Find<//>
    <section class="sheet">
      <${Form} label="Find" onSubmit=${submit}>
        <${Choice} name="kind" label="What you know" said=${said} set=${set} among=${KINDS} />
        <${Field} name="text" label="It is" said=${said} set=${set} autocomplete="off" />
        ${said.kind === "their_id" && html`<${Field} name="service" label="Of the service"
          said=${said} set=${set} autocomplete="off" />`}
        <button class="first">Look for it</button>
      <//>
    </section>
    ${text && kind !== "code" && html`<${Found} asked=${asked} />`}
  </div>`;
}

function Found({ asked }) {
  const { value: found, error } = useLoaded(() => lifeOf(asked), [path(asked)]);
  return html`<${Problem} error=${error} />
    ${!found && !error && html`<p role="status">It is being looked for …</p>`}
    ${found && html`<div class="grid">
      <section class="sheet"><h2>Coupons</h2>
        <p role="status">${found.coupons.length} found.${found.isMore
          && " There may be more: the command shows how to go on."}</p>
        <ul>${found.coupons.map(({ code, name, state }) => html`<li key=${code}>
          <a href=${to("coupons", "code", code)}><code>${code}</code></a>
          ${" "}${name} <${State} is=${state} /></li>`)}</ul>
        <${Curl} of=${["GET", path(asked)]} /></section>
      <section class="sheet"><h2>Their life</h2>
        <${Life} steps=${found.steps} /></section></div>`}`;
}
