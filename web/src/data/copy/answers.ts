// What the services would answer, from the copy: the same JSON for the same address. What is not
// here is asked of the server.
import { dayBounds, dayKey } from "../day.js";
import type { Bookmarks, Days, Devices, DeviceTabs, Item, Site, Tag, Visit } from "../types.js";
import { countDay, hoursOf } from "./apply.js";
import {
  compareKeys,
  foldTag,
  openCopy,
  pageOfKey,
  STORES,
  visitKey,
  type CopyBookmark,
  type CopyDatabase,
  type CopyPage,
  type CopyState,
  type VisitKey,
} from "./store.js";

const LIMIT = 50;
const LIMIT_MAX = 500;
const AHEAD = 600_000; // ms: visits that are later than this from now are to come
const DAYS_MAX = 400 * 24 * 3600 * 1000;
const PAGE_VISITS = 1000;
const ROOTS: Record<string, string> = {
  places: "",
  toolbar: "Bookmarks Toolbar",
  menu: "Bookmarks Menu",
  unfiled: "Other Bookmarks",
  mobile: "Mobile Bookmarks",
};

export const beginReading = (db: CopyDatabase) => db.transaction(STORES, "readonly");
export type Reading = ReturnType<typeof beginReading>;
type Answer = object | undefined;

/** Reads in one transaction, if the copy is this account's and complete. */
export async function readCopy<T>(
  account: string,
  work: (transaction: Reading, state: CopyState) => Promise<T>,
): Promise<{ generation: number; value: T } | undefined> {
  try {
    const transaction = beginReading(await openCopy());
    const state = (await transaction.objectStore("meta").get("state")) as CopyState | undefined;
    if (!state?.confirmed || state.account !== account || state.generation === 0) return undefined;
    return { generation: state.generation, value: await work(transaction, state) };
  } catch {
    return undefined; // none, or it is being deleted
  }
}

/** Cursors begin with this: the server does not know them. */
const cursorOf = (...place: (string | number)[]) => "copy:" + JSON.stringify(place);

export interface Question {
  parameters: URLSearchParams;
  limit: number;
  after: (string | number)[] | null;
}

export function questionOf(parameters: URLSearchParams): Question | undefined {
  const limit = Number(parameters.get("limit") ?? LIMIT);
  const cursor = parameters.get("cursor") ?? "";
  if (!(limit >= 1 && limit <= LIMIT_MAX)) return undefined;
  if (cursor !== "" && !cursor.startsWith("copy:")) return undefined;
  const after = cursor === "" ? null : (JSON.parse(cursor.slice(5)) as (string | number)[]);
  return { parameters, limit, after };
}

/** The rows of a page, and where the next one begins. */
function paged<Row>(rows: Row[], limit: number, place: (row: Row) => (string | number)[]) {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { rows: rows.slice(0, limit), next: last === undefined ? null : cursorOf(...place(last)) };
}

// --- devices ---

const devicesOf = async (t: Reading) =>
  ((await t.objectStore("meta").get("devices")) ?? []) as DeviceTabs[];

async function tabs(t: Reading, { parameters }: Question): Promise<Answer> {
  const only = parameters.get("device");
  const devices = (await devicesOf(t)).filter(d => !d.hidden && (only === null || d.id === only));
  return { devices };
}

async function devices(t: Reading, { parameters }: Question): Promise<Answer> {
  const hidden = parameters.get("hidden") === "1";
  const rows = (await devicesOf(t))
    .filter(d => hidden || !d.hidden)
    .map(d => ({ ...d, tabs: d.tabs.length }));
  return { devices: rows } satisfies Devices;
}

// --- bookmarks ---

const titleOf = (b: CopyBookmark) => ROOTS[b.id] ?? b.title;

async function item(t: Reading, b: CopyBookmark): Promise<Item> {
  const own = b.kind === "bookmark";
  const page = own && b.page !== null ? await t.objectStore("pages").get(b.page) : undefined;
  const children = t.objectStore("bookmarks").index("tree");
  return {
    id: b.id,
    kind: b.kind as Item["kind"],
    title: titleOf(b),
    url: b.url,
    parent: b.parent,
    position: b.position,
    tags: b.tags,
    keyword: b.keyword,
    added: b.added,
    modified: b.modified,
    children: b.kind === "folder" ? await children.count(childrenOf(b.id)) : null,
    last_visit: own ? (page?.last_visit ?? null) : null,
    visit_count: own ? (page?.visit_count ?? 0) : null,
  };
}

