// Which ballots are drawn: a stream of ChaCha20 (RFC 8439, with a nonce of zeros), folded onto
// their count.
const SPAN = 1n << 64n;

function block(key, counter) {
  const words = new DataView(key.buffer, key.byteOffset);
  const start = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
    ...Array.from({ length: 8 }, (_, n) => words.getUint32(4 * n, true)), counter, 0, 0, 0);
  const state = start.slice();
  const quarter = (a, b, c, d) => {
    for (const [one, other, third, turn] of [[a, b, d, 16], [c, d, b, 12], [a, b, d, 8],
      [c, d, b, 7]]) {
      state[one] += state[other];
      const mixed = state[third] ^ state[one];
      state[third] = (mixed << turn) | (mixed >>> (32 - turn));
    }
  };
  for (let round = 0; round < 10; round += 1) {
    quarter(0, 4, 8, 12);
    quarter(1, 5, 9, 13);
    quarter(2, 6, 10, 14);
    quarter(3, 7, 11, 15);
    quarter(0, 5, 10, 15);
    quarter(1, 6, 11, 12);
    quarter(2, 7, 8, 13);
    quarter(3, 4, 9, 14);
  }
  return state.map((word, n) => word + start[n]);
}

export function* rolls(key) {
  for (let counter = 0; ; counter += 1) {
    const words = block(key, counter);
    for (let n = 0; n < words.length; n += 2) {
      yield (BigInt(words[n + 1]) << 32n) | BigInt(words[n]);
    }
  }
}

// The lot that a roll stands for; none if the roll lies above the last whole span.
export const fold = (roll, count) => (roll > SPAN - 1n - (SPAN % count) ? null : roll % count);

export function drawn(key, count, most) {
  const lots = new Set();
  if (count === 0n) return [];
  const wanted = most < count ? most : count;
  for (const roll of rolls(key)) {
    if (BigInt(lots.size) >= wanted) break;
    const lot = fold(roll, count);
    if (lot !== null) lots.add(lot);
  }
  return [...lots];
}
