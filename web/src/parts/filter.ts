// A field that narrows the list below it as one types.
import { html, nothing } from "lit";
import { S } from "../strings.js";
import { icon } from "./icons.js";

export function filterField(label: string, value: string, change: (text: string) => void) {
  return html`<div class="filter">
    ${icon("search")}
    <input
      type="text"
      inputmode="search"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      maxlength="250"
      dir="auto"
      aria-label=${label}
      placeholder=${label}
      .value=${value}
      @input=${(e: Event) => change((e.target as HTMLInputElement).value)}
      @keydown=${(e: KeyboardEvent) => e.key === "Escape" && value !== "" && (e.stopPropagation(), change(""))}
    />
    ${value === "" ? nothing : html`<button class="quiet icon-button" aria-label=${S.clear} @click=${() => change("")}>${icon("close")}</button>`}
  </div>`;
}
