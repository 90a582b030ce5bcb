// The account: how it is, who may look, what can be taken away.
import { at } from "../base.js";
import { html, nothing, type TemplateResult } from "lit";
import { ApiError, change } from "../data/api.js";
import { onSync } from "../data/events.js";
import { forgetMe, me, signOut } from "../data/person.js";
import { Watch } from "../data/resource.js";
import type { Devices, MadeLink, MadeToken, Me, Sessions, Tokens } from "../data/types.js";
import { View } from "../parts/element.js";
import { deviceList } from "../parts/devices.js";
import { icon } from "../parts/icons.js";
import "../parts/removed-list.js";
import { say } from "../parts/say.js";
import { stateOf } from "../parts/states.js";
import { notice } from "../parts/status.js";
import { clean } from "../parts/text.js";
import { ago, count, moment } from "../parts/time.js";
import { S } from "../strings.js";

const EXPORTS = [
  "bookmarks.html",
  "bookmarks.json",
  "history.json",
  "history.csv",
  "tabs.html",
  "tabs.json",
] as const;
const DAY = 24 * 3600 * 1000;

class AccountView extends View {
  static override properties = {
    ...View.properties,
    link: { state: true },
    fresh: { state: true },
    progress: { state: true },
    busy: { state: true },
    confirming: { state: true },
    signingIn: { state: true },
  };
  declare link: MadeLink["link"] | null;
  declare fresh: MadeToken["token"] | null; // just made: its secret is shown this once
  declare progress: string;
  declare busy: boolean;
  declare confirming: boolean;
  declare signingIn: boolean; // forgetting needs it first
  private me = new Watch<Me>(this, "/me");
  private devices = new Watch<Devices>(this, "/devices?hidden=1");
  private sessions = new Watch<Sessions>(this, "/sessions");
  private tokens = new Watch<Tokens>(this, "/tokens");
  private stop?: () => void;

  constructor() {
    super();
    this.link = this.fresh = null;
    this.progress = "";
    this.busy = this.confirming = this.signingIn = false;
  }

  override connectedCallback() {
    super.connectedCallback();
    this.stop = onSync(e => {
      this.progress =
        e.state === "started"
          ? S.syncStarted
          : e.state === "done"
            ? S.syncDone
            : S.syncFailed(clean(e.detail));
    });
    this.sessions.reload();
  }
  override disconnectedCallback() {
    super.disconnectedCallback();
    this.stop?.();
  }
  override firstUpdated() {
    if (location.hash)
      void this.updateComplete.then(() => document.querySelector(location.hash)?.scrollIntoView());
  }

  /** Runs it; what goes wrong is said. */
  private async act(what: () => Promise<unknown>, done = "") {
    if (this.busy) return;
    this.busy = true;
    try {
      await what();
      if (done) say(done);
    } catch (e) {
      if (!(e instanceof ApiError) || !e.signedOut)
        say(
          e instanceof ApiError && e.offline
            ? S.offlineTitle
            : e instanceof ApiError && e.status === 429
              ? S.slowDown(e.retryAfter)
              : (e as Error).message,
          8,
        );
    }
    this.busy = false;
  }

  private syncNow() {
    const before = this.progress;
    // Not when the answer comes: the sync may have said that it is done by then.
    this.progress = S.syncAsked;
    void this.act(async () => {
      try {
        await change("POST", "/sync");
      } catch (e) {
        this.progress = before;
        throw e;
      }
      void me.load();
    });
  }

  private state() {
    return stateOf(
      this.me,
      ({ account: a }) => html`
        ${notice(a)}
        <dl class="facts">
          <div><dt>${S.signedInAs}</dt><dd><bdi>${a.email}</bdi></dd></div>
          <div><dt>${S.lastSync}</dt>
            <dd>${
              a.last_sync
                ? html`<time title=${moment(a.last_sync)}>${ago(a.last_sync)}</time>`
                : S.never
            }</dd>
          </div>
          <div><dt>${S.nextSync}</dt>
            <dd>${
              a.next_sync
                ? html`<time title=${moment(a.next_sync)}>${
                    a.next_sync <= Date.now() ? S.soon : moment(a.next_sync)
                  }</time>${
                    a.next_sync_message && a.next_sync_message.id !== "account.next.interval"
                      ? html` <span class="hint">${a.next_sync_detail}</span>`
                      : nothing
                  }`
                : "–"
            }</dd>
          </div>
          <div><dt>${S.kept}</dt>
            <dd>${S.keptCounts(
              count(a.counts.bookmarks),
              count(a.counts.pages),
              count(a.counts.visits),
              count(a.counts.tabs),
            )}</dd>
          </div>
        </dl>
        <p class="actions">
          <button
            class="button"
            ?disabled=${a.syncing || this.busy}
            @click=${this.syncNow}>${icon("sync")}${a.syncing ? S.syncing : S.syncNow}</button>
          <span class="hint" role="status">${this.progress}</span>
        </p>
      `,
      3,
    );
  }

