// Results while one types. Each keystroke asks; an answer that is older than the newest shown is
// dropped.
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ApiError, change, get, query as toQuery } from "../data/api.js";
import type { Devices, Result, Results } from "../data/types.js";
import { View } from "../parts/element.js";
import { Watch } from "../data/resource.js";
import { deviceIcon, icon, type IconName } from "../parts/icons.js";
import { siteText } from "../parts/site.js";
import { failed, nothingHere, waiting } from "../parts/states.js";
import { clean, isLink, wordsOf } from "../parts/text.js";
import { ago } from "../parts/time.js";
import { go } from "../router.js";
import { S } from "../strings.js";

const LIMIT = 20;
const KINDS = ["", "tabs", "bookmarks", "history"] as const;
const SYMBOLS: Record<string, IconName> = {
  tab: "tabs",
  bookmark: "bookmarks",
  history: "history",
  keyword: "bookmarks",
};

export class SearchView extends View {
  static override properties = {
    ...View.properties,
    query: {},
    results: { state: true },
    chosen: { state: true },
    error: { state: true },
  };
  declare query: string;
  declare results: Result[] | null;
  // The row that Enter opens; -1: none chosen by hand, Enter opens the first.
  declare chosen: number;
  declare error: ApiError | null;
  private devices = new Watch<Devices>(this, "/devices");
  private answered = ""; // the request that the results answer
  private shownFor = ""; // the query they were drawn for
  private offline = false;
  private newest = 0;
  private shown = 0;
  private request?: AbortController;

  constructor() {
    super();
    this.query = "";
    this.results = null;
    this.chosen = -1;
    this.error = null;
  }

  private get kind() {
    const kind = this.parameters.get("in") ?? "";
    return (KINDS as readonly string[]).includes(kind) ? kind : "";
  }

  override willUpdate() {
    const wanted = "/search" + toQuery({ q: this.query.trim(), in: this.kind, limit: LIMIT });
    if (wanted !== this.answered) void this.ask(wanted);
  }

  /** What is shown may have changed on the server. */
  refresh(_collections: string[]) {
    void this.ask(this.answered);
  }

  private async ask(path: string) {
    this.answered = path;
    const query = this.query;
    const number = ++this.newest;
    this.request?.abort();
    this.request = new AbortController();
    let results: Result[] = [];
    let error: ApiError | null = null;
    let offline = false;
    try {
      results = (await get<Results>(path, this.request.signal)).results;
    } catch (e) {
      if (!(e instanceof ApiError)) return; // given up for a newer one
      if (e.offline) {
        const { searchOffline } = await import("../data/offline.js");
        results = await searchOffline(wordsOf(query), this.kind);
        offline = true;
      } else error = e;
    }
    if (number < this.shown) return;
    this.shown = number;
    this.offline = offline;
    this.error = error;
    this.results = results;
    this.chosen = -1;
    this.shownFor = query;
  }

  // --- keys of the field ---

  /** The menu of a row, beside the pointer's button; for the keyboard it is Shift+Delete. */
  private menuOf(result: Result, button: HTMLElement) {
    const field = document.querySelector<HTMLElement>("#search") ?? button;
    void import("../parts/menu.js").then(m => m.openSiteMenu(button, result, field));
  }

