// SHA-256 (FIPS 180-4). Browsers have one, but for pages that came over TLS alone, and one that is
// slow to call; a page that was saved may have none, and a large draw takes millions of calls.
const K = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2);

const BLOCK = 64;
const words = new Int32Array(64);

const turned = (word, by) => (word >>> by) | (word << (32 - by));

function mix(state, block, from) {
  for (let n = 0, at = from; n < 16; n += 1, at += 4) {
    words[n] = (block[at] << 24) | (block[at + 1] << 16) | (block[at + 2] << 8) | block[at + 3];
  }
  for (let n = 16; n < 64; n += 1) {
    const early = words[n - 15];
    const late = words[n - 2];
    words[n] = words[n - 16] + words[n - 7]
      + (turned(early, 7) ^ turned(early, 18) ^ (early >>> 3))
      + (turned(late, 17) ^ turned(late, 19) ^ (late >>> 10));
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let n = 0; n < 64; n += 1) {
    const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g))
      + K[n] + words[n]) | 0;
    const other = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)))
      | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + other) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

const START = Int32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
const state = new Int32Array(8);
const tail = new Uint8Array(2 * BLOCK);

export function sha256(bytes) {
  state.set(START);
  const whole = bytes.length - (bytes.length % BLOCK);
  for (let from = 0; from < whole; from += BLOCK) mix(state, bytes, from);
  // What is left, a bit, and the length.
  const left = bytes.length - whole;
  const size = left + 9 > BLOCK ? 2 * BLOCK : BLOCK;
  for (let n = 0; n < size; n += 1) tail[n] = n < left ? bytes[whole + n] : 0;
  tail[left] = 0x80;
  for (let n = size - 1, bits = bytes.length * 8; bits > 0; n -= 1) {
    tail[n] = bits % 256;
    bits = Math.floor(bits / 256);
  }
  for (let from = 0; from < size; from += BLOCK) mix(state, tail, from);
  const digest = new Uint8Array(32);
  for (let n = 0; n < digest.length; n += 1) digest[n] = state[n >> 2] >>> (24 - 8 * (n & 3));
  return digest;
}
