// The hashes of docs/draws.md: leaves, trees, chains of boxes, the root over all of them.
import { ascii, bigEndian, joined } from "./bytes.js";
import { sha256 } from "./sha256.js";

const tagged = (tag, ...parts) => sha256(joined([tag], ...parts));

export const leaf = (ballot) => tagged(0, ascii(ballot));
const node = (left, right) => tagged(1, left, right);
export const chainStart = (box) => tagged(2, ascii(box));
export const chainLink = (head, added) => tagged(3, head, added);
export const lotteryRoot = (shares) => (
  tagged(4, ...shares.flatMap(({ count, root }) => [bigEndian(count, 8), root])));
export const streamKey = (seed, root, count, randomness) => (
  tagged(5, seed, root, bigEndian(count, 8), randomness));

// Level by level; whoever has no neighbour goes up as it is, which makes the tree of RFC 6962.
export function treeRoot(leaves) {
  if (!leaves.length) return sha256(new Uint8Array());
  let level = leaves;
  while (level.length > 1) {
    const above = [];
    for (let n = 0; n + 1 < level.length; n += 2) above.push(node(level[n], level[n + 1]));
    if (level.length % 2) above.push(level.at(-1));
    level = above;
  }
  return level[0];
}

// The root that the leaf at a place of so many leads to; none if the path does not fit. After
// RFC 9162, 2.1.3.2.
export function pathRoot(start, at, count, path) {
  if (at >= count) return null;
  let place = at;
  let last = count - 1n;
  let found = start;
  for (const step of path) {
    if (last === 0n) return null;
    if (place % 2n === 1n || place === last) {
      found = node(step, found);
      while (place % 2n === 0n && place !== 0n) {
        place /= 2n;
        last /= 2n;
      }
    } else {
      found = node(found, step);
    }
    place /= 2n;
    last /= 2n;
  }
  return last === 0n ? found : null;
}
