// The settings of the node that answers, each with its reason and with where it was said. They are
// changed where they are said, and hold from the next start.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { get } from "../api.js";
import { many } from "../words.js";
import { Curl } from "../parts/curl.js";
import { Field } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem } from "../parts/notice.js";
import { rich } from "../parts/rich.js";

const shown = ({ is_secret, is_set, value }) => (
  is_secret ? (is_set ? "(set)" : "none") : value ?? "none");

const FROM = { default: "the default", file: "a file", variable: "a variable", flag: "a flag" };

export function Settings() {
  const loaded = useLoaded(() => get("/api/v1/settings"));
  const [said, set] = useState({ search: "" });
  const words = said.search.toLowerCase().split(/\s+/);
  const found = (loaded.value?.settings ?? []).filter(({ name, meaning }) => (
    words.every((word) => `${name} ${meaning}`.toLowerCase().includes(word))));
  const changed = found.filter(({ from }) => from !== "default");
  return html`<div>
    <${Head}>Settings<//>
    <${Problem} error=${loaded.error} />
    <section class="sheet">
      <${Field} name="search" label="Search" said=${said} set=${set} type="search"
        autocomplete="off" />
      <p class="quiet" role="status">${many(found.length, "setting")}, ${changed.length} of them
        other than by default. They are changed where they are said, and hold from the next
        start.</p>
      <ul class="settings">${found.map((one) => html`<li key=${one.name}>
        <code><b>${one.name}</b> = ${shown(one)}</code>
        ${" "}<span class="quiet">from ${FROM[one.from]}${one.place && html`,
          ${" "}<code>${one.place}</code>`}</span><br />${rich(one.meaning)}</li>`)}</ul>
      <${Curl} of=${["GET", "/api/v1/settings"]} /></section>
  </div>`;
}
