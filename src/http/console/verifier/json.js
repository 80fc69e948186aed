// JSON, read strictly: whole numbers only, no member twice, nothing behind it. Objects become a
// `Map`, whose order is theirs; numbers become a BigInt, so that none is rounded.
import { Fraud } from "./fraud.js";

// No proof is nested deeper than five.
const DEEPEST = 64;
const WORDS = [["null", null], ["true", true], ["false", false]];

// `cutShort` and `malformed` are the names of what may be wrong.
export function parse(bytes, cutShort, malformed) {
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Fraud(malformed, "it is no UTF-8");
  }
  let at = 0;

  const wrong = (sentence) => new Fraud(malformed, `${sentence}, at ${at}`);
  const ended = () => new Fraud(cutShort, "the file ends before the proof does");

  function next() {
    const space = /[ \t\n\r]*/y;
    space.lastIndex = at;
    space.test(text);
    at = space.lastIndex;
    if (at >= text.length) throw ended();
    return text[at];
  }

  function string() {
    const plain = /"[^"\\\u0000-\u001f]*"/y;
    plain.lastIndex = at;
    if (plain.test(text)) {
      const found = text.slice(at + 1, plain.lastIndex - 1);
      at = plain.lastIndex;
      return found;
    }
    const escaped = /"(?:[^"\\\u0000-\u001f]|\\.)*/ys;
    escaped.lastIndex = at;
    escaped.test(text);
    const end = escaped.lastIndex;
    if (end >= text.length) throw ended();
    try {
      const found = JSON.parse(text.slice(at, end + 1));
      at = end + 1;
      return found;
    } catch {
      throw wrong("a text is written otherwise");
    }
  }

  function number() {
    const digits = /[0-9]+/y;
    digits.lastIndex = at;
    if (!digits.test(text)) throw wrong("nothing of that kind belongs there");
    const found = text.slice(at, digits.lastIndex);
    const isWhole = found.length <= 20 && !/^0[0-9]/.test(found)
      && !".eE".includes(text[digits.lastIndex] || " ");
    if (!isWhole) throw wrong(`${found.slice(0, 30)} is no number that belongs there`);
    at = digits.lastIndex;
    return BigInt(found);
  }

  function list(depth) {
    const items = [];
    at += 1;
    if (next() === "]") {
      at += 1;
      return items;
    }
    for (;;) {
      items.push(value(depth));
      const mark = next();
      at += 1;
      if (mark === "]") return items;
      if (mark !== ",") throw wrong("a list goes on otherwise");
    }
  }

  function members(depth) {
    const found = new Map();
    at += 1;
    if (next() === "}") {
      at += 1;
      return found;
    }
    for (;;) {
      if (next() !== "\"") throw wrong("a member has no name");
      const name = string();
      if (found.has(name)) throw wrong("a member is said twice");
      if (next() !== ":") throw wrong("a member says nothing");
      at += 1;
      found.set(name, value(depth));
      const mark = next();
      at += 1;
      if (mark === "}") return found;
      if (mark !== ",") throw wrong("an object goes on otherwise");
    }
  }

  function value(depth) {
    const mark = next();
    if (depth > DEEPEST) throw wrong("it is nested too deep");
    if (mark === "{") return members(depth + 1);
    if (mark === "[") return list(depth + 1);
    if (mark === "\"") return string();
    for (const [word, meant] of WORDS) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meant;
      }
      if (word.startsWith(text.slice(at))) throw ended();
    }
    return number();
  }

  const found = value(0);
  if (text.slice(at).trim() !== "") throw wrong("something stands behind it");
  return found;
}
