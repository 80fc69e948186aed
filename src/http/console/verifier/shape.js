// What may stand where in a proof or a receipt; anything else is refused.
import { bytesOf } from "./bytes.js";
import { need } from "./fraud.js";

const NAME = "[a-z](?:-?[a-z0-9]){0,39}";
const NUMBER = "0|[1-9][0-9]*";
const BALLOT = new RegExp(`^bl_(${NUMBER}|${NAME})_(${NUMBER})_(${NUMBER})_([0-9a-f]{16})$`);
const OWN_NAME = new RegExp(`^${NAME}$`);
const DAY = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const MOST_OF_NAME = 40;
export const MOST_BOXES = 64;
export const U16 = 1n << 16n;
export const U64 = 1n << 64n;

const isOwn = (pool) => /^[a-z]/.test(pool);

// A day stands in ids without its dashes and without zeros in front.
export const inIds = (pool) => (isOwn(pool) ? pool : pool.replaceAll("-", "").replace(/^0+/, ""));

// As the name of a box has it.
export function fromIds(pool) {
  if (isOwn(pool)) return pool;
  const [, year, month, day] = pool.padStart(8, "0").match(/^(.*)(..)(..)$/);
  return `${year}-${month}-${day}`;
}

// Days since 1970; none for a name of its own. `NaN`: no calendar has it.
export function dayOf(pool) {
  if (isOwn(pool)) return null;
  const [year, month, day] = pool.split("-").map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isReal = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.getTime() / 86_400_000 : NaN;
}

function isLikeADay(pool) {
  const [, month, day] = fromIds(pool).split("-").map(Number);
  return pool.length <= 8 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// Refuses under that name.
export class Shape {
  constructor(refusal) {
    this.refusal = refusal;
  }

  need(holds, sentence) {
    need(holds, this.refusal, sentence);
  }

  // The members, in that order.
  members(value, names, what, { anyOrder = false } = {}) {
    this.need(value instanceof Map, `${what} is no object`);
    const [found, wanted] = [[...value.keys()], [...names]];
    if (anyOrder) [found, wanted].forEach((list) => list.sort());
    this.need(found.join() === wanted.join(), `the members of ${what} are not ${names.join(", ")}`);
    return Object.fromEntries(value);
  }

  hex(value, size, what) {
    const fits = typeof value === "string" && value.length === 2 * size
      && /^[0-9a-f]*$/.test(value);
    this.need(fits, `${what} is not ${size} bytes in lower-case hexadecimal`);
    return bytesOf(value);
  }

  number(value, bound, what) {
    this.need(typeof value === "bigint" && value < bound,
      `${what} is no whole number below ${bound}`);
    return value;
  }

  items(value, what) {
    this.need(Array.isArray(value), `${what} is no list`);
    return value;
  }

  // A day, or the name of a pool that has one of its own.
  pool(value) {
    const isText = typeof value === "string";
    if (isText && value.length <= MOST_OF_NAME && OWN_NAME.test(value)) return value;
    this.need(isText && DAY.test(value), "the lottery is no day and no name of a pool");
    this.need(!Number.isNaN(dayOf(value)), `no calendar has the day ${value}`);
    return value;
  }

  ballot(value) {
    const match = typeof value === "string" && value.length < 100 ? value.match(BALLOT) : null;
    this.need(match, `${String(value).slice(0, 80)} is no id of a ballot`);
    const [, pool, box, place, nonce] = match;
    const isNamed = isOwn(pool) ? pool.length <= MOST_OF_NAME : isLikeADay(pool);
    this.need(isNamed && BigInt(box) < MOST_BOXES && BigInt(place) < U64,
      `${value} is no id of a ballot`);
    return { pool, box: Number(box), place: BigInt(place), nonce };
  }

  boxes(value) {
    this.items(value, "boxes");
    this.need(value.length >= 1 && value.length <= MOST_BOXES,
      `there are 1 to ${MOST_BOXES} boxes`);
    return value;
  }
}
