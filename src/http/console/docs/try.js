// A call, tried on this server: with the token of the console in this tab, or with any other.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { ask } from "../api.js";
import { tokens } from "../session.js";
import { Curl } from "../parts/curl.js";
import { Field, Form } from "../parts/form.js";
import { Problem } from "../parts/notice.js";
import { sampleOf } from "./sample.js";

const JSON_BODY = "application/json";

// They stay while other calls are opened; they are kept nowhere else.
const caller = signal({ token: "", on_behalf_of: "" });

function addressOf({ path, parameters }, said) {
  const full = path.replace(/\{([^}]+)\}/g, (_, name) => encodeURIComponent(said[name] ?? ""));
  const query = new URLSearchParams();
  parameters.filter(({ in: where, name }) => where === "query" && said[name])
    .forEach(({ name }) => query.set(name, said[name]));
  return query.size ? `${full}?${query}` : full;
}

export function Try({ call }) {
  const { method, parameters, body, isForAnybody } = call;
  const schema = body?.[JSON_BODY]?.schema;
  const [said, put] = useState({});
  const [text, setText] = useState(
    schema ? JSON.stringify(sampleOf(body[JSON_BODY]), null, 2) : "");
  const [answer, setAnswer] = useState({ busy: false });
  const set = (part) => put((before) => ({ ...before, ...part }));
  const address = addressOf(call, said);
  const fields = parameters.filter(({ in: where }) => where !== "header");
  const token = caller.value.token || tokens.value?.access;
  const isWhole = fields.every(({ required, name }) => !required || said[name]);
  let parsed = null;
  let broken = "";
  try {
    parsed = schema ? JSON.parse(text) : null;
  } catch (error) {
    broken = `This is no JSON: ${error.message}`;
  }
  const submit = async () => {
    setAnswer({ busy: true });
    try {
      setAnswer(await ask(method, address, {
        body: schema ? text : undefined, token: isForAnybody ? "" : token,
        on_behalf_of: caller.value.on_behalf_of, media: schema ? JSON_BODY : undefined }));
    } catch (error) {
      setAnswer({ error });
    }
  };
  // A stream has no end that could be shown, and a file no place in a form.
  const isStream = call.answers.some(([, { content }]) => content?.["text/event-stream"]);
  const isTried = !isStream && (!body || schema);
  return html`<section class="sheet"><h2>Try it</h2>
    ${isTried && html`<${Form} label="Try it" onSubmit=${submit}>
      ${!isForAnybody && html`<${Field} name="token" type="password" autocomplete="off"
        label="Token or service key" said=${caller.value} hint=${tokens.value
          ? "That of the console in this tab, if empty." : "From a login, or sk_…"}
        set=${(part) => { caller.value = { ...caller.value, ...part }; }} />`}
      ${!isForAnybody && caller.value.token.startsWith("sk_") && html`<${Field}
        name="on_behalf_of" label="On behalf of" said=${caller.value}
        set=${(part) => { caller.value = { ...caller.value, ...part }; }} />`}
      ${fields.map(({ name, required }) => html`<${Field} key=${name} name=${name}
        label=${required ? name : `${name} (may be left out)`} said=${said} set=${set} />`)}
      ${schema && html`<div class="field"><label for="body">Body</label>
        <textarea id="body" value=${text} spellcheck="false" aria-invalid=${String(broken !== "")}
          onInput=${(event) => setText(event.target.value)}></textarea>
        ${broken && html`<span class="wrong">${broken}</span>`}</div>`}
      <button class="first" disabled=${answer.busy || !isWhole || broken !== ""}>Send</button>
    <//>`}
    ${isStream && html`<p class="quiet">It never ends, so it is not tried here.</p>`}
    <${Problem} error=${answer.error} />
    <div role="status">${answer.status && html`<p><b>${answer.status}</b></p>
      <pre>${answer.text}</pre>`}</div>
    <${Curl} open of=${[method, address, parsed, { anybody: isForAnybody,
      key: parameters.some(({ name }) => name === "Idempotency-Key"),
      file: body && !schema ? "rows.csv" : undefined }]} />
  </section>`;
}
