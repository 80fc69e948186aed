// What a receipt holds a proof to: its signature, the promises about the draw, and the ballots of
// its box up to the position that was signed.
import { ascii, bigEndian, hexOf, joined, same } from "./bytes.js";
import { isSigned } from "./ed25519.js";
import { Fraud, need } from "./fraud.js";
import { U64, fromIds, inIds } from "./shape.js";
import { chainLink, chainStart, leaf } from "./tree.js";

export function checkSigned(receipt, key) {
  const { name, following, previous, ballot, boxName, position } = receipt;
  const head = following.reduce(chainLink, chainLink(previous, leaf(ballot)));
  const isWhole = receipt.round !== 0n && position < U64;
  const message = () => joined(
    ascii(`stampede receipt 1\n${boxName}\n`), bigEndian(position, 8), head, receipt.commitment,
    bigEndian(receipt.round ?? 0n, 8), bigEndian(receipt.winners, 2),
    bigEndian(receipt.reserves, 2));
  need(isWhole && isSigned(receipt.key, receipt.signature, message()), "receipt-forged",
    `the signature of ${name} does not stand for what the receipt says`);
  need(!key || same(key, receipt.key), "receipt-key-differs",
    `${name} is signed under the key ${hexOf(receipt.key)}, and another was given`);
}

const named = (round) => (round === null ? "no round" : `round ${round}`);

export function checkPromised(receipt, draw) {
  const { name } = receipt;
  need(receipt.pool === inIds(draw.pool), "receipt-elsewhere",
    `${name} is of the lottery ${fromIds(receipt.pool)}, and the proof is of ${draw.pool}`);
  need(receipt.box < draw.nonces.length, "receipt-elsewhere",
    `${name} is of box ${receipt.box}, and the proof has ${draw.nonces.length} boxes`);
  need(same(receipt.commitment, draw.commitment), "commitment-differs",
    `${name} was given under the commitment ${hexOf(receipt.commitment)}, and the proof's is `
    + `${hexOf(draw.commitment)}`);
  const used = draw.beacon ? draw.beacon.round : null;
  need(receipt.round === used, "round-differs",
    `${name} promises ${named(receipt.round)}, and the draw used ${named(used)}`);
  need(receipt.winners === draw.winners && receipt.reserves === draw.reserves, "winners-differ",
    `${name} promises ${receipt.winners} winners and ${receipt.reserves} reserves, and `
    + `${draw.winners} and ${draw.reserves} were drawn`);
}

export function checkSameBallot(receipt, proof) {
  need(receipt.ballot === proof.ballot, "receipt-elsewhere",
    `${receipt.name} is of the ballot ${receipt.ballot}, and ${proof.ballot} is proved`);
  const { count } = proof.shares[proof.box];
  need(count >= receipt.position, "ballot-removed", `the box was sealed with ${count} ballots, and `
    + `${receipt.name} was signed over ${receipt.position}`);
}

// All ballots of the receipt's box up to the signed position are those that were signed. If not:
// what became of them.
export function checkHeld(receipt, draw) {
  const held = new Held(receipt, draw);
  if (held.nonces[held.place] === receipt.nonce) held.around();
  else held.gone(draw);
}

// A receipt beside what its box holds now.
class Held {
  constructor(receipt, draw) {
    this.receipt = receipt;
    this.nonces = draw.nonces[receipt.box];
    this.place = Number(receipt.place);
    this.start = `bl_${receipt.pool}_${receipt.box}_`;
  }

  // Whether these are the ballots that came before the receipt's own.
  isPreceded(before) {
    const head = before.slice(0, this.place).reduce(
      (above, nonce, at) => chainLink(above, leaf(`${this.start}${at}_${nonce}`)),
      chainStart(this.receipt.boxName));
    return same(head, this.receipt.previous);
  }

  // Whether what stands at `now` is what followed as that number.
  isFollowed(number, now) {
    const signed = this.receipt.following[number];
    if (!signed || now >= this.nonces.length) return false;
    return same(leaf(`${this.start}${this.place + 1 + number}_${this.nonces[now]}`), signed);
  }

  // The receipt's ballot is where it belongs: so must be those before it and those behind it.
  around() {
    const { receipt, nonces, place } = this;
    const signed = `as ${receipt.name} was signed`;
    need(this.isPreceded(nonces), "ballot-changed", `the ${place} ballots before `
      + `${receipt.ballot} are not those that were there, ${signed}`);
    receipt.following.forEach((_, number) => {
      const at = place + 1 + number;
      if (this.isFollowed(number, at)) return;
      const now = nonces.findIndex((__, n) => n > place && this.isFollowed(number, n));
      const isNext = this.isFollowed(number + 1, at);
      if (now === at + 1 && !isNext) {
        throw new Fraud("ballot-added", `a ballot was put in at place ${at} of the box, ${signed}`);
      }
      if (now >= 0) {
        throw new Fraud("ballot-moved",
          `the ballot at place ${now} of the box stood at place ${at}, ${signed}`);
      }
      const isGone = at >= nonces.length || isNext;
      const what = isGone ? "is gone" : "is not the one that stood there";
      throw new Fraud(isGone ? "ballot-removed" : "ballot-changed",
        `the ballot at place ${at} of the box ${what}, ${signed}`);
    });
  }

  // The receipt's ballot is not in its place: where it is.
  gone(draw) {
    const { receipt, nonces, place } = this;
    const because = (name, what) => new Fraud(name, `your ballot ${receipt.ballot} is not at place `
      + `${place} of the published box, as ${receipt.name} says: ${what}; complain with this `
      + "receipt");
    const now = nonces.indexOf(receipt.nonce);
    if (now >= 0) throw this.shifted(now, because);
    const other = draw.nonces.findIndex((others) => others.includes(receipt.nonce));
    if (other >= 0) throw because("ballot-moved", `it stands in box ${other}`);
    if (BigInt(nonces.length) < receipt.position) {
      throw because("ballot-removed", `it is gone, and the box holds ${nonces.length} ballots, `
        + "fewer than were signed");
    }
    if (this.isFollowed(0, place)) {
      throw because("ballot-removed", "it is gone, and the one behind it has moved up");
    }
    throw because("ballot-changed", "another stands there, and it is nowhere");
  }

  shifted(now, because) {
    const { nonces, place } = this;
    const putBack = nonces.filter((_, n) => n !== now);
    const exchanged = [...nonces];
    if (place < nonces.length) {
      [exchanged[now], exchanged[place]] = [exchanged[place], exchanged[now]];
    }
    const isAlone = !this.isFollowed(0, now + 1) && (this.isPreceded(putBack)
      || (place < nonces.length && this.isPreceded(exchanged)));
    if (isAlone) return because("ballot-moved", `it was moved to place ${now}`);
    return now < place
      ? because("ballot-removed",
        `it is at place ${now}, for ${place - now} ballots before it are gone`)
      : because("ballot-added",
        `it is at place ${now}, for ${now - place} ballots before it were put in`);
  }
}
