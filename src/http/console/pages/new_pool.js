// A new pool: a name of its own, a sale of its own, and a closing at any instant.
import { html } from "../html.js";
import { go } from "../place.js";
import { time, whole } from "../words.js";
import { Choice, Tick } from "../parts/form.js";
import { Make, number } from "../parts/make.js";

const instant = (text) => (text ? new Date(text).toISOString() : undefined);

// One on each line: a name, and the pattern of its numbers at the end.
const labelsOf = (text) => text.split(",").map((one) => one.trim()).filter(Boolean).map((one) => {
  const words = one.split(/\s+/);
  return { pattern: words.pop(), name: words.join(" ") };
});

const stockOf = ({ kind, count, digits, copies }) => (kind === "count"
  ? { count: number(count) } : { digits: number(digits), copies: number(copies) });

const bodyOf = (said) => ({
  id: said.id || undefined,
  name: said.name || undefined,
  closes_at: instant(said.closes_at) ?? "",
  tickets: said.tickets ? stockOf(said) : undefined,
  sale_starts_at: said.tickets ? instant(said.sale_starts_at) : undefined,
  per_member: said.tickets && said.bought ? { bought: number(said.bought) } : undefined,
  labels: said.tickets && said.labels ? labelsOf(said.labels) : undefined,
  ballots: said.ballots || undefined,
  winners: said.ballots ? number(said.winners) : undefined,
});

const WHEN = { type: "datetime-local" };
const COUNT = { inputmode: "numeric" };
const KINDS = [["count", "so many places"], ["digits", "numbers with digits to choose by"]];

const fields = ({ said, set, field }) => html`
  ${field("id", "Id", { hint: "Small letters, digits and dashes. Two words are invented, if empty.",
    autocomplete: "off" })}
  ${field("name", "Name")}
  ${field("closes_at", "Closes at", WHEN)}
  <${Tick} name="tickets" label="Members buy tickets" said=${said} set=${set} />
  ${said.tickets && html`<${Choice} name="kind" label="Tickets" said=${said} set=${set}
    among=${KINDS} />`}
  ${said.tickets && said.kind === "count" && field("count", "How many",
    { ...COUNT, at: "tickets/count" })}
  ${said.tickets && said.kind !== "count" && field("digits", "Digits of a number",
    { ...COUNT, at: "tickets/digits", hint: "4 to 7." })}
  ${said.tickets && said.kind !== "count" && field("copies", "Tickets with each number",
    { ...COUNT, at: "tickets/copies" })}
  ${said.tickets && field("sale_starts_at", "The sale begins",
    { ...WHEN, hint: "At once, if empty." })}
  ${said.tickets && field("bought", "Most that one member may buy",
    { ...COUNT, at: "per_member/bought", hint: "No limit, if empty." })}
  ${said.tickets && field("labels", "Labels",
    { hint: "Such as: stalls 0***, row 7 07**", autocomplete: "off" })}
  <${Tick} name="ballots" label="Members submit ballots, and winners are drawn"
    said=${said} set=${set} />
  ${said.ballots && field("winners", "Winners", COUNT)}`;

const told = (seen) => html`“${seen.id}”, which closes at ${time(seen.closes_at)}, with
  ${" "}${seen.tickets ? `${whole(seen.tickets.stock)} tickets` : "no tickets"} and
  ${" "}${seen.ballots ? `ballots, of which ${whole(seen.ballots.winners)} win`
    : "no ballots"}.`;

const FIRST = {
  id: "", name: "", closes_at: "", tickets: true, kind: "count", count: "500", digits: "4",
  copies: "1", sale_starts_at: "", bought: "", labels: "", ballots: false, winners: "1",
};

export function NewPool() {
  return html`<${Make} title="New pool" label="New pool" path="/api/v1/pools" away="#/lotteries"
    first=${FIRST} bodyOf=${bodyOf} fields=${fields} told=${told}
    made=${({ id }) => go("lotteries", id)} />`;
}
