// Where a receipt is put: as a file, as text, or dropped from elsewhere.
import { html } from "../html.js";
import { useId, useState } from "preact/hooks";

// `take` gets the name and the bytes of each.
export function Drop({ take }) {
  const [isOver, setOver] = useState(false);
  const [text, setText] = useState("");
  const id = useId();
  const takeAll = async (files) => {
    for (const file of files) await take(file.name, new Uint8Array(await file.arrayBuffer()));
  };
  const over = (event) => {
    event.preventDefault();
    setOver(true);
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    const said = event.dataTransfer.getData("text");
    if (said) take("your text", new TextEncoder().encode(said));
    takeAll([...event.dataTransfer.files]);
  };
  const paste = async () => {
    await take("your text", new TextEncoder().encode(text));
    setText("");
  };
  return html`<div class="drop ${isOver ? "over" : ""}" onDragOver=${over} onDrop=${drop}
      onDragLeave=${() => setOver(false)}>
    <p class="big">Drop your receipt here</p>
    <div class="field"><label for="${id}-file">or choose its file
        <span class="hint">It stays in this page: nothing is sent anywhere.</span></label>
      <input id="${id}-file" type="file" name="receipt" multiple
        onChange=${(event) => takeAll([...event.target.files])} /></div>
    <div class="field"><label for="${id}-text">or paste it</label>
      <textarea id="${id}-text" name="pasted" spellcheck="false" value=${text}
        onInput=${(event) => setText(event.target.value)}></textarea></div>
    <button type="button" disabled=${text.trim() === ""} onClick=${paste}>Take the text</button>
  </div>`;
}
