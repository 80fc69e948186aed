// The public round that was mixed in: of drand's network "quicknet", signed by it, and not known
// before the last ballot could come.
import { isSignedByQuicknet } from "./bls.js";
import { bigEndian, hexOf, same } from "./bytes.js";
import { need } from "./fraud.js";
import { sha256 } from "./sha256.js";
import { dayOf } from "./shape.js";

const QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
const GENESIS_S = 1692803367n;
const PERIOD_S = 3n;

const due = (round) => GENESIS_S + (round > 1n ? round - 1n : 0n) * PERIOD_S;

// The last instant that the calendars of others have.
const LAST_S = 253402300799n;

export function dueAt(round) {
  if (due(round) > LAST_S) return "no time that a calendar has";
  return new Date(Number(due(round)) * 1000).toISOString().replace(".000Z", "Z");
}

export function checkBeacon({ pool, beacon: { chain, round, signature, randomness } }) {
  need(chain === QUICKNET, "beacon-unknown",
    `the beacon is of the chain ${chain}, and only drand's quicknet is known`);
  need(same(sha256(signature), randomness), "randomness-differs",
    `the randomness of round ${round} is not the SHA-256 of its signature, ${hexOf(signature)}`);
  const day = dayOf(pool);
  // When a pool with a name of its own closed, its name does not say. A day ends first 14 hours
  // east of Greenwich.
  const end = day === null ? 0n : BigInt(day + 1) * 86_400n - 14n * 3_600n;
  need(due(round) >= end, "beacon-early",
    `round ${round} was known at ${dueAt(round)}, when the day ${pool} had ended nowhere on earth`);
  need(isSigned(round, signature), "beacon-forged",
    `the signature of round ${round} is not that of the network`);
}

// The answer of the last time, because a page checks one proof again with each receipt.
let last = { of: "", holds: false };

function isSigned(round, signature) {
  const of = `${round} ${hexOf(signature)}`;
  if (last.of !== of) {
    last = { of, holds: isSignedByQuicknet(sha256(bigEndian(round, 8)), signature) };
  }
  return last.holds;
}
