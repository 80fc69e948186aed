// A new campaign: what the server makes of it is shown before it is made.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { go } from "../place.js";
import { offer, plain, time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Curl } from "../parts/curl.js";
import { Choice, Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { Problem } from "../parts/notice.js";

const PATH = "/api/v1/campaigns";
const DAY_MS = 86_400_000;

const TRIGGERS = [
  ["claim", "members claim it"], ["code", "members enter a code"],
  ["first_login", "the first login brings it"]];

// As an input of the browser writes it, in the reader's own zone.
const local = (at) => new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
const number = (text) => (text === "" || text == null ? undefined : Number(text));
const instant = (text) => {
  const at = new Date(text);
  return text && !Number.isNaN(at.getTime()) ? at.toISOString().replace(".000", "") : undefined;
};

function bodyOf(said) {
  const percent = said.off === "percent";
  return {
    name: said.name,
    quota: number(said.quota),
    trigger: said.trigger,
    discount_percent: percent ? number(said.discount_percent) : undefined,
    discount_amount: percent ? undefined : number(said.discount_amount),
    starts_at: instant(said.starts_at),
    ends_at: instant(said.ends_at),
    voucher_valid_days: number(said.voucher_valid_days),
    code: said.trigger === "code" ? said.code : undefined,
  };
}

export function NewCampaign() {
  const [said, put] = useState({
    name: "", quota: "100", trigger: "claim", off: "percent", discount_percent: "10",
    ends_at: local(new Date(Date.now() + 7 * DAY_MS)), starts_at: "",
  });
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
    if (made) go("campaigns", made.id);
    return undefined;
  };
  return html`<div>
    <${Head}>New campaign<//>
    <section class="sheet">
      <${Problem} error=${error} />
      <${Form} label="New campaign" onSubmit=${submit}>
        ${field("name", "Name")}
        ${field("quota", "How many vouchers", { inputmode: "numeric" })}
        <${Choice} name="trigger" label="Who gets one" said=${said} set=${set} among=${TRIGGERS} />
        ${said.trigger === "code" && field("code", "The code that they enter")}
        <${Choice} name="off" label="It takes off" said=${said} set=${set}
          among=${[["percent", "a part of the price, in percent"], ["amount", "an amount"]]} />
        ${said.off === "percent"
          ? field("discount_percent", "Percent", { inputmode: "numeric" })
          : field("discount_amount", "Amount, in the smallest unit", { inputmode: "numeric" })}
        ${field("starts_at", "From", { type: "datetime-local", hint: "At once, if empty." })}
        ${field("ends_at", "To", { type: "datetime-local" })}
        ${field("voucher_valid_days", "Days for which a voucher is good",
          { inputmode: "numeric", hint: "Until the campaign ends, if empty." })}
        ${seen && html`<div class="notice told" role="status">
          <p><strong>This will be made:</strong> ${whole(seen.quota)} vouchers of
            “${seen.name}” that take off ${offer(seen)}, claimed by ${plain(seen.trigger)},
            from ${time(seen.starts_at)} to ${time(seen.ends_at)}.</p></div>`}
        <div class="row">
          <button class="first" disabled=${look.busy || make.busy}>
            ${seen ? "Make it" : "Preview"}</button>
          <a class="button" href="#/campaigns">Leave it</a>
        </div>
      <//>
      <${Curl} of=${["POST", seen ? PATH : `${PATH}?dry_run=true`, body, { key: Boolean(seen) }]} />
    </section>
  </div>`;
}
