// The number space as a square: a hundred blocks, each of the numbers that begin with the same two
// digits, darker the fewer of them are free. What is bought while one watches is dotted in.
import { html } from "../html.js";
import { useEffect, useRef } from "preact/hooks";
import { resolved } from "../theme.js";
import { whole } from "../words.js";

const CELLS = 100;
const BLOCK = 10;

// `blocks`: [free, all] by the first two digits. `bought`: numbers, in the order of their sale, or
// some of them.
export function NumberMap({ blocks, bought, isPart, books, theme }) {
  const place = useRef(null);
  useEffect(() => {
    const paint = place.current.getContext("2d");
    const [free, taken, mark] = ["--free", "--taken", "--text"].map(resolved);
    paint.globalAlpha = 1;
    paint.fillStyle = free;
    paint.fillRect(0, 0, CELLS, CELLS);
    paint.fillStyle = taken;
    blocks.forEach(([left, all], n) => {
      paint.globalAlpha = all ? 1 - left / all : 0;
      paint.fillRect((n % BLOCK) * BLOCK, Math.floor(n / BLOCK) * BLOCK, BLOCK, BLOCK);
    });
    paint.globalAlpha = 1;
    paint.fillStyle = mark;
    for (const number of bought) {
      const digits = number.slice(0, 4).padEnd(4, "0");
      const [a, b, c, d] = Array.from(digits, Number);
      paint.fillRect(b * BLOCK + d, a * BLOCK + c, 1, 1);
    }
  }, [blocks, bought, theme]);
  const { free, held, sold } = books;
  return html`<canvas class="map" width=${CELLS} height=${CELLS} ref=${place} role="img"
      aria-label="The number space: ${whole(sold)} sold, ${whole(held)} held,
      ${whole(free)} free"></canvas>
    <ul class="legend"><li><i class="free"></i>all free</li><li><i class="taken"></i>all taken</li>
      <li>dots: ${isPart && "some of what was "}bought while you watch</li></ul>`;
}
