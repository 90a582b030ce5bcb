// The frame: search field, navigation, one view at a time.
import { at } from "./base.js";
import { html, nothing, type PropertyValues } from "lit";
import { S } from "./strings.js";
import { arrive, getPresence, me, onPresence } from "./data/person.js";
import { onChange } from "./data/events.js";
import { Part, type View } from "./parts/element.js";
import { headerArt } from "./parts/header-art.js";
import { icon, type IconName } from "./parts/icons.js";
import { readable } from "./parts/text.js";
import { go, keptScroll, onMove, place, type Place, type ViewName } from "./router.js";
import { registerServiceWorker } from "./parts/update.js";
import "./views/home.js";
import { SearchView } from "./views/search.js";

const LOADERS: Partial<Record<ViewName, () => Promise<unknown>>> = {
  tabs: () => import("./views/tabs.js"),
  bookmarks: () => import("./views/bookmarks.js"),
  history: () => import("./views/history.js"),
  sites: () => import("./views/sites.js"),
  account: () => import("./views/account.js"),
  themes: () => import("./views/themes.js"),
};
const NAVIGATION: [ViewName, string, IconName][] = [
  ["home", "/", "home"],
  ["tabs", "/tabs", "tabs"],
  ["bookmarks", "/bookmarks", "bookmarks"],
  ["history", "/history", "history"],
  ["account", "/account", "account"],
];
const QUERY_MAX = 250;
const URL_PAUSE = 300; // ms without a key until the address shows what was typed

/**
 * What the address asks for. Other apps share a page with this one as a title and a text with its
 * address somewhere (manifest, share_target).
 */
function searched(parameters: URLSearchParams): string {
  const q = parameters.get("q");
  if (q) return q;
  const text = parameters.get("text") ?? parameters.get("title") ?? "";
  const url = /https?:\/\/\S+/.exec(text)?.[0];
  return (url ? readable(url) : text).slice(0, QUERY_MAX);
}

class App extends Part {
  static override properties = {
    place: { state: true },
    query: { state: true },
    loaded: { state: true },
  };
  declare place: Place;
  declare query: string;
  declare loaded: ViewName | null; // the view whose code is there
  private element?: View;
  private urlTimer = 0;

  constructor() {
    super();
    this.place = place();
    this.query = searched(this.place.parameters);
    this.loaded = null;
    onMove(() => this.move());
    onPresence(() => this.requestUpdate());
    me.watchers.add(() => this.requestUpdate());
    onChange(collections => {
      if (this.place.view === "search" && this.element instanceof SearchView)
        this.element.refresh(collections);
    });
    document.addEventListener("keydown", e => this.onKey(e));
    addEventListener("theme", () => this.requestUpdate());
    this.move();
    void arrive();
  }

  private move() {
    this.place = place();
    if (this.place.view === "search") this.query = searched(this.place.parameters);
    else this.query = "";
    void this.open(this.place.view);
  }

  private async open(view: ViewName) {
    const loader = LOADERS[view];
    if (loader) {
      try {
        await loader();
      } catch {
        // A new version has replaced the old one's files.
        if (this.place.view === view) location.reload();
        return;
      }
    }
    if (this.place.view !== view) return;
    this.loaded = view;
  }

  override updated(changed: PropertyValues) {
    if (getPresence() === "out") {
      this.element = undefined;
      document.title = S.appName;
      return;
    }
    if (changed.has("loaded") || changed.has("place") || !this.element) this.show();
    if (this.element instanceof SearchView) this.element.query = this.query;
  }

  private show() {
    const outlet = this.querySelector("#view");
    if (!outlet || !this.loaded || this.loaded !== this.place.view) return;
    const name = `view-${this.loaded}`;
    if (this.element?.localName !== name || !this.element.isConnected) {
      const first = this.element === undefined;
      this.element = document.createElement(name) as View;
      this.element.classList.add("view");
      outlet.replaceChildren(this.element);
      if (!first && this.loaded !== "search")
        this.querySelector<HTMLElement>("#main")?.focus({ preventScroll: true });
      const scroll = keptScroll();
      void this.element.updateComplete.then(() => scrollTo(0, scroll ?? 0));
    }
    this.element.argument = this.place.argument;
    this.element.parameters = this.place.parameters;
    document.title =
      this.loaded === "home" ? S.appName : `${S.viewNames[this.loaded]} – ${S.appName}`;
  }

  // --- the search field ---

