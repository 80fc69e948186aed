// A new campaign.
import { html } from "../html.js";
import { go } from "../place.js";
import { offer, plain, time, whole } from "../words.js";
import { Choice } from "../parts/form.js";
import { Make, number } from "../parts/make.js";

const DAY_MS = 86_400_000;

const TRIGGERS = [
  ["claim", "members claim it"], ["code", "members enter a code"],
  ["first_login", "the first login brings it"]];

// As an input of the browser writes it, in the reader's own zone.
const local = (at) => new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
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

const fields = ({ said, set, field }) => html`
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
    { inputmode: "numeric", hint: "Until the campaign ends, if empty." })}`;

const told = (seen) => html`${whole(seen.quota)} vouchers of “${seen.name}” that take off
  ${" "}${offer(seen)}, claimed by ${plain(seen.trigger)}, from ${time(seen.starts_at)} to
  ${" "}${time(seen.ends_at)}.`;

const first = () => ({
  name: "", quota: "100", trigger: "claim", off: "percent", discount_percent: "10",
  ends_at: local(new Date(Date.now() + 7 * DAY_MS)), starts_at: "",
});

export function NewCampaign() {
  return html`<${Make} title="New campaign" label="New campaign" path="/api/v1/campaigns"
    away="#/campaigns" first=${first} bodyOf=${bodyOf} fields=${fields} told=${told}
    made=${(campaign) => go("campaigns", campaign.id)} />`;
}
