// Something that fits a schema, to begin with, and that can be sent as it is.
import { DEEPEST, choices, whole } from "./schema.js";

const NEXT_YEAR = new Date().getUTCFullYear() + 1;
const DAY = `${NEXT_YEAR}-12-31`;
const SENTENCE = "a long sentence nobody guesses";

// What a schema cannot say: of two fields one is needed, or a text is no text of any kind.
const OF_CALLS = {
  assignCoupon: { member_id: "7M0000000000000000000000" },
  assignNextCoupon: { member_id: "7M0000000000000000000000" },
  changePassword: { old_password: SENTENCE, new_password: SENTENCE.replace("long", "longer") },
  createLottery: { closes_on: DAY, tickets: { digits: 4 } },
  createPool: { closes_at: `${DAY}T12:00:00Z`, tickets: { count: 100 } },
  createUser: { username: "ada", password: SENTENCE },
  replaceUser: { username: "ada" },
  resetPassword: { token: "…", new_password: SENTENCE },
  voidCouponsOfBatch: { state: "assigned" },
};

const OF_FORMAT = { date: DAY, "date-time": `${DAY}T12:00:00Z`, uri: "https://example.org/hook" };

export const sampleOf = ({ id, resolve }, schema) => OF_CALLS[id] ?? sample(schema, resolve);

// Its examples where it has some, and what it must have. An instant of an example may have passed.
function sample(schema, resolve, depth = 0) {
  const all = whole(schema, resolve);
  const given = all.example ?? all.examples?.[0];
  if (given !== undefined) return OF_FORMAT[all.format] ?? given;
  const [first] = choices(all, resolve);
  if (depth >= DEEPEST) return null;
  if (first) return sample(first, resolve, depth);
  if (all.enum) return all.enum[0];
  const type = [all.type].flat().find((one) => one !== "null");
  if (type === "array") return [sample(all.items, resolve, depth + 1)];
  if (type === "integer" || type === "number") return Math.max(1, all.minimum ?? 1);
  if (type === "boolean") return true;
  if (type === "string") return OF_FORMAT[all.format] ?? "…";
  const said = Object.entries(all.properties).filter(([name, field]) => (
    all.required.includes(name) || (whole(field, resolve).example ?? undefined) !== undefined));
  return Object.fromEntries(said.map(([name, field]) => (
    [name, sample(field, resolve, depth + 1)])));
}
