// A member's own things: holds that run out, tickets, ballots with their receipts, vouchers.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call, get } from "../api.js";
import { to } from "../place.js";
import { offer, span, time } from "../words.js";
import { useAct } from "../parts/act.js";
import { useNow } from "../parts/clock.js";
import { Curl } from "../parts/curl.js";
import { Head } from "../parts/head.js";
import { List } from "../parts/list.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem, Told } from "../parts/notice.js";
import { Receipt } from "../parts/receipt.js";
import { State } from "../parts/state.js";

const lottery = ({ lottery: day }) => html`<a href=${to("lotteries", day)}>${day}</a>`;

const TICKETS = [
  ["Number", ({ number }) => html`<b>${number}</b>`],
  ["Lottery", lottery],
  ["Bought", ({ bought_at }) => time(bought_at)],
];

export function Mine() {
  const [turn, setTurn] = useState(0);
  const [receipt, setReceipt] = useState(null);
  const again = () => setTurn((n) => n + 1);
  const ballots = [
    ["Ballot", ({ id }) => html`<code>${id}</code>`],
    ["Lottery", lottery],
    ["Result", ({ won, reserve }) => (won ? html`<b class="good">won</b>`
      : reserve ? "reserve" : won === false ? "not drawn" : "not drawn yet")],
    ["Receipt", ({ id }) => html`<button class="small" type="button" aria-label="Receipt of ${id}"
      onClick=${() => get(`/api/v1/ballots/${id}`).then(setReceipt)}>Show</button>`],
  ];
  return html`<div>
    <${Head}>What is mine<//>
    <${Holds} onChange=${again} />
    <section class="sheet"><h2>Tickets</h2>
      <${List} path="/api/v1/tickets" columns=${TICKETS} caption="My tickets" turn=${turn}
        empty="You have bought none." />
      <${Curl} of=${["GET", "/api/v1/tickets"]} /></section>
    <section class="sheet"><h2>Vouchers and coupons</h2>
      <${Coupons} turn=${turn} onChange=${again} />
      <${Curl} of=${["GET", "/api/v1/coupons"]} /></section>
    <section class="sheet"><h2>Ballots</h2>
      <${List} path="/api/v1/ballots" columns=${ballots} caption="My ballots"
        empty="You have submitted none." />
      ${receipt?.receipt && html`<${Receipt} of=${receipt} />`}
      <${Curl} of=${["GET", "/api/v1/ballots"]} /></section>
  </div>`;
}

// Of one lottery, if it is given. Asked for again whenever `turn` is another one.
export function Holds({ onChange, of, turn }) {
  const loaded = useLoaded(() => get("/api/v1/holds?limit=100"), [turn]);
  const [told, setTold] = useState("");
  const now = useNow();
  const own = loaded.value?.items.filter((hold) => !of || hold.lottery === of) ?? [];
  const live = own.filter(({ expires_at }) => new Date(expires_at) > now);
  const done = (text) => {
    setTold(text);
    loaded.reload();
    onChange();
  };
  return html`<section class="sheet"><h2>Held for me</h2>
    <${Problem} error=${loaded.error} />
    <${Told} text=${told} />
    ${loaded.value && live.length === 0 && html`<p class="quiet">Nothing.
      ${!of && html`<a href=${to("lotteries")}>Look for a number</a>`}</p>`}
    ${live.map((hold) => html`<${Hold} key=${hold.id} hold=${hold} now=${now} done=${done} />`)}
    <${Curl} of=${["GET", "/api/v1/holds"]} />
  </section>`;
}

// The last minute is told in another colour, and in words.
const LAST_S = 60;

function Hold({ hold, now, done }) {
  const path = `/api/v1/holds/${encodeURIComponent(hold.id)}`;
  const left = (new Date(hold.expires_at) - now) / 1000;
  const numbers = hold.tickets.map(({ number }) => number).join(", ");
  const buy = useAct((key) => call("POST", `${path}/confirm`, { body: {}, key }));
  const release = useAct((key) => call("DELETE", path, { key }));
  const run = async (act, text) => {
    if (await act.run()) done(text);
  };
  return html`<div class="notice told">
    <${Problem} error=${buy.error ?? release.error} />
    <p><b class="big">${numbers}</b> in the lottery of ${lottery(hold)},
      <span class=${left < LAST_S ? "bad" : "quiet"}>
        ${left < LAST_S ? " only " : " "}${span(left)} left</span></p>
    <div class="row">
      <button class="first" type="button" disabled=${buy.busy}
        onClick=${() => run(buy, `You have bought ${numbers}.`)}>Buy</button>
      <button type="button" disabled=${release.busy}
        onClick=${() => run(release, `You have let go of ${numbers}.`)}>Let go</button>
    </div>
  </div>`;
}

function Coupons({ turn, onChange }) {
  const [told, setTold] = useState("");
  const use = useAct((key, code) => (
    call("POST", `/api/v1/coupons/${encodeURIComponent(code)}/use`, { body: {}, key })));
  const run = async (code) => {
    if (await use.run(code)) {
      setTold(`You have used ${code}.`);
      onChange();
    }
  };
  const columns = [
    ["Code", ({ code }) => html`<code>${code ?? "–"}</code>`],
    ["From", ({ name }) => name],
    ["Takes off", offer],
    ["State", ({ state }) => html`<${State} is=${state} />`],
    ["Good until", ({ expires_at }) => time(expires_at)],
    ["Use it", ({ state, code }) => state === "assigned" && code && html`<button class="small"
      type="button" disabled=${use.busy} aria-label="Use ${code}"
      onClick=${() => run(code)}>Use</button>`],
  ];
  return html`<${Problem} error=${use.error} /><${Told} text=${told} />
    <${List} path="/api/v1/coupons" columns=${columns} caption="My vouchers and coupons"
      turn=${turn} empty="You have none." />`;
}