  private deviceList() {
    return stateOf(
      this.devices,
      d => deviceList(d.devices, this.busy, what => void this.act(what)),
      3,
    );
  }

  // --- browsers ---

  private async endSession(id: string, current: boolean) {
    if (current) return signOut();
    await change("DELETE", `/sessions/${encodeURIComponent(id)}`);
    this.sessions.reload();
  }

  private async addDevice() {
    this.link = (await change<MadeLink>("POST", "/links"))!.link;
    await this.updateComplete;
    this.querySelector<HTMLElement>("#link-made")?.focus();
  }

  private async everywhere() {
    await signOut("/sessions");
  }

  private newLink(link: MadeLink["link"]) {
    return html`<div class="panel" id="link-made" tabindex="-1">
      <img
        class="qr"
        src=${"data:image/svg+xml;utf8," + encodeURIComponent(link.qr)}
        alt=${S.qrAlt}
        width="200"
        height="200" />
      <div>
        <p>${S.qrText}</p>
        <p class="shown-code"><code>${link.code}</code></p>
        <p class="hint">${S.codeText(location.host)}</p>
      </div>
    </div>`;
  }

  private sessionList() {
    return stateOf(
      this.sessions,
      s => html`<ul class="plain-rows">
        ${s.sessions.map(
          x => html`<li>
            ${icon("globe")}
            <span class="row-text">
              <bdi class="row-title">${clean(x.name) || S.someBrowser}</bdi>
              <span class="row-more">${
                x.current
                  ? S.thisBrowser
                  : x.last_used
                    ? S.lastUsed(ago(x.last_used))
                    : S.since(ago(x.created))
              }</span>
            </span>
            <button
              class="quiet text-button"
              ?disabled=${this.busy}
              aria-label=${x.current ? S.signOutHere : S.signOutOther(clean(x.name))}
              @click=${() => this.act(() => this.endSession(x.id, x.current))}>
              ${S.signOut}
            </button>
          </li>`,
        )}
      </ul>`,
      2,
    );
  }

  // --- tokens ---

  private async makeToken(e: Event) {
    e.preventDefault();
    const form = e.target as HTMLFormElement;
    const fields = new FormData(form);
    const days = Number(fields.get("days"));
    const body: Record<string, unknown> = {
      name: String(fields.get("name")).trim(),
      scope: String(fields.get("scope")),
    };
    if (days > 0) body["expires"] = Date.now() + days * DAY;
    await this.act(async () => {
      this.fresh = (await change<MadeToken>("POST", "/tokens", body))!.token;
      form.reset();
      this.tokens.reload();
    });
  }

  private tokenList() {
    return stateOf(
      this.tokens,
      t => html`<ul class="plain-rows">
        ${t.tokens.map(
          x => html`<li>
            ${icon("key")}
            <span class="row-text">
              <bdi class="row-title">${clean(x.name)}</bdi>
              <span class="row-more">${[
                S.scopes[x.scope],
                x.last_used ? S.lastUsed(ago(x.last_used)) : S.neverUsed,
                x.expires ? S.expires(moment(x.expires)) : "",
              ]
                .filter(Boolean)
                .join(" · ")}</span>
            </span>
            <button
              class="quiet text-button"
              ?disabled=${this.busy}
              aria-label=${S.revokeToken(clean(x.name))}
              @click=${() =>
                this.act(async () => {
                  await change("DELETE", `/tokens/${encodeURIComponent(x.id)}`);
                  this.tokens.reload();
                }, S.tokenRevoked)}
            >
              ${S.revoke}
            </button>
          </li>`,
        )}
      </ul>`,
      1,
    );
  }

