// The public page of a draw: what is promised before it, who has won, and everything recomputed in
// the page. It works from a saved copy, too.
import { html, render } from "../html.js";
import { useState } from "preact/hooks";
import { bytes, get } from "../api.js";
import { theme, turn } from "../theme.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem } from "../parts/notice.js";
import { saveAs } from "../parts/save.js";
import { State } from "../parts/state.js";
import { Before } from "./before.js";
import { Check } from "./check.js";
import { copyOf } from "./keep.js";
import { address, kept, pool } from "./kept.js";
import { Winners } from "./winners.js";

const path = `/api/v1/pools/${encodeURIComponent(pool)}`;

async function load() {
  if (kept) return kept;
  const lottery = await get(path);
  const isDrawn = lottery.state === "drawn" && lottery.ballots;
  const [draw, key] = await Promise.all([
    isDrawn ? get(`${path}/winner`) : null, get("/.well-known/stampede-receipts.json")]);
  return { lottery, draw, key: key.key };
}

// Asked for once, when it is needed.
let proved = kept?.proof ? new TextEncoder().encode(kept.proof) : null;

async function proof() {
  proved ??= await bytes(`${path}/proof`);
  return proved;
}

function Keep({ known }) {
  const [state, set] = useState({ isBusy: false, error: null });
  const keep = async () => {
    set({ isBusy: true, error: null });
    try {
      const text = known.draw ? new TextDecoder().decode(await proof()) : null;
      saveAs(`draw-${pool}.html`, await copyOf({ ...known, address, proof: text }), "text/html");
      set({ isBusy: false, error: null });
    } catch (error) {
      set({ isBusy: false, error });
    }
  };
  return html`<section class="sheet"><h2>Keep it</h2>
    <p>One file with all of this, which works without this server and asks nobody.</p>
    <${Problem} error=${state.error} />
    <button type="button" disabled=${state.isBusy} onClick=${keep}>Save this page</button>
    ${known.draw && html` <a class="button" href="${path}/proof"
      download="draw-${pool}.json">Save the proof alone</a>`}
  </section>`;
}

function Page() {
  const { value: known, error, reload } = useLoaded(load);
  if (!known) {
    return html`<h1>The draw of ${pool}</h1><${Problem} error=${error} />
      ${!error && html`<p role="status">Loading …</p>`}`;
  }
  const { lottery, draw, key } = known;
  return html`<h1>${lottery.name} <${State} is=${lottery.state} /></h1>
    <p class="quiet">The draw of <code>${pool}</code></p>
    <${Problem} error=${error} />
    ${!lottery.ballots && html`<p>Nothing is drawn here: only tickets are sold.</p>`}
    ${lottery.ballots && !draw && html`<${Before} lottery=${lottery}
      onMoment=${kept ? null : reload} />`}
    ${draw && html`<${Winners} draw=${draw} />`}
    ${lottery.ballots && (draw || kept) && html`<${Check} proof=${proof} published=${key} />`}
    ${lottery.ballots && !kept && html`<${Keep} known=${known} />`}`;
}

const Frame = () => html`<div>
  <header class="top">
    ${kept ? html`<span class="brand">stampede</span>`
      : html`<a class="brand" href="/">stampede</a>`}
    <span class="quiet">${kept ? `A copy of ${address}` : "A draw that anybody can check"}</span>
    <button class="small" type="button" onClick=${turn}>
      ${theme.value === "dark" ? "Light" : "Dark"}</button></header>
  <main><${Page} /></main>
</div>`;

document.title = `The draw of ${pool} · stampede`;
render(html`<${Frame} />`, document.getElementById("page"));
