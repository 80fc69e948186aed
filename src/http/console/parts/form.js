// Fields with their labels, hints and mistakes.
import { html } from "../html.js";
import { useId } from "preact/hooks";

// `said` is what the form holds, `set` replaces a part of it, `error` is the last refusal, `at` is
// where the server finds it in the body.
export function Field({ name, at = name, label, hint, said, set, error, ...rest }) {
  const id = useId();
  const wrong = error?.at?.(at) ?? "";
  return html`<div class="field">
    <label for=${id}>${label}${hint && html`<span class="hint">${hint}</span>`}</label>
    <input id=${id} name=${name} value=${said[name] ?? ""} aria-invalid=${wrong ? "true" : "false"}
      aria-describedby=${wrong ? `${id}-wrong` : undefined}
      onInput=${(event) => set({ [name]: event.target.value })} ...${rest} />
    ${wrong && html`<span class="wrong" id="${id}-wrong">${wrong}</span>`}
  </div>`;
}

export function Choice({ name, label, said, set, among }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} name=${name} value=${said[name]}
      onChange=${(event) => set({ [name]: event.target.value })}>
      ${among.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
    </select>
  </div>`;
}

export function Tick({ name, label, said, set }) {
  return html`<div class="field"><label>
    <input type="checkbox" name=${name} checked=${said[name]}
      onChange=${(event) => set({ [name]: event.target.checked })} />${label}</label></div>`;
}

// A form that never leaves the page.
export function Form({ onSubmit, children, label }) {
  const submit = (event) => {
    event.preventDefault();
    onSubmit();
  };
  return html`<form aria-label=${label} onSubmit=${submit} noValidate>${children}</form>`;
}
