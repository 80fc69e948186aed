// What is left of campaigns and lotteries, and when there will be none at this rate: from the
// figures of each second, which know what is awake.
import { figures } from "./live.js";
import { span } from "./words.js";

const WINDOW_MS = 60_000;

const left = (states) => states.available ?? states.free;

// The newest counts of that thing, or none.
export const counts = (kind, id) => figures.value.at(-1)?.stock?.[kind]?.[id];

// When it will be gone, in words.
export function outlook(kind, id) {
  const known = figures.value.filter(({ stock }) => stock?.[kind]?.[id]);
  const last = known.at(-1);
  const first = known.find(({ heard }) => last.heard - heard <= WINDOW_MS);
  if (!first || last.heard - first.heard < 3000) return "";
  const rest = left(last.stock[kind][id]);
  const gone = left(first.stock[kind][id]) - rest;
  if (rest === 0) return "Sold out.";
  if (gone <= 0) return "";
  return `Sold out in ${span((rest * (last.heard - first.heard)) / gone / 1000)} at this rate.`;
}
