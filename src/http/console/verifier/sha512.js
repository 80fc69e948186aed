// SHA-512 (FIPS 180-4), for the signatures of receipts. Its constants are the fractions of roots of
// primes, so they are made, not written down.
const MASK = (1n << 64n) - 1n;
const BLOCK = 128;

// The largest whole number whose nth power is at most that.
function root(number, n) {
  let low = 0n;
  let high = 1n << 80n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** n <= number) low = middle;
    else high = middle;
  }
  return low;
}

function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) if (found.every((one) => n % one)) found.push(n);
  return found.map(BigInt);
}

const K = primes(80).map((prime) => root(prime << 192n, 3n) & MASK);
const START = primes(8).map((prime) => root(prime << 128n, 2n) & MASK);

const turned = (word, by) => ((word >> by) | (word << (64n - by))) & MASK;

export function sha512(bytes) {
  const padded = new Uint8Array(Math.ceil((bytes.length + 17) / BLOCK) * BLOCK);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  let state = START;
  for (let from = 0; from < padded.length; from += BLOCK) {
    const words = Array.from({ length: 16 }, (_, n) => view.getBigUint64(from + 8 * n));
    for (let n = 16; n < 80; n += 1) {
      const early = words[n - 15];
      const late = words[n - 2];
      words.push((words[n - 16] + words[n - 7]
        + (turned(early, 1n) ^ turned(early, 8n) ^ (early >> 7n))
        + (turned(late, 19n) ^ turned(late, 61n) ^ (late >> 6n))) & MASK);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let n = 0; n < 80; n += 1) {
      const one = h + (turned(e, 14n) ^ turned(e, 18n) ^ turned(e, 41n)) + ((e & f) ^ (~e & g))
        + K[n] + words[n];
      const other = (turned(a, 28n) ^ turned(a, 34n) ^ turned(a, 39n))
        + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) & MASK, c, b, a, (one + other) & MASK];
    }
    state = [a, b, c, d, e, f, g, h].map((word, n) => (word + state[n]) & MASK);
  }
  const digest = new DataView(new ArrayBuffer(64));
  state.forEach((word, n) => digest.setBigUint64(8 * n, word));
  return new Uint8Array(digest.buffer);
}
