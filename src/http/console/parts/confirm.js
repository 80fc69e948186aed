// A button for what cannot be undone: a dialog asks for a word that has to be typed.
import { html } from "../html.js";
import { useId, useRef, useState } from "preact/hooks";
import { Problem } from "./notice.js";

export function Confirm({ button, title, text, word, act, done, children }) {
  const dialog = useRef(null);
  const [typed, setTyped] = useState("");
  const id = useId();
  const open = () => {
    setTyped("");
    dialog.current.showModal();
  };
  const submit = async (event) => {
    event.preventDefault();
    if (typed !== word) return;
    const answer = await act.run();
    if (answer !== undefined) {
      dialog.current.close();
      done?.(answer);
    }
  };
  return html`<button type="button" class="danger" onClick=${open}>${button}</button>
    <dialog ref=${dialog} aria-labelledby="${id}-title">
      <form onSubmit=${submit}>
        <h2 id="${id}-title">${title}</h2>
        <p>${text}</p>
        ${children}
        <div class="field">
          <label for=${id}>Type <code>${word}</code> to go on</label>
          <input id=${id} value=${typed} autocomplete="off"
            onInput=${(event) => setTyped(event.target.value)} />
        </div>
        <${Problem} error=${act.error} />
        <div class="row">
          <button class="danger" disabled=${typed !== word || act.busy}>${button}</button>
          <button type="button" onClick=${() => dialog.current.close()}>Leave it</button>
        </div>
      </form>
    </dialog>`;
}
