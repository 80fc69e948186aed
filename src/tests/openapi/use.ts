// Calls with clients that were generated from the document. A list that also leaves as a table is
// of one type for a client that says which media it takes.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type State = components["schemas"]["LotteryState"];

type CampaignPage = components["schemas"]["CampaignPage"];
type Json = "application/json" | "application/problem+json";

declare const process: { argv: string[] };

const [, , baseUrl, password] = process.argv;
const client = createClient<paths, Json>({ baseUrl });
const tables = createClient<paths, "text/csv">({ baseUrl });
const { data, error } = await client.GET("/api/v1/pools", { params: { query: { limit: 10 } } });
if (error) {
  throw new Error(error.type);
}
const states: State[] = data.items.map((pool) => pool.state);
const campaigns = await client.GET("/api/v1/campaigns");
const page: CampaignPage | undefined = campaigns.data;
if (!page) {
  throw new Error("no campaigns");
}
const login = await client.POST("/api/v1/auth/login", {
  body: { username: "admin", password: password ?? "" },
});
if (!login.data) {
  throw new Error(login.error.type);
}
const table = await tables.GET("/api/v1/campaigns", {
  params: { query: { format: "csv" } },
  headers: { Authorization: `Bearer ${login.data.access_token}` },
  parseAs: "text",
});
const text: string | undefined = table.data;
if (!text?.startsWith("id,")) {
  throw new Error(`no table: ${JSON.stringify(table.error)}`);
}
console.log(states.length, page.items.length, text.length);
