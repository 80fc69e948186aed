// The keys of services that act for members of their own.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { time } from "../words.js";
import { useAct } from "../parts/act.js";
import { Confirm } from "../parts/confirm.js";
import { Curl } from "../parts/curl.js";
import { Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { Problem } from "../parts/notice.js";

const PATH = "/api/v1/service-keys";

export function Keys() {
  const [turn, setTurn] = useState(0);
  const [said, put] = useState({ name: "" });
  const [made, setMade] = useState(null);
  const make = useAct((key) => call("POST", PATH, { body: said, key }));
  const again = () => setTurn((n) => n + 1);
  const submit = async () => {
    const key = await make.run();
    setMade(key ?? null);
    if (key) again();
  };
  const columns = [
    ["Name", ({ name }) => name],
    ["Made", ({ created_at }) => time(created_at)],
    ["Revoke it", (key) => (key.revoked_at ? `revoked ${time(key.revoked_at)}`
      : html`<${Revoke} of=${key} done=${again} />`)],
  ];
  return html`<div>
    <${Head}>Service keys<//>
    <section class="sheet">
      <${List} path=${PATH} columns=${columns} caption="Service keys" turn=${turn}
        empty="There is none. A service needs one to act for its members." />
      <${Curl} of=${["GET", PATH]} /></section>
    <section class="sheet"><h2>New key</h2>
      <${Problem} error=${make.error} />
      <div role="status">${made && html`<p class="good">This is the key of ${made.name}. It is shown
        once: <code class="secret">${made.key}</code></p>`}</div>
      <${Form} label="New key" onSubmit=${submit}>
        <${Field} name="name" label="Name of the service" said=${said} set=${put}
          error=${make.error} />
        <button class="first" disabled=${make.busy}>Make it</button>
      <//>
      <${Curl} of=${["POST", PATH, said, { key: true }]} /></section>
  </div>`;
}

function Revoke({ of, done }) {
  const revoke = useAct(async () => {
    await call("DELETE", `${PATH}/${encodeURIComponent(of.id)}`);
    return true;
  });
  return html`<${Confirm} button="Revoke" title="Revoke this key?" word=${of.name} act=${revoke}
    text="Calls with it are refused from now on. It cannot be undone." done=${done} />`;
}
