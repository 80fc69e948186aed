// Webhooks: where events are pushed to, how that goes, and telling them again.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call, get } from "../api.js";
import { go, to } from "../place.js";
import { may } from "../session.js";
import { plain, time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Confirm } from "../parts/confirm.js";
import { Curl } from "../parts/curl.js";
import { Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem, Told } from "../parts/notice.js";
import { State } from "../parts/state.js";

const PATH = "/api/v1/webhooks";

const COLUMNS = [
  ["Address", ({ id, url }) => html`<a href=${to("webhooks", id)}>${url}</a>`],
  ["State", ({ state }) => html`<${State} is=${state} />`],
  ["Hears", ({ events }) => (events.includes("*") ? "everything" : events.join(", "))],
  ["Failed in a row", ({ failed_attempts }) => whole(failed_attempts), "number"],
];

const DELIVERIES = [
  ["When", ({ at }) => time(at)],
  ["Event", ({ type, event }) => html`${type} <code>${event}</code>`],
  ["How it went", ({ outcome, status, error }) => (
    html`${plain(outcome)} ${status ?? ""} ${error ?? ""}`)],
  ["Took", ({ duration_ms }) => `${whole(duration_ms)} ms`, "number"],
  ["Tried again", ({ next_attempt_at }) => time(next_attempt_at)],
];

export const Webhooks = ({ parts: [id] }) => (
  id ? html`<${Webhook} id=${id} />` : html`<${All} />`);

function All() {
  const [said, put] = useState({ url: "", events: "*" });
  const [made, setMade] = useState(null);
  const [turn, setTurn] = useState(0);
  const set = (part) => put((before) => ({ ...before, ...part }));
  const body = { url: said.url, events: said.events.split(/[\s,]+/).filter(Boolean) };
  const make = useAct((key) => call("POST", PATH, { body, key }));
  const submit = async () => {
    const webhook = await make.run();
    setMade(webhook ?? null);
    if (webhook) setTurn((n) => n + 1);
  };
  return html`<div>
    <${Head}>Webhooks<//>
    <section class="sheet">
      <${List} path=${PATH} columns=${COLUMNS} caption="Webhooks" turn=${turn}
        empty="There is none. A webhook tells another system what happens here." />
      <${Curl} of=${["GET", PATH]} /></section>
    ${may("operator") && html`<section class="sheet"><h2>New webhook</h2>
      <${Problem} error=${make.error} />
      <div role="status">${made && html`<p class="good">Its secret is shown once:
        <code class="secret">${made.secret}</code></p>`}</div>
      <${Form} label="New webhook" onSubmit=${submit}>
        <${Field} name="url" label="Address" type="url" said=${said} set=${set}
          error=${make.error} />
        <${Field} name="events" label="What it hears" said=${said} set=${set} error=${make.error}
          hint="Types of events with commas between, or * for all." />
        <button class="first" disabled=${make.busy}>Make it</button>
      <//>
      <${Curl} of=${["POST", PATH, body, { key: true }]} /></section>`}
  </div>`;
}

function Webhook({ id }) {
  const path = `${PATH}/${encodeURIComponent(id)}`;
  const loaded = useLoaded(() => get(path), [id]);
  const [told, setTold] = useState("");
  const [turn, setTurn] = useState(0);
  const webhook = loaded.value;
  const act = useAct((_, what) => call("POST", `${path}/${what}`));
  const remove = useAct(async () => {
    await call("DELETE", path);
    return true;
  });
  if (!webhook) return html`<${Head}>Webhook<//><${Problem} error=${loaded.error} />`;
  const isOff = webhook.state === "disabled";
  const turnIt = async () => {
    const changed = await act.run(isOff ? "enable" : "disable");
    if (changed) loaded.change(() => changed);
  };
  return html`<div>
    <${Head}>${webhook.url} <${State} is=${webhook.state} /><//>
    <${Problem} error=${loaded.error ?? act.error} />
    <${Told} text=${told} />
    <section class="sheet"><dl class="facts">
      <dt>hears</dt><dd>${webhook.events.join(", ")}</dd>
      <dt>failed in a row</dt><dd>${whole(webhook.failed_attempts)}</dd>
      <dt>next attempt</dt><dd>${time(webhook.next_attempt_at)}</dd>
      ${webhook.disabled_because && html`<dt>disabled because</dt>
        <dd>${plain(webhook.disabled_because)}</dd>`}
      ${webhook.replay && html`<dt>tells again</dt>
        <dd>${time(webhook.replay.from)} to ${time(webhook.replay.to)}</dd>`}
      <dt>since</dt><dd>${time(webhook.created_at)}</dd></dl>
      ${may("operator") && html`<div class="row">
        <button type="button" disabled=${act.busy} onClick=${turnIt}>
          ${isOff ? "Enable" : "Disable"}</button>
        <${Confirm} button="Delete" title="Delete this webhook?" word="delete" act=${remove}
          text="Nothing more is delivered, and its secret is forgotten."
          done=${() => go("webhooks")} /></div>`}
      <${Curl} of=${["GET", path]} /></section>
    <section class="sheet"><h2>Deliveries</h2>
      <${List} path="${path}/deliveries" columns=${DELIVERIES} caption="Deliveries" turn=${turn}
        empty="Nothing was delivered yet." />
      <p><button class="small" type="button" onClick=${() => setTurn((n) => n + 1)}>
        Look again</button></p>
      <${Curl} of=${["GET", `${path}/deliveries`]} /></section>
    ${may("operator") && html`<${Replay} path=${path} done=${(changed) => {
      loaded.change(() => changed);
      setTold("It tells these events again.");
    }} />`}
  </div>`;
}

const instant = (text) => (text ? new Date(text).toISOString() : undefined);

function Replay({ path, done }) {
  const [said, put] = useState({ from: "", to: "" });
  const set = (part) => put((before) => ({ ...before, ...part }));
  const body = { from: instant(said.from), to: instant(said.to) };
  const replay = useAct(() => call("POST", `${path}/replay`, { body }));
  const submit = async () => {
    const changed = await replay.run();
    if (changed) done(changed);
  };
  return html`<section class="sheet"><h2>Tell again</h2>
    <${Problem} error=${replay.error} />
    <${Form} label="Tell again" onSubmit=${submit}>
      <${Field} name="from" label="What happened from" type="datetime-local" said=${said}
        set=${set} error=${replay.error} />
      <${Field} name="to" label="to" type="datetime-local" said=${said} set=${set}
        error=${replay.error} />
      <button disabled=${replay.busy}>Tell again</button>
    <//>
    <${Curl} of=${["POST", `${path}/replay`, body]} />
  </section>`;
}
