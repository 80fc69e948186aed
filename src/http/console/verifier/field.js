// Numbers of the field of BLS12-381, and pairs of them: a + b u with u² = -1.

export const P = BigInt("0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
  + "1eabfffeb153ffffb9feffffffffaaab");

export const numberOf = (bytes) => (
  bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n));

export function rest(number) {
  const left = number % P;
  return left < 0n ? left + P : left;
}

export function power(base, exponent) {
  let result = 1n;
  for (let left = exponent, square = base; left > 0n; left >>= 1n) {
    if (left & 1n) result = rest(result * square);
    square = rest(square * square);
  }
  return result;
}

// Euclid's way, which is much shorter than a power.
export function inverse(number) {
  let [high, low, result, next] = [P, rest(number), 0n, 1n];
  while (low > 0n) {
    const times = high / low;
    [high, low] = [low, high - times * low];
    [result, next] = [next, result - times * next];
  }
  return rest(result);
}

// None if the number is no square.
export function root(number) {
  const found = power(number, (P + 1n) / 4n);
  return rest(found * found) === number ? found : null;
}

export const ZERO = [0n, 0n];

export const sum = ([a, b], [c, d]) => [rest(a + c), rest(b + d)];
export const difference = ([a, b], [c, d]) => [rest(a - c), rest(b - d)];
export const product = ([a, b], [c, d]) => [rest(a * c - b * d), rest(a * d + b * c)];
export const times = ([a, b], number) => [rest(a * number), rest(b * number)];
export const equal = ([a, b], [c, d]) => a === c && b === d;

export function inverseOf([a, b]) {
  const norm = inverse(a * a + b * b);
  return [rest(a * norm), rest(-b * norm)];
}

// None if the pair is no square: of a + b u with b not 0, which is all that is asked for here.
export function rootOf([a, b]) {
  const norm = root(rest(a * a + b * b));
  if (norm === null) return null;
  const half = inverse(2n);
  const real = root(rest((a + norm) * half)) ?? root(rest((a - norm) * half));
  return real && [real, rest(b * half * inverse(real))];
}
