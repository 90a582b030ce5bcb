// Every visit, newest first: all of it by day, or what matches a filter.
import { at } from "../base.js";
import { html, nothing } from "lit";
import { query as toQuery } from "../data/api.js";
import { HistoryDays } from "../data/days.js";
import { Paged } from "../data/paged.js";
import type { Visit } from "../data/types.js";
import "../parts/calendar.js";
import { View } from "../parts/element.js";
import { AddressFilter } from "../parts/filter.js";
import { icon } from "../parts/icons.js";
import type { Range, ScrollList, Section } from "../parts/scroll-list.js";
import "../parts/scroll-list.js";
import { siteLink, siteMenu } from "../parts/site.js";
import { failed, nothingHere, waiting } from "../parts/states.js";
import { clean, wordsOf } from "../parts/text.js";
import { clock, count, dayKey, dayTitle, isDayKey, moment } from "../parts/time.js";
import { go, keptScroll } from "../router.js";
import { S } from "../strings.js";

class HistoryView extends View {
  static override properties = {
    ...View.properties,
    day: { state: true },
    calendar: { state: true },
  };
  declare day: string; // at the top of the page
  declare calendar: boolean;
  private filter = new AddressFilter(this, q => "/history" + toQuery({ host: this.host, q }));
  private all = new HistoryDays(this);
  private found = new Paged<Visit>(this, "visits", ["history"]);
  private jumped = ""; // the day of the address that was scrolled to
  private groups: { from: number; section: Section }[] = []; // of what was found, by day
  private grouped = -1;

  constructor() {
    super();
    this.day = "";
    this.calendar = false;
  }

  private get host() {
    return this.parameters.get("host") ?? "";
  }
  private get filtered() {
    return this.host !== "" || this.filterText !== "";
  }
  private get filterText() {
    return this.parameters.get("q") ?? "";
  }

  override willUpdate(changed: Map<string, unknown>) {
    if (changed.has("parameters")) this.filter.follow(this.filterText);
    this.found.path = this.filtered
      ? "/history" + toQuery({ host: this.host, q: this.filterText })
      : null;
    if (!this.filtered) this.all.start();
  }

  private get list() {
    return this.querySelector<ScrollList>("scroll-list");
  }

  override updated() {
    const wanted = this.argument;
    if (wanted === "" || this.filtered) this.jumped = "";
    else if (this.jumped !== wanted && isDayKey(wanted) && this.all.days.length > 0)
      void this.jump(wanted);
  }

  /** To the day, or the next older one that has visits, as soon as the plan reaches that far. */
  private async jump(wanted: string) {
    const target =
      this.all.days.find(d => d.day <= wanted) ??
      (this.all.complete ? this.all.days[this.all.days.length - 1] : undefined);
    if (!target) return;
    this.jumped = wanted;
    await this.list?.updateComplete;
    if (keptScroll() === null) this.list?.scrollToSection(target.day);
    this.day = target.day;
  }

  private onRange(ranges: Range[], sections: Section[]) {
    if (this.filtered) {
      const last = ranges[ranges.length - 1];
      if (last) this.found.need((this.groups[last.section]?.from ?? 0) + last.to);
      return;
    }
    this.all.want(ranges.map(r => ({ day: sections[r.section]!.key, rows: r.to })));
  }

  private visitRow(visit: Visit | undefined) {
    if (!visit) return html`<div class="ghost"><i></i><b></b><u></u></div>`;
    const words = wordsOf(this.filterText);
    const { date } = visit;
    const before = html`<time class="clock" title=${moment(date)}>${clock(date)}</time>`;
    const after = visit.bookmarked
      ? html`<span class="starred" title=${S.kinds.bookmark}>
          ${icon("bookmarks")}<span class="unseen">${S.kinds.bookmark}</span>
        </span>`
      : nothing;
    return html`<div class="row">
      ${siteLink({ ...visit, words, before, after })} ${siteMenu(visit)}
    </div>`;
  }

  private dayHead(section: Section) {
    return html`<h2 class="day-head">
      ${dayTitle(section.key)}<span class="count">${S.visitCount(section.count)}</span>
    </h2>`;
  }

  private groupFound(): Section[] {
    if (this.grouped !== this.found.rows.length || this.found.rows.length === 0) {
      this.groups = [];
      this.found.rows.forEach((v, i) => {
        const key = dayKey(v.date);
        const last = this.groups[this.groups.length - 1];
        if (last?.section.key === key) last.section.count++;
        else this.groups.push({ from: i, section: { key, count: 1 } });
      });
      this.grouped = this.found.rows.length;
    }
    return this.groups.map(g => g.section);
  }

