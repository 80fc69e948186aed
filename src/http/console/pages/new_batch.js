// A new batch of coupons: what the server makes of it is shown before it is made.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { go } from "../place.js";
import { offer, time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Curl } from "../parts/curl.js";
import { Choice, Field, Form, Tick } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { Problem } from "../parts/notice.js";

const PATH = "/api/v1/coupon-batches";
const number = (text) => (text === "" || text == null ? undefined : Number(text));

const bodyOf = (said) => ({
  name: said.name || undefined,
  count: number(said.count),
  discount_percent: said.off === "percent" ? number(said.discount_percent) : undefined,
  discount_amount: said.off === "amount" ? number(said.discount_amount) : undefined,
  expires_at: said.expires_on ? `${said.expires_on}T23:59:59Z` : undefined,
  one_per_member: said.one_per_member || undefined,
});

export function NewBatch() {
  const [said, put] = useState({ name: "", count: "100", off: "percent", discount_percent: "10" });
  const [seen, setSeen] = useState(null);
  const set = (part) => {
    put((before) => ({ ...before, ...part }));
    setSeen(null);
  };
  const body = JSON.parse(JSON.stringify(bodyOf(said)));
  const look = useAct(() => call("POST", `${PATH}?dry_run=true`, { body }));
  const make = useAct((key) => call("POST", PATH, { body, key }));
  const error = make.error ?? look.error;
  const field = (name, label, rest) => html`<${Field} name=${name} label=${label} said=${said}
    set=${set} error=${error} ...${rest} />`;
  const submit = async () => {
    if (!seen) return setSeen((await look.run()) ?? null);
    const made = await make.run();
    if (made) go("coupons", "batch", made.id);
    return undefined;
  };
  return html`<div>
    <${Head}>New batch of coupons<//>
    <section class="sheet">
      <${Problem} error=${error} />
      <${Form} label="New batch" onSubmit=${submit}>
        ${field("name", "Name")}
        ${field("count", "How many", { inputmode: "numeric" })}
        <${Choice} name="off" label="A coupon takes off" said=${said} set=${set}
          among=${[["percent", "a part of the price, in percent"], ["amount", "an amount"]]} />
        ${said.off === "percent"
          ? field("discount_percent", "Percent", { inputmode: "numeric" })
          : field("discount_amount", "Amount, in the smallest unit", { inputmode: "numeric" })}
        ${field("expires_on", "The last day on which it is good", { type: "date" })}
        <${Tick} name="one_per_member" label="A member gets at most one" said=${said}
          set=${set} />
        ${seen && html`<div class="notice told" role="status"><p>
          <strong>This will be made:</strong> ${whole(seen.count)} coupons of
          “${seen.name ?? "a batch without a name"}” that take off ${offer(seen)}, good until
          ${time(seen.expires_at)}.</p></div>`}
        <div class="row">
          <button class="first" disabled=${look.busy || make.busy}>
            ${seen ? "Make it" : "Preview"}</button>
          <a class="button" href="#/coupons">Leave it</a>
        </div>
      <//>
      <${Curl} of=${["POST", seen ? PATH : `${PATH}?dry_run=true`, body, { key: Boolean(seen) }]} />
    </section>
  </div>`;
}
