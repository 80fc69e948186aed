// One campaign: how far it is, who came first, and what can be done with it.
import { html } from "../html.js";
import { useEffect, useRef, useState } from "preact/hooks";
import { call, get, now as serverNow } from "../api.js";
import { may, role } from "../session.js";
import { clock, offer, plain, short, span, time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Bar } from "../parts/bar.js";
import { useNow } from "../parts/clock.js";
import { Confirm } from "../parts/confirm.js";
import { Curl } from "../parts/curl.js";
import { about, useBulletins, useLater } from "../parts/bulletins.js";
import { Field, Form } from "../parts/form.js";
import { Head } from "../parts/head.js";
import { Ledger } from "../parts/ledger.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem, Told } from "../parts/notice.js";
import { State } from "../parts/state.js";

const FIRST = 100;
const PACE_MS = 10_000;

const CHANGES = {
  "campaign.paused": { state: "paused" },
  "campaign.resumed": { state: "open" },
  "campaign.ended": { state: "ended" },
};

async function load(path) {
  const campaign = await get(path);
  // Whoever is not told figures has no ledger either.
  const isTold = campaign.granted !== null;
  const [ledger, claims] = await Promise.all([
    isTold ? get(`${path}/ledger`) : null,
    may("viewer") ? get(`${path}/claims?limit=${FIRST}`) : { items: [] }]);
  const first = claims.items.map(({ rank, owner, assigned_at, known_as }) => (
    { rank, who: known_as?.id ?? owner, at: assigned_at }));
  return { campaign, ledger, first: first.sort((a, b) => a.rank - b.rank) };
}

// What is known once so many were granted.
function withGranted(known, count) {
  const granted = Math.max(known.campaign.granted, count);
  const campaign = { ...known.campaign, granted, remaining: known.campaign.quota - granted };
  if (campaign.remaining === 0 && campaign.state === "open") campaign.state = "sold_out";
  return { ...known, campaign };
}

// What is known after an event.
function after(known, { type, timestamp, data }) {
  if (type !== "campaign.claimed") {
    const { quota, ends_at } = data;
    const changed = type === "campaign.changed" ? { quota, ends_at } : CHANGES[type];
    return withGranted({ ...known, campaign: { ...known.campaign, ...changed } }, 0);
  }
  const isNew = data.rank <= FIRST && !known.first.some(({ rank }) => rank === data.rank);
  const one = { rank: data.rank, who: data.known_as?.id ?? data.member, at: timestamp };
  const first = isNew ? [...known.first, one].sort((a, b) => a.rank - b.rank) : known.first;
  return withGranted({ ...known, first }, data.rank);
}

// Whether some of the first are not known, because their events were left out.
const lacks = ({ campaign, first }) => first.length < Math.min(FIRST, campaign.granted);

export function Campaign({ id }) {
  const path = `/api/v1/campaigns/${encodeURIComponent(id)}`;
  const loaded = useLoaded(() => load(path), [id]);
  const [told, setTold] = useState("");
  const [arrivals, setArrivals] = useState([]);
  const [opened] = useState(serverNow);
  const now = useNow();
  // What was heard is not taken back by an answer that was under way.
  const heard = useRef(0);
  const later = useLater(loaded.reload);
  useBulletins((bulletin) => {
    const own = about(bulletin, "campaigns", "campaign", id);
    if (bulletin.left_out.of_things) later();
    if (!own) return;
    heard.current = Math.max(heard.current, own.granted ?? 0);
    loaded.change((before) => own.events.reduce(after, before));
    if (!own.isWhole("campaign.changed", ...Object.keys(CHANGES))) later();
    const at = serverNow();
    const claims = own.counts["campaign.claimed"] ?? 0;
    setArrivals((before) => [
      ...before.filter((one) => at - one.at < PACE_MS), { at, claims }]);
  }, (isAgain) => (isAgain ? later : loaded.reload)());
  const known = loaded.value && may("viewer") ? withGranted(loaded.value, heard.current)
    : loaded.value;
  useEffect(() => { if (known && may("viewer") && lacks(known)) later(); }, [loaded.value]);
  if (!known) {
    return html`<${Head}>Campaign<//><${Problem} error=${loaded.error} />`;
  }
  const { campaign, ledger, first } = known;
  const recent = arrivals.filter(({ at }) => now - at < PACE_MS);
  const seconds = Math.max(1000, Math.min(PACE_MS, now - opened)) / 1000;
  const pace = recent.reduce((sum, { claims }) => sum + claims, 0) / seconds;
  const ends = (new Date(campaign.ends_at) - now) / 1000;
  const changed = (text) => (answer) => {
    loaded.change((before) => ({ ...before, campaign: answer }));
    setTold(text);
  };
  return html`<div>
    <${Head}>${campaign.name} <${State} is=${campaign.state} /><//>
    <${Problem} error=${loaded.error} />
    <${Told} text=${told} />
    <section class="sheet">
      ${ledger && html`<${Bar} label="Vouchers" parts=${[
        ["granted", "taken", campaign.granted], ["left", "free", campaign.remaining]]} />`}
      <p class="big">${whole(campaign.granted)} of ${whole(campaign.quota)}</p>
      ${!ledger && html`<p class="quiet">How many are left is not for everybody.</p>`}
      <p class="quiet">${pace > 0 ? `${short(pace)} a second now. ${campaign.remaining > 0
        ? `Sold out in ${span(campaign.remaining / pace)} at this pace.` : ""}`
        : "Nobody claims now."}
        ${campaign.state !== "ended" && ends > 0 && ` It ends in ${span(ends)}.`}</p>
      <dl class="facts">
        <dt>takes off</dt><dd>${offer(campaign)}</dd>
        <dt>claimed by</dt><dd>${plain(campaign.trigger)}</dd>
        <dt>from</dt><dd>${time(campaign.starts_at)}</dd>
        <dt>to</dt><dd>${time(campaign.ends_at)}</dd>
        <dt>id</dt><dd><code>${campaign.id}</code></dd>
      </dl>
    </section>
    <${Claim} path=${path} campaign=${campaign} />
    ${may("operator") && html`<${Run} path=${path} campaign=${campaign} changed=${changed} />`}
    <div class="grid">
      ${may("viewer") && html`<section class="sheet"><h2>The first ${FIRST}</h2>
        ${first.length === 0 && html`<p class="quiet">Nobody yet. They appear as they arrive.</p>`}
        ${first.length > 0 && html`<div class="scroll" tabindex="0" role="region"
          aria-label="The first to claim"><table>
          <thead><tr><th scope="col">Rank</th><th scope="col">Time</th><th scope="col">Member</th>
          </tr></thead><tbody>
          ${first.map(({ rank, at, who }) => html`<tr key=${rank}><td>${rank}</td>
            <td>${clock(at)}</td><td><code>${who}</code></td></tr>`)}</tbody></table></div>`}
      </section>`}
      ${ledger && html`<section class="sheet"><h2>Ledger</h2><${Ledger} of=${ledger} />
        <p><button class="small" type="button" onClick=${loaded.reload}>Look again</button></p>
        <${Curl} of=${["GET", `${path}/ledger`, null, {
          anybody: campaign.figures === "public" }]} /></section>`}
    </div>
  </div>`;
}

