// One pool or lottery: its stock as a picture, its ballots, what a member can do, and its end.
import { html } from "../html.js";
import { useRef, useState } from "preact/hooks";
import { call, get } from "../api.js";
import { isTold, may, role } from "../session.js";
import { counts, outlook } from "../stock.js";
import { theme } from "../theme.js";
import { span, time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Bar } from "../parts/bar.js";
import { useNow } from "../parts/clock.js";
import { Confirm } from "../parts/confirm.js";
import { Curl } from "../parts/curl.js";
import { about, useBulletins, useLater } from "../parts/bulletins.js";
import { useFigures } from "../parts/figures.js";
import { Head } from "../parts/head.js";
import { Ledger } from "../parts/ledger.js";
import { useLoaded } from "../parts/loaded.js";
import { NumberMap } from "../parts/map.js";
import { Problem, Told } from "../parts/notice.js";
import { State } from "../parts/state.js";
import { Ballots } from "./lottery_ballots.js";
import { Allowance, Tickets } from "./lottery_tickets.js";
import { Holds } from "./mine.js";

// A crowd buys without an end, so the picture is made anew from time to time.
const MAP_SOONEST_MS = 5_000;

// What is free in each hundredth of the numbers.
async function blocksOf(path) {
  const { blocks } = await get(`${path}/tickets/blocks`);
  return blocks.map(({ free, stock }) => [free, stock]);
}

async function load(path) {
  const lottery = await get(path);
  const [ledger, draw] = await Promise.all([
    isTold(lottery.figures) ? get(`${path}/ledger`) : null,
    lottery.state === "drawn" && lottery.ballots ? get(`${path}/winner`) : null]);
  return { lottery, ledger, draw };
}

// A ticket's id ends with its number and its copy.
const numberOf = (ticket) => ticket.split("_").at(-2);

export function Lottery({ id }) {
  const path = `/api/v1/pools/${encodeURIComponent(id)}`;
  const loaded = useLoaded(() => load(path), [id]);
  const known = loaded.value;
  const hasMap = Boolean(known?.ledger && known.lottery.tickets);
  const map = useLoaded(async () => (hasMap ? blocksOf(path) : []), [hasMap]);
  const again = () => {
    loaded.reload();
    map.reload();
  };
  const isNew = useRef(true);
  const [bought, setBought] = useState([]);
  const [isPart, setIsPart] = useState(false);
  const [told, setTold] = useState("");
  const now = useNow();
  useFigures();
  const later = useLater(loaded.reload);
  const mapLater = useLater(map.reload, MAP_SOONEST_MS);
  useBulletins((bulletin) => {
    const own = about(bulletin, "lotteries", "lottery", id);
    if (bulletin.left_out.of_things) later();
    if (!own) return;
    const sold = own.events.filter(({ type }) => type === "tickets.confirmed")
      .flatMap(({ data }) => data.tickets.map(numberOf));
    if (sold.length) setBought((before) => [...before, ...sold].slice(-10_000));
    if (!own.isWhole("tickets.confirmed")) {
      setIsPart(true);
      mapLater();
    }
    if (own.counts["lottery.closed"] || own.counts["lottery.drawn"]) {
      (bulletin.left_out.events ? later : loaded.reload)();
    }
  }, (isAgain) => {
    if (isNew.current) loaded.reload();
    else if (!isAgain) again();
    else [later, mapLater].forEach((ask) => ask());
    isNew.current = false;
  });
  if (!known) return html`<${Head}>Lottery<//><${Problem} error=${loaded.error} />`;
  const { lottery, ledger, draw } = known;
  const books = { ...ledger, ...counts("lotteries", id) };
  const left = (new Date(lottery.closes_at) - now) / 1000;
  return html`<div>
    <${Head}>${lottery.name} <${State} is=${lottery.state} /><//>
    <${Problem} error=${loaded.error ?? map.error} />
    <${Told} text=${told} />
    <section class="sheet">
      <p class="big">${lottery.state === "open" && (left > 0
        ? `It closes in ${span(left)}.` : "It closes at this moment.")}
        ${lottery.state === "drawn" && "It is over, and drawn."}</p>
      ${lottery.tickets && ledger && html`<${Bar} label="Tickets" parts=${[
        ["sold", "taken", books.sold], ["held", "held", books.held],
        ["free", "free", books.free]]} />
        <p class="quiet">${outlook("lotteries", id)}</p>`}
      <dl class="facts">
        <dt>closes</dt><dd>${time(lottery.closes_at)}</dd>
        ${lottery.tickets?.sale_starts_at && html`<dt>sale</dt>
          <dd>from ${time(lottery.tickets.sale_starts_at)}</dd>`}
        ${lottery.tickets?.per_member.bought && html`<dt>each member</dt>
          <dd>at most ${whole(lottery.tickets.per_member.bought)}</dd>`}
        ${lottery.tickets?.labels.map(({ name, pattern }) => html`<dt key=${name}>${name}</dt>
          <dd><code>${pattern}</code></dd>`)}
        <dt>tickets</dt><dd>${lottery.tickets ? `${whole(lottery.tickets.stock)}, numbers of
          ${lottery.tickets.digits} digits` : "none"}</dd>
        <dt>ballots</dt><dd>${lottery.ballots ? `${whole(books.ballots)} of at most
          ${whole(lottery.ballots.most)}; ${whole(lottery.ballots.winners)} win` : "none"}</dd>
        ${lottery.ballots && html`<dt>commitment</dt>
          <dd><code>${lottery.ballots.commitment}</code>
            ${" "}<a href="/draws/${id}">The public page of the draw</a></dd>`}
      </dl>
      <${Curl} of=${["GET", path, null, { anybody: true }]} />
    </section>
    ${draw && html`<${Winners} draw=${draw} path=${path} />`}
    ${lottery.state === "open" && lottery.tickets && html`<${Tickets} path=${path}
      digits=${lottery.tickets.digits} onChange=${again} />`}
    ${lottery.state === "open" && lottery.tickets && ["member", "viewer"].includes(role.value)
      && html`<${Allowance} path=${path} limits=${lottery.tickets.per_member} turn=${known} />`}
    ${lottery.state === "open" && lottery.tickets && ["member", "viewer"].includes(role.value)
      && html`<${Holds} of=${id} turn=${known} onChange=${again} />`}
    ${lottery.state === "open" && lottery.ballots && ["member", "viewer"].includes(role.value)
      && html`<${Ballots} path=${path} />`}
    <div class="grid">
      ${lottery.tickets && ledger && html`<section class="sheet"><h2>The numbers</h2>
        <${NumberMap} blocks=${map.value ?? []} bought=${bought} isPart=${isPart} books=${books}
          theme=${theme.value} />
        <${Curl} of=${["GET", `${path}/tickets/blocks`]} />
      </section>`}
      <section class="sheet"><h2>Ledger</h2>${ledger ? html`<${Ledger} of=${ledger} />`
        : html`<p class="quiet">It is not for everybody.</p>`}
        <p><button class="small" type="button" onClick=${again}>Look again</button></p>
        ${may("operator") && lottery.state !== "drawn" && html`<${Close} path=${path} id=${id}
          done=${() => {
            setTold("It is closed.");
            loaded.reload();
          }} />`}
      </section>
    </div>
  </div>`;
}

