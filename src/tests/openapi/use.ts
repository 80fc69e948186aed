// One call with a client that was generated from the document.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type State = components["schemas"]["LotteryState"];

declare const process: { argv: string[] };

const client = createClient<paths>({ baseUrl: process.argv[2] });
const { data, error } = await client.GET("/api/v1/pools", { params: { query: { limit: 10 } } });
if (error) {
  throw new Error(error.type);
}
const states: State[] = data.items.map((pool) => pool.state);
console.log(states.length);
