// Void some coupons of a batch: which ones is said and counted first, then they are voided bit by
// bit, which can be stopped.
import { html } from "../html.js";
import { useEffect, useState } from "preact/hooks";
import { call, get } from "../api.js";
import { time, whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Confirm } from "../parts/confirm.js";
import { Curl } from "../parts/curl.js";
import { Choice, Field, Form } from "../parts/form.js";
import { List } from "../parts/list.js";
import { Problem } from "../parts/notice.js";
import { State } from "../parts/state.js";

const WHOSE = [["", "free, or somebody's"], ["created", "free"], ["assigned", "somebody's"]];
const LOOK_AGAIN_MS = 500;

const addressOf = (id) => `/api/v1/voidings/${encodeURIComponent(id)}`;
const midnight = (day) => day && `${day}T00:00:00Z`;

// What is left empty does not matter.
const bodyOf = (said) => Object.fromEntries(
  Object.entries({ ...said, from: midnight(said.from), to: midnight(said.to) })
    .filter(([, value]) => value));

// What has been said of a voiding, until it has ended.
function useVoiding(id, ended) {
  const [known, set] = useState({ job: null, error: null });
  useEffect(() => {
    set({ job: null, error: null });
    if (!id) return undefined;
    let gone = false;
    let timer;
    const look = async () => {
      const found = await get(addressOf(id)).then(
        (job) => ({ job, error: null }), (error) => ({ error }));
      if (gone) return;
      set((before) => ({ ...before, ...found }));
      if (found.job?.ended_at) ended?.();
      else timer = setTimeout(look, LOOK_AGAIN_MS);
    };
    look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [id]);
  return known;
}

// `word` has to be typed before anything is void.
export function VoidSome({ path, word, done }) {
  const [said, put] = useState({});
  const [ids, setIds] = useState({});
  const [turn, setTurn] = useState(0);
  const ended = () => {
    setTurn((n) => n + 1);
    done();
  };
  const set = (part) => {
    put((before) => ({ ...before, ...part }));
    setIds({});
  };
  const body = bodyOf(said);
  const count = useAct((key) => call("POST", `${path}/voidings?dry_run=true`, { body, key }));
  const begin = useAct((key) => call("POST", `${path}/voidings`, { body, key }));
  const counted = useVoiding(ids.counting);
  const submit = async () => {
    const job = await count.run();
    setIds({ counting: job?.id });
  };
  const field = (name, label, rest) => html`<${Field} name=${name} label=${label} said=${said}
    set=${set} error=${count.error} ...${rest} />`;
  return html`<section class="sheet"><h2>Void some of them</h2>
    <p>What you leave empty does not matter. Coupons that are held or used stay as they are.</p>
    <${Problem} error=${count.error ?? counted.error} />
    <${Form} label="Which coupons" onSubmit=${submit}>
      <${Choice} name="state" label="They are" said=${said} set=${set} among=${WHOSE} />
      ${field("member", "Of the member", { hint: "Their id here" })}
      ${field("service", "Or of a service", { hint: "Its name" })}
      ${field("their_id", "and its member", { hint: "The id that they have there" })}
      ${field("reference", "Once used for", { hint: "Such as an order; the use was taken back" })}
      ${field("from", "Given on that day or later", { type: "date" })}
      ${field("to", "Given before that day", { type: "date" })}
      <button disabled=${count.busy}>Count them</button>
    <//>
    <${Counted} job=${counted.job}>
      <${Confirm} button="Void them" title="Void these coupons?" word=${word} act=${begin}
        text="Nobody can use them any more. It cannot be undone."
        done=${({ id }) => setIds({ voiding: id })} />
    <//>
    ${ids.voiding && html`<${Voiding} id=${ids.voiding} ended=${ended} />`}
    <${Curl} of=${["POST", `${path}/voidings${counted.job ? "" : "?dry_run=true"}`, body,
      { key: true }]} />
    <${List} path="${path}/voidings" caption="So far" turn=${turn} limit=${10}
      empty="Nothing was counted or voided so yet." columns=${columns(setIds)} />
    <${Curl} of=${["GET", `${path}/voidings`]} />
  </section>`;
}

const columns = (setIds) => [
  ["Begun", ({ created_at }) => time(created_at)],
  ["What", ({ dry_run }) => (dry_run ? "counted" : "voided")],
  ["State", ({ state }) => html`<${State} is=${state} />`],
  ["Free", ({ voided }) => whole(voided.free), "number"],
  ["Somebody's", ({ voided }) => whole(voided.assigned), "number"],
  ["More", ({ id, ended_at }) => !ended_at && html`<button class="small" type="button"
    onClick=${() => setIds({ voiding: id })}>Look at it</button>`],
];

const parts = ({ progress }) => `${progress.parts} of ${progress.of_parts} parts so far`;
const found = ({ voided }) => html`${whole(voided.free)} that nobody has, and
  ${" "}${whole(voided.assigned)} that are somebody's`;

// How many it would be, and what can be done then.
function Counted({ job, children }) {
  if (!job) return html`<div role="status"></div>`;
  if (!job.ended_at) return html`<div role="status"><p>Counting: ${parts(job)}.</p></div>`;
  return html`<div role="status"><p><strong>These would be void:</strong> ${found(job)}.</p></div>
    ${job.voided.free + job.voided.assigned > 0 && children}`;
}

// One that is under way or has ended.
function Voiding({ id, ended }) {
  const { job, error } = useVoiding(id, ended);
  const stop = useAct((key) => call("DELETE", addressOf(id), { key }));
  if (!job) return html`<${Problem} error=${error} />`;
  const isOver = Boolean(job.ended_at);
  const what = job.dry_run ? "Counted" : "Void";
  return html`<div>
    <${Problem} error=${stop.error ?? error} />
    <div class="notice told" role="status"><p><${State} is=${job.state} />
      ${" "}${what}${isOver ? "" : ` (${parts(job)})`}: ${found(job)}.</p></div>
    ${!isOver && html`<p><button type="button" disabled=${stop.busy} onClick=${stop.run}>
      Stop it</button> What is void by then stays void.</p>`}
    <${Curl} of=${isOver ? ["GET", addressOf(id)] : ["DELETE", addressOf(id), null, { key: true }]}
    />
  </div>`;
}
