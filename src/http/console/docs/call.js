// One call: what it is for, what it takes, what it answers, and a place to try it.
import { html } from "../html.js";
import { rich } from "../parts/rich.js";
import { Shape } from "./shape.js";
import { Try } from "./try.js";

// What is no JSON is a text.
const Example = ({ of }) => html`<details class="curl"><summary>Such as</summary>
  <pre>${typeof of === "string" ? of : JSON.stringify(of, null, 2)}</pre></details>`;

export function Call({ call }) {
  const { method, path, summary, description, parameters, body, answers, resolve } = call;
  const good = answers.filter(([status]) => status < 400);
  const refusals = answers.filter(([status]) => status >= 400)
    .flatMap(([status, { description: said }]) => said.split("; ").map((one) => [status, one]));
  return html`<article>
    <h1 tabindex="-1">${summary}</h1>
    <p class="big"><span class="verb">${method}</span> <code>${path}</code></p>
    ${description !== summary && html`<p>${rich(description)}</p>`}
    <p class="quiet">${call.isForAnybody ? "Anybody may call it."
      : "It takes a token, or a service key."}</p>
    ${parameters.length > 0 && html`<section class="sheet"><h2>Parameters</h2>
      <ul class="shape">${parameters.map(({ name, in: where, required, description: said }) => html`
        <li key=${name}><code><b>${name}</b></code>
          <span class="quiet"> in the ${where}${required ? "" : ", may be left out"}</span><br />
          ${rich(said)}</li>`)}</ul></section>`}
    ${body && Object.entries(body).map(([media, { schema }]) => html`<section class="sheet"
      key=${media}><h2>Body, ${media}</h2><${Shape} schema=${schema} resolve=${resolve} />
      </section>`)}
    <${Try} call=${call} />
    ${good.map(([status, answer]) => html`<section class="sheet" key=${status}>
      <h2>Answer ${status}</h2><p>${rich(answer.description)}</p>
      ${Object.entries(answer.content ?? {}).map(([media, { schema, example }]) => (
        html`<div key=${media}><p class="quiet">${media}</p>
          <${Shape} schema=${schema} resolve=${resolve} />
          ${example !== undefined && html`<${Example} of=${example} />`}</div>`))}
    </section>`)}
    <section class="sheet"><h2>How it may say no</h2>
      <ul class="shape">${refusals.map(([status, said]) => {
        const [, name, title] = said.match(/^`([^`]+)`: (.*)$/s) ?? [null, "", said];
        return html`<li key=${status + said}>${status} ${name
          ? html`<a href="/problems/${name}">${name}</a>: ${title}` : rich(said)}</li>`;
      })}</ul></section>
  </article>`;
}
