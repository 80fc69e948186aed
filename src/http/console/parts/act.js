// Something that is done when a button is pressed: once, however often the answer got lost.
import { useRef, useState } from "preact/hooks";

// A name for an attempt. It works without TLS, too, where browsers have no `randomUUID`.
function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// `act(key, …)` does it. The key stays the same until there is an answer that is one.
export function useAct(act) {
  const [state, set] = useState({ busy: false, error: null });
  const key = useRef(null);
  const run = async (...said) => {
    key.current ??= fresh();
    set({ busy: true, error: null });
    try {
      const done = await act(key.current, ...said);
      key.current = null;
      set({ busy: false, error: null });
      return done;
    } catch (error) {
      if (error.status && error.status < 500) key.current = null;
      set({ busy: false, error });
      return undefined;
    }
  };
  return { ...state, run };
}
