// Sign in; and for newcomers, make an account.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { keep, left } from "../session.js";
import { useAct } from "../parts/act.js";
import { Curl } from "../parts/curl.js";
import { Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { Problem } from "../parts/notice.js";

const LOGIN = "/api/v1/auth/login";
const REGISTER = "/api/v1/auth/register";

export function SignIn() {
  const [said, put] = useState({ account: "", password: "" });
  const [isNew, setNew] = useState(false);
  const set = (part) => put((before) => ({ ...before, ...part }));
  const { account, password } = said;
  const body = isNew ? { username: account, password } : { account, password };
  const path = isNew ? REGISTER : LOGIN;
  const enter = useAct(async (key) => {
    const found = await call("POST", path, { body, key: isNew ? key : undefined, bare: true });
    left.value = "";
    keep(found);
    return found;
  });
  const error = enter.error && isNew && enter.error.at("username")
    ? Object.assign(enter.error, { at: (field) =>
      enter.error.problem.errors?.find(({ pointer }) =>
        pointer === `/${field === "account" ? "username" : field}`)?.detail ?? "" })
    : enter.error;
  return html`<div class="sheet">
    <${Head}>${isNew ? "Make an account" : "Sign in"}<//>
    ${left.value && html`<div class="notice warned" role="alert"><p>${left.value}</p></div>`}
    <${Problem} error=${error} />
    <${Form} label=${isNew ? "Make an account" : "Sign in"} onSubmit=${() => enter.run()}>
      <${Field} name="account" label=${isNew ? "Username" : "Username, e-mail or phone"}
        autocomplete="username" autofocus said=${said} set=${set} error=${error} />
      <${Field} name="password" type="password" label="Password"
        hint=${isNew ? "At least 8 characters: a sentence is good." : ""}
        autocomplete=${isNew ? "new-password" : "current-password"}
        said=${said} set=${set} error=${error} />
      <div class="row">
        <button class="first" disabled=${enter.busy}>${isNew ? "Make it" : "Sign in"}</button>
        <button type="button" onClick=${() => setNew(!isNew)}>
          ${isNew ? "I have an account" : "I am new here"}</button>
      </div>
    <//>
    <p class="quiet">The account <code>admin</code> got its password when the server was started for
      the first time: it stands in what the server printed.</p>
    <${Curl} of=${["POST", path, { ...body, password: "…" }, { anybody: true }]} />
  </div>`;
}
