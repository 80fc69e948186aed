// Which page is open: what stands behind the # of the address.
import { signal } from "@preact/signals";

const read = () => location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);

export const place = signal(read());
addEventListener("hashchange", () => { place.value = read(); });

export const to = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
export const go = (...parts) => { location.hash = to(...parts); };
