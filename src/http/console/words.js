// Numbers and times as people read them.
// A zero has no sign, on whichever side of it a value was rounded.
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0, signDisplay: "negative" });
const SHORT = new Intl.NumberFormat("en", {
  maximumSignificantDigits: 3, signDisplay: "negative" });

export const whole = (n) => (n == null ? "–" : WHOLE.format(n));
// "1 winner", "3 winners".
export const many = (n, one) => `${whole(n)} ${one}${n === 1 ? "" : "s"}`;
export const short = (n) => (n == null ? "–" : SHORT.format(n));
export const ms = (n) => (n == null ? "–" : `${SHORT.format(n)} ms`);

const DAY_AND_TIME = { dateStyle: "medium", timeStyle: "medium" };

export const time = (text) => (
  text ? new Date(text).toLocaleString("en-GB", DAY_AND_TIME) : "–");

export const clock = (text) => (text ? new Date(text).toLocaleTimeString("en-GB") : "–");

// How long it is until then, at most two units: "3 h 20 min".
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const at = units.findIndex(([size]) => s >= size);
  if (at < 0) return "0 s";
  const [size, name] = units[at];
  const big = `${Math.floor(s / size)} ${name}`;
  const next = units[at + 1];
  const small = next ? Math.floor((s % size) / next[0]) : 0;
  return small && at < 3 ? `${big} ${small} ${next[1]}` : big;
}

// What an offer takes off.
export function offer({ discount_percent, discount_amount }) {
  return discount_percent != null ? `${discount_percent} %` : whole(discount_amount);
}

export const plain = (word) => (word ?? "").replaceAll("_", " ").replaceAll("-", " ");
