// A state as a word in a frame; its colour says nothing that the word does not.
import { html } from "../html.js";
import { plain } from "../words.js";

const ON = ["open", "enabled", "drawn", "finished", "assigned", "used", "ready", "held"];
const OFF = ["paused", "ended", "disabled", "failed", "void", "expired", "cancelled"];

export const State = ({ is }) => {
  const kind = ON.includes(is) ? "on" : OFF.includes(is) ? "off" : "";
  return html`<span class="state ${kind}">${plain(is)}</span>`;
};
