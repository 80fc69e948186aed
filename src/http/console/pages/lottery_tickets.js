// Looking for numbers, and holding them.
import { html } from "../html.js";
import { useEffect, useState } from "preact/hooks";
import { call, get } from "../api.js";
import { to } from "../place.js";
import { whole } from "../words.js";
import { useAct } from "../parts/act.js";
import { Curl } from "../parts/curl.js";
import { Field, Form, Tick } from "../parts/form.js";
import { useLoaded } from "../parts/loaded.js";
import { Problem, Told } from "../parts/notice.js";

// What the limits of a pool leave to whoever looks.
export function Allowance({ path, limits, turn }) {
  const isLimited = limits.held !== null || limits.bought !== null;
  const { value } = useLoaded(async () => (isLimited ? get(`${path}/allowance`) : null), [turn]);
  if (!value?.member) return null;
  const { held, bought, left } = value.member;
  return html`<section class="sheet"><h2>My share</h2>
    <p>I hold ${whole(held)} and have bought ${whole(bought)}. I may hold ${whole(left)} more.</p>
    <${Curl} of=${["GET", `${path}/allowance`]} /></section>`;
}

// A question while somebody types waits until they stop.
const PAUSE_MS = 250;

export function Tickets({ path, digits, onChange }) {
  const [said, put] = useState({ pattern: "*".repeat(digits), count: "1", together: false });
  const set = (part) => put((before) => ({ ...before, ...part }));
  const [found, setFound] = useState({ matches: null, error: null });
  const [held, setHeld] = useState(null);
  const isWhole = new RegExp(`^[0-9*]{${digits}}$`).test(said.pattern);
  const question = `${path}/tickets?pattern=${encodeURIComponent(said.pattern)}`;
  const look = () => get(question).then(
    (matches) => setFound({ matches, error: null }),
    (error) => setFound({ matches: null, error }));
  useEffect(() => {
    if (!isWhole) return undefined;
    const timer = setTimeout(look, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [said.pattern]);
  const together = said.together ? { together: true } : {};
  const body = { pattern: said.pattern, count: Number(said.count), ...together };
  const hold = useAct((key) => call("POST", `${path}/holds`, { body, key }));
  const submit = async () => {
    const answer = await hold.run();
    setHeld(answer ?? null);
    if (answer) {
      look();
      onChange();
    }
  };
  const { matches, error } = found;
  return html`<section class="sheet"><h2>Look for a number</h2>
    <${Problem} error=${hold.error ?? error} />
    <${Told} text=${held ? html`You hold ${held.tickets.map(({ number }) => number).join(", ")}.
      <a href=${to("mine")}>Buy before it runs out</a>` : ""} />
    <${Form} label="Look for a number" onSubmit=${submit}>
      <${Field} name="pattern" label="Pattern" said=${said} set=${set} error=${hold.error}
        hint="${digits} digits or stars; a star is any digit." autocomplete="off" />
      <p role="status">${!isWhole ? `It has to be ${digits} digits or stars.`
        : matches && `${whole(matches.matching)} match${matches.free === null ? ""
          : `, and ${whole(matches.free)} of them are free`}${
          matches.sample.length ? `, such as ${matches.sample.slice(0, 5)
            .map(({ number }) => number).join(", ")}` : ""}.`}</p>
      <${Field} name="count" label="How many" inputmode="numeric" said=${said} set=${set}
        error=${hold.error} />
      <${Tick} name="together" label="Only numbers that follow one another" said=${said}
        set=${set} />
      <button class="first" disabled=${hold.busy || !isWhole}>Hold</button>
    <//>
    <${Curl} of=${["POST", `${path}/holds`, body, { key: true }]} />
  </section>`;
}
