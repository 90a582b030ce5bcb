// Dates, times and numbers as the person's language writes them.
import { dayBounds, dayKey } from "../data/day.js";

export { dayBounds, dayKey, zone } from "../data/day.js";

const locale = navigator.language;
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "long" });
const timeOfDay = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const dayName = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const dayNameYear = new Intl.DateTimeFormat(locale, {
  weekday: "short",
  day: "numeric",
  month: "long",
  year: "numeric",
});
const dateAndTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const shortDate = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const shortDateYear = new Intl.DateTimeFormat(locale, {
  day: "numeric",
  month: "short",
  year: "numeric",
});
const number = new Intl.NumberFormat(locale);

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const count = (n: number) => number.format(n);
export const clock = (ms: number) => timeOfDay.format(ms);
export const moment = (ms: number) => dateAndTime.format(ms);

/** "3 minutes ago", "yesterday", "12 March". */
export function ago(ms: number, now = Date.now()): string {
  const past = Math.max(0, now - ms);
  if (past < 45 * SECOND) return relative.format(0, "second");
  if (past < HOUR) return relative.format(-Math.round(past / MINUTE), "minute");
  const days = dayDistance(ms, now);
  if (days === 0) return relative.format(-Math.round(past / HOUR), "hour");
  if (days < 7) return relative.format(-days, "day");
  return sameYear(ms, now) ? shortDate.format(ms) : shortDateYear.format(ms);
}

function sameYear(a: number, b: number) {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}

function midnight(ms: number) {
  const d = new Date(ms);
  return new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
}

function dayDistance(ms: number, now: number) {
  return Math.round((midnight(now) - midnight(ms)) / DAY);
}

export function isDayKey(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && dayKey(dayBounds(text)[0]) === text;
}

/** "Monday, 23 November 2026". */
export const dayFull = (key: string) => dayNameYear.format(dayBounds(key)[0]);

/** "Today", "Yesterday", "Monday, 23 November". */
export function dayTitle(key: string, now = Date.now()): string {
  const [from] = dayBounds(key);
  const days = dayDistance(from, now);
  if (days === 0 || days === 1) {
    const text = relative.format(-days, "day");
    return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
  }
  return sameYear(from, now) ? dayName.format(from) : dayNameYear.format(from);
}

export function monthTitle(year: number, month: number): string {
  return new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" }).format(
    new Date(year, month, 1),
  );
}

/** First day of the week: 1 is Monday, 7 is Sunday. */
export function firstWeekday(): number {
  const l = new Intl.Locale(locale) as Intl.Locale & {
    weekInfo?: { firstDay: number };
    getWeekInfo?: () => { firstDay: number };
  };
  return l.getWeekInfo?.().firstDay ?? l.weekInfo?.firstDay ?? 1;
}

/** One letter or so for each day of the week, in the order of the week. */
export function weekdayNames(): { short: string; long: string }[] {
  const first = firstWeekday();
  return Array.from({ length: 7 }, (_, i) => {
    const day = new Date(2024, 0, 1 + ((first - 1 + i) % 7)); // 1 January 2024 was a Monday
    return {
      short: new Intl.DateTimeFormat(locale, { weekday: "narrow" }).format(day),
      long: new Intl.DateTimeFormat(locale, { weekday: "long" }).format(day),
    };
  });
}
