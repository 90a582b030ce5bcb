// The picture of the theme, loaded apart: the frame is there before it.
import { html, nothing } from "lit";
import { currentTheme } from "../data/person.js";
import type { art as Art } from "../themes/themes.js";

let draw: typeof Art | null = null;
void import("../themes/themes.js").then(m => {
  draw = m.art;
  dispatchEvent(new Event("theme"));
});

export function headerArt() {
  return html`<div class="art" aria-hidden="true">${
    draw ? draw(currentTheme().name) : nothing
  }</div>`;
}
