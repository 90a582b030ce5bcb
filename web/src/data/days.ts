// All of history by day: how many visits each day has, newest first, and the visits of the days
// that were looked at.
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError, query } from "./api.js";
import { onChange } from "./events.js";
import { read } from "./read.js";
import { dayBounds, zone } from "../parts/time.js";
import type { Day, Days, Visit, Visits } from "./types.js";

const WINDOW = 399 * 24 * 3600 * 1000;
const PAGE = 500;
const AT_ONCE = 3; // days fetched at the same time
const KEPT_DAYS = 120;

interface Loaded {
  visits: Visit[];
  next: string | null; // "": from the start
  loading: boolean;
}

export class HistoryDays implements ReactiveController {
  days: Day[] = [];
  complete = false;
  error?: ApiError;
  version = 0; // grows with each change of visits
  private started = false;
  private readonly loaded = new Map<string, Loaded>();
  private wanted: { day: string; rows: number }[] = [];
  private fetching = 0;
  private round = 0;
  private stop?: () => void;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }
  hostConnected() {
    this.stop = onChange(changed => {
      if (this.started && changed.includes("history")) void this.load();
    });
  }
  hostDisconnected() {
    this.stop?.();
    this.round++;
  }

  start() {
    if (!this.started) void this.load();
  }

  /**
   * The plan of all days, a year or so at a time; what is shown stays until the new one is there.
   */
  async load() {
    this.started = true;
    const round = ++this.round;
    const first = this.days.length === 0;
    const days: Day[] = [];
    let to: number | null = planEnd();
    try {
      while (to !== null) {
        const answer: Days = await read<Days>(
          "/history/days" + query({ from: to - WINDOW, to, tz: zone }),
        );
        const older: Visits = await read<Visits>("/history" + query({ to: to - WINDOW, limit: 1 }));
        if (round !== this.round) return;
        days.push(...merge(days, answer.days));
        // Windows cut at any moment: the next one ends with the visit that comes before.
        to = older.visits[0] ? Math.min(to - WINDOW, older.visits[0].date + 1) : null;
        if (first) this.take(days, to === null);
      }
      this.error = undefined;
      this.take(days, true);
    } catch (e) {
      if (round !== this.round) return;
      this.error = e instanceof ApiError ? e : new ApiError(-1, "app", String(e));
    }
    this.host.requestUpdate();
  }

  private take(days: Day[], complete: boolean) {
    const before = new Map(this.days.map(d => [d.day, d.visits]));
    for (const day of days) if (before.get(day.day) !== day.visits) this.loaded.delete(day.day);
    this.days = [...days];
    this.complete = complete;
    this.version++;
    this.host.requestUpdate();
  }

  visit(day: string, row: number): Visit | undefined {
    return this.loaded.get(day)?.visits[row];
  }

  /** What is in sight now: [day, rows that are needed]; earlier wishes are dropped. */
  want(list: { day: string; rows: number }[]) {
    this.wanted = list;
    this.work();
  }

  private work() {
    while (this.fetching < AT_ONCE) {
      const next = this.wanted.find(w => {
        const l = this.loaded.get(w.day);
        return !l || (!l.loading && l.next !== null && l.visits.length < w.rows);
      });
      if (!next) return;
      void this.fetchDay(next.day);
    }
  }

  private async fetchDay(day: string) {
    const entry = this.loaded.get(day) ?? { visits: [], next: "", loading: false };
    this.loaded.delete(day);
    this.loaded.set(day, entry);
    entry.loading = true;
    this.fetching++;
    const [from, to] = dayBounds(day);
    try {
      const answer = await read<Visits>(
        "/history" + query({ from, to, limit: PAGE, cursor: entry.next }),
      );
      entry.visits.push(...answer.visits);
      entry.next = answer.next;
    } catch (e) {
      this.error = e instanceof ApiError ? e : undefined;
      entry.next = null;
      if (this.error?.code === "copy_gone") {
        this.error = undefined;
        this.loaded.delete(day); // from the start, from the server
      }
    }
    entry.loading = false;
    this.fetching--;
    this.version++;
    this.forgetOld();
    this.host.requestUpdate();
    this.work();
  }

  private forgetOld() {
    const inSight = new Set(this.wanted.map(w => w.day));
    for (const day of this.loaded.keys()) {
      if (this.loaded.size <= KEPT_DAYS) return;
      if (!inSight.has(day)) this.loaded.delete(day);
    }
  }

  retry() {
    this.error = undefined;
    for (const [day, entry] of this.loaded)
      if (entry.next === null && entry.visits.length === 0) this.loaded.delete(day);
    void this.load();
  }
}

/**
 * The end of a month that is not over for two days at least (clocks differ): the same addresses all
 * month, so that they are found offline.
 */
function planEnd(): number {
  const d = new Date(Date.now() + 2 * 24 * 3600 * 1000);
  return new Date(d.getFullYear(), d.getMonth() + 1, 1).getTime();
}

/** Days of an older window; one that the cut divides is joined with its newer part. */
function merge(newer: Day[], days: Day[]): Day[] {
  const last = newer[newer.length - 1];
  const [first, ...rest] = days;
  if (!last || !first || last.day !== first.day) return days;
  last.visits += first.visits;
  last.pages = Math.max(last.pages, first.pages);
  return rest;
}
