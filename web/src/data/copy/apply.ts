// Answers of GET /changes, into the copy. One transaction for each: whoever is ended in between
// goes on behind the last.
import { dayBounds, dayKey } from "../day.js";
import {
  compareKeys,
  hourOf,
  itemOf,
  listedVisits,
  visitKey,
  type CopyBookmark,
  type CopyDatabase,
  type CopyDay,
  type CopyPage,
  type CopySite,
  type CopyState,
  type CopyVisit,
  type VisitKey,
  STORES,
} from "./store.js";

type Removal =
  | { kind: "visit"; page: string; date: number; type: number }
  | { kind: "page"; page: string }
  | { kind: "bookmark"; id: string };

export interface Changes {
  generation: number;
  since: number;
  pages: CopyPage[];
  bookmarks: (CopyBookmark | { id: string; removed: true })[];
  devices: unknown[] | null;
  removals: Removal[];
  next: string | null;
}

/** The copy is another one by now, or somebody signs in: what was asked for is of no use. */
export class Superseded extends Error {}

const begin = (db: CopyDatabase) => db.transaction(STORES, "readwrite");
type Writing = ReturnType<typeof begin>;

/** All of it or nothing. What the work returns becomes the state. */
async function write(
  db: CopyDatabase,
  state: CopyState,
  work: (transaction: Writing) => Promise<Partial<CopyState>>,
): Promise<CopyState> {
  const transaction = begin(db);
  const done = transaction.done.catch(() => {}); // why is said below
  try {
    const meta = transaction.objectStore("meta");
    const found = (await meta.get("state")) as CopyState | undefined;
    if (!found?.confirmed || found.run !== state.run) throw new Superseded();
    const next = { ...found, ...(await work(transaction)) };
    await meta.put(next, "state");
    await transaction.done;
    return next;
  } catch (e) {
    try {
      transaction.abort();
    } catch {
      // it is over
    }
    await done;
    throw transaction.error ?? e;
  }
}

// --- pages ---

/** Pages as they were and as they become. */
interface Pages {
  before: Map<string, CopyPage | undefined>;
  now: Map<string, CopyPage | undefined>;
}

const same = (a: CopyVisit, b: CopyVisit) => a[0] === b[0] && a[1] === b[1];

function joinVisits(kept: CopyVisit[], more: CopyVisit[]): CopyVisit[] {
  if (kept.length === 0) return more;
  const known = new Set(kept.map(String));
  return [...kept, ...more.filter(v => !known.has(String(v)))];
}

async function readPages(transaction: Writing, changes: Changes): Promise<Pages> {
  const store = transaction.objectStore("pages");
  const ids = new Set(changes.pages.map(p => p.id));
  for (const r of changes.removals) if (r.kind !== "bookmark") ids.add(r.page);
  const before = new Map<string, CopyPage | undefined>();
  await Promise.all([...ids].map(async id => before.set(id, await store.get(id))));
  const now = new Map(before);
  for (const page of changes.pages)
    now.set(page.id, { ...page, visits: joinVisits(now.get(page.id)?.visits ?? [], page.visits) });
  for (const r of changes.removals) {
    if (r.kind === "page") now.set(r.page, undefined);
    const page = r.kind === "visit" ? now.get(r.page) : undefined;
    if (page && r.kind === "visit")
      now.set(r.page, { ...page, visits: page.visits.filter(v => !same(v, [r.date, r.type])) });
  }
  return { before, now };
}

/** Visits that came and went, by hour. */
type Hours = Map<number, { came: VisitKey[]; went: Set<string> }>;

/** Returns what changed of the visits that lists show. */
function writePages(transaction: Writing, { before, now }: Pages, writes: Promise<unknown>[]) {
  const pages = transaction.objectStore("pages");
  const hours: Hours = new Map();
  const hour = (v: CopyVisit) => {
    const found = hours.get(hourOf(v[0])) ?? { came: [], went: new Set() };
    hours.set(hourOf(v[0]), found);
    return found;
  };
  for (const [id, page] of now) {
    writes.push(page ? pages.put(page) : pages.delete(id));
    const old = listedVisits(before.get(id));
    const listed = listedVisits(page);
    const known = new Set(old.map(String));
    const wanted = new Set(listed.map(String));
    for (const v of listed) if (!known.has(String(v))) hour(v).came.push(visitKey(id, v));
    for (const v of old) if (!wanted.has(String(v))) hour(v).went.add(String(visitKey(id, v)));
  }
  return hours;
}

