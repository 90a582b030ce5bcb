// Nobody is signed in here.
import { at, here } from "../base.js";
import { html } from "lit";
import { headerArt } from "../parts/header-art.js";
import { Part } from "../parts/element.js";
import { S } from "../strings.js";

class WelcomeView extends Part {
  override render() {
    const next = encodeURIComponent(here());
    return html`<div class="welcome">
      ${headerArt()}
      <div class="welcome-text">
        <p class="wordmark">${S.appName}</p>
        <h1>${S.welcomeTitle}</h1>
        <p>${S.welcomeText}</p>
        <p class="actions">
          <a class="button" href=${at(`/auth/signin?next=${next}`)}>${S.signIn}</a>
          <a class="button quiet-button" href=${at(`/auth/code?next=${next}`)}>${S.typeCode}</a>
        </p>
        <p class="hint">${S.welcomeBasic} <a href=${at("/basic/")}>${S.basicPages}</a></p>
      </div>
    </div>`;
  }
}
customElements.define("view-welcome", WelcomeView);
