// The settings of the node that answers, each with its reason and with where it was said. They are
// changed where they are said, and hold from the next start.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { get } from "../api.js";
import { Curl } from "../parts/curl.js";
import { Field } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem } from "../parts/notice.js";

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
      <p class="quiet" role="status">${found.length} settings, ${changed.length} of them other
        than by default. They are changed where they are said, and hold from the next start.</p>
      <div class="scroll" tabindex="0" role="region" aria-label="Settings"><table>
        <thead><tr>${["Name", "Value", "From", "What for"].map((title) => html`<th key=${title}
          scope="col">${title}</th>`)}</tr></thead>
        <tbody>${found.map((one) => html`<tr key=${one.name}><td><code>${one.name}</code></td>
          <td><code>${shown(one)}</code></td>
          <td>${FROM[one.from]}${one.place && html`<br /><code>${one.place}</code>`}</td>
          <td>${one.meaning}</td></tr>`)}</tbody></table></div>
      <${Curl} of=${["GET", "/api/v1/settings"]} /></section>
  </div>`;
}
