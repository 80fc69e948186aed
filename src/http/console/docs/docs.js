// The API, to search, to read and to try: made from the document that the server hands out.
import { html, render } from "../html.js";
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { get } from "../api.js";
import { theme, turn } from "../theme.js";
import { Problem } from "../parts/notice.js";
import { callsOf } from "./calls.js";
import { Call } from "./call.js";
import { rich } from "../parts/rich.js";

const open = signal(decodeURIComponent(location.hash.slice(1)));
addEventListener("hashchange", () => { open.value = decodeURIComponent(location.hash.slice(1)); });

const known = signal(null);
const error = signal(null);
const searched = signal("");

get("/openapi.json").then(
  (document) => { known.value = { document, calls: callsOf(document) }; },
  (refused) => { error.value = refused; });

// Every word has to stand somewhere in it.
function found(calls) {
  const words = searched.value.toLowerCase().split(/\s+/).filter(Boolean);
  return calls.filter(({ text }) => words.every((word) => text.includes(word)));
}

function List({ calls, tags }) {
  const shown = found(calls);
  return html`<nav aria-label="Calls">
    <label for="search">Search</label>
    <input id="search" type="search" value=${searched.value} autocomplete="off"
      placeholder="hold, campaign, POST …"
      onInput=${(event) => { searched.value = event.target.value; }} />
    <p class="quiet" role="status">${shown.length} of ${calls.length} calls</p>
    ${tags.map(({ name, description }) => {
      const own = shown.filter(({ tag }) => tag === name);
      return own.length > 0 && html`<section key=${name}><h2 title=${description}>${name}</h2>
        <ul>${own.map(({ id, summary }) => html`<li key=${id}><a href="#${id}"
          aria-current=${open.value === id ? "page" : undefined}>${summary}</a></li>`)}</ul>
      </section>`;
    })}
  </nav>`;
}

function Docs() {
  const main = useRef(null);
  const call = known.value?.calls.find(({ id }) => id === open.value);
  useEffect(() => {
    document.title = `${call?.summary ?? "The API"} · stampede`;
    if (call) main.current?.querySelector("h1")?.focus();
  }, [call]);
  if (!known.value) {
    return html`<main><h1>The API</h1><${Problem} error=${error.value} />
      <p role="status">Loading …</p></main>`;
  }
  const { document: { info, tags }, calls } = known.value;
  return html`<div>
    <header class="top"><a class="brand" href="/">stampede</a>
      <span class="quiet">The API, version ${info.version}</span>
      <a href="/openapi.json">The document</a> <a href="/problems">Every way it says no</a>
      <button class="small" type="button" onClick=${turn}>
        ${theme.value === "dark" ? "Light" : "Dark"}</button></header>
    <div class="docs"><${List} calls=${calls} tags=${tags} />
      <main ref=${main}>${call ? html`<${Call} key=${call.id} call=${call} />`
        : html`<h1 tabindex="-1">The API</h1><p>${rich(info.summary)}</p>
          <p>${rich(info.description)}</p>
          <dl class="facts">${tags.map(({ name, description }) => html`<dt key=${name}>${name}</dt>
            <dd>${rich(description)}</dd>`)}</dl>`}</main></div>
  </div>`;
}

render(html`<${Docs} />`, document.getElementById("page"));
