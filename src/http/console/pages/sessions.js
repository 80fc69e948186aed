// Where one is signed in, and signing out elsewhere; and another password.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { forget, me } from "../session.js";
import { time } from "../words.js";
import { useAct } from "../parts/act.js";
import { Curl } from "../parts/curl.js";
import { Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { Problem, Told } from "../parts/notice.js";

const PATH = "/api/v1/auth/password";
const NOTHING = { old_password: "", new_password: "" };

export function Sessions() {
  const [turn, setTurn] = useState(0);
  const end = useAct(async (_, id) => {
    await call("DELETE", `/api/v1/auth/sessions/${encodeURIComponent(id)}`);
    return true;
  });
  const all = useAct(async () => {
    await call("POST", "/api/v1/auth/logout-all");
    return true;
  });
  const columns = [
    ["Began", ({ began_at }) => time(began_at)],
    ["Last used", ({ refreshed_at }) => time(refreshed_at)],
    ["With", ({ agent }) => agent ?? "–"],
    ["End it", ({ id, current, began_at }) => (current ? html`<b>this one</b>` : html`<button
      class="small" type="button" disabled=${end.busy} aria-label="End the session of ${began_at}"
      onClick=${async () => (await end.run(id)) && setTurn((n) => n + 1)}>End</button>`)],
  ];
  const leave = async () => {
    if (await all.run()) forget("You are signed out everywhere.");
  };
  return html`<div>
    <${Head}>Sessions<//>
    <section class="sheet">
      <${Problem} error=${end.error ?? all.error} />
      <${List} path="/api/v1/auth/sessions" columns=${columns} caption="My sessions" turn=${turn}
        empty="There is none." />
      <p><button type="button" disabled=${all.busy} onClick=${leave}>
        Sign out everywhere</button></p>
      <${Curl} of=${["GET", "/api/v1/auth/sessions"]} /></section>
    <${Password} />
  </div>`;
}

function Password() {
  const [said, put] = useState(NOTHING);
  const [told, setTold] = useState("");
  const set = (part) => put((before) => ({ ...before, ...part }));
  const change = useAct(async () => {
    await call("POST", PATH, { body: said });
    return true;
  });
  const submit = async () => {
    if (!(await change.run())) return;
    put(NOTHING);
    setTold("It is changed. Your other sessions have ended.");
  };
  return html`<section class="sheet"><h2>Another password</h2>
    <${Problem} error=${change.error} /><${Told} text=${told} />
    <${Form} label="Another password" onSubmit=${submit}>
      <input type="text" autocomplete="username" value=${me.value.username} hidden readonly
        aria-label="Username" />
      <${Field} name="old_password" label="The one of now" type="password"
        autocomplete="current-password" said=${said} set=${set} error=${change.error} />
      <${Field} name="new_password" label="The new one" type="password"
        autocomplete="new-password" said=${said} set=${set} error=${change.error} />
      <button class="first" disabled=${change.busy}>Change</button>
    <//>
    <${Curl} of=${["POST", PATH, { old_password: "…", new_password: "…" }]} />
  </section>`;
}
