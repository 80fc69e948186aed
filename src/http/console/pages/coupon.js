// One code: what became of it, step by step.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { call, get } from "../api.js";
import { to } from "../place.js";
import { may } from "../session.js";
import { offer, time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Confirm } from "../parts/confirm.js";
import { Curl } from "../parts/curl.js";
import { Head } from "../parts/head.js";
import { Life } from "../parts/life.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem, Told } from "../parts/notice.js";
import { State } from "../parts/state.js";

export function Coupon({ code }) {
  const path = `/api/v1/coupons/${encodeURIComponent(code)}`;
  const loaded = useLoaded(() => get(path), [code]);
  const [told, setTold] = useState("");
  const end = useAct((key) => call("POST", `${path}/void`, { key }));
  const back = useAct((key) => call("DELETE", `${path}/use`, { key }));
  const coupon = loaded.value;
  if (!coupon) {
    return html`<${Head}>${code}<//><${Problem} error=${loaded.error} />`;
  }
  const done = (said) => {
    setTold(said);
    loaded.reload();
  };
  const { batch, use, state } = coupon;
  const member = coupon.known_as?.id ?? coupon.owner ?? "nobody yet";
  return html`<div>
    <${Head}><code>${coupon.code ?? code}</code> <${State} is=${state} /><//>
    <${Problem} error=${loaded.error ?? back.error} />
    <${Told} text=${told} />
    <div class="grid">
      <section class="sheet"><h2>What it is</h2>
        <dl class="facts">
          <dt>takes off</dt><dd>${offer(coupon)}</dd>
          ${coupon.min_amount != null && html`<dt>of at least</dt>
            <dd>${whole(coupon.min_amount)}</dd>`}
          <dt>from</dt><dd>${coupon.rank == null
            ? html`<a href=${to("coupons", "batch", batch)}>${coupon.name ?? batch}</a>`
            : html`<a href=${to("campaigns", batch)}>${coupon.name ?? batch}</a>,
              rank ${coupon.rank}`}</dd>
          <dt>member</dt><dd><code>${member}</code>${coupon.owner && html`
            ${" "}<a href=${to("find", "member", coupon.owner)}>all that they have</a>`}</dd>
          <dt>good until</dt><dd>${time(coupon.expires_at)}</dd>
          ${use?.reference && html`<dt>used for</dt><dd>
            <a href=${to("find", "reference", use.reference)}>${use.reference}</a></dd>`}
        </dl>
        <${Curl} of=${["GET", path]} /></section>
      <section class="sheet"><h2>Its life</h2>
        <${Life} steps=${coupon.history ?? []} /></section>
    </div>
    ${may("operator") && html`<section class="sheet"><h2>Change it</h2>
      <div class="row">
        ${(state === "used" || state === "held") && html`<button type="button"
          disabled=${back.busy} onClick=${async () => (await back.run())
            && done("The use is taken back.")}>Take its use back</button>`}
        ${!["void", "expired"].includes(state) && html`<${Confirm} button="Void" word=${code}
          title="Void this coupon?" text="Nobody can use it any more. It cannot be undone."
          act=${end} done=${() => done("It is void.")} />`}
      </div>
      <${Curl} of=${["POST", `${path}/void`, null, { key: true }]} /></section>`}
  </div>`;
}
