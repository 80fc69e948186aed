// Proofs of work, which the server asks of crowds: the number is found by trying, a piece at a
// time, so that the page stays alive.
import { ascii, bytesOf, hexOf } from "./verifier/bytes.js";
import { sha256 } from "./verifier/sha256.js";

const PIECE_MS = 12;
const TRIES = 200;

// Other things have their turn. A timer would wait longer in a page that nobody looks at.
const turn = () => new Promise((go) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); go(); };
  port2.postMessage(null);
});

// The number that, written behind the salt, has that hash; or null.
async function find({ challenge, salt, maxnumber }) {
  const hash = bytesOf(challenge);
  const front = ascii(salt);
  const text = new Uint8Array(front.length + 16);
  text.set(front);
  for (let number = 0, until = 0; number <= maxnumber; number += 1) {
    if (number % TRIES === 0 && performance.now() > until) {
      await turn();
      until = performance.now() + PIECE_MS;
    }
    const digits = String(number);
    for (let n = 0; n < digits.length; n += 1) text[front.length + n] = digits.charCodeAt(n);
    const found = sha256(text.subarray(0, front.length + digits.length));
    if (found[0] === hash[0] && hexOf(found) === challenge) return number;
  }
  return null;
}

// What stands in the header `Proof-Of-Work`.
export async function solve({ algorithm, challenge, salt, signature, maxnumber }) {
  const number = await find({ challenge, salt, maxnumber });
  return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
}
