// "Removed here": what is kept out, newest first.
import { html } from "lit";
import { ApiError } from "../data/api.js";
import { allowAgain, removalsPath } from "../data/removals.js";
import { Watch } from "../data/resource.js";
import type { Removal, Removals } from "../data/types.js";
import { S } from "../strings.js";
import { View } from "./element.js";
import { icon } from "./icons.js";
import { sayProblem } from "./removal.js";
import { say } from "./say.js";
import { stateOf } from "./states.js";
import { clean } from "./text.js";
import { ago, moment } from "./time.js";

const FIRST = 20;
const MOST = 500;

/** What it is, as far as it is known: of a page's address nothing is kept. */
function what(r: Removal): string {
  if (r.kind === "site") return clean(r.host ?? "");
  if (r.kind === "span") return S.removedSpan;
  if (r.url) return clean(r.url);
  return r.kind === "page" ? S.removedPage : S.removedVisit(moment(r.date ?? 0));
}

function when(r: Removal): string {
  if (r.kind === "visit") return r.url ? S.removedVisit(moment(r.date ?? 0)) : "";
  return S.removedBetween(r.since ? moment(r.since) : "", r.until ? moment(r.until) : "");
}

class RemovedList extends View {
  static override properties = {
    ...View.properties,
    limit: { state: true },
    busy: { state: true },
  };
  declare limit: number;
  declare busy: boolean;
  private removals = new Watch<Removals>(this, removalsPath(FIRST));

  constructor() {
    super();
    this.limit = FIRST;
    this.busy = false;
  }

  override willUpdate() {
    this.removals.path = removalsPath(this.limit);
  }

  private async allow(r: Removal) {
    this.busy = true;
    try {
      await allowAgain(r.id);
      say(S.allowedAgain, 8);
    } catch (e) {
      if (e instanceof ApiError && e.status === 404) this.removals.reload();
      sayProblem(e);
    }
    this.busy = false;
  }

  private row(r: Removal) {
    return html`<li>
      ${icon(r.kind === "site" ? "globe" : r.kind === "span" ? "calendar" : "history")}
      <span class="row-text">
        <bdi class="row-title">${what(r)}</bdi>
        <span class="row-more">${[when(r), S.removedAgo(ago(r.created))]
          .filter(Boolean)
          .join(" · ")}</span>
      </span>
      <button
        class="quiet text-button"
        ?disabled=${this.busy}
        aria-label=${S.allowAgainFor([what(r), when(r)].filter(Boolean).join(", "))}
        @click=${() => void this.allow(r)}>${S.allowAgain}</button>
    </li>`;
  }

  override render() {
    return html`<p class="hint">${S.removedText}</p>
      ${stateOf(
        this.removals,
        list =>
          list.removals.length === 0
            ? html`<p>${S.removedNothing}</p>`
            : html`<ul class="plain-rows">${list.removals.map(r => this.row(r))}</ul>
              ${
                list.next && this.limit < MOST
                  ? html`<p class="actions"><button
                      class="button quiet-button"
                      @click=${() => (this.limit = MOST)}>${S.showMore}</button></p>`
                  : list.next
                    ? html`<p class="hint">${S.removedMore}</p>`
                    : ""
              }`,
        2,
      )}`;
  }
}
customElements.define("removed-list", RemovedList);
