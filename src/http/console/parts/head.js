// The head of a page. It has the focus when the page is opened, so that a reader is told where they
// are; also when what was shown first is replaced by what has arrived.
import { html } from "../html.js";
import { useEffect, useRef } from "preact/hooks";
import { place } from "../place.js";

export function Head({ children }) {
  const own = useRef(null);
  useEffect(() => {
    const isFree = document.activeElement === document.body;
    if (isFree && place.value[0]) own.current.focus();
  }, []);
  return html`<h1 tabindex="-1" ref=${own}>${children}</h1>`;
}
