// The only file that calls the server.
import { tokens, keep, forget } from "./session.js";
import { solve } from "./work.js";

// A refusal of the server, or what stood in its place.
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title);
    this.status = status;
    this.problem = problem;
    this.name = (problem.type ?? "").replace("/problems/", "");
  }

  // What was wrong with that field of the body, or of the query.
  at(field) {
    const found = (this.problem.errors ?? []).find(
      ({ pointer }) => pointer === `/${field}` || pointer === `?${field}`);
    return found?.detail ?? "";
  }
}

const UNREACHABLE = {
  type: "", title: "The server cannot be reached",
  detail: "The server cannot be reached. Is it running? The page goes on by itself.",
  retry: "later",
};

// By how much the server's clock is ahead of the reader's, as its last answer said.
let ahead = 0;
export const now = () => Date.now() + ahead;

// One request, with the token if there is one.
async function send(method, path, { body, key, headers = {}, signal, bare } = {}) {
  const said = { ...headers };
  if (tokens.value && !bare) said.Authorization = `Bearer ${tokens.value.access}`;
  if (key) said["Idempotency-Key"] = key;
  const isText = typeof body === "string" || body instanceof Blob;
  if (body !== undefined && !isText) said["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, {
      method, headers: said, signal, cache: "no-store", credentials: "omit",
      body: body === undefined || isText ? body : JSON.stringify(body),
    });
    const date = Date.parse(answer.headers.get("Date"));
    // It is told in whole seconds.
    if (Math.abs(date - now()) > 2000) ahead = date - Date.now();
    return answer;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, UNREACHABLE);
  }
}

// A call that asks for a proof of work gets one, and is made again.
async function worked(method, path, options) {
  const answer = await send(method, path, options);
  if (answer.status !== 403) return answer;
  const { challenge } = await answer.clone().json().catch(() => ({}));
  if (!challenge) return answer;
  const task = await send("GET", challenge, { bare: true, signal: options.signal });
  if (!task.ok) return task;
  const headers = { ...options.headers, "Proof-Of-Work": await solve(await task.json()) };
  return send(method, path, { ...options, headers });
}

let renewing = null;

// New tokens for the old; at most one such call is under way.
function renew() {
  renewing ??= (async () => {
    const body = { refresh_token: tokens.value?.refresh };
    const answer = await send("POST", "/api/v1/auth/refresh", { body, bare: true });
    if (answer.ok) {
      keep(await answer.json());
    } else if (answer.status < 500) {
      forget("Your session has ended. Please sign in again.");
    }
    return answer.ok;
  })().finally(() => { renewing = null; });
  return renewing;
}

// A request of somebody who is signed in: an old token is renewed once.
async function signed(method, path, options = {}) {
  const answer = await worked(method, path, options);
  if (answer.status !== 401 || !tokens.value || options.bare) return answer;
  return (await renew()) ? worked(method, path, options) : answer;
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => null);
  const plain = { title: `The server answered ${answer.status}`, detail: "", retry: "later" };
  return new Refused(answer.status, problem ?? plain);
}

// What the server answers, as JSON (null if it says nothing). Throws `Refused`.
export async function call(method, path, options) {
  const answer = await signed(method, path, options);
  if (!answer.ok) throw await refusal(answer);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

export const get = (path, options) => call("GET", path, options);

// A file that the server makes, as text.
export async function text(path) {
  const answer = await signed("GET", path);
  if (!answer.ok) throw await refusal(answer);
  return answer.text();
}

// A file that the server makes, as it is.
export async function bytes(path) {
  const answer = await signed("GET", path);
  if (!answer.ok) throw await refusal(answer);
  return new Uint8Array(await answer.arrayBuffer());
}

// Whatever the server answers, as it stands: for those who try a call.
export async function ask(method, path, { body, token, on_behalf_of, media }) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (on_behalf_of) headers["On-Behalf-Of"] = on_behalf_of;
  if (media) headers["Content-Type"] = media;
  const answer = await send(method, path, { body, headers, bare: true });
  const said = await answer.text();
  try {
    return { status: answer.status, text: JSON.stringify(JSON.parse(said), null, 2) };
  } catch {
    return { status: answer.status, text: said };
  }
}

// Server-sent events until the stream ends. `hear` gets {event, data} of each.
export async function follow(path, { signal, opened, hear }) {
  const answer = await signed("GET", path, { signal });
  if (!answer.ok) throw await refusal(answer);
  opened();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const told = {};
      for (const line of event.split("\n")) {
        const at = line.indexOf(": ");
        if (at > 0) told[line.slice(0, at)] = line.slice(at + 2);
      }
      if (told.data) hear({ ...told, data: JSON.parse(told.data) });
    }
  }
}
