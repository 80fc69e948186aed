// What is promised while a draw is still to come: when, of what, and the commitment that it will be
// held to.
import { html } from "../html.js";
import { useEffect } from "preact/hooks";
import { now } from "../api.js";
import { many, span, time, whole } from "../words.js";
import { useNow } from "../parts/clock.js";
import { Code } from "./code.js";
import { address } from "./kept.js";

// So long after the moment the page looks again, not all readers at once; and the rarer, the longer
// the draw is late.
const SOONEST_MS = 3_000;
const SELDOM_MS = 60_000;
const SPREAD_MS = 7_000;
const LONGEST_MS = 86_400_000;

const nextOf = ({ state, closes_at, ballots }) => (
  new Date(state === "open" ? closes_at : ballots.beacon?.due_at ?? closes_at));

export function Before({ lottery, onMoment }) {
  const at = useNow();
  const { state, closes_at, ballots } = lottery;
  const { beacon, commitment } = ballots;
  useEffect(() => {
    if (!onMoment) return undefined;
    const ahead = nextOf(lottery) - now();
    const spread = Math.random() * SPREAD_MS;
    const after = Math.min(Math.max(SOONEST_MS, -ahead), SELDOM_MS) + spread;
    let timer = 0;
    const look = () => {
      onMoment();
      // In case that the server was away.
      timer = setTimeout(look, SELDOM_MS + spread);
    };
    timer = setTimeout(look, Math.min(Math.max(0, ahead) + after, LONGEST_MS));
    return () => clearTimeout(timer);
  }, [lottery]);
  const left = (new Date(closes_at) - at) / 1000;
  const due = beacon && (new Date(beacon.due_at) - at) / 1000;
  return html`<section class="sheet"><h2>When it is drawn</h2>
      <p class="count" role="timer">${state === "open" && left > 0 ? span(left)
        : due > 0 ? span(due) : "now"}</p>
      <p>${state === "open" && left > 0 ? "until it closes: then no ballot is taken any more."
        : due > 0 ? "until the public round that is mixed in. No ballot is taken any more."
          : "It is drawn at this moment. This page looks again by itself."}</p>
      <dl class="facts">
        <dt>closes</dt><dd>${time(closes_at)}</dd>
        <dt>drawn are</dt><dd>${many(ballots.winners, "winner")} and
          ${" "}${many(ballots.reserves, "reserve")}</dd>
        <dt>public round</dt><dd>${beacon ? html`${whole(beacon.round)} of drand’s quicknet, which
          nobody knows before ${time(beacon.due_at)}` : html`none is mixed in: whoever knows the
          seed could know the draw beforehand`}</dd>
      </dl></section>
    <section class="sheet"><h2>What it is held to</h2>
      <div class="beside">
        <${Code} text="${address}#commitment=${commitment}"
          label="The address of this page with the commitment, as a QR code" />
        <div><p>The seed of the draw is chosen, and stays secret until it is drawn. This is its
            SHA-256. <strong>Note it, or take a picture of the code</strong>: whoever has it can
            tell whether another seed was used.</p>
          <p class="secret">${commitment}</p></div>
      </div></section>`;
}
