// The pairing of BLS12-381: whether a product of pairings is 1. Points of both groups are [x, y],
// pairs each; null is the point at infinity.
import { P, ZERO, difference, equal, inverseOf, product, rest, sum, times } from "./field.js";

const X = 0xd201000000010000n;
export const ORDER = X ** 4n - X ** 2n + 1n;

const bitsOf = (number) => [...number.toString(2)].slice(1);

const slopeOf = ([x, y], [otherX, otherY]) => (equal(x, otherX)
  ? product(times(product(x, x), 3n), inverseOf(times(y, 2n)))
  : product(difference(otherY, y), inverseOf(difference(otherX, x))));

function along([x, y], [otherX], slope) {
  const third = difference(difference(product(slope, slope), x), otherX);
  return [third, difference(product(slope, difference(x, third)), y)];
}

export function added(one, other) {
  if (!one || !other) return one ?? other;
  const isOpposite = equal(one[0], other[0]) && equal(sum(one[1], other[1]), ZERO);
  return isOpposite ? null : along(one, other, slopeOf(one, other));
}

export function multiple(point, number) {
  return bitsOf(number).reduce((so, bit) => {
    const twice = added(so, so);
    return bit === "1" ? added(twice, point) : twice;
  }, point);
}

// Numbers of the field of the pairing are six pairs: c0 + c1 w + ... + c5 w^5, with w^6 = 1 + u.
// What is not there is 0.
function productOf(one, other) {
  const [real, imaginary] = [new Array(11).fill(0n), new Array(11).fill(0n)];
  one.forEach(([a, b], n) => other.forEach(([c, d], m) => {
    real[n + m] += a * c - b * d;
    imaginary[n + m] += a * d + b * c;
  }));
  return [0, 1, 2, 3, 4, 5].map((n) => {
    const [a, b] = [real[n + 6] ?? 0n, imaginary[n + 6] ?? 0n];
    return [rest(real[n] + a - b), rest(imaginary[n] + a + b)];
  });
}

function powerOf(base, exponent) {
  return bitsOf(exponent).reduce((so, bit) => {
    const square = productOf(so, so);
    return bit === "1" ? productOf(square, base) : square;
  }, base);
}

// The line of that slope through a point of the twisted curve, where the other group's point is,
// times w^3.
function lineAt([x, y], slope, [[atX], [atY]]) {
  const line = [];
  line[0] = difference(product(slope, x), y);
  line[2] = times(slope, -atX);
  line[3] = [atY, 0n];
  return line;
}

// Each pair has a point of the curve and one of the twisted curve, neither of them infinite.
export function isProductOne(pairs) {
  let found = [[1n, 0n]];
  const reached = pairs.map(([, twisted]) => twisted);
  const step = (n, other) => {
    const slope = slopeOf(reached[n], other);
    found = productOf(found, lineAt(reached[n], slope, pairs[n][0]));
    reached[n] = along(reached[n], other, slope);
  };
  for (const bit of bitsOf(X)) {
    found = productOf(found, found);
    pairs.forEach(([, twisted], n) => {
      step(n, reached[n]);
      if (bit === "1") step(n, twisted);
    });
  }
  // To the power of (p^12 - 1) / r. Its factor p^6 - 1 gives 1 exactly if what is raised to it has
  // no odd powers of w.
  const raised = powerOf(found, ((P ** 2n + 1n) * (P ** 4n - P ** 2n + 1n)) / ORDER);
  return [1, 3, 5].every((n) => equal(raised[n], ZERO));
}
