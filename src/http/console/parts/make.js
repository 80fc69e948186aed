// The page of something new: what the server makes of it is shown before it is made.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { useAct } from "./act.js";
import { Curl } from "./curl.js";
import { Field, Form } from "./form.js";
import { Head } from "./head.js";
import { Problem } from "./notice.js";

// What is no number is sent as it is, so that the server says what is wrong with it.
export function number(text) {
  if (text === "" || text == null) return undefined;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

// `first` is what the form says at the beginning, `bodyOf` what is sent of it; `fields` draws the
// form, `told` says what will be made, `made` goes on when it is. `away` is the page to leave for.
export function Make({ title, label, path, away, first, bodyOf, fields, told, made }) {
  const [said, put] = useState(first);
  const [seen, setSeen] = useState(null);
  const set = (part) => {
    put((before) => ({ ...before, ...part }));
    setSeen(null);
  };
  const body = JSON.parse(JSON.stringify(bodyOf(said)));
  const look = useAct(() => call("POST", `${path}?dry_run=true`, { body }));
  const make = useAct((key) => call("POST", path, { body, key }));
  const error = make.error ?? look.error;
  const field = (name, label, rest) => html`<${Field} name=${name} label=${label} said=${said}
    set=${set} error=${error} ...${rest} />`;
  const submit = async () => {
    if (!seen) return setSeen((await look.run()) ?? null);
    const done = await make.run();
    if (done) made(done);
    return undefined;
  };
  return html`<div>
    <${Head}>${title}<//>
    <section class="sheet">
      <${Problem} error=${error} />
      <${Form} label=${label} onSubmit=${submit}>
        ${fields({ said, set, field })}
        ${seen && html`<div class="notice told" role="status"><p>
          <strong>This will be made:</strong> ${told(seen)}</p></div>`}
        <div class="row">
          <button class="first" disabled=${look.busy || make.busy}>
            ${seen ? "Make it" : "Preview"}</button>
          <a class="button" href=${away}>Leave it</a>
        </div>
      <//>
      <${Curl} of=${["POST", seen ? path : `${path}?dry_run=true`, body, { key: Boolean(seen) }]} />
    </section>
  </div>`;
}
