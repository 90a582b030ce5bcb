// A month at a time: the more visits a day has, the deeper its colour. Picking a day goes there.
import { html, nothing } from "lit";
import { styled } from "./styled.js";
import type { Day } from "../data/types.js";
import { S } from "../strings.js";
import { Part } from "./element.js";
import { icon } from "./icons.js";
import {
  count,
  dayBounds,
  dayKey,
  dayFull,
  firstWeekday,
  monthTitle,
  weekdayNames,
} from "./time.js";

class VisitCalendar extends Part {
  static override properties = { days: { attribute: false }, day: {}, month: { state: true } };
  declare days: Day[];
  declare day: string;
  declare month: [number, number] | null; // year, 0..11; null: of `day`
  onPick: (day: string) => void = () => {};
  onClose: () => void = () => {};

  constructor() {
    super();
    this.days = [];
    this.day = "";
    this.month = null;
  }

  override firstUpdated() {
    (
      this.querySelector<HTMLElement>("[aria-current=date]") ??
      this.querySelector<HTMLElement>("button")
    )?.focus();
    this.addEventListener("keydown", e => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      this.onClose();
    });
  }

  private get shown(): [number, number] {
    const d = new Date(this.day ? dayBounds(this.day)[0] : Date.now());
    return this.month ?? [d.getFullYear(), d.getMonth()];
  }

  private move(months: number) {
    const [year, month] = this.shown;
    const d = new Date(year, month + months, 1);
    this.month = [d.getFullYear(), d.getMonth()];
  }

  private onKey(e: KeyboardEvent) {
    const rtl = getComputedStyle(this).direction === "rtl" ? -1 : 1;
    const step = { ArrowLeft: -rtl, ArrowRight: rtl, ArrowUp: -7, ArrowDown: 7 }[e.key];
    const days = [...this.querySelectorAll<HTMLButtonElement>(".month button")];
    const at = days.indexOf(document.activeElement as HTMLButtonElement);
    if (step === undefined || at < 0) return;
    e.preventDefault();
    days[Math.min(days.length - 1, Math.max(0, at + step))]?.focus();
  }

  private dayButton(
    year: number,
    month: number,
    day: number,
    visits: Map<string, number>,
    most: number,
  ) {
    const key = dayKey(new Date(year, month, day).getTime());
    const n = visits.get(key) ?? 0;
    const strength = n === 0 ? 0 : 0.12 + 0.6 * Math.sqrt(n / most);
    const label = `${dayFull(key)}: ${S.visitCount(n)}`;
    return html`<button
      ${styled({ "--activity": strength.toFixed(2) })}
      ?disabled=${n === 0}
      aria-label=${label}
      title=${label}
      aria-current=${key === this.day ? "date" : nothing}
      @click=${() => this.onPick(key)}
    >
      ${count(day)}
    </button>`;
  }

  override render() {
    const [year, month] = this.shown;
    const visits = new Map(this.days.map(d => [d.day, d.visits]));
    const most = Math.max(1, ...this.days.map(d => d.visits));
    const length = new Date(year, month + 1, 0).getDate();
    const offset = (new Date(year, month, 1).getDay() + 7 - (firstWeekday() % 7)) % 7;
    const oldest = this.days[this.days.length - 1]?.day ?? "";
    const newest = this.days[0]?.day ?? "";
    const key = dayKey(new Date(year, month, 1).getTime()).slice(0, 7);
    return html`<div class="calendar" role="group" aria-label=${S.calendar} @keydown=${this.onKey}>
      <div class="calendar-head">
        <button
          class="quiet icon-button back"
          aria-label=${S.previousMonth}
          ?disabled=${key <= oldest.slice(0, 7)}
          @click=${() => this.move(-1)}>${icon("chevron")}</button>
        <p aria-live="polite">${monthTitle(year, month)}</p>
        <button
          class="quiet icon-button"
          aria-label=${S.nextMonth}
          ?disabled=${key >= newest.slice(0, 7)}
          @click=${() => this.move(1)}>${icon("chevron")}</button>
      </div>
      <div class="month">
        ${weekdayNames().map(
          w => html`<span
            class="weekday"
            title=${w.long}
            aria-hidden="true">${w.short}</span>`,
        )}
        ${Array.from({ length: offset }, () => html`<span></span>`)}
        ${Array.from({ length }, (_, i) => this.dayButton(year, month, i + 1, visits, most))}
      </div>
    </div>`;
  }
}
customElements.define("visit-calendar", VisitCalendar);
