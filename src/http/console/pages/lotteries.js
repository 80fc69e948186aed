// The pools and lotteries; one of them; and how a new one is made.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { to } from "../place.js";
import { may } from "../session.js";
import { time, whole } from "../words.js";
import { Curl } from "../parts/curl.js";
import { useNews } from "../parts/bulletins.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { State } from "../parts/state.js";
import { Lottery } from "./lottery.js";
import { NewLottery } from "./new_lottery.js";
import { NewPool } from "./new_pool.js";

const COLUMNS = [
  ["Name", ({ id, name }) => html`<a href=${to("lotteries", id)}>${name}</a>`],
  ["State", ({ state }) => html`<${State} is=${state} />`],
  ["Tickets", ({ tickets }) => (tickets ? whole(tickets.stock) : "none"), "number"],
  ["Ballots", ({ ballots }) => (ballots ? `at most ${whole(ballots.most)}` : "none"), "number"],
  ["Closes", ({ closes_at }) => time(closes_at)],
];

// No pool has such a name: a name has no dash at its end.
const MAKING = { "new": NewLottery, "new-": NewPool };

export function Lotteries({ parts: [id] }) {
  if (MAKING[id]) return html`<${MAKING[id]} />`;
  return id ? html`<${Lottery} id=${id} />` : html`<${All} />`;
}

function All() {
  const news = useNews("lottery.created");
  return html`<div>
    <div class="row between">
      <${Head}>Pools and lotteries<//>
      ${may("operator") && html`<span class="row">
        <a class="button first" href=${to("lotteries", "new-")}>New pool</a>
        <a class="button" href=${to("lotteries", "new")}>New lottery</a></span>`}
    </div>
    <section class="sheet">
      <${List} path="/api/v1/pools" columns=${COLUMNS} caption="Pools, and lotteries that are open"
        ...${news}
        empty="There is none. A pool sells numbered tickets, or draws winners of ballots." />
      <${Curl} of=${["GET", "/api/v1/pools", null, { anybody: true }]} />
      <${Old} />
    </section>
  </div>`;
}

// One that was drawn is on no list, but stays for ever.
function Old() {
  const [day, setDay] = useState("");
  const open = (event) => {
    event.preventDefault();
    if (day) location.hash = to("lotteries", day);
  };
  return html`<form class="row" aria-label="Open a lottery by its day" onSubmit=${open}>
    <label for="old-day">A lottery of another day</label>
    <input id="old-day" name="day" type="date" value=${day}
      onInput=${(event) => setDay(event.target.value)} />
    <button>Open</button></form>`;
}
