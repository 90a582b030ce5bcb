// How it looks: light, dark, as the system says; and the pictures. Kept with the account.
import { html } from "lit";
import { chooseTheme, currentTheme } from "../data/person.js";
import type { Mode } from "../data/types.js";
import { View } from "../parts/element.js";
import { say } from "../parts/say.js";
import { art, THEMES } from "../themes/themes.js";
import { S } from "../strings.js";

const MODES: Mode[] = ["auto", "light", "dark"];

class ThemesView extends View {
  private choose(theme: { name?: string; mode?: Mode }) {
    chooseTheme(theme).catch(() => say(S.themeNotKept));
    this.requestUpdate();
  }

  override render() {
    const { name, mode } = currentTheme();
    return html`
      <div class="view-head"><h1>${S.viewNames.themes}</h1></div>
      <fieldset class="modes">
        <legend>${S.light}</legend>
        ${MODES.map(
          m =>
            html`<label class="pill">
                <input
                  type="radio"
                  name="mode"
                  .checked=${m === mode}
                  @change=${() => this.choose({ mode: m })} />
                <span>${S.modes[m]}</span>
              </label>`,
        )}
      </fieldset>
      <fieldset class="theme-grid">
        <legend>${S.picture}</legend>
        ${THEMES.map(
          t => html`<label class="theme-card" data-theme=${t}>
            <span class="theme-art" aria-hidden="true">${art(t)}</span>
            <span class="theme-name">
              <input
                type="radio"
                name="theme"
                .checked=${t === name}
                @change=${() => this.choose({ name: t })} />
              <span>${S.themes[t]}</span>
            </span>
          </label>`,
        )}
      </fieldset>
      <p class="hint">${S.themesText}</p>
    `;
  }
}
customElements.define("view-themes", ThemesView);
