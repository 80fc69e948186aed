// Verifies a draw from its proof, in the page: the third opinion, beside `stampede verify-draw` and
// docs/verify_draw.py, with which it shares no code. docs/draws.md says what is checked, in which
// order, and how each fraud is called.
import { hexOf, same } from "./bytes.js";
import { checkHeld, checkPromised, checkSameBallot, checkSigned } from "./anchored.js";
import { checkBeacon, dueAt } from "./beacon.js";
import { Draw, Inclusion, Receipt } from "./documents.js";
import { Fraud, need } from "./fraud.js";
import { parse } from "./json.js";
import { checkBallots, checkLots, checkPath, checkSeed } from "./proof.js";
import { dayOf } from "./shape.js";

const MOST_LOTS_SHOWN = 100;

// A receipt from the bytes of its file.
export const receiptOf = (name, bytes) => (
  new Receipt(name, parse(bytes, "receipt-malformed", "receipt-malformed")));

// What became of the very ballot that a receipt is of.
function outcomeOf({ ballot }, { lots, winners }) {
  const place = lots.indexOf(ballot);
  if (place < 0) return { said: "was not drawn", short: "not drawn" };
  const isWinner = BigInt(place) < winners;
  const short = isWinner ? `winner ${place + 1}` : `reserve ${place + 1 - Number(winners)}`;
  return { said: `${isWinner ? "has won" : "is a reserve"}: ${short}`, short };
}

// `bytes` is the file of the proof; `commitment` (bytes), `key` (bytes) and `receipts` are what was
// known before. `tell` hears of each step, with a kind ("checked", "drawn", "own", "unproved") and
// a sentence. Throws the first `Fraud`.
export async function verify({ bytes, commitment, key, receipts = [] }, tell, pause = () => {}) {
  const found = parse(bytes, "truncated", "malformed");
  const format = found instanceof Map ? found.get("format") : undefined;
  if (format === "stampede draw 1") {
    await verifyDraw(new Draw(found), { commitment, key, receipts }, tell, pause);
  } else if (format === "stampede inclusion 1") {
    verifyInclusion(new Inclusion(found), { key, receipts }, tell);
  } else {
    throw new Fraud("malformed", `the format ${String(format).slice(0, 80)} is unknown here`);
  }
  if (receipts.length && !key) {
    tell("unproved", `whose key signed the receipts: compare ${hexOf(receipts[0].key)} with the `
      + "published one");
  }
}

async function verifyDraw(draw, { commitment, key, receipts }, tell, pause) {
  await checkBallots(draw, pause);
  const ballots = draw.nonces.reduce((all, nonces) => all + nonces.length, 0);
  tell("checked", `${ballots} ballots in ${draw.nonces.length} boxes stand where their ids say, `
    + "and all roots are theirs");
  checkSeed(draw);
  tell("checked", "the seed is the one behind the proof's commitment");
  if (draw.beacon) {
    checkBeacon(draw);
    const { round } = draw.beacon;
    tell("checked", `round ${round} of drand's quicknet was due at ${dueAt(round)}; the network `
      + "signed it");
  }
  checkLots(draw);
  tell("checked", `the draw yields these ${draw.lots.length} lots, in this order`);
  if (commitment) {
    need(same(draw.commitment, commitment), "commitment-differs",
      `the proof's commitment is ${hexOf(draw.commitment)}, and another was given`);
    tell("checked", "the commitment is the one that was given");
  }
  for (const receipt of receipts) {
    await pause();
    checkSigned(receipt, key);
    checkPromised(receipt, draw);
    checkHeld(receipt, draw);
    tell("checked", `${receipt.name} is signed; the first ${receipt.position} ballots of box `
      + `${receipt.box} are those it was signed over, and what it promises was kept`);
  }
  draw.lots.slice(0, MOST_LOTS_SHOWN).forEach((ballot) => {
    tell("drawn", `${outcomeOf({ ballot }, draw).short}: ${ballot}`);
  });
  for (const receipt of receipts) {
    const { said, short } = outcomeOf(receipt, draw);
    tell("own", `your ballot ${receipt.ballot} is in the box, and ${said}`,
      { box: receipt.box, place: receipt.place, outcome: short });
  }
  notProved(draw, { commitment, receipts }, tell);
}

function notProved(draw, { commitment, receipts }, tell) {
  if (!commitment && !receipts.length) {
    tell("unproved", "that the seed was fixed before the ballots came: the commitment, as it was "
      + "noted before, shows that");
  }
  tell("unproved", receipts.length
    ? "anything about ballots behind the positions that the receipts were signed at, or in other "
      + "boxes"
    : "that no ballot was left out, added or exchanged: a proof that is made anew as a whole is in "
      + "order, too, and only a receipt exposes it");
  if (!draw.beacon) {
    tell("unproved", "that nobody tried out who would win: no public round was mixed in, and the "
      + "operator knew the seed");
  } else if (!receipts.length) {
    tell("unproved", "that the round was named before it was known: a receipt says which was");
  }
  if (draw.beacon && dayOf(draw.pool) === null) {
    tell("unproved", `that round ${draw.beacon.round} was not known before ${draw.pool} closed, `
      + "because its name says no day: whoever got a receipt before the round was due knows that "
      + "it was not");
  }
}

function verifyInclusion(proof, { key, receipts }, tell) {
  checkPath(proof);
  tell("checked",
    `${proof.ballot} is one of those under the lottery root ${hexOf(proof.root)}`);
  for (const receipt of receipts) {
    checkSigned(receipt, key);
    checkSameBallot(receipt, proof);
    tell("checked", `${receipt.name} is signed and is of this ballot`);
  }
  tell("unproved", "that this lottery root is the one that was drawn from: compare it with that of "
    + "the proof of the draw");
}
