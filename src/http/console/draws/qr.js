// A QR code (ISO/IEC 18004) of a short text: bytes, the correction level M, versions 1 to 12.

// Of each version: how many bytes correct a block, and the data of each block.
const blocks = (correction, ...data) => ({ correction, data });
const many = (count, size, rest = 0) => (
  [...Array(count).fill(size), ...Array(rest).fill(size + 1)]);
const VERSIONS = [
  blocks(10, 16), blocks(16, 28), blocks(26, 44), blocks(18, ...many(2, 32)),
  blocks(24, ...many(2, 43)), blocks(16, ...many(4, 27)), blocks(18, ...many(4, 31)),
  blocks(22, ...many(2, 38, 2)), blocks(22, ...many(3, 36, 2)), blocks(26, ...many(4, 43, 1)),
  blocks(30, ...many(1, 50, 4)), blocks(22, ...many(6, 36, 2)),
];
const LEVEL_M = 0;

// The field of 256 elements in which the correction is reckoned.
const EXP = [1];
while (EXP.length < 255) EXP.push(EXP.at(-1) < 128 ? 2 * EXP.at(-1) : (2 * EXP.at(-1)) ^ 285);
const LOG = [];
EXP.forEach((value, n) => { LOG[value] = n; });
const product = (a, b) => (a && b ? EXP[(LOG[a] + LOG[b]) % 255] : 0);

function correctionOf(data, count) {
  let divisor = [1];
  for (let n = 0; n < count; n += 1) {
    divisor = [...divisor, 0].map((value, at) => value ^ product(divisor[at - 1] ?? 0, EXP[n]));
  }
  const rest = [...data, ...Array(count).fill(0)];
  data.forEach((_, at) => {
    const lead = rest[at];
    divisor.forEach((value, n) => { rest[at + n] ^= product(value, lead); });
  });
  return rest.slice(data.length);
}

// The code words in the order in which they are drawn.
function wordsOf(bytes, version, { correction, data }) {
  const capacity = data.reduce((sum, size) => sum + size, 0);
  let bits = "0100" + bytes.length.toString(2).padStart(version < 10 ? 8 : 16, "0");
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  bits += "0000".slice(0, 8 * capacity - bits.length);
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const words = bits.match(/.{8}/g).map((word) => parseInt(word, 2));
  for (let n = 0; words.length < capacity; n += 1) words.push(n % 2 ? 0x11 : 0xec);
  let at = 0;
  const parts = data.map((size) => words.slice(at, (at += size)));
  const corrections = parts.map((part) => correctionOf(part, correction));
  const across = (lists) => Array.from({ length: Math.max(...lists.map(({ length }) => length)) },
    (_, n) => lists.filter((list) => n < list.length).map((list) => list[n])).flat();
  return [...across(parts), ...across(corrections)];
}

// What corrects the format or the version: the rest of a division of polynomials.
function withRest(value, bits, divisor) {
  let rest = value << bits;
  for (let n = 31; n >= bits; n -= 1) if (rest & (2 ** n)) rest ^= divisor << (n - bits);
  return (value << bits) | rest;
}

const MASKS = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

function alignments(version) {
  if (version === 1) return [];
  const last = 4 * version + 10;
  const count = Math.floor(version / 7) + 2;
  const step = count === 2 ? last - 6 : 2 * Math.ceil((last - 6) / (2 * (count - 1)));
  return [6, ...Array.from({ length: count - 1 }, (_, n) => last - step * (count - 2 - n))];
}

// The squares that every code of that version has; the others are left open.
function frame(version, mask) {
  const size = 4 * version + 17;
  const grid = Array.from({ length: size }, () => Array(size).fill(null));
  const set = (x, y, dark) => { if (grid[y]?.[x] !== undefined) grid[y][x] = Boolean(dark); };
  for (let n = 0; n < size; n += 1) {
    set(6, n, n % 2 === 0);
    set(n, 6, n % 2 === 0);
  }
  const rings = (x, y, reach, light) => {
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) {
        set(x + dx, y + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
      }
    }
  };
  [[3, 3], [size - 4, 3], [3, size - 4]].forEach(([x, y]) => rings(x, y, 4, [2, 4]));
  const at = alignments(version);
  const isFree = (x, y) => !(Math.min(x, y) === 6 && [6, size - 7].includes(Math.max(x, y)));
  at.forEach((y) => at.filter((x) => isFree(x, y)).forEach((x) => rings(x, y, 2, [1])));
  const format = withRest((LEVEL_M << 3) | mask, 10, 0x537) ^ 0x5412;
  for (let n = 0; n < 15; n += 1) {
    const dark = (format >> n) & 1;
    set(8, n < 6 ? n : n < 8 ? n + 1 : size - 15 + n, dark);
    set(n < 8 ? size - 1 - n : n < 9 ? 7 : 14 - n, 8, dark);
  }
  set(8, size - 8, true);
  if (version >= 7) {
    const said = withRest(version, 12, 0x1f25);
    for (let n = 0; n < 18; n += 1) {
      const [a, b] = [size - 11 + (n % 3), Math.floor(n / 3)];
      set(a, b, (said >> n) & 1);
      set(b, a, (said >> n) & 1);
    }
  }
  return grid;
}

function filled(words, version, mask) {
  const grid = frame(version, mask);
  const size = grid.length;
  const bits = words.flatMap((word) => Array.from({ length: 8 }, (_, n) => (word >> (7 - n)) & 1));
  let next = 0;
  for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2) {
    const isUp = (right + (right < 7 ? 1 : 0)) % 4 === (size - 1) % 4;
    for (let n = 0; n < size; n += 1) {
      const y = isUp ? size - 1 - n : n;
      for (const x of [right, right - 1]) {
        if (grid[y][x] === null) {
          const bit = bits[next] ?? 0;
          grid[y][x] = Boolean(bit) !== (MASKS[mask](x, y) === 0);
          next += 1;
        }
      }
    }
  }
  return grid;
}

// How hard it is to read: long runs, squares of one colour, what looks like a corner, imbalance.
function penalty(grid) {
  const size = grid.length;
  let sum = 0;
  const lines = [...grid, ...grid.map((_, x) => grid.map((row) => row[x]))];
  for (const line of lines) {
    const text = line.map((dark) => (dark ? "1" : "0")).join("");
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    sum += 40 * (text.match(/(?=00001011101|10111010000)/g)?.length ?? 0);
  }
  let dark = 0;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      dark += grid[y][x] ? 1 : 0;
      const others = [grid[y][x + 1], grid[y + 1]?.[x], grid[y + 1]?.[x + 1]];
      if (others.every((one) => one === grid[y][x])) sum += 3;
    }
  }
  return sum + 10 * Math.floor(Math.abs((20 * dark) / (size * size) - 10));
}

// Rows of squares, true where one is dark; none if the text is too long.
export function qrOf(text) {
  const bytes = new TextEncoder().encode(text);
  const fits = ({ data }, n) => (
    data.reduce((sum, size) => sum + size, 0) >= bytes.length + (n + 1 < 10 ? 2 : 3));
  const found = VERSIONS.findIndex(fits);
  if (found < 0) return null;
  const version = found + 1;
  const words = wordsOf(bytes, version, VERSIONS[found]);
  const all = MASKS.map((_, mask) => filled(words, version, mask));
  return all.reduce((best, grid) => (penalty(grid) < penalty(best) ? grid : best));
}
