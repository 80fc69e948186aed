// The node that answers: whether it is ready, its clocks, what it uses.
import { html } from "../html.js";
import { get } from "../api.js";
import { figures } from "../live.js";
import { to } from "../place.js";
import { may } from "../session.js";
import { span, time, whole } from "../words.js";
import { Curl } from "../parts/curl.js";
import { useNow } from "../parts/clock.js";
import { useFigures } from "../parts/figures.js";
import { Head } from "../parts/head.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem } from "../parts/notice.js";
import { State } from "../parts/state.js";

const MIB = 1024 * 1024;

export function Node() {
  useFigures();
  const now = useNow();
  const ready = useLoaded(() => get("/health/ready"));
  const clocks = useLoaded(async () => (may("admin") ? get("/api/v1/clock") : null));
  const { version, gauges } = figures.value.at(-1) ?? {};
  const began = gauges?.process_start_time_seconds;
  return html`<div>
    <${Head}>This node<//>
    <${Problem} error=${ready.error ?? clocks.error} />
    <div class="grid">
      <section class="sheet"><h2>How it stands</h2>
        ${ready.value && html`<dl class="facts">
          <dt>state</dt><dd><${State} is=${ready.value.status} /></dd>
          <dt>nodes that serve</dt><dd>${ready.value.nodes ?? "this one alone"}</dd>
          <dt>Redis</dt><dd>${ready.value.redis}</dd>
          <dt>version</dt><dd>${version ?? "–"}</dd>
          <dt>runs for</dt><dd>${began ? span(now / 1000 - began) : "–"}</dd>
          <dt>memory</dt><dd>${gauges
            ? `${whole(gauges.process_resident_memory_bytes / MIB)} MiB` : "–"}</dd>
          <dt>accounts</dt><dd>${whole(gauges?.stampede_members)}</dd>
          <dt>commands under way</dt><dd>${whole(gauges?.stampede_in_flight)} of at most
            ${" "}${whole(gauges?.stampede_in_flight_limit)}</dd>
          <dt>deepest queue</dt><dd>${whole(gauges?.stampede_deepest_partition_queue)}</dd></dl>`}
        <${Curl} of=${["GET", "/health/ready", null, { anybody: true }]} /></section>
      ${clocks.value && html`<section class="sheet"><h2>Its clocks</h2><dl class="facts">
        <dt>time it lives by</dt><dd>${time(clocks.value.now)}</dd>
        <dt>clock of the machine</dt><dd>${time(clocks.value.clock)}</dd>
        <dt>believed</dt><dd>${clocks.value.settled ? "yes"
          : `no: it has moved by ${clocks.value.moved_by_s} s`}</dd></dl>
        <${Curl} of=${["GET", "/api/v1/clock"]} /></section>`}
    </div>
    ${may("admin") && html`<p class="quiet">What it runs with:
      <a href=${to("settings")}>the settings</a>.</p>`}
  </div>`;
}
