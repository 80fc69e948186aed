// What a proof must hold on its own: everything in it follows from its ballots, its seed and its
// round.
import { hexOf, same } from "./bytes.js";
import { Fraud, need } from "./fraud.js";
import { drawn } from "./lots.js";
import { sha256 } from "./sha256.js";
import { inIds } from "./shape.js";
import { leaf, lotteryRoot, pathRoot, streamKey, treeRoot } from "./tree.js";

// Waits between boxes, so that the page stays alive.
export async function checkBallots(draw, pause) {
  if (draw.misplaced) {
    const { number, place, ballot } = draw.misplaced;
    throw new Fraud("ballot-misplaced", `at place ${place} of box ${draw.boxName(number)} stands `
      + `${ballot}, whose id names another place`);
  }
  draw.shares.forEach(({ count }, number) => {
    const found = draw.nonces[number].length;
    need(count === BigInt(found), "count-differs",
      `box ${number} is said to hold ${count} ballots, and ${found} are listed`);
  });
  for (const [number, { root }] of draw.shares.entries()) {
    await pause();
    const start = `bl_${inIds(draw.pool)}_${number}_`;
    const leaves = draw.nonces[number].map((nonce, place) => leaf(`${start}${place}_${nonce}`));
    need(same(treeRoot(leaves), root), "box-root-differs",
      `the root of box ${number} is not that of its ballots`);
  }
  checkLotteryRoot(draw);
}

function checkLotteryRoot({ shares, root }) {
  need(same(lotteryRoot(shares), root), "lottery-root-differs",
    "the lottery's root is not that of its boxes");
}

export function checkSeed({ seed, commitment }) {
  need(same(sha256(seed), commitment), "seed-differs", "the seed is not the one that was committed "
    + `to: its SHA-256 is not ${hexOf(commitment)}`);
}

export function checkLots(draw) {
  const count = draw.shares.reduce((all, share) => all + share.count, 0n);
  const randomness = draw.beacon?.randomness ?? [];
  const key = streamKey(draw.seed, draw.root, count, randomness);
  const lots = drawn(key, count, draw.winners + draw.reserves);
  need(lots.length === draw.lots.length, "lots-differ",
    `${lots.length} ballots are drawn, and ${draw.lots.length} are named`);
  lots.forEach((lot, n) => {
    let [box, rest] = [0, lot];
    while (rest >= draw.shares[box].count) {
      rest -= draw.shares[box].count;
      box += 1;
    }
    const ballot = draw.id(box, Number(rest));
    need(ballot === draw.lots[n], "lots-differ",
      `lot ${n + 1} is drawn for ${ballot}, and ${draw.lots[n]} is named`);
  });
}

export function checkPath(proof) {
  const share = proof.shares[proof.box];
  need(share, "path-differs", `box ${proof.box} of the ballot is not among the boxes`);
  const found = pathRoot(leaf(proof.ballot), proof.place, share.count, proof.path);
  need(found && same(found, share.root), "path-differs",
    `the path does not lead from the ballot to the root of box ${proof.box}`);
  checkLotteryRoot(proof);
}
