// What was recomputed, step by step, and what no proof shows. A colour says nothing that the word
// in front does not say.
import { html } from "../html.js";

const WORDS = { checked: ["checked", "Checked"], unproved: ["open", "Not proved"] };

export function Steps({ steps, fraud, isBusy }) {
  const shown = steps.filter(({ kind }) => WORDS[kind]);
  const lots = steps.filter(({ kind }) => kind === "drawn");
  const own = steps.filter(({ kind }) => kind === "own");
  const isDone = !isBusy && !fraud && steps.length > 0;
  return html`<div>
    <div role="status">
      ${isBusy && html`<p>It is being recomputed …</p>`}
      ${isDone && html`<p class="good big">Everything that can be checked is in order.</p>`}
      ${isDone && own.map(({ text, more }) => html`<p class="own" key=${text}>
        <b>Your ballot: box ${more.box}, place ${String(more.place)}, ${more.outcome}.</b></p>`)}
    </div>
    ${fraud && html`<div class="notice" role="alert">
      <p><strong>This is not in order: <code>${fraud.name}</code>.</strong></p>
      <p>${fraud.message}</p></div>`}
    <ol class="steps" aria-label="Steps">
      ${shown.map(({ kind, text }, n) => html`<li key=${n} class=${WORDS[kind][0]}>
        <b>${WORDS[kind][1]}:</b> ${text}</li>`)}
      ${fraud && html`<li class="wrong"><b>Wrong:</b> ${fraud.message}</li>`}
    </ol>
    ${isDone && lots.length > 0 && html`<details><summary>Whom the stream draws</summary>
      <ul>${lots.map(({ text }) => html`<li key=${text}>${text}</li>`)}</ul></details>`}
  </div>`;
}
