// The campaigns; one of them; and how a new one is made.
import { html } from "../html.js";
import { to } from "../place.js";
import { may } from "../session.js";
import { offer, plain, time, whole } from "../words.js";
import { Curl } from "../parts/curl.js";
import { List } from "../parts/list.js";
import { State } from "../parts/state.js";
import { useNews } from "../parts/bulletins.js";
import { Head } from "../parts/head.js";
import { Campaign } from "./campaign.js";
import { NewCampaign } from "./new_campaign.js";

const COLUMNS = [
  ["Name", ({ id, name }) => html`<a href=${to("campaigns", id)}>${name}</a>`],
  ["State", ({ state }) => html`<${State} is=${state} />`],
  ["Granted", ({ granted, quota }) => `${whole(granted)} of ${whole(quota)}`, "number"],
  ["Takes off", offer, "number"],
  ["Claimed by", ({ trigger }) => plain(trigger)],
  ["Ends", ({ ends_at }) => time(ends_at)],
];

export function Campaigns({ parts: [id] }) {
  if (id === "new") return html`<${NewCampaign} />`;
  return id ? html`<${Campaign} id=${id} />` : html`<${All} />`;
}

function All() {
  const news = useNews("campaign.created");
  return html`<div>
    <div class="row between">
      <${Head}>Campaigns<//>
      ${may("operator") && html`<a class="button first" href=${to("campaigns", "new")}>
        New campaign</a>`}
    </div>
    <section class="sheet">
      <${List} path="/api/v1/campaigns" columns=${COLUMNS} caption="Campaigns" ...${news}
        empty="There is none yet. A campaign gives the first so many members a voucher, exactly." />
      <${Curl} of=${["GET", "/api/v1/campaigns", null, { anybody: true }]} />
    </section>
  </div>`;
}
