// The three documents of docs/draws.md, read from JSON: the proof of a draw, the proof of one
// ballot, and a receipt.
import { Shape, U16, U64, fromIds, inIds } from "./shape.js";

const DRAW = ["format", "lottery", "commitment", "winners", "reserves", "beacon", "seed", "root",
  "lots", "boxes"];
const BEACON = ["chain", "round", "signature", "randomness"];
const BOX = ["count", "root", "ballots"];
const SHARE = ["count", "root"];
const INCLUSION = ["format", "ballot", "path", "boxes", "root"];
const RECEIPT = ["format", "ballot", "previous", "following", "commitment", "round", "winners",
  "reserves", "key", "signature"];
const NONCE = 16;

function beaconOf(value, shape) {
  if (value === null) return null;
  const { chain, round, signature, randomness } = shape.members(value, BEACON, "the beacon");
  shape.hex(chain, 32, "the chain");
  return {
    chain,
    round: shape.number(round, U64, "the round"),
    signature: shape.hex(signature, 48, "the beacon's signature"),
    randomness: shape.hex(randomness, 32, "the randomness"),
  };
}

// The proof of a draw. `nonces` holds, box by box, what a ballot's place does not say.
export class Draw {
  constructor(found) {
    const shape = new Shape("malformed");
    const said = shape.members(found, DRAW, "the proof");
    this.pool = shape.pool(said.lottery);
    this.commitment = shape.hex(said.commitment, 32, "the commitment");
    this.winners = shape.number(said.winners, U16, "winners");
    this.reserves = shape.number(said.reserves, U16, "reserves");
    this.beacon = beaconOf(said.beacon, shape);
    this.seed = shape.hex(said.seed, 32, "the seed");
    this.root = shape.hex(said.root, 32, "the lottery root");
    this.lots = shape.items(said.lots, "lots");
    this.lots.forEach((lot) => shape.ballot(lot));
    this.misplaced = null;
    const boxes = shape.boxes(said.boxes).map((box, number) => {
      const { count, root, ballots } = shape.members(box, BOX, `box ${number}`);
      return {
        count: shape.number(count, U64, `the count of box ${number}`),
        root: shape.hex(root, 32, `the root of box ${number}`),
        nonces: this.listed(shape, number,
          shape.items(ballots, `the ballots of box ${number}`)),
      };
    });
    this.shares = boxes.map(({ count, root }) => ({ count, root }));
    this.nonces = boxes.map(({ nonces }) => nonces);
  }

  listed(shape, number, ballots) {
    const start = `bl_${inIds(this.pool)}_${number}_`;
    return ballots.map((ballot, place) => {
      const before = `${start}${place}_`;
      const nonce = typeof ballot === "string" && ballot.startsWith(before)
        ? ballot.slice(before.length) : "";
      if (nonce.length === NONCE && /^[0-9a-f]+$/.test(nonce)) return nonce;
      this.misplaced ??= { number, place, ballot };
      return shape.ballot(ballot).nonce;
    });
  }

  boxName(number) {
    return `${this.pool}/${number}`;
  }

  id(number, place) {
    return `bl_${inIds(this.pool)}_${number}_${place}_${this.nonces[number][place]}`;
  }
}

export class Inclusion {
  constructor(found) {
    const shape = new Shape("malformed");
    const said = shape.members(found, INCLUSION, "the proof");
    this.root = shape.hex(said.root, 32, "the lottery root");
    this.ballot = said.ballot;
    const { box, place } = shape.ballot(said.ballot);
    this.box = box;
    this.place = place;
    this.path = shape.items(said.path, "the path")
      .map((step) => shape.hex(step, 32, "a step of the path"));
    this.shares = shape.items(said.boxes, "boxes").map((share, number) => {
      const { count, root } = shape.members(share, SHARE, `box ${number}`, { anyOrder: true });
      return {
        root: shape.hex(root, 32, `the root of box ${number}`),
        count: shape.number(count, U64, `the count of box ${number}`),
      };
    });
  }
}

// From a receipt, or from the whole answer that it came in, as it was saved.
export class Receipt {
  constructor(name, found) {
    const shape = new Shape("receipt-malformed");
    const answer = found instanceof Map && found.has("receipt") ? found : null;
    const said = shape.members(answer ? answer.get("receipt") : found, RECEIPT, name,
      { anyOrder: true });
    shape.need(said.format === "stampede receipt 1",
      `${name} is no receipt of a format known here`);
    this.name = name;
    this.ballot = said.ballot;
    Object.assign(this, shape.ballot(said.ballot));
    shape.need(!answer || answer.get("id") === this.ballot,
      `${name} is about another ballot than its receipt, ${this.ballot}`);
    this.previous = shape.hex(said.previous, 32, "previous");
    this.following = shape.items(said.following, "following")
      .map((leaf) => shape.hex(leaf, 32, "what follows"));
    this.commitment = shape.hex(said.commitment, 32, "the commitment");
    this.round = said.round === null ? null : shape.number(said.round, U64, "the round");
    this.winners = shape.number(said.winners, U16, "winners");
    this.reserves = shape.number(said.reserves, U16, "reserves");
    this.key = shape.hex(said.key, 32, "the key");
    this.signature = shape.hex(said.signature, 64, "the signature");
    this.position = this.place + 1n + BigInt(this.following.length);
    this.boxName = `${fromIds(this.pool)}/${this.box}`;
  }
}
