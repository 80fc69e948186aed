// Lines over the last minutes. The same numbers stand beside it as text, so it is hidden from
// screen readers.
import { html } from "../html.js";
import { short } from "../words.js";

const WIDTH = 300;
const HEIGHT = 100;

// The next of 1, 2, 5, 10, 20 …, so that the scale rests while the values move.
function roundUp(value) {
  if (value <= 1) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * ten).find((n) => n >= value);
}

const clockOf = (s) => (s ? new Date(s * 1000).toLocaleTimeString("en-GB") : "");

// So many seconds nobody listened: nothing is known of them.
const GAP_S = 5;

// Where nothing is known, the line has a gap. A value alone is a dot.
function lineOf(seconds, values, top) {
  const [first, last] = [seconds[0], seconds.at(-1)];
  let isDown = false;
  return values.map((value, n) => {
    const goesOn = isDown && seconds[n] - seconds[n - 1] < GAP_S;
    isDown = value != null;
    if (!isDown) return "";
    const x = last > first ? (WIDTH * (seconds[n] - first)) / (last - first) : 0;
    const point = `${x.toFixed(1)} ${(HEIGHT * (1 - value / top)).toFixed(1)}`;
    return goesOn ? `L${point}` : `M${point}h0`;
  }).join("");
}

// `series`: [name, variable of its colour]. `data`: the seconds, then the values of each.
export function Chart({ series, data: [seconds, ...values] }) {
  const top = roundUp(Math.max(0, ...values.flat().filter((value) => value != null)));
  return html`<div aria-hidden="true">
    <div class="chart">
      <ul class="scale">${[top, top / 2, 0].map((n) => html`<li key=${n}>${short(n)}</li>`)}</ul>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">
        ${[0, HEIGHT / 2, HEIGHT].map((y) => html`<path key=${y} d="M0 ${y}H${WIDTH}"
          style=${{ stroke: "var(--edge)" }} />`)}
        ${series.map(([name, kind], n) => html`<path key=${name} class="line"
          d=${lineOf(seconds, values[n], top)} style=${{ stroke: `var(${kind})` }} />`)}
      </svg>
      <div class="row between quiet clocks"><span>${clockOf(seconds[0])}</span>
        <span>${clockOf(seconds.at(-1))}</span></div>
    </div>
    <ul class="legend">${series.map(([name, kind]) => html`<li key=${name}>
      <i style=${{ background: `var(${kind})` }}></i>${name}</li>`)}</ul></div>`;
}
