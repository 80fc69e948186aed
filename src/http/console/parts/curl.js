// The command that does the same as the page.
import { html } from "../html.js";
import { useState } from "preact/hooks";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function curlOf(method, path, body, { anybody = false, key = false, file } = {}) {
  const parts = ["curl"];
  if (method !== "GET") parts.push(`-X ${method}`);
  parts.push(quoted(location.origin + path));
  if (!anybody) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (key) parts.push('-H "Idempotency-Key: $(uuidgen)"');
  if (file) parts.push("-H 'Content-Type: text/csv'", `--data-binary @${file}`);
  if (body) parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  return parts.join(" \\\n  ");
}

// `of`: what `curlOf` takes.
export function Curl({ of, open = false }) {
  const [copied, setCopied] = useState("");
  const text = curlOf(...of);
  const copy = () => navigator.clipboard.writeText(text).then(
    () => setCopied("Copied."), () => setCopied("Select it and copy it by hand."));
  return html`<details class="curl" open=${open}>
    <summary>The same as a command</summary>
    <pre>${text}</pre>
    <div class="row">
      ${navigator.clipboard && html`<button class="small" type="button"
        onClick=${copy}>Copy</button>`}
      <span role="status">${copied}</span>
    </div>
  </details>`;
}