  key(e: KeyboardEvent) {
    const n = this.results?.length ?? 0;
    if (n === 0) return;
    if (e.key === "Delete" && e.shiftKey && this.chosen >= 0) {
      e.preventDefault();
      const button = this.querySelectorAll<HTMLElement>("#results .result-menu")[this.chosen];
      if (button) this.menuOf(this.results![this.chosen]!, button);
      return;
    }
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      const step = e.key === "ArrowDown" ? 1 : -1;
      this.chosen = this.chosen < 0 ? (step > 0 ? 0 : n - 1) : (this.chosen + step + n) % n;
    } else if (e.key === "Enter") {
      e.preventDefault();
      this.querySelectorAll<HTMLElement>("#results [role=option]")[
        Math.max(0, this.chosen)
      ]?.click();
    }
  }

  override updated() {
    const field = document.querySelector("#search");
    if (this.chosen >= 0) field?.setAttribute("aria-activedescendant", `result-${this.chosen}`);
    else field?.removeAttribute("aria-activedescendant");
    this.querySelector("#results [aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.request?.abort();
    document.querySelector("#search")?.removeAttribute("aria-activedescendant");
  }

  private picked(result: Result) {
    // What a keyword opens is no page, and comes first anyway.
    if (this.query.trim() !== "" && result.kind !== "keyword")
      void change("POST", "/search/picked", { q: this.query.trim(), url: result.url }, true).catch(
        () => {},
      );
  }

  private deviceIcon(id: string) {
    return deviceIcon(this.devices.value?.devices.find(d => d.id === id)?.type ?? "");
  }

  private detail(result: Result) {
    const device = result.devices[0];
    const when = result.kind === "tab" ? device?.last_used : result.last_visit;
    return html`<span class="row-meta">
      ${
        device
          ? html`<span class="chip">
              ${icon(this.deviceIcon(device.id))}<bdi>${clean(device.name)}</bdi>
            </span>`
          : nothing
      }
      ${result.keyword ? html`<span class="chip">${clean(result.keyword)}</span>` : nothing}
      ${result.tags.map(t => html`<span class="chip">${icon("tag")}<bdi>${clean(t)}</bdi></span>`)}
      ${when ? html`<span class="when">${ago(when)}</span>` : nothing}
    </span>`;
  }

  private option(result: Result, i: number, words: string[]) {
    const kind = html`<span class="kind" data-kind=${result.kind}>
      ${icon(SYMBOLS[result.kind]!)}<span class="unseen">${S.kinds[result.kind]}</span>
    </span>`;
    const { url, title } = result;
    const text = siteText({ url, title, words, before: kind, after: this.detail(result) });
    const chosen = i === this.chosen;
    if (!isLink(result.url))
      return html`<div
          class="row-link row-plain result"
          role="option"
          id=${`result-${i}`}
          aria-selected=${chosen}
          aria-disabled="true"
          title=${S.notALink}>${text}</div>`;
    return html`<a
      class="row-link result"
      role="option"
      tabindex="-1"
      id=${`result-${i}`}
      aria-selected=${chosen}
      href=${result.url}
      rel="noreferrer noopener"
      @click=${() => this.picked(result)}
      @auxclick=${() => this.picked(result)}
      >${text}</a
    >`;
  }

  // A listbox has options alone: the button is for pointers, Shift+Delete does the same.
  private row(result: Result, i: number, words: string[]) {
    return html`<div class="result-row" role="presentation">
      ${this.option(result, i, words)}
      <button
        class="quiet icon-button result-menu"
        tabindex="-1"
        aria-hidden="true"
        title=${S.moreFor(clean(result.title ?? result.url).slice(0, 80))}
        @click=${(e: Event) => this.menuOf(result, e.currentTarget as HTMLElement)}
        >${icon("more")}</button>
    </div>`;
  }

  private choose(kind: string) {
    go("/search" + toQuery({ q: this.query, in: kind }), "replace");
    document.querySelector<HTMLElement>("#search")?.focus();
  }

  private rows() {
    if (this.error) return failed(this.error, () => this.refresh([]));
    if (this.results === null) return waiting();
    const words = wordsOf(this.shownFor);
    if (this.results.length === 0 && this.query.trim() === "")
      return nothingHere("search", S.nothingYet, S.searchEmpty);
    if (this.results.length === 0)
      return nothingHere(
        "search",
        S.noResults,
        this.offline ? S.noResultsOffline : S.noResultsText,
      );
    return html`<div id="results" role="listbox" aria-label=${S.results}>
      ${repeat(
        this.results,
        r => r.url,
        (r, i) => this.row(r, i, words),
      )}
    </div>`;
  }

  override render() {
    const words = this.results === null ? "" : S.resultCount(this.results.length);
    return html`
      <h1 class="unseen">${S.viewNames.search}</h1>
      <div class="chips" role="group" aria-label=${S.searchIn}>
        ${KINDS.map(
          k => html`<button
            class="pill"
            aria-pressed=${this.kind === k}
            @click=${() => this.choose(k)}>${S.searchKinds[k]}</button>`,
        )}
      </div>
      ${this.offline ? html`<p class="hint">${S.searchOffline}</p>` : nothing}
      <p class="unseen" role="status">${words}</p>
      <div class="results" data-query=${this.shownFor}>${this.rows()}</div>
    `;
  }
}
customElements.define("view-search", SearchView);
