// Whether drand's quicknet signed a message (BLS signatures of 48 bytes on BLS12-381). What is no
// point of the right group, or is not written in the one way, is no signature.
import { bytesOf } from "./bytes.js";
import { P, numberOf, rest, root, rootOf } from "./field.js";
import { pointsOf } from "./hashed.js";
import { ORDER, added, isProductOne, multiple } from "./pairing.js";

const COMPRESSED = 0x80;
const INFINITE = 0x40;
const GREATER = 0x20;
const SIZE = 48;
// Whatever is multiplied with it lies in the group of that order.
const COFACTOR = 0xd201000000010001n;

const isGreater = ([a, b]) => (b || a) > P / 2n;

// The number whose first three bits say how it is written.
function numberAt(bytes, from) {
  const own = bytes.slice(from, from + SIZE);
  if (from === 0) own[0] &= GREATER - 1;
  return numberOf(own);
}

const signed = (flags, x, [a, b]) => [x, Boolean(flags & GREATER) === isGreater([a, b])
  ? [a, b] : [rest(-a), rest(-b)]];

// y² = x³ + 4.
function pointOf(bytes) {
  const [flags] = bytes;
  const x = numberAt(bytes, 0);
  if (bytes.length !== SIZE || !(flags & COMPRESSED) || flags & INFINITE || x >= P) return null;
  const y = root(rest(x ** 3n + 4n));
  const point = y === null ? null : signed(flags, [x, 0n], [y, 0n]);
  return point && multiple(point, ORDER) === null ? point : null;
}

// y² = x³ + 4 (1 + u). The higher half of x stands first.
function twistedOf(hex) {
  const bytes = bytesOf(hex);
  const [b, a] = [numberAt(bytes, 0), numberAt(bytes, SIZE)];
  const y = rootOf([rest(a ** 3n - 3n * a * b * b + 4n), rest(3n * a * a * b - b ** 3n + 4n)]);
  return signed(bytes[0], [a, b], y);
}

const KEY = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c"
  + "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb"
  + "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";
const GENERATOR = "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"
  + "334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051"
  + "c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8";

export function isSignedByQuicknet(message, signature) {
  const point = pointOf(signature);
  if (!point) return false;
  const [x, y] = point;
  const [one, other] = pointsOf(message).map(([a, b]) => [[a, 0n], [b, 0n]]);
  const hashed = multiple(added(one, other), COFACTOR);
  return isProductOne([[[x, [P - y[0], 0n]], twistedOf(GENERATOR)], [hashed, twistedOf(KEY)]]);
}
