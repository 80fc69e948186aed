// What goes on at this node, at a glance.
import { html } from "../html.js";
import { useEffect } from "preact/hooks";
import { get } from "../api.js";
import { figures, wantFigures } from "../live.js";
import { to } from "../place.js";
import { counts, outlook } from "../stock.js";
import { ms, plain, short, whole } from "../words.js";
import { Bar } from "../parts/bar.js";
import { Chart } from "../parts/chart.js";
import { Curl } from "../parts/curl.js";
import { Head } from "../parts/head.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem } from "../parts/notice.js";
import { State } from "../parts/state.js";
import { Tile } from "../parts/tile.js";

const MOST = 10;

// Everything that can sell out, each with its ledger.
async function load() {
  const [campaigns, lotteries] = await Promise.all([
    get(`/api/v1/campaigns?limit=${MOST}`), get(`/api/v1/pools?limit=${MOST}`)]);
  const rows = [
    ...campaigns.items.filter(({ state }) => state !== "ended").map((one) => ({
      kind: "campaigns", id: one.id, name: one.name, state: one.state })),
    ...lotteries.items.filter(({ tickets }) => tickets).map((one) => ({
      kind: "lotteries", id: one.id, name: one.name, state: one.state })),
  ];
  return Promise.all(rows.map(async (row) => (
    { ...row, ledger: await get(`/api/v1/${row.kind}/${row.id}/ledger`) })));
}

const partsOf = ({ kind, id, ledger }) => {
  const now = { ...ledger, ...counts(kind, id) };
  return kind === "campaigns"
    ? [["granted", "taken", now.assigned + now.held + now.expired + now.void],
      ["used", "used", now.used], ["left", "free", now.available]]
    : [["sold", "taken", now.sold], ["held", "held", now.held], ["free", "free", now.free]];
};

const seconds = (rows, ...of) => [
  rows.map(({ heard }) => heard / 1000), ...of.map((one) => rows.map(one))];

export function Overview() {
  useEffect(wantFigures, []);
  const rows = useLoaded(load);
  const all = figures.value;
  const now = all.at(-1);
  const { rates = {}, answers = {}, commits = {}, gauges = {}, refusals = {} } = now ?? {};
  const done = ["claims", "bought", "ballots", "assigned"];
  const handed = ({ rates: of }) => done.reduce((sum, name) => sum + (of[name] ?? 0), 0);
  const wrong = rows.value?.filter(({ ledger }) => ledger.imbalance !== 0) ?? [];
  return html`<div>
    <${Head}>Overview<//>
    ${!now && html`<p class="quiet">The first figures come within two seconds.</p>`}
    <dl class="tiles" aria-label="This second">
      <${Tile} name="Handed out" value=${now ? short(handed(now)) : "–"} more="a second" />
      <${Tile} name="Holds" value=${short(rates.holds ?? (now ? 0 : null))} more="a second" />
      <${Tile} name="Refused" value=${short(rates.refused)} more="a second" />
      <${Tile} name="Requests" value=${short(rates.requests)} more="a second" />
      <${Tile} name="Answer, half of them" value=${ms(answers.p50_ms)} />
      <${Tile} name="Answer, 99 of 100" value=${ms(answers.p99_ms)} />
      <${Tile} name="Commit" value=${ms(commits.p50_ms)}
        more=${commits.batch != null ? `${short(commits.batch)} events` : ""} />
      <${Tile} name="Waiting" value=${whole(gauges.stampede_in_flight)}
        more=${now ? `of ${whole(gauges.stampede_in_flight_limit)}` : ""} />
    </dl>
    <div class="grid">
      <section class="sheet"><h2>Handed out and refused, a second</h2>
        <${Chart} data=${seconds(all, handed, (one) => one.rates.refused)}
          series=${[["handed out", "--good"], ["refused", "--bad"]]} /></section>
      <section class="sheet"><h2>How long answers take, ms</h2>
        <${Chart}
          data=${seconds(all, (one) => one.answers.p50_ms, (one) => one.answers.p99_ms)}
          series=${[["half of them", "--accent"], ["99 of 100", "--warn"]]} /></section>
      <section class="sheet"><h2>Refused just now, and why</h2>
        ${Object.keys(refusals).length === 0 && html`<p class="quiet">Nothing.</p>`}
        <dl class="facts">${Object.entries(refusals).map(([why, rate]) => html`
          <dt key=${why}><a href="/problems/${why}">${plain(why)}</a></dt>
          <dd>${short(rate)} a second</dd>`)}</dl></section>
      <section class="sheet"><h2>The books</h2>
        <${Problem} error=${rows.error} />
        ${rows.value && (wrong.length === 0
          ? html`<p class="good big">The books balance.</p>
            <p class="quiet">Of ${whole(rows.value.length)} campaigns and lotteries, everything that
              was ever there is free, held, handed out or gone: none is missing, none is there
              twice.</p>`
          : html`<div class="notice" role="alert"><p>The books of ${wrong.map(({ name }) => name)
            .join(", ")} do not balance. Stop the server and run
            <code>stampede verify</code>.</p></div>`)}
        <button class="small" type="button" onClick=${rows.reload}>Look again</button></section>
    </div>
    <section class="sheet"><h2>What is selling out</h2>
      ${rows.value?.length === 0 && html`<p class="quiet">There is nothing to hand out yet.
        <a href=${to("campaigns")}>Make a campaign</a> or
        <a href=${to("lotteries")}>a lottery</a>.</p>`}
      ${rows.value?.map((row) => html`<div key=${row.kind + row.id}>
        <div class="row between">
          <span><a href=${to(row.kind, row.id)}>${row.name}</a> <${State} is=${row.state} /></span>
          <span class="quiet">${outlook(row.kind, row.id)}</span>
        </div>
        <${Bar} label=${row.name} parts=${partsOf(row)} /></div>`)}
    </section>
    <${Curl} of=${["GET", "/api/v1/live"]} />
  </div>`;
}
