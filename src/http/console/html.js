// The one place that joins preact and htm.
import { h, render } from "preact";
import htm from "htm";

export { render };
export const html = htm.bind(h);
