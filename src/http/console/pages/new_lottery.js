// A new lottery: what the server makes of it is shown before it is made.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call } from "../api.js";
import { go } from "../place.js";
import { time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Curl } from "../parts/curl.js";
import { Field, Form, Tick } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { Problem } from "../parts/notice.js";

const PATH = "/api/v1/lotteries";
const number = (text) => (text === "" ? undefined : Number(text));

const bodyOf = (said) => ({
  closes_on: said.closes_on,
  name: said.name || undefined,
  tickets: said.tickets
    ? { digits: number(said.digits), copies: number(said.copies) } : undefined,
  ballots: said.ballots || undefined,
  winners: said.ballots ? number(said.winners) : undefined,
  reserves: said.ballots ? number(said.reserves) : undefined,
});

export function NewLottery() {
  const [said, put] = useState({
    closes_on: "", name: "", tickets: true, digits: "4", copies: "1",
    ballots: true, winners: "1", reserves: "0",
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
    if (made) go("lotteries", made.closes_on);
    return undefined;
  };
  return html`<div>
    <${Head}>New lottery<//>
    <section class="sheet">
      <${Problem} error=${error} />
      <${Form} label="New lottery" onSubmit=${submit}>
        ${field("closes_on", "Closes on", { type: "date", hint: "A day has one lottery." })}
        ${field("name", "Name", { hint: "Invented, if empty." })}
        <${Tick} name="tickets" label="Members buy numbered tickets" said=${said} set=${set} />
        ${said.tickets && field("digits", "Digits of a number",
          { inputmode: "numeric", hint: "4 to 7; with 4 there are 10,000 numbers." })}
        ${said.tickets && field("copies", "Tickets with each number", { inputmode: "numeric" })}
        <${Tick} name="ballots" label="Members submit ballots, and winners are drawn"
          said=${said} set=${set} />
        ${said.ballots && field("winners", "Winners", { inputmode: "numeric" })}
        ${said.ballots && field("reserves", "Reserves", { inputmode: "numeric",
          hint: "They take the place of winners who cannot be found." })}
        ${seen && html`<div class="notice told" role="status"><p>
          <strong>This will be made:</strong> “${seen.name}”, which closes at
          ${time(seen.closes_at)}, with ${seen.tickets
            ? `${whole(seen.tickets.stock)} tickets` : "no tickets"} and ${seen.ballots
            ? `ballots, of which ${whole(seen.ballots.winners)} win` : "no ballots"}.</p></div>`}
        <div class="row">
          <button class="first" disabled=${look.busy || make.busy}>
            ${seen ? "Make it" : "Preview"}</button>
          <a class="button" href="#/lotteries">Leave it</a>
        </div>
      <//>
      <${Curl} of=${["POST", seen ? PATH : `${PATH}?dry_run=true`, body, { key: Boolean(seen) }]} />
    </section>
  </div>`;
}