  private tokenForm() {
    return html`<details>
      <summary>${S.newToken}</summary>
      <form class="token-form" @submit=${this.makeToken}>
        <label>${S.tokenName}<input
          name="name"
          type="text"
          required
          maxlength="64"
          autocomplete="off" />
        </label>
        <label>${S.tokenScope}<select name="scope"><option value="read">${S.scopes.read}</option>
            <option value="full">${S.scopes.full}</option></select></label>
        <label>${S.tokenDays}<select name="days">${[0, 7, 30, 90, 365].map(
          d => html`<option value=${d}>${d === 0 ? S.forever : S.days(d)}</option>`,
        )}</select>
        </label>
        <button class="button" ?disabled=${this.busy}>${S.makeToken}</button>
      </form>
    </details>`;
  }

  private freshToken(token: MadeToken["token"]) {
    return html`<div class="panel">
      <div>
        <p>${S.tokenOnce}</p>
        <p class="secret"><code>${token.secret}</code></p>
        <button class="button quiet-button" @click=${() =>
          void navigator.clipboard?.writeText(token.secret).then(
            () => say(S.copied),
            () => say(S.copyFailed),
          )}>${icon("copy")}${S.copy}</button>
        <button class="button quiet-button" @click=${() => (this.fresh = null)}>${S.done}</button>
      </div>
    </div>`;
  }

  private async forgetNow() {
    try {
      await forgetMe();
    } catch (e) {
      if (!(e instanceof ApiError) || e.code !== "fresh_signin_needed") throw e;
      this.signingIn = true;
    }
  }

  private forget() {
    if (this.signingIn)
      return html`<div class="panel" role="alert">
        <div>
          <p>${S.forgetFresh}</p>
          <p class="actions">
            <a
              class="button"
              href=${at("/auth/signin?next=" + encodeURIComponent("/account#forget"))}>
              ${S.signInAgain}
            </a>
            <button
              class="button quiet-button"
              @click=${() => (this.signingIn = this.confirming = false)}>${S.cancel}</button>
          </p>
        </div>
      </div>`;
    if (!this.confirming)
      return html`<button
          class="button danger"
          @click=${() => (this.confirming = true)}>${S.forgetMe}</button>`;
    return html`<div class="panel" role="alertdialog" aria-label=${S.forgetMe}>
      <div>
        <p>${S.forgetSure}</p>
        <p class="actions">
          <button
            class="button danger"
            ?disabled=${this.busy}
            @click=${() => this.act(() => this.forgetNow())}>${S.forgetYes}</button>
          <button
            class="button quiet-button"
            @click=${() => (this.confirming = false)}>${S.cancel}</button>
        </p>
      </div>
    </div>`;
  }

  private section(id: string, title: string, content: unknown): TemplateResult {
    return html`<section class="block" id=${id} aria-labelledby=${id + "-title"}>
      <h2 id=${id + "-title"}>${title}</h2>
      ${content}
    </section>`;
  }

  override render() {
    return html`
      <div class="view-head"><h1>${S.viewNames.account}</h1>
        <a class="link" href=${at("/themes")}>${icon("palette")}${S.viewNames.themes}</a></div>
      ${this.state()}
      ${this.section("devices", S.devices, this.deviceList())}
      ${this.section(
        "browsers",
        S.signedInBrowsers,
        html`${this.sessionList()} ${this.link ? this.newLink(this.link) : nothing}
          <p class="actions">
            <button
              class="button quiet-button"
              ?disabled=${this.busy}
              @click=${() =>
                this.act(() => this.addDevice())}>${icon("plus")}${S.addDevice}</button>
            <button class="button quiet-button" ?disabled=${this.busy} @click=${() =>
              confirm(S.everywhereSure) &&
              this.act(() => this.everywhere())}>${S.everywhere}</button>
          </p>`,
      )}
      ${this.section(
        "tokens",
        S.apiTokens,
        html`<p class="hint">${S.tokensText}</p>${
          this.fresh ? this.freshToken(this.fresh) : nothing
        } ${this.tokenList()} ${this.tokenForm()}`,
      )}
      ${this.section(
        "exports",
        S.exports,
        html`<ul class="exports">
          ${EXPORTS.map(
            f => html`<li>
              <a
                class="link"
                href=${at(`/api/v1/export/${f}`)}
                download>${icon("download")}${S.exportNames[f]}</a>
              <span class="hint">${f}</span>
            </li>`,
          )}
        </ul>`,
      )}
      ${this.section("removed", S.removed, html`<removed-list></removed-list>`)}
      ${this.section("forget", S.forgetMe, html`<p>${S.forgetText}</p>${this.forget()}`)}
    `;
  }
}
customElements.define("view-account", AccountView);