function Close({ path, id, done }) {
  const close = useAct((key) => call("POST", `${path}/close`, { key }));
  return html`<h2>The end</h2>
    <p class="quiet">It closes by itself at its time, and is drawn. You can close it now.</p>
    <${Confirm} button="Close and draw" title="Close it?" word=${id} act=${close}
      done=${done} text="No ticket is sold and no ballot taken any more, and the winners are drawn.
      It cannot be opened again." />
    <${Curl} of=${["POST", `${path}/close`, null, { key: true }]} />`;
}

function Winners({ draw, path }) {
  const rows = [...draw.winners.map((lot) => ["winner", lot]),
    ...draw.reserves.map((lot) => ["reserve", lot])];
  return html`<section class="sheet"><h2>Winners</h2>
    ${rows.length === 0 && html`<p class="quiet">Nobody took part.</p>`}
    ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label="Winners">
      <table><thead><tr><th scope="col">Drawn as</th><th scope="col">Ballot</th>
        <th scope="col">Member</th></tr></thead><tbody>
      ${rows.map(([as, lot]) => html`<tr key=${lot.ballot}><td>${as}</td>
        <td><code>${lot.ballot}</code></td>
        <td>${lot.known_as?.id ?? lot.member ?? lot.name}</td></tr>`)}</tbody></table></div>`}
    <p class="quiet">Anybody can repeat the draw from its <a href="${path}/proof">proof</a>:
      <a href="/draws/${draw.lottery}">in their browser</a>, or with
      <code>stampede verify-draw</code>.</p>
    <dl class="facts"><dt>seed</dt><dd><code>${draw.seed}</code></dd>
      <dt>root</dt><dd><code>${draw.root}</code></dd></dl>
    <${Curl} of=${["GET", `${path}/winner`, null, { anybody: true }]} />
  </section>`;
}
