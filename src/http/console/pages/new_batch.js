// A new batch of coupons.
import { html } from "../html.js";
import { go } from "../place.js";
import { offer, time, whole } from "../words.js";
import { Choice, Tick } from "../parts/form.js";
import { Make, number } from "../parts/make.js";

const bodyOf = (said) => ({
  name: said.name || undefined,
  count: number(said.count),
  discount_percent: said.off === "percent" ? number(said.discount_percent) : undefined,
  discount_amount: said.off === "amount" ? number(said.discount_amount) : undefined,
  expires_at: said.expires_on ? `${said.expires_on}T23:59:59Z` : undefined,
  one_per_member: said.one_per_member || undefined,
});

const fields = ({ said, set, field }) => html`
  ${field("name", "Name")}
  ${field("count", "How many", { inputmode: "numeric" })}
  <${Choice} name="off" label="A coupon takes off" said=${said} set=${set}
    among=${[["percent", "a part of the price, in percent"], ["amount", "an amount"]]} />
  ${said.off === "percent"
    ? field("discount_percent", "Percent", { inputmode: "numeric" })
    : field("discount_amount", "Amount, in the smallest unit", { inputmode: "numeric" })}
  ${field("expires_on", "The last day on which it is good", { type: "date" })}
  <${Tick} name="one_per_member" label="A member gets at most one" said=${said} set=${set} />`;

const told = (seen) => html`${whole(seen.count)} coupons of
  ${" "}“${seen.name ?? "a batch without a name"}” that take off ${offer(seen)}, good until
  ${" "}${time(seen.expires_at)}.`;

const FIRST = { name: "", count: "100", off: "percent", discount_percent: "10" };

export function NewBatch() {
  return html`<${Make} title="New batch of coupons" label="New batch"
    path="/api/v1/coupon-batches" away="#/coupons" first=${FIRST} bodyOf=${bodyOf}
    fields=${fields} told=${told} made=${(batch) => go("coupons", "batch", batch.id)} />`;
}
