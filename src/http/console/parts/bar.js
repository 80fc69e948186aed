// A whole and its parts, as a bar with a legend. Whoever does not see it hears the same.
import { html } from "../html.js";
import { whole } from "../words.js";

// `parts`: [name, class, count], of which the last is what is left.
export function Bar({ label, parts }) {
  const all = parts.reduce((sum, [, , count]) => sum + count, 0);
  const said = parts.map(([name, , count]) => `${whole(count)} ${name}`).join(", ");
  return html`<div>
    <div class="bar" role="img" aria-label="${label}: ${said}">
      ${all > 0 && parts.map(([name, kind, count]) => html`<div key=${name} class=${kind}
        style=${{ width: `${(100 * count) / all}%` }}></div>`)}
    </div>
    <ul class="legend">
      ${parts.map(([name, kind, count]) => html`<li key=${name}>
        <i class=${kind}></i>${whole(count)} ${name}</li>`)}
    </ul>
  </div>`;
}
