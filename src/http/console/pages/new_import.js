// A file of codes that others made, taken in.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { go } from "../place.js";
import { useAct } from "../parts/act.js";
import { Curl } from "../parts/curl.js";
import { Choice, Field, Form, Tick } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { Problem } from "../parts/notice.js";

export function NewImport() {
  const [said, put] = useState({
    name: "", discount_percent: "10", expires_on: "", on_duplicate: "skip", dry_run: false,
  });
  const [file, setFile] = useState(null);
  const set = (part) => put((before) => ({ ...before, ...part }));
  const query = new URLSearchParams({
    name: said.name, discount_percent: said.discount_percent,
    expires_at: said.expires_on ? `${said.expires_on}T23:59:59Z` : "",
    on_duplicate: said.on_duplicate, dry_run: said.dry_run ? "true" : "",
  });
  [...query].filter(([, value]) => !value).forEach(([name]) => query.delete(name));
  const path = `/api/v1/coupon-imports?${query}`;
  const send = useAct((key) => (
    call("POST", path, { body: file, key, headers: { "Content-Type": "text/csv" } })));
  const submit = async () => {
    const job = await send.run();
    if (job) go("imports", job.id);
  };
  const field = (name, label, rest) => html`<${Field} name=${name} label=${label} said=${said}
    set=${set} error=${send.error} ...${rest} />`;
  return html`<div>
    <${Head}>Import codes<//>
    <section class="sheet">
      <${Problem} error=${send.error} />
      <${Form} label="Import codes" onSubmit=${submit}>
        <div class="field"><label for="file">File<span class="hint">CSV with one column,
          <code>code</code></span></label>
          <input id="file" type="file" accept=".csv,text/csv"
            onChange=${(event) => setFile(event.target.files[0] ?? null)} /></div>
        ${field("name", "Name")}
        ${field("discount_percent", "A coupon takes off, in percent", { inputmode: "numeric" })}
        ${field("expires_on", "The last day on which they are good", { type: "date" })}
        <${Choice} name="on_duplicate" label="If a code is known already" said=${said} set=${set}
          among=${[["skip", "leave that row out"], ["fail", "import nothing"]]} />
        <${Tick} name="dry_run" label="Only check the file" said=${said} set=${set} />
        <button class="first" disabled=${send.busy || !file}>
          ${said.dry_run ? "Check" : "Import"}</button>
      <//>
      <${Curl} of=${["POST", path, null, { key: true, file: "codes.csv" }]} />
    </section>
  </div>`;
}
