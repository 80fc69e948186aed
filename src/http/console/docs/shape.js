// The shape of a body or an answer: its fields, what each may be, and what it means.
import { html } from "../html.js";
import { rich } from "../parts/rich.js";
import { DEEPEST, choices, kind, whole } from "./schema.js";

export function Shape({ schema, resolve, depth = 0 }) {
  const all = whole(schema, resolve);
  const inner = all.type === "array" ? whole(all.items, resolve)
    : choices(all, resolve).find((one) => Object.keys(one.properties).length) ?? all;
  const fields = Object.entries(inner.properties ?? {});
  if (!fields.length || depth >= DEEPEST) return null;
  return html`<ul class="shape">${fields.map(([name, field]) => {
    const own = whole(field, resolve);
    return html`<li key=${name}><code><b>${name}</b></code> <span class="quiet">
      ${kind(own, resolve)}${inner.required.includes(name) ? "" : ", may be left out"}</span>
      ${own.description && html`<br />${rich(own.description)}`}
      <${Shape} schema=${field} resolve=${resolve} depth=${depth + 1} /></li>`;
  })}</ul>`;
}