  private foundRow(section: Section, i: number) {
    const group = this.groups.find(g => g.section.key === section.key);
    return this.visitRow(group && this.found.rows[group.from + i]);
  }

  private scrollList(sections: Section[], version: number) {
    return html`<scroll-list
      .sections=${sections}
      .version=${version}
      .rowHeight=${3.75}
      .headHeight=${3.5}
      .row=${(s: Section, i: number) =>
        this.filtered ? this.foundRow(s, i) : this.visitRow(this.all.visit(s.key, i))}
      .head=${(s: Section) => this.dayHead(s)}
      .onRange=${(r: Range[]) => this.onRange(r, sections)}
      .onTop=${(s: Section | undefined) => {
        if (s) this.day = s.key;
      }}
    ></scroll-list>`;
  }

  private foundList() {
    const f = this.found;
    if (f.error && !f.loaded) return failed(f.error, () => f.retry());
    if (!f.loaded || (f.rows.length === 0 && !f.done)) return waiting(8);
    if (f.rows.length === 0) return nothingHere("search", S.noResults, S.noVisitsMatch);
    return html`${this.scrollList(this.groupFound(), f.rows.length)}
    ${f.loading ? html`<p class="hint" role="status">${S.loadingMore}</p>` : nothing}
    ${f.error ? failed(f.error, () => f.retry()) : nothing}`;
  }

  private sections: Section[] = [];
  private sectionsOf: unknown = null;

  private allList() {
    const all = this.all;
    if (all.days.length === 0 && all.error) return failed(all.error, () => all.retry());
    if (all.days.length === 0 && !all.complete) return waiting(8);
    if (all.days.length === 0) return nothingHere("history", S.noHistory, S.noHistoryText);
    if (this.sectionsOf !== all.days) {
      this.sections = all.days.map(d => ({ key: d.day, count: d.visits }));
      this.sectionsOf = all.days;
    }
    return this.scrollList(this.sections, all.version);
  }

  /** The site that is shown, or a span of time. */
  private clear(e: Event) {
    const button = e.currentTarget as HTMLElement;
    void import("../parts/removal.js").then(m =>
      this.host ? m.askSite(this.host, button) : m.askSpan(this.day || dayKey(Date.now()), button),
    );
  }

  override render() {
    const day = this.day !== "" ? dayTitle(this.day) : S.viewNames.history;
    const total = this.all.complete ? this.all.days.reduce((n, d) => n + d.visits, 0) : 0;
    return html`
      <div class="view-head">
        <h1>${S.viewNames.history}</h1>
        ${this.filter.field(S.filterHistory)}
      </div>
      <div class="sticky bar">
        ${
          this.host
            ? html`<span class="chip big">${icon("globe")}<bdi>${clean(this.host)}</bdi>
                <a
                  class="icon-button"
                  href=${at("/history" + toQuery({ q: this.filterText }))}
                  aria-label=${S.allSites}>${icon("close")}</a>
              </span>`
            : html`<button
                class="quiet text-button"
                aria-expanded=${this.calendar}
                aria-controls="calendar"
                @click=${() => (this.calendar = !this.calendar)}>
              ${icon("calendar")}<span>${this.filtered ? S.calendar : day}</span>
            </button>`
        }
        <span class="bar-space"></span>
        ${
          total > 0 && !this.filtered
            ? html`<span class="when">${S.visitCount(total)}</span>`
            : nothing
        }
        <button class="quiet text-button" @click=${(e: Event) => this.clear(e)}>${
          this.host ? S.remove + "…" : S.clearHistory
        }</button>
        <a class="link" href=${at("/sites")}>${icon("globe")}${S.bySite}</a>
      </div>
      ${
        this.calendar
          ? html`<visit-calendar
            id="calendar"
            .days=${this.all.days}
            .day=${this.day}
            .onPick=${(picked: string) => {
              this.calendar = false;
              this.jumped = "";
              go(`/history/${picked}`);
            }}
            .onClose=${() => (this.calendar = false)}
          ></visit-calendar>`
          : nothing
      }
      ${this.filtered ? this.foundList() : this.allList()}
      ${
        !this.filtered && this.all.complete && total > 0
          ? html`<p class="hint end">${S.historyEnd(count(total))}</p>`
          : nothing
      }
    `;
  }
}
customElements.define("view-history", HistoryView);