// What a member does.
function Claim({ path, campaign }) {
  const [said, put] = useState({ code: "" });
  const [got, setGot] = useState(null);
  const needsCode = campaign.trigger === "code";
  const body = needsCode ? { code: said.code } : {};
  const claim = useAct((key) => call("POST", `${path}/claims`, { body, key }));
  if (campaign.trigger === "first_login" || !["member", "viewer"].includes(role.value)) return null;
  const submit = async () => {
    const answer = await claim.run();
    if (answer) setGot(answer);
  };
  return html`<section class="sheet"><h2>Claim a voucher</h2>
    <${Problem} error=${claim.error} />
    <${Told} text=${got ? `It is yours: you are number ${got.rank}, your code is
      ${got.voucher.code}.` : ""} />
    <${Form} label="Claim" onSubmit=${submit}>
      ${needsCode && html`<${Field} name="code" label="The code of the campaign" said=${said}
        set=${put} error=${claim.error} />`}
      <button class="first" disabled=${claim.busy}>Claim</button>
    <//>
    <${Curl} of=${["POST", `${path}/claims`, body, { key: true }]} />
  </section>`;
}

// What an operator does.
function Run({ path, campaign, changed }) {
  const [said, put] = useState({ quota: String(campaign.quota) });
  const pause = useAct((key) => call("POST", `${path}/pause`, { key }));
  const resume = useAct((key) => call("POST", `${path}/resume`, { key }));
  const end = useAct((key) => call("POST", `${path}/end`, { key }));
  const more = useAct((key) => (
    call("PATCH", path, { body: { quota: Number(said.quota) }, key })));
  const isPaused = campaign.state === "paused";
  const act = isPaused ? resume : pause;
  const text = isPaused ? "It goes on." : "It is paused: nobody gets a voucher.";
  if (campaign.state === "ended") return null;
  const run = async (what, say) => {
    const answer = await what.run();
    if (answer) changed(say)(answer);
  };
  return html`<section class="sheet"><h2>Run it</h2>
    <${Problem} error=${act.error ?? more.error} />
    <div class="row">
      <button type="button" disabled=${act.busy} onClick=${() => run(act, text)}>
        ${isPaused ? "Resume" : "Pause"}</button>
      <${Confirm} button="End" title="End this campaign?" word=${campaign.name} act=${end}
        text="Nobody gets a voucher any more. It cannot be opened again."
        done=${changed("It has ended.")} />
    </div>
    <${Form} label="Quota" onSubmit=${() => run(more, "The quota is another one now.")}>
      <${Field} name="quota" label="Quota" inputmode="numeric" said=${said} set=${put}
        error=${more.error} hint="After the first claim it can only grow." />
      <button disabled=${more.busy || Number(said.quota) === campaign.quota}>Change</button>
    <//>
    <${Curl} of=${["POST", `${path}/${isPaused ? "resume" : "pause"}`, null, { key: true }]} />
  </section>`;
}