export const items = (t: Reading, rows: CopyBookmark[]) => Promise.all(rows.map(b => item(t, b)));

// An array comes behind every text.
const childrenOf = (folder: string, after = -1) =>
  IDBKeyRange.bound([folder, after, []], [folder, []]);

async function folderOf(t: Reading, id: string): Promise<Bookmarks["folder"] | undefined> {
  const store = t.objectStore("bookmarks");
  const found = await store.get(id);
  if (!found) return id === "places" ? { id, title: "", path: [] } : undefined;
  if (found.kind !== "folder") return undefined;
  const path: { id: string; title: string | null }[] = [];
  const seen = new Set([id]);
  for (let up = found.parent; up && up !== "places" && !seen.has(up);) {
    const folder = await store.get(up);
    if (!folder) break;
    seen.add(up);
    path.unshift({ id: up, title: titleOf(folder) });
    up = folder.parent;
  }
  return { id, title: titleOf(found), path };
}

async function inFolder(t: Reading, id: string, { limit, after }: Question): Promise<Answer> {
  const folder = await folderOf(t, id);
  if (!folder) return undefined; // the server says what is the matter
  const range = childrenOf(id, after ? Number(after[0]) : -1);
  const found = await t
    .objectStore("bookmarks")
    .index("tree")
    .getAll(range, limit + 1);
  const { rows, next } = paged(found, limit, b => [b.position]);
  return { folder, items: await items(t, rows), next };
}

/** Newest first, ties by greater id. */
export const newestFirst = (a: CopyBookmark, b: CopyBookmark) =>
  (b.added ?? 0) - (a.added ?? 0) || (a.id < b.id ? 1 : -1);

async function byAdded(t: Reading, { limit, after }: Question): Promise<Answer> {
  const range = after && IDBKeyRange.upperBound(after, true);
  const found: CopyBookmark[] = [];
  let cursor = await t.objectStore("bookmarks").index("flat").openCursor(range, "prev");
  while (cursor && found.length <= limit) {
    found.push(cursor.value);
    cursor = await cursor.continue();
  }
  return flatList(t, found, limit);
}

export async function flatList(t: Reading, found: CopyBookmark[], limit: number): Promise<Answer> {
  const { rows, next } = paged(found, limit, b => [b.added ?? 0, b.id]);
  return { items: await items(t, rows), next };
}

/** From behind the place of a list, newest first. */
export const behind = <Row extends CopyBookmark>(rows: Row[], after: Question["after"]) => {
  const sorted = rows.sort(newestFirst);
  if (!after) return sorted;
  const [added, id] = after as [number, string];
  return sorted.filter(b => (b.added ?? 0) < added || ((b.added ?? 0) === added && b.id < id));
};

async function tagged(t: Reading, tag: string, { limit, after }: Question): Promise<Answer> {
  const index = t.objectStore("bookmarks").index("folded");
  return flatList(t, behind(await index.getAll(foldTag(tag)), after).slice(0, limit + 1), limit);
}

async function bookmarks(t: Reading, question: Question): Promise<Answer> {
  const { parameters } = question;
  const [folder, tag, sort] = ["folder", "tag", "sort"].map(name => parameters.get(name));
  if (sort !== null && sort !== "added") return undefined;
  if (folder || (!tag && !sort)) return inFolder(t, folder || "places", question);
  return tag ? tagged(t, tag, question) : byAdded(t, question);
}

async function bookmark(t: Reading, id: string): Promise<Answer> {
  const found = await t.objectStore("bookmarks").get(id);
  return found && { item: await item(t, found) };
}

/** In the order of their code points, which is that of their bytes. */
function compareTexts(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < x.length && i < y.length; i++)
    if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
  return x.length - y.length;
}

async function tags(t: Reading): Promise<Answer> {
  const found = new Map<string, Tag>();
  for (const b of await t.objectStore("bookmarks").getAll())
    for (const name of b.tags) {
      const folded = foldTag(name);
      const tag = found.get(folded);
      if (!tag) found.set(folded, { name, count: 1 });
      else {
        tag.count++;
        if (compareTexts(name, tag.name) < 0) tag.name = name;
      }
    }
  return {
    tags: [...found].sort(([a], [b]) => compareTexts(a, b)).map(([, tag]) => tag),
  };
}

// --- history ---

const number = (parameters: URLSearchParams, name: string) => {
  const text = parameters.get(name);
  return text ? Number(text) : 0;
};

