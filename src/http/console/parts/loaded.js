// What is asked of the server when a page is opened, and again when somebody says so.
import { useEffect, useState } from "preact/hooks";

export function useLoaded(load, about = []) {
  const [state, set] = useState({ value: null, error: null });
  const [turn, again] = useState(0);
  useEffect(() => {
    let gone = false;
    load().then(
      (value) => gone || set({ value, error: null }),
      (error) => gone || set((before) => ({ ...before, error })));
    return () => { gone = true; };
  }, [...about, turn]);
  return {
    ...state,
    reload: () => again((n) => n + 1),
    change: (how) => set(({ value }) => ({ value: value && how(value), error: null })),
  };
}
