// Bundles of events for a page, for as long as it is open. Members hear none.
import { useEffect, useRef } from "preact/hooks";
import { wantEvents } from "../live.js";
import { may } from "../session.js";

export function useEvents(hear, begun) {
  const newest = useRef({});
  newest.current = { hear, begun };
  useEffect(() => (may("viewer") ? wantEvents((bundle) => newest.current.hear(bundle),
    () => newest.current.begun?.()) : undefined), []);
}