  private get field() {
    return this.querySelector<HTMLInputElement>("#search");
  }

  private onInput(e: Event) {
    this.query = (e.target as HTMLInputElement).value;
    clearTimeout(this.urlTimer);
    if (this.place.view !== "search") {
      go(this.searchAddress());
      return;
    }
    this.urlTimer = window.setTimeout(() => {
      if (this.place.view === "search")
        history.replaceState(history.state, "", at(this.searchAddress()));
    }, URL_PAUSE);
  }

  private searchAddress() {
    const parameters = new URLSearchParams({ q: this.query });
    const kind = this.place.view === "search" ? this.place.parameters.get("in") : null;
    if (kind) parameters.set("in", kind);
    return "/search?" + parameters.toString();
  }

  private onFieldKey(e: KeyboardEvent) {
    const view = this.element instanceof SearchView ? this.element : null;
    if (e.key === "Escape") {
      e.preventDefault();
      if (this.query !== "") {
        this.query = "";
        if (this.field) this.field.value = "";
      } else if (view) go("/");
      else this.field?.blur();
    } else if (view && !e.isComposing) view.key(e);
  }

  private onKey(e: KeyboardEvent) {
    const inField = (e.target as Element).closest?.("input, textarea, select, [contenteditable]");
    if (
      (e.key === "/" && !inField && !e.ctrlKey && !e.metaKey && !e.altKey) ||
      (e.key === "k" && (e.ctrlKey || e.metaKey))
    ) {
      e.preventDefault();
      this.field?.focus();
      this.field?.select();
    }
  }

  private searchForm() {
    const active = this.place.view === "search";
    return html`<form
        class="search"
        role="search"
        action=${at("/search")}
        @submit=${(e: Event) => e.preventDefault()}>
      ${icon("search")}
      <input
        id="search"
        type="text"
        name="q"
        inputmode="search"
        enterkeyhint="go"
        autocomplete="off"
        autocapitalize="none"
        autocorrect="off"
        spellcheck="false"
        maxlength=${QUERY_MAX}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded=${active ? "true" : "false"}
        aria-controls=${active ? "results" : nothing}
        aria-label=${S.searchLabel}
        placeholder=${S.searchPlaceholder}
        dir="auto"
        .value=${this.query}
        @input=${this.onInput}
        @keydown=${this.onFieldKey}
      />
      ${
        this.query === ""
          ? html`<kbd aria-hidden="true">/</kbd>`
          : html`<button
          type="button"
          class="quiet icon-button"
          aria-label=${S.clear}
          @click=${this.clear}>${icon("close")}</button>`
      }
    </form>`;
  }

  private clear() {
    this.query = "";
    this.field?.focus();
  }

  private navigation() {
    const here =
      this.place.view === "themes"
        ? "account"
        : this.place.view === "sites"
          ? "history"
          : this.place.view;
    return html`<nav class="nav" aria-label=${S.navigation}>
      ${NAVIGATION.map(
        ([view, address, symbol]) =>
          html`<a href=${at(address)} aria-current=${here === view ? "page" : nothing}>
            ${icon(symbol)}<span>${S.viewNames[view]}</span>
          </a>`,
      )}
    </nav>`;
  }

  override render() {
    const presence = getPresence();
    if (presence === "out") {
      void import("./views/welcome.js");
      return html`<main id="main" tabindex="-1"><view-welcome></view-welcome></main>
        <div id="said" role="status"></div>`;
    }
    return html`
      <a class="skip" href="#main" @click=${this.skip}>${S.skip}</a>
      <header class="top" data-view=${this.place.view}>
        ${headerArt()}
        <a class="wordmark" href=${at("/")} aria-hidden="true" tabindex="-1">${S.appName}</a>
        ${this.searchForm()}
      </header>
      ${this.navigation()}
      <main id="main" tabindex="-1">
        ${
          this.place.view === "missing"
            ? html`<div class="empty">
                <h1 class="empty-title">${S.missingTitle}</h1>
                <p>${S.missingText}</p>
                <a class="button" href=${at("/")}>${S.viewNames.home}</a>
              </div>`
            : html`<div id="view"></div>`
        }
      </main>
      <div id="said" role="status"></div>
    `;
  }

  private skip(e: Event) {
    e.preventDefault();
    this.querySelector<HTMLElement>("#main")?.focus();
  }
}
customElements.define("hearth-app", App);
registerServiceWorker();
