// A message as points of the curve BLS12-381 (RFC 9380, BLS12381G1_XMD:SHA-256_SSWU_RO), of which
// nobody knows what they are multiples of.
import { ascii, bigEndian, joined } from "./bytes.js";
import { P, inverse, numberOf, rest, root } from "./field.js";
import { mapped } from "./isogeny.js";
import { sha256 } from "./sha256.js";

const SUITE = ascii("BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_");

// The curve y² = x³ + A x + B, and the number that is no square there.
const A = BigInt("0x144698a3b8e9433d693a02c96d4982b0ea985383ee66a8d8e8981aefd881ac98936f8da0e0f97f"
  + "5cf428082d584c1d");
const B = BigInt("0x12e2908d11688030018b12e8753eee3b2016c1f0f24f4070a0b9c14fcef35ef55a23215a316ce"
  + "aa5d1cc48e98e172be0");
const Z = 11n;

// Four times 32 bytes of the message (5.3.1).
function spread(message) {
  const suite = joined(SUITE, bigEndian(SUITE.length, 1));
  const first = sha256(joined(new Uint8Array(64), message, bigEndian(128, 2), bigEndian(0, 1),
    suite));
  const blocks = [sha256(joined(first, bigEndian(1, 1), suite))];
  for (let n = 2; n <= 4; n += 1) {
    const mixed = first.map((byte, at) => byte ^ blocks.at(-1)[at]);
    blocks.push(sha256(joined(mixed, bigEndian(n, 1), suite)));
  }
  return joined(...blocks);
}

// A number as a point of the curve y² = x³ + A x + B (6.6.2).
function pointAt(number) {
  const factor = rest(Z * number * number);
  const under = rest(factor * factor + factor);
  const first = under === 0n ? rest(B * inverse(Z * A))
    : rest(-B * inverse(A) * (1n + inverse(under)));
  const squareAt = (x) => rest((x * x + A) * x + B);
  const y = root(squareAt(first));
  const x = y === null ? rest(factor * first) : first;
  const found = y ?? root(squareAt(x));
  return [x, (found & 1n) === (number & 1n) ? found : P - found];
}

// Two points of the curve; their sum, times a number that all of it is made with, is the point.
export function pointsOf(message) {
  const bytes = spread(message);
  return [bytes.slice(0, 64), bytes.slice(64)].map((half) => mapped(pointAt(rest(numberOf(half)))));
}
