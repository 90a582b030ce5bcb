// Words without the server: in the copy. Its text is read once and kept while the page lives. Words
// are found as the server finds them in lists, but for letters that only it takes for others (ł).
import { own } from "../base.js";
import {
  behind,
  flatList,
  hostOf,
  inParts,
  keysOf,
  ofPages,
  questionOf,
  readCopy,
  spanOf,
  visitRows,
} from "./copy/answers.js";
import type { CopyItem, CopyPage } from "./copy/store.js";
import { read } from "./read.js";
import { lastUsedFirst } from "./tabs.js";
import type { Result, Tabs } from "./types.js";
import { foldText, readable, wordsOf } from "../parts/text.js";

const RESULTS = 20;
const PIECE = 5000;

interface Known<Row> {
  row: Row;
  text: string; // folded: title, address, tags
}
interface Texts {
  generation: number;
  pages: Known<CopyPage>[]; // greatest frecency first
  bookmarks: Known<CopyItem>[];
}
let texts: Texts | undefined;

const account = () => localStorage.getItem(own("account")) ?? "";
const textOf = (...parts: (string | null)[]) => foldText(parts.join("\n"));
const has = (words: string[]) => (known: { text: string }) =>
  words.every(w => known.text.includes(w));

async function loadTexts(): Promise<Texts | undefined> {
  const found = await readCopy(account(), async (t, { generation }) => {
    if (texts?.generation === generation) return texts;
    const items = await t.objectStore("bookmarks").getAll();
    const tags = new Map(items.map(b => [b.page, b.tags]));
    const pages: CopyPage[] = [];
    for (let last: string | undefined; ; last = pages.at(-1)!.id) {
      const range: IDBKeyRange | null = last ? IDBKeyRange.lowerBound(last, true) : null;
      const rows = await t.objectStore("pages").getAll(range, PIECE);
      pages.push(...rows);
      if (rows.length < PIECE) break;
    }
    pages.sort((a, b) => b.frecency - a.frecency);
    return {
      generation,
      pages: pages.map(row => ({
        row,
        text: textOf(
          row.bookmark_title ?? row.title,
          readable(row.url),
          ...(tags.get(row.id) ?? []),
        ),
      })),
      bookmarks: items.map(row => ({
        row,
        text: textOf(row.title, readable(row.url ?? ""), ...row.tags),
      })),
    };
  });
  return (texts = found?.value);
}

const KINDS: Record<string, (page: CopyPage) => boolean> = {
  "": p => p.bookmarks > 0 || (!p.hidden && p.last_visit !== null),
  tabs: () => false,
  bookmarks: p => p.bookmarks > 0,
  history: p => !p.hidden && p.last_visit !== null,
};

async function tabsOffline(words: string[]): Promise<Result[]> {
  const tabs = await read<Tabs>("/tabs").catch(() => null);
  const found = new Map<string, Result>();
  for (const device of tabs?.devices ?? [])
    for (const tab of lastUsedFirst(device.tabs))
      if (!found.has(tab.url) && has(words)({ text: textOf(tab.title, readable(tab.url)) }))
        found.set(tab.url, {
          kind: "tab",
          url: tab.url,
          title: tab.title,
          frecency: 0,
          last_visit: tab.last_used,
          tags: [],
          bookmark: null,
          keyword: null,
          page: null,
          devices: [{ id: device.id, name: device.name, last_used: tab.last_used }],
        });
  return [...found.values()];
}

/** Tabs that have the words, then pages, those that are visited most first. */
export async function searchOffline(words: string[], kind: string): Promise<Result[]> {
  const found = new Map<string, Result>();
  if (words.length > 0 && (kind === "" || kind === "tabs"))
    for (const tab of (await tabsOffline(words)).slice(0, kind === "" ? RESULTS / 3 : RESULTS))
      found.set(tab.url, tab);
  const known = await loadTexts();
  for (const { row, text } of known?.pages ?? []) {
    if (found.size >= RESULTS) break;
    const wanted = row.frecency > 0 && !row.url.startsWith("javascript:") && KINDS[kind]!(row);
    if (!wanted || found.has(row.url) || !has(words)({ text })) continue;
    const marks = known!.bookmarks.filter(b => b.row.page === row.id).map(b => b.row);
    found.set(row.url, {
      kind: row.bookmarks > 0 ? "bookmark" : "history",
      url: row.url,
      title: row.bookmark_title ?? row.title ?? "",
      frecency: row.frecency,
      last_visit: row.last_visit,
      tags: marks[0]?.tags ?? [],
      bookmark: behind(marks, null)[0]?.id ?? null,
      keyword: null,
      page: row.id,
      devices: [],
    });
  }
  return [...found.values()];
}

/** A list that words narrow, when the server cannot be asked for it; undefined: not this one. */
export async function listOffline(path: string): Promise<object | undefined> {
  const { pathname, searchParams } = new URL(path, "https://copy.invalid");
  const words = wordsOf(searchParams.get("q") ?? "");
  const question = questionOf(searchParams);
  const wanted = pathname === "/history" || pathname === "/bookmarks";
  if (!question || !wanted || words.length === 0) return undefined;
  const known = await loadTexts();
  if (!known) return undefined;
  const { limit, after } = question;
  const given = searchParams.get("host");
  const host = given && hostOf(given);
  const found = await readCopy(account(), async t => {
    if (pathname === "/bookmarks") {
      const rows = known.bookmarks.filter(b => b.row.flat).filter(has(words));
      return flatList(
        t,
        behind(
          rows.map(b => b.row),
          after,
        ),
        limit,
      );
    }
    const pages = known.pages.filter(has(words)).map(p => p.row);
    const walk = ofPages(keysOf(host ? pages.filter(p => p.host === host) : pages));
    return visitRows(t, await inParts(spanOf(question), walk), limit);
  });
  return found?.value;
}