/** Returns their dates. */
async function writeVisits(transaction: Writing, hours: Hours): Promise<number[]> {
  const visits = transaction.objectStore("visits");
  const dates: number[] = [];
  for (const [hour, { came, went }] of hours) {
    const old = (await visits.get(hour)) ?? [];
    const kept = old.filter(k => !went.has(String(k)));
    const keys = [...kept, ...came].sort(compareKeys);
    await (keys.length > 0 ? visits.put(keys, hour) : visits.delete(hour));
    for (const k of came) dates.push(k[0]);
    for (const k of old) if (went.has(String(k))) dates.push(k[0]);
  }
  return dates;
}

// --- what is counted: days and sites ---

export function countDay(keys: VisitKey[], day: string): CopyDay {
  return { day, visits: keys.length, pages: new Set(keys.map(k => k[1])).size };
}

/** Those of the hours that a span touches: from <= date < to. */
export const hoursOf = (from: number, to: number) =>
  IDBKeyRange.bound(hourOf(from), hourOf(to - 1));

async function recountDays(transaction: Writing, dates: number[]) {
  const days = transaction.objectStore("days");
  for (const day of new Set(dates.map(dayKey))) {
    const [from, to] = dayBounds(day);
    const hours = await transaction.objectStore("visits").getAll(hoursOf(from, to));
    const keys = hours.flat().filter(k => k[0] >= from && k[0] < to);
    await (keys.length > 0 ? days.put(countDay(keys, day)) : days.delete(day));
  }
}

/** Pages that nobody has been at are no history, nor are hidden ones. */
const siteOf = (page: CopyPage | undefined) =>
  page && !page.hidden && page.last_visit !== null ? page.host || undefined : undefined;

const siteRow = (host: string, pages: number, visits: number, last: number): CopySite => ({
  host,
  pages,
  visits,
  last_visit: last,
  rank: [-visits, host],
});

interface SiteChange {
  pages: number;
  visits: number;
  last: number; // the newest that came
  lost: number; // the newest that went
}

function siteChanges({ before, now }: Pages): Map<string, SiteChange> {
  const found = new Map<string, SiteChange>();
  const add = (page: CopyPage | undefined, sign: 1 | -1) => {
    const host = siteOf(page);
    if (!page || host === undefined) return;
    const change = found.get(host) ?? { pages: 0, visits: 0, last: 0, lost: 0 };
    change.pages += sign;
    change.visits += sign * page.visit_count;
    const which = sign > 0 ? "last" : "lost";
    change[which] = Math.max(change[which], page.last_visit ?? 0);
    found.set(host, change);
  };
  for (const [id, page] of now) {
    add(before.get(id), -1);
    add(page, 1);
  }
  return found;
}

async function recountSites(transaction: Writing, pages: Pages) {
  const sites = transaction.objectStore("sites");
  for (const [host, change] of siteChanges(pages)) {
    const site = (await sites.get(host)) ?? siteRow(host, 0, 0, 0);
    const count = site.pages + change.pages;
    let last = Math.max(site.last_visit, change.last);
    if (change.last < site.last_visit && change.lost >= site.last_visit) {
      const index = transaction.objectStore("pages").index("host");
      last = (await index.getAll(host))
        .filter(p => siteOf(p))
        .reduce((newest, p) => Math.max(newest, p.last_visit ?? 0), 0);
    }
    await (count > 0
      ? sites.put(siteRow(host, count, site.visits + change.visits, last))
      : sites.delete(host));
  }
}

// --- all of it ---

