// The only file that holds streams: the figures of each second, and what each second came to.
//
// A stream is held while some page wants it and the page is seen. It is opened again by itself when
// the server restarts or the network breaks, later each time, and at once when the page is seen
// again. A bulletin says where the one before ended, so a page knows when it has missed something.
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
  constructor(path, hear) {
    this.path = path;
    this.hear = hear;
    this.wanted = signal(0);
    this.running = null;
    // Whether it was broken off, and not begun by its reader.
    this.isAgain = false;
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
    this.isAgain = false;
    for (let wait = 250; !running.signal.aborted;) {
      try {
        await follow(this.path, {
          signal: running.signal,
          opened: () => {
            line.value = "on";
            wait = 250;
          },
          hear: this.hear,
        });
      } catch (error) {
        if (running.signal.aborted) return;
        if (error.status === 401 || error.status === 403) return;
      }
      if (running.signal.aborted) return;
      line.value = "lost";
      this.isAgain = true;
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
// Where the last bulletin ended.
let until;
const bulletins = new Stream("/api/v1/events/bulletins", ({ event, data }) => {
  if (event !== "bulletin") return;
  const isMissing = data.after !== until;
  until = data.until;
  if (isMissing) listeners.forEach(({ missed }) => missed?.(bulletins.isAgain));
  listeners.forEach(({ hear }) => hear(data));
});

export const wantFigures = () => seconds.want();

// Calls `hear` with each bulletin, until the returned function is called; and `missed` when nothing
// was heard of what happened before, so that it has to be asked for: with true if the stream was
// broken off, as it then is for everybody.
export function wantBulletins(hear, missed) {
  const listener = { hear, missed };
  listeners.add(listener);
  const end = bulletins.want();
  return () => {
    listeners.delete(listener);
    end();
  };
}