export interface Span {
  from: number; // 0: open
  to: number;
  after: VisitKey | null;
  wanted: number; // rows
}

/** Gives the visits with from <= date < to, newest first. */
type Walk = (from: number, to: number | VisitKey, wanted: number) => Promise<VisitKey[]>;

/** Visits that are still to come (a clock was wrong) stand behind all others. */
export async function inParts({ from, to, after, wanted }: Span, walk: Walk): Promise<VisitKey[]> {
  const soon = Date.now() + AHEAD;
  const start = from || -Infinity;
  const end = to || Infinity;
  const found: VisitKey[] = [];
  const toCome = after !== null && after[0] >= soon;
  if (!toCome) found.push(...(await walk(start, after ?? Math.min(end, soon), wanted)));
  if (found.length < wanted && end > soon)
    found.push(
      ...(await walk(Math.max(start, soon), toCome && after ? after : end, wanted - found.length)),
    );
  return found;
}

const WHOLE = 3 * 24 * 3600 * 1000; // ms: a span of so many is read at once

const byDate =
  (t: Reading): Walk =>
  async (from, to, wanted) => {
    const end = typeof to === "number" ? to : to[0] + 1;
    if (from >= end) return [];
    const range = hoursOf(from, end);
    const found: VisitKey[] = [];
    const take = (keys: VisitKey[]) => {
      for (const k of keys)
        if (k[0] >= from && (typeof to === "number" ? k[0] < to : compareKeys(k, to) > 0))
          found.push(k);
    };
    const visits = t.objectStore("visits");
    if (end - from <= WHOLE) for (const keys of (await visits.getAll(range)).reverse()) take(keys);
    else {
      let cursor = await visits.openCursor(range, "prev");
      while (cursor && found.length < wanted) {
        take(cursor.value);
        cursor = await cursor.continue();
      }
    }
    return found.slice(0, wanted);
  };

/** Of some pages, which are in memory. */
export const ofPages = (keys: VisitKey[]): Walk => {
  keys.sort(compareKeys);
  return async (from, to, wanted) =>
    keys
      .filter(k => k[0] >= from && (typeof to === "number" ? k[0] < to : compareKeys(k, to) > 0))
      .slice(0, wanted);
};

export const keysOf = (pages: CopyPage[]): VisitKey[] =>
  pages.flatMap(p =>
    p.hidden ? [] : p.visits.filter(v => v[1] !== 4 && v[1] !== 8).map(v => visitKey(p.id, v)),
  );

export async function visitRows(t: Reading, keys: VisitKey[], limit: number): Promise<Answer> {
  const { rows, next } = paged(keys, limit, k => k);
  const pages = new Map<string, Promise<CopyPage | undefined>>();
  const pageOf = (id: string) => {
    let page = pages.get(id);
    if (!page) pages.set(id, (page = t.objectStore("pages").get(id)));
    return page;
  };
  const visits = await Promise.all(
    rows.map(async (key): Promise<Visit | undefined> => {
      const id = pageOfKey(key);
      const page = await pageOf(id);
      return (
        page && {
          url: page.url,
          title: page.title ?? page.bookmark_title,
          date: key[0],
          type: key[2],
          page: id,
          bookmarked: page.bookmarks > 0,
        }
      );
    }),
  );
  return { visits: visits.filter(v => v !== undefined), next };
}

export const spanOf = ({ parameters, limit, after }: Question): Span => ({
  from: number(parameters, "from"),
  to: number(parameters, "to"),
  after: after as VisitKey | null,
  wanted: limit + 1,
});

/** As pages have it: in small letters, other scripts encoded. */
export function hostOf(text: string): string {
  try {
    return new URL(`http://${text}`).hostname;
  } catch {
    return text.toLowerCase();
  }
}

async function visits(t: Reading, question: Question): Promise<Answer> {
  const given = question.parameters.get("host");
  const host = given && hostOf(given);
  const walk = host
    ? ofPages(keysOf(await t.objectStore("pages").index("host").getAll(host)))
    : byDate(t);
  return visitRows(t, await inParts(spanOf(question), walk), question.limit);
}

