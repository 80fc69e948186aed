// A list of the server, page by page. It never jumps under its reader: what is new is announced,
// and shown when they say so.
import { html } from "../html.js";
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { Problem } from "./notice.js";

// `columns`: [title, how a cell is shown, "number" if it is one].
export function List({ path, columns, caption, empty, news = 0, onNews, turn = 0, limit = 25 }) {
  const [state, set] = useState({ items: null, next: null, error: null });
  const load = async (cursor) => {
    try {
      const mark = path.includes("?") ? "&" : "?";
      const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const page = await get(`${path}${mark}limit=${limit}${more}`);
      set((before) => ({
        items: cursor ? [...before.items, ...page.items] : page.items,
        next: page.next_cursor, error: null,
      }));
    } catch (error) {
      set((before) => ({ ...before, error }));
    }
  };
  useEffect(() => { load(); }, [path, turn]);
  const fresh = () => {
    onNews?.();
    load();
  };
  const { items, next, error } = state;
  return html`<div>
    <${Problem} error=${error} />
    <div role="status">${news > 0 && html`<button class="small" type="button" onClick=${fresh}>
      ${news < Infinity ? `${news} new` : "There may be new ones"}: show</button>`}</div>
    ${items?.length === 0 && html`<p class="quiet">${empty}</p>`}
    ${items?.length > 0 && html`<div class="scroll" tabindex="0" role="region"
      aria-label=${caption}><table>
      <caption>${caption}</caption>
      <thead><tr>${columns.map(([title, , kind]) => html`<th key=${title} scope="col"
        class=${kind ?? ""}>${title}</th>`)}</tr></thead>
      <tbody>${items.map((item, n) => html`<tr key=${item.id ?? n}>
        ${columns.map(([title, show, kind]) => html`<td key=${title}
          class=${kind ?? ""}>${show(item)}</td>`)}</tr>`)}</tbody>
    </table></div>`}
    ${next && html`<p><button type="button" onClick=${() => load(next)}>More</button></p>`}
  </div>`;
}
