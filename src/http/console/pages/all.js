// Every page: where it is, what it is called, and the least role that may open it. The last one has
// no name: it says that there is none.
import { html } from "../html.js";
import { Head } from "../parts/head.js";
import { Audit } from "./audit.js";
import { Campaigns } from "./campaigns.js";
import { Coupons } from "./coupons.js";
import { Find } from "./find.js";
import { Imports } from "./imports.js";
import { Keys } from "./keys.js";
import { Lotteries } from "./lotteries.js";
import { Mine } from "./mine.js";
import { Node } from "./node.js";
import { Overview } from "./overview.js";
import { Members } from "./people.js";
import { Sessions } from "./sessions.js";
import { Settings } from "./settings.js";
import { Webhooks } from "./webhooks.js";

const Nowhere = () => html`<div><${Head}>There is no such page<//>
  <p><a href="#/">To the first page</a></p></div>`;

export const PAGES = [
  { at: "overview", name: "Overview", least: "viewer", show: Overview },
  { at: "campaigns", name: "Campaigns", least: "member", show: Campaigns },
  { at: "lotteries", name: "Pools", least: "member", show: Lotteries },
  { at: "coupons", name: "Coupons", least: "viewer", show: Coupons },
  { at: "find", name: "Find", least: "viewer", show: Find },
  { at: "imports", name: "Imports", least: "viewer", show: Imports },
  { at: "members", name: "Members", least: "admin", show: Members },
  { at: "keys", name: "Keys", least: "admin", show: Keys },
  { at: "webhooks", name: "Webhooks", least: "viewer", show: Webhooks },
  { at: "audit", name: "Audit", least: "admin", show: Audit },
  { at: "settings", name: "Settings", least: "admin", show: Settings },
  { at: "node", name: "Node", least: "viewer", show: Node },
  { at: "mine", name: "Mine", least: "member", show: Mine },
  { at: "sessions", name: "Sessions", least: "member", show: Sessions },
  { at: "nowhere", name: "", least: "member", show: Nowhere },
];
