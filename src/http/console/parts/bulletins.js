// What each second came to, for a page that is open. Members hear nothing.
import { useEffect, useRef, useState } from "preact/hooks";
import { wantBulletins } from "../live.js";
import { may } from "../session.js";

const SOONEST_MS = 2000;

export function useBulletins(hear, missed) {
  const newest = useRef({});
  newest.current = { hear, missed };
  useEffect(() => (may("viewer") ? wantBulletins((bulletin) => newest.current.hear(bulletin),
    (isAgain) => newest.current.missed?.(isAgain)) : undefined), []);
}

// What a bulletin says of a thing: its counts, and those of its events that it has whole. None if
// it says nothing of it. `isWhole` tells whether no event of these types was left out.
export function about({ things, events }, kind, one, id) {
  const counted = things[kind]?.[id];
  if (!counted) return null;
  const own = events.filter(({ data }) => data[one] === id);
  const isWhole = (...types) => types.every((type) => (
    own.filter((event) => event.type === type).length === (counted.counts[type] ?? 0)));
  return { ...counted, events: own, isWhole };
}

// Something to ask that many pages want to ask at the same moment: each does at another, and once
// for all that happens until then.
export function useLater(ask, soonest = SOONEST_MS) {
  const newest = useRef(ask);
  const timer = useRef(null);
  newest.current = ask;
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      newest.current();
    }, soonest * (1 + 2 * Math.random()));
  };
}

// How many things were made since a list of them was shown, as a list takes it. It is infinite
// where nobody knows.
export function useNews(type) {
  const [news, setNews] = useState(0);
  const [turn, setTurn] = useState(0);
  useBulletins(
    ({ counts }) => { if (counts[type]) setNews((n) => n + counts[type]); },
    (isAgain) => (isAgain ? setNews(Infinity) : setTurn((n) => n + 1)));
  return { news, turn, onNews: () => setNews(0) };
}
