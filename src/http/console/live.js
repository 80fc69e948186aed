// The only file that holds streams: the figures of each second, and the events.
//
// A stream is held while some page wants it and the page is seen. It is opened again by itself when
// the server restarts or the network breaks, later each time, and at once when the page is seen
// again. Events go on behind the last one that was heard.
import { signal, effect } from "@preact/signals";
import { follow } from "./api.js";
import { tokens, may } from "./session.js";

// "off", "on", or "lost".
export const line = signal("off");
// The last minutes of figures, the newest last.
export const figures = signal([]);

const MOST_SECONDS = 300;
const LONGEST_WAIT_MS = 8000;

const seen = signal(!document.hidden);
document.addEventListener("visibilitychange", () => { seen.value = !document.hidden; });
// The network is back: nobody waits any longer.
const nudge = signal(0);
window.addEventListener("online", () => { nudge.value += 1; });

class Stream {
  constructor(path, hear, begun = () => {}) {
    this.path = path;
    this.hear = hear;
    this.begun = begun;
    this.wanted = signal(0);
    this.last = undefined;
    this.running = null;
    effect(() => {
      nudge.value;
      const on = this.wanted.value > 0 && seen.value && tokens.value && may("viewer");
      this.running?.abort();
      this.running = null;
      if (on) this.run((this.running = new AbortController()));
      else if (this.path.endsWith("/live")) line.value = "off";
    });
  }

  async run(running) {
    for (let wait = 250; !running.signal.aborted;) {
      try {
        await follow(this.path, {
          last: this.last,
          signal: running.signal,
          opened: () => {
            line.value = "on";
            wait = 250;
            if (!this.last) this.begun();
          },
          hear: (told) => {
            if (told.id) this.last = told.id;
            this.hear(told);
          },
        });
      } catch (error) {
        if (running.signal.aborted) return;
        // It may be another server's id, or one that was restored from a copy.
        if (error.status === 400) this.last = undefined;
        if (error.status === 401 || error.status === 403) return;
      }
      if (running.signal.aborted) return;
      line.value = "lost";
      await new Promise((done) => { setTimeout(done, wait); });
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }

  // Wanted until the returned function is called.
  want() {
    this.wanted.value += 1;
    return () => { this.wanted.value -= 1; };
  }
}

const seconds = new Stream("/api/v1/live", ({ event, data }) => {
  if (event !== "figures") return;
  figures.value = [...figures.value.slice(1 - MOST_SECONDS), { ...data, heard: Date.now() }];
});

const listeners = new Set();
let heard = [];
const events = new Stream("/api/v1/events", ({ event, data }) => {
  if (event === "closed") return;
  if (!heard.length) setTimeout(tellAll, 200);
  heard.push(data);
}, () => listeners.forEach(({ begun }) => begun?.()));

// A crowd makes thousands of events a second: pages hear them in bundles.
function tellAll() {
  const bundle = heard;
  heard = [];
  listeners.forEach(({ hear }) => hear(bundle));
}

export const wantFigures = () => seconds.want();

// Calls `hear` with each bundle of events, until the returned function is called; and `begun` when
// nothing was heard of what happened before, so that it has to be asked for.
export function wantEvents(hear, begun) {
  const listener = { hear, begun };
  listeners.add(listener);
  const end = events.want();
  return () => {
    listeners.delete(listener);
    end();
  };
}
