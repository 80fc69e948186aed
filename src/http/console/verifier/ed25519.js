// Whether a signature is that of a key (RFC 8032, 5.1.7), the strict way: keys and points that no
// honest signer makes are refused, so that no two verifiers come to two opinions.
import { joined, same } from "./bytes.js";
import { sha512 } from "./sha512.js";

const P = (1n << 255n) - 19n;
const BITS = 253n;
const ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;

function mod(number, by = P) {
  const rest = number % by;
  return rest < 0n ? rest + by : rest;
}

function power(base, exponent) {
  let result = 1n;
  for (let rest = exponent, square = mod(base); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

const littleEndian = (bytes) => (
  bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n));

// Points are [X, Y, Z, T], extended coordinates of the curve.
const NEUTRAL = [0n, 1n, 1n, 0n];

function sum([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

// one * [a] + other * [b], bit by bit of both at once.
function sumOfProducts(a, one, b, other) {
  const both = sum(one, other);
  let result = NEUTRAL;
  for (let bit = BITS - 1n; bit >= 0n; bit -= 1n) {
    result = sum(result, result);
    const [first, second] = [(a >> bit) & 1n, (b >> bit) & 1n];
    if (first || second) result = sum(result, first && second ? both : first ? one : other);
  }
  return result;
}

// None if the bytes are no point, or are not written in the one way.
function pointOf(bytes) {
  const number = littleEndian(bytes);
  const y = number & ((1n << 255n) - 1n);
  const isOdd = number >> 255n;
  if (y >= P) return null;
  const square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x) !== square || (x === 0n && isOdd)) return null;
  if ((x & 1n) !== isOdd) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

function written([x, y, z]) {
  const inverse = power(z, P - 2n);
  let number = mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(number & 0xffn);
    number >>= 8n;
    return byte;
  });
}

function isSmall(point) {
  const twice = sum(point, point);
  const [x, y, z] = [1, 2].reduce((so) => sum(so, so), twice);
  return x === 0n && y === z;
}

const BASE = pointOf(Uint8Array.from({ length: 32 }, (_, n) => (n ? 0x66 : 0x58)));

export function isSigned(key, signature, message) {
  const start = signature.slice(0, 32);
  const scalar = littleEndian(signature.slice(32));
  const [owner, nonce] = [pointOf(key), pointOf(start)];
  if (scalar >= ORDER || !owner || !nonce || isSmall(owner) || isSmall(nonce)) return false;
  const challenge = mod(littleEndian(sha512(joined(start, key, message))), ORDER);
  const [x, y, z, t] = owner;
  const found = sumOfProducts(scalar, BASE, challenge, [P - x, y, z, P - t]);
  return same(written(found), start);
}
