// What went wrong, or well, in plain words, for eyes and for screen readers.
import { html } from "../html.js";

const WHAT_TO_DO = {
  later: "Nothing was done. Try again in a moment.",
  same_key: "Send it again: it is never done twice.",
  never: "",
};

export function Problem({ error }) {
  if (!error) return null;
  const { problem, name } = error;
  return html`<div class="notice" role="alert">
    <p><strong>${problem?.title ?? "Something went wrong"}</strong></p>
    <p>${error.message} ${WHAT_TO_DO[problem?.retry] ?? ""}
      ${name && html` <a href="/problems/${name}" target="_blank">What this means</a>`}</p>
  </div>`;
}

// Always there, so that a change of its text is read aloud.
export function Told({ text }) {
  return html`<div role="status" class=${text ? "notice told" : ""}>${text}</div>`;
}
