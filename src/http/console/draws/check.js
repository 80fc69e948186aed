// The draw, recomputed in the page from its proof, and held to what its reader knew before.
import { html } from "../html.js";
import { useRef, useState } from "preact/hooks";
import { bytesOf } from "../verifier/bytes.js";
import { Fraud } from "../verifier/fraud.js";
import { receiptOf, verify } from "../verifier/verify.js";
import { Field } from "../parts/form.js";
import { Problem } from "../parts/notice.js";
import { Drop } from "./drop.js";
import { Steps } from "./steps.js";

const noted = new URLSearchParams(location.hash.slice(1)).get("commitment") ?? "";

const isHash = (text) => /^[0-9a-f]{64}$/.test(text);

// Of a proof, and not of a receipt.
const isProof = (bytes) => (
  /"stampede (draw|inclusion) 1"/.test(new TextDecoder().decode(bytes.slice(0, 200))));

// Lets the page be drawn.
const pause = () => new Promise((done) => { setTimeout(done); });

// `proof` gets the bytes of the proof; `published` is the key of the server (hexadecimal).
export function Check({ proof, published }) {
  const [state, set] = useState({ steps: [], fraud: null, error: null, isBusy: false });
  const [said, setSaid] = useState({ commitment: noted });
  const receipts = useRef([]);
  const given = useRef(null);
  const wrong = said.commitment !== "" && !isHash(said.commitment);

  async function run() {
    const steps = [];
    const show = (more) => set({ steps: [...steps], fraud: null, error: null, ...more });
    const tell = (kind, text, more) => {
      steps.push({ kind, text, more });
      show({ isBusy: true });
    };
    show({ isBusy: true });
    try {
      const bytes = given.current?.bytes ?? await proof();
      await pause();
      await verify({
        bytes, receipts: receipts.current, key: bytesOf(published),
        commitment: isHash(said.commitment) ? bytesOf(said.commitment) : undefined,
      }, tell, pause);
      if (receipts.current.length) {
        tell("unproved", `that the key ${published}, which this server publishes, is the one that `
          + "it published when the receipts were given");
      }
      show({ isBusy: false });
    } catch (error) {
      show({ isBusy: false, ...(error instanceof Fraud ? { fraud: error } : { error }) });
    }
  }

  async function take(name, bytes) {
    if (isProof(bytes)) {
      given.current = { name, bytes };
      return run();
    }
    try {
      const receipt = receiptOf(name, bytes);
      const others = receipts.current.filter(({ ballot }) => ballot !== receipt.ballot);
      receipts.current = [...others, receipt];
    } catch (fraud) {
      return set({ steps: [], fraud, error: null, isBusy: false });
    }
    return run();
  }

  const hint = "Optional: 64 digits and letters, from this page or its QR code before the draw.";
  const refused = { at: () => (wrong ? "It is not 64 of 0-9 and a-f." : "") };
  return html`<section class="sheet"><h2>Check it yourself</h2>
    <p>Every step is recomputed here, in your browser, from the proof of the draw.</p>
    <${Drop} take=${take} />
    <${Field} name="commitment" label="The commitment, as you noted it" hint=${hint} said=${said}
      set=${setSaid} error=${refused} autocomplete="off" spellcheck="false" />
    <p><button class="first" type="button" disabled=${state.isBusy || wrong}
      onClick=${run}>Check the draw</button></p>
    <${Problem} error=${state.error} />
    ${given.current && html`<p class="notice warned">What is checked is the proof that you gave
      (${given.current.name}), and not that of this server.</p>`}
    <${Steps} ...${state} />
  </section>`;
}
