// The frame around every page: who is signed in, where one can go, and which page is open.
import { html, render } from "./html.js";
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { call, get } from "./api.js";
import { line } from "./live.js";
import { place, to } from "./place.js";
import { tokens, me, may, forget } from "./session.js";
import { theme, turn } from "./theme.js";
import { plain } from "./words.js";
import { Problem } from "./parts/notice.js";
import { PAGES } from "./pages/all.js";
import { SignIn } from "./pages/signin.js";

async function leave() {
  const refresh_token = tokens.value.refresh;
  // Whoever leaves has left, whether the server hears it or not.
  const body = { refresh_token };
  await call("POST", "/api/v1/auth/logout", { body }).catch(() => {});
  forget();
}

const nameOf = ({ username, email, phone }) => username ?? email ?? phone;

function Top({ open }) {
  return html`<header class="top">
    <a class="brand" href="#/">stampede</a>
    <nav aria-label="Pages"><ul>${PAGES.filter(({ least, name }) => name && may(least)).map(
      ({ at, name }) => html`<li key=${at}>
        <a href=${to(at)} aria-current=${open.at === at ? "page" : undefined}>${name}</a></li>`)}
    </ul></nav>
    <div class="who">
      <span>${nameOf(me.value)} (${plain(me.value.role)})</span>
      <${Switch} />
      <button class="small" type="button" onClick=${leave}>Sign out</button>
    </div>
  </header>`;
}

const Switch = () => html`<button class="small" type="button" onClick=${turn}>
  ${theme.value === "dark" ? "Light" : "Dark"}</button>`;

const LINES = {
  off: "", on: "Live.", lost: "The connection is lost. The page goes on by itself when it is back.",
};

function Console() {
  const error = useSignal(null);
  const main = useRef(null);
  const isIn = tokens.value !== null;
  const load = () => get("/api/v1/me").then(
    (found) => { me.value = found; error.value = null; },
    (problem) => { error.value = problem; });
  useEffect(() => { if (isIn) load(); }, [isIn]);
  // The server may be away for a moment.
  useEffect(() => {
    if (!error.value || error.value.status === 401) return undefined;
    const timer = setTimeout(load, 2000);
    return () => clearTimeout(timer);
  }, [error.value]);
  const [at, ...rest] = place.value;
  const first = may("viewer") ? "overview" : "mine";
  const open = PAGES.find((page) => page.at === (at || first) && may(page.least)) ?? PAGES.at(-1);
  const address = place.value.join("/");
  const known = me.value !== null;
  useEffect(() => {
    document.title = known && open.name ? `${open.name} · stampede` : "stampede";
    const head = main.current?.querySelector("h1");
    if (known && address) head?.focus();
    scrollTo(0, 0);
  }, [address, known]);
  if (!isIn) {
    return html`<div><main class="narrow"><${SignIn} /></main><${Foot} /></div>`;
  }
  if (!known) {
    return html`<main><p role="status">Asking who you are …</p>
      <${Problem} error=${error.value} /></main>`;
  }
  return html`<div>
    <a class="skip" href="#main" onClick=${(event) => {
      event.preventDefault();
      main.current.querySelector("h1")?.focus();
    }}>To the content</a>
    <${Top} open=${open} />
    <main id="main" ref=${main}>
      <div role="status" class=${line.value === "lost" ? "notice warned" : "quiet"}>
        ${LINES[line.value]}</div>
      <${open.show} key=${address} parts=${rest} />
    </main>
    <${Foot} />
  </div>`;
}

const Foot = () => html`<footer>
  <span>stampede</span>
  <a href="/docs/">The API</a>
  <a href="/problems">Every way it says no</a>
</footer>`;

render(html`<${Console} />`, document.getElementById("page"));
