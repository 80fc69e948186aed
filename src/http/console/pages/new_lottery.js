// A new lottery.
import { html } from "../html.js";
import { go } from "../place.js";
import { time, whole } from "../words.js";
import { Tick } from "../parts/form.js";
import { Make, number } from "../parts/make.js";

const bodyOf = (said) => ({
  closes_on: said.closes_on,
  name: said.name || undefined,
  tickets: said.tickets
    ? { digits: number(said.digits), copies: number(said.copies) } : undefined,
  ballots: said.ballots || undefined,
  winners: said.ballots ? number(said.winners) : undefined,
  reserves: said.ballots ? number(said.reserves) : undefined,
});

const fields = ({ said, set, field }) => html`
  ${field("closes_on", "Closes on", { type: "date", hint: "A day has one lottery." })}
  ${field("name", "Name", { hint: "Invented, if empty." })}
  <${Tick} name="tickets" label="Members buy numbered tickets" said=${said} set=${set} />
  ${said.tickets && field("digits", "Digits of a number",
    { inputmode: "numeric", at: "tickets/digits",
      hint: "4 to 7; with 4 there are 10,000 numbers." })}
  ${said.tickets && field("copies", "Tickets with each number",
    { inputmode: "numeric", at: "tickets/copies" })}
  <${Tick} name="ballots" label="Members submit ballots, and winners are drawn"
    said=${said} set=${set} />
  ${said.ballots && field("winners", "Winners", { inputmode: "numeric" })}
  ${said.ballots && field("reserves", "Reserves", { inputmode: "numeric",
    hint: "They take the place of winners who cannot be found." })}`;

const told = (seen) => html`“${seen.name}”, which closes at ${time(seen.closes_at)}, with
  ${" "}${seen.tickets ? `${whole(seen.tickets.stock)} tickets` : "no tickets"} and
  ${" "}${seen.ballots ? `ballots, of which ${whole(seen.ballots.winners)} win`
    : "no ballots"}.`;

const FIRST = {
  closes_on: "", name: "", tickets: true, digits: "4", copies: "1",
  ballots: true, winners: "1", reserves: "0",
};

export function NewLottery() {
  return html`<${Make} title="New lottery" label="New lottery" path="/api/v1/lotteries"
    away="#/lotteries" first=${FIRST} bodyOf=${bodyOf} fields=${fields} told=${told}
    made=${(lottery) => go("lotteries", lottery.closes_on)} />`;
}