function collectionsOf(changes: Changes, { before, now }: Pages): string[] {
  const found = new Set<string>();
  if (now.size > 0) found.add("history");
  // A bookmark says when its page was visited.
  for (const [id, page] of now)
    if (page?.bookmarks || before.get(id)?.bookmarks) found.add("bookmarks");
  if (changes.bookmarks.length > 0 || changes.removals.some(r => r.kind === "bookmark"))
    found.add("bookmarks");
  if (changes.devices) for (const c of ["devices", "tabs"]) found.add(c);
  return [...found];
}

function writeBookmarks(transaction: Writing, changes: Changes, writes: Promise<unknown>[]) {
  const store = transaction.objectStore("bookmarks");
  for (const b of changes.bookmarks)
    writes.push("removed" in b ? store.delete(b.id) : store.put(itemOf(b)));
  for (const r of changes.removals) if (r.kind === "bookmark") writes.push(store.delete(r.id));
}

/** One answer. Of what it changed the names are added to `ret_collections`. */
export function applyChanges(
  db: CopyDatabase,
  state: CopyState,
  changes: Changes,
  collections: Set<string>,
): Promise<CopyState> {
  const filling = state.generation === 0;
  return write(db, state, async transaction => {
    const pages = await readPages(transaction, changes);
    const writes: Promise<unknown>[] = [];
    const hours = writePages(transaction, pages, writes);
    writeBookmarks(transaction, changes, writes);
    if (changes.devices)
      writes.push(transaction.objectStore("meta").put(changes.devices, "devices"));
    await Promise.all(writes);
    if (!filling) {
      await recountDays(transaction, await writeVisits(transaction, hours));
      await recountSites(transaction, pages);
    }
    for (const c of collectionsOf(changes, pages)) collections.add(c);
    if (changes.next !== null) return { cursor: changes.next };
    return {
      cursor: null,
      ...(filling ? { reached: changes.generation } : { generation: changes.generation }),
    };
  });
}

const PIECE = 2000;

interface Counts {
  hours: Map<number, VisitKey[]>;
  days: Map<string, { visits: number; pages: Set<string> }>;
  sites: Map<string, CopySite>;
}

function countPage(page: CopyPage, { hours, days, sites }: Counts) {
  for (const v of listedVisits(page)) {
    const hour = hourOf(v[0]);
    const keys = hours.get(hour);
    if (keys) keys.push(visitKey(page.id, v));
    else hours.set(hour, [visitKey(page.id, v)]);
    const name = dayKey(v[0]);
    const day = days.get(name) ?? { visits: 0, pages: new Set() };
    day.visits++;
    day.pages.add(page.id);
    days.set(name, day);
  }
  const host = siteOf(page);
  if (host === undefined) return;
  const site = sites.get(host) ?? siteRow(host, 0, 0, 0);
  const last = Math.max(site.last_visit, page.last_visit ?? 0);
  sites.set(host, siteRow(host, site.pages + 1, site.visits + page.visit_count, last));
}

/**
 * Lists and counts, anew from all pages: visits by hour, days, sites. The copy is of the generation
 * that it has reached.
 */
export function countAll(db: CopyDatabase, state: CopyState, zone: string): Promise<CopyState> {
  return write(db, state, async transaction => {
    const counts: Counts = { hours: new Map(), days: new Map(), sites: new Map() };
    for (let last: string | undefined; ;) {
      const range: IDBKeyRange | undefined = last ? IDBKeyRange.lowerBound(last, true) : undefined;
      const rows = await transaction.objectStore("pages").getAll(range, PIECE);
      for (const page of rows) countPage(page, counts);
      last = rows.at(-1)?.id;
      if (rows.length < PIECE) break;
    }
    const visits = transaction.objectStore("visits");
    const dayStore = transaction.objectStore("days");
    const siteStore = transaction.objectStore("sites");
    await Promise.all([visits.clear(), dayStore.clear(), siteStore.clear()]);
    await Promise.all([
      ...[...counts.hours].map(([hour, keys]) => visits.put(keys.sort(compareKeys), hour)),
      ...[...counts.days].map(([day, { visits, pages }]) =>
        dayStore.put({ day, visits, pages: pages.size }),
      ),
      ...[...counts.sites.values()].map(s => siteStore.put(s)),
    ]);
    return { generation: state.reached || state.generation, reached: 0, zone };
  });
}
