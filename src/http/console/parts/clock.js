// The server's time, while a page shows what runs out.
import { useEffect, useState } from "preact/hooks";
import { now } from "../api.js";

export function useNow() {
  const [time, set] = useState(now());
  useEffect(() => {
    const timer = setInterval(() => set(now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return time;
}
