import { html } from "../html.js";

export const Tile = ({ name, value, more }) => html`<div class="tile">
  <dt>${name}</dt><dd>${value}${more && html` <small>${more}</small>`}</dd></div>`;
