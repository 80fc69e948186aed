// Members: their accounts, roles and passwords.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call, get } from "../api.js";
import { go, to } from "../place.js";
import { me } from "../session.js";
import { plain, time } from "../words.js";
import { useAct } from "../parts/act.js";
import { Confirm } from "../parts/confirm.js";
import { Curl } from "../parts/curl.js";
import { Choice, Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem, Told } from "../parts/notice.js";

const ROLES = ["member", "viewer", "operator", "admin"].map((role) => [role, role]);
const nameOf = ({ username, email, phone, id }) => username ?? email ?? phone ?? id;

const COLUMNS = [
  ["Name", (user) => html`<a href=${to("members", user.id)}>${nameOf(user)}</a>`],
  ["Role", ({ role }) => plain(role)],
  ["Since", ({ created_at }) => time(created_at)],
  ["Last login", ({ last_login_at }) => time(last_login_at)],
];

export const Members = ({ parts: [id] }) => (
  id ? html`<${Member} id=${id} />` : html`<${All} />`);

function All() {
  const [turn, setTurn] = useState(0);
  const [said, put] = useState({ username: "", password: "", role: "member" });
  const set = (part) => put((before) => ({ ...before, ...part }));
  const make = useAct((key) => call("POST", "/api/v1/users", { body: said, key }));
  const [told, setTold] = useState("");
  const submit = async () => {
    const made = await make.run();
    if (!made) return;
    setTold(`${nameOf(made)} has an account now.`);
    put({ username: "", password: "", role: "member" });
    setTurn((n) => n + 1);
  };
  return html`<div>
    <${Head}>Members<//>
    <section class="sheet">
      <${List} path="/api/v1/users" columns=${COLUMNS} caption="Accounts" turn=${turn}
        empty="There is none." />
      <${Curl} of=${["GET", "/api/v1/users"]} /></section>
    <section class="sheet"><h2>New account</h2>
      <${Problem} error=${make.error} /><${Told} text=${told} />
      <${Form} label="New account" onSubmit=${submit}>
        <${Field} name="username" label="Username" autocomplete="off" said=${said} set=${set}
          error=${make.error} />
        <${Field} name="password" label="First password" type="password"
          autocomplete="new-password" said=${said} set=${set} error=${make.error} />
        <${Choice} name="role" label="Role" said=${said} set=${set} among=${ROLES} />
        <button class="first" disabled=${make.busy}>Make it</button>
      <//>
      <${Curl} of=${["POST", "/api/v1/users", { ...said, password: "…" }, { key: true }]} />
    </section>
  </div>`;
}

function Member({ id }) {
  const path = `/api/v1/users/${encodeURIComponent(id)}`;
  const loaded = useLoaded(() => get(path), [id]);
  const [told, setTold] = useState("");
  const [reset, setReset] = useState(null);
  const change = useAct((_, role) => call("PATCH", path, { body: { role } }));
  const password = useAct(() => call("POST", `${path}/password`));
  const remove = useAct(async () => {
    await call("DELETE", path);
    return true;
  });
  const user = loaded.value;
  if (!user) return html`<${Head}>Member<//><${Problem} error=${loaded.error} />`;
  const setRole = async ({ role }) => {
    const changed = await change.run(role);
    if (!changed) return;
    loaded.change(() => changed);
    setTold(`${nameOf(user)} is ${plain(role)} now, and has to sign in again.`);
  };
  const name = nameOf(user);
  return html`<div>
    <${Head}>${name}<//>
    <${Problem} error=${loaded.error ?? change.error ?? password.error} />
    <${Told} text=${told} />
    <section class="sheet"><dl class="facts">
      ${["full_name", "email", "phone", "birthday"].map((field) => html`<dt key=${field}>
        ${plain(field)}</dt><dd>${user[field] ?? "–"}</dd>`)}
      <dt>since</dt><dd>${time(user.created_at)}</dd>
      <dt>last login</dt><dd>${time(user.last_login_at)}</dd>
      <dt>id</dt><dd><code>${user.id}</code></dd></dl>
      <p><a href=${to("find", "member", user.id)}>All their coupons</a>${user.role !== "member"
        && html`, <a href=${to("audit", user.id)}>what they did</a>`}</p>
      <${Curl} of=${["GET", path]} /></section>
    <section class="sheet"><h2>Change it</h2>
      <p class="quiet">Another role ends all their sessions.</p>
      <${Choice} name="role" label="Role" said=${user} set=${setRole} among=${ROLES} />
      <div class="row">
        <button type="button" disabled=${password.busy}
          onClick=${async () => setReset((await password.run()) ?? null)}>
          New password: make a link word</button>
        ${user.id !== me.value.id && html`<${Confirm} button="Delete" title="Delete this account?"
          text="Their name, address and sessions are gone. What they bought stays, under an id that
          says nothing." word=${name} act=${remove} done=${() => go("members")} />`}
      </div>
      <div role="status">${reset && html`<p>Give them this word. It is shown once, and good until
        ${time(reset.expires_at)}: <code class="secret">${reset.token}</code></p>`}</div>
      <${Curl} of=${["POST", `${path}/password`]} /></section>
  </div>`;
}
