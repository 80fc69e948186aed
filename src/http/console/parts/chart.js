// Lines over the last minutes. The same numbers stand beside it as text, so it is hidden from
// screen readers.
import { html } from "../html.js";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { resolved } from "../theme.js";

// An axis without data begins in 1970.
const clockOf = (s) => (s > 1e6 ? new Date(s * 1000).toLocaleTimeString("en-GB") : "");

// `series`: [name, variable of its colour]. `data`: the seconds, then the values of each.
export function Chart({ series, data, theme }) {
  const place = useRef(null);
  const plot = useRef(null);
  useEffect(() => {
    const around = place.current;
    const axis = () => ({
      stroke: resolved("--quiet"), grid: { stroke: resolved("--edge"), width: 1 },
      ticks: { show: false }, font: "12px system-ui",
    });
    plot.current = new uPlot({
      width: around.clientWidth || 300, height: 190,
      cursor: { show: false }, legend: { show: false },
      scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } },
      axes: [
        { ...axis(), space: 80, values: (_, ticks) => ticks.map(clockOf) },
        { ...axis(), size: 48 }],
      series: [{}, ...series.map(([label, name]) => ({
        label, stroke: resolved(name), width: 2, points: { show: false },
      }))],
    }, data, around);
    const fit = () => plot.current.setSize({ width: around.clientWidth, height: 190 });
    const watch = new ResizeObserver(fit);
    watch.observe(around);
    return () => {
      watch.disconnect();
      plot.current.destroy();
    };
  }, [theme]);
  useEffect(() => { plot.current.setData(data); }, [data]);
  return html`<div aria-hidden="true"><div class="chart" ref=${place}></div>
    <ul class="legend">${series.map(([name, kind]) => html`<li key=${name}>
      <i style=${{ background: `var(${kind})` }}></i>${name}</li>`)}</ul></div>`;
}