async function days(t: Reading, { parameters }: Question, state: CopyState): Promise<Answer> {
  const from = number(parameters, "from");
  const to = number(parameters, "to");
  if (parameters.get("tz") !== state.zone || !from || !to || to < from || to - from > DAYS_MAX)
    return undefined;
  /** A day of which the span has only a part. */
  const part = async (key: string) => {
    const [begin, end] = dayBounds(key);
    const [since, until] = [Math.max(begin, from), Math.min(end, to)];
    if (since >= until) return null;
    const hours = await t.objectStore("visits").getAll(hoursOf(since, until));
    return countDay(
      hours.flat().filter(k => k[0] >= since && k[0] < until),
      key,
    );
  };
  const [first, last] = [dayKey(from), dayKey(to)];
  const between =
    first < last
      ? await t.objectStore("days").getAll(IDBKeyRange.bound(first, last, true, true))
      : [];
  const parts = await Promise.all([...new Set([last, first])].map(part));
  return {
    days: [...between, ...parts.filter(d => d !== null && d.visits > 0)].sort((a, b) =>
      a!.day < b!.day ? 1 : -1,
    ),
  } as Days;
}

async function sites(t: Reading, { parameters, limit, after }: Question): Promise<Answer> {
  const part = parameters.get("q")?.toLowerCase() ?? "";
  const index = t.objectStore("sites").index("rank");
  const range = after && IDBKeyRange.lowerBound([-Number(after[0]), String(after[1])], true);
  const found = part
    ? (await index.getAll(range)).filter(s => s.host.includes(part))
    : await index.getAll(range, limit + 1);
  const { rows, next } = paged(found, limit, s => [s.visits, s.host]);
  return {
    sites: rows.map(({ host, pages, visits, last_visit }): Site => ({
      host,
      pages,
      visits,
      last_visit: last_visit || null,
    })),
    next,
  };
}

async function page(t: Reading, id: string): Promise<Answer> {
  const found = await t.objectStore("pages").get(id);
  if (!found) return undefined;
  const marks = await t.objectStore("bookmarks").index("page").getAll(id);
  return {
    page: {
      id: found.id,
      url: found.url,
      title: found.bookmark_title ?? found.title,
      frecency: found.frecency,
      visit_count: found.visit_count,
      last_visit: found.last_visit,
      bookmarks: await items(t, marks.sort(newestFirst)),
      visits: [...found.visits]
        .sort((a, b) => b[0] - a[0] || b[1] - a[1])
        .slice(0, PAGE_VISITS)
        .map(([date, type]) => ({ date, type })),
    },
  };
}

/**
 * What is visited most, for Home: pages by frecency, one of each site, where the server joins what
 * is one address. Searching is the server's.
 */
async function top(t: Reading, { parameters, limit }: Question): Promise<Answer> {
  if (parameters.get("in")) return undefined;
  const results: object[] = [];
  const seen = new Set<string>();
  let cursor = await t.objectStore("pages").index("frecency").openCursor(null, "prev");
  for (; cursor && results.length < limit; cursor = await cursor.continue()) {
    const p = cursor.value;
    if (p.frecency <= 0 || (p.hidden && p.bookmarks === 0) || !/^https?:/.test(p.url)) continue;
    if (seen.has(p.host)) continue;
    seen.add(p.host);
    results.push({
      kind: p.bookmarks > 0 ? "bookmark" : "history",
      url: p.url,
      title: p.bookmark_title ?? p.title ?? "",
      frecency: p.frecency,
      last_visit: p.last_visit,
      tags: [],
      bookmark: null,
      keyword: null,
      page: p.id,
      devices: [],
    });
  }
  return { results };
}

/** undefined: the copy cannot say, ask the server. */
export async function answerOf(account: string, path: string) {
  const { pathname, searchParams } = new URL(path, "https://copy.invalid");
  const question = questionOf(searchParams);
  if (!question || (searchParams.get("q") && pathname !== "/history/sites")) return undefined;
  const [, name, id = ""] = /^(\/(?:bookmarks|pages)\/)?(.*)$/.exec(pathname)!;
  return readCopy(account, async (t, state): Promise<Answer> => {
    if (name === "/bookmarks/") return bookmark(t, decodeURIComponent(id));
    if (name === "/pages/") return page(t, id);
    switch (pathname) {
      case "/tabs":
        return tabs(t, question);
      case "/devices":
        return devices(t, question);
      case "/bookmarks":
        return bookmarks(t, question);
      case "/tags":
        return tags(t);
      case "/history":
        return visits(t, question);
      case "/history/days":
        return days(t, question, state);
      case "/history/sites":
        return sites(t, question);
      case "/search":
        return top(t, question);
    }
    return undefined;
  });
}
