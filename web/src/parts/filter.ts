// A field that narrows the list below it as one types.
import { html, nothing, type ReactiveController, type ReactiveControllerHost } from "lit";
import { go } from "../router.js";
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
      @keydown=${(e: KeyboardEvent) =>
        e.key === "Escape" && value !== "" && (e.stopPropagation(), change(""))}
    />
    ${
      value === ""
        ? nothing
        : html`<button
        class="quiet icon-button"
        aria-label=${S.clear}
        @click=${() => change("")}>${icon("close")}</button>`
    }
  </div>`;
}

const PAUSE = 150; // ms without a key until the server is asked

/** A filter that the address carries (?q=), so that Back and links keep it. */
export class AddressFilter implements ReactiveController {
  text = "";
  private timer = 0;

  /** `address`: where the view goes with this filter. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly address: (q: string) => string,
  ) {
    host.addController(this);
  }
  hostDisconnected() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  /** What the address says, unless more has been typed meanwhile. */
  follow(q: string) {
    if (this.timer === 0 && q !== this.text.trim()) this.text = q;
  }

  field(label: string) {
    return filterField(label, this.text, text => {
      this.text = text;
      this.host.requestUpdate();
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => {
        this.timer = 0;
        go(this.address(text.trim()), "replace");
      }, PAUSE);
    });
  }
}
