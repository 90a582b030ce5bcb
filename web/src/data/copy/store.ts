// The copy of an account in this browser: what is in it, and who may read it. The service worker
// writes (follow.ts), pages read (answers.ts). Each transaction has `meta` and looks there whose
// copy it is.
import { own } from "../../base.js";
import { openDB, type DBSchema, type IDBPDatabase } from "idb";

export const COPY = own("data-copy");
const VERSION = 1;

/** [date, type] */
export type CopyVisit = [number, number];

/** As GET /changes has it, with all visits. */
export interface CopyPage {
  id: string;
  url: string;
  host: string;
  title: string | null;
  bookmark_title: string | null;
  bookmarks: number;
  frecency: number;
  visit_count: number;
  last_visit: number | null;
  typed: boolean;
  hidden: boolean;
  visits: CopyVisit[];
}

export interface CopyBookmark {
  id: string;
  kind: string;
  title: string | null;
  url: string | null;
  page: string | null;
  parent: string | null;
  position: number;
  tags: string[];
  keyword: string | null;
  added: number | null;
  modified: number | null;
}

/** What flat lists and tags are found by. */
export interface CopyItem extends CopyBookmark {
  flat?: [number, string]; // added, id; not of folders and separators
  folded: string[]; // its tags
}

export interface CopyState {
  account: string;
  /**
   * Nobody has signed in since the server said whose session this is. Without it nothing is read.
   */
  confirmed: boolean;
  doubted?: number; // when somebody began to sign in last, ms
  generation: number; // that the copy is of; 0: it is not complete yet
  cursor: string | null; // where the changes since then go on
  reached: number; // > 0: all is here, and days and sites are to be counted for this generation
  zone: string; // of the days
  run: number; // another one each time the copy begins anew
}

export interface CopySite {
  host: string;
  pages: number;
  visits: number;
  last_visit: number;
  rank: [number, string]; // -visits, host
}

export interface CopyDay {
  day: string;
  visits: number;
  pages: number;
}

/** date, page (made of one length), type */
export type VisitKey = [number, string, number];

interface Schema extends DBSchema {
  meta: { key: string; value: unknown }; // "state": CopyState; "devices": those of /tabs
  pages: { key: string; value: CopyPage; indexes: { host: string; frecency: number } };
  visits: { key: number; value: VisitKey[] }; // those that lists show, by hour, newest first
  bookmarks: {
    key: string;
    value: CopyItem;
    indexes: {
      tree: [string, number, string];
      flat: [number, string];
      page: string;
      folded: string;
    };
  };
  sites: { key: string; value: CopySite; indexes: { rank: [number, string] } };
  days: { key: string; value: CopyDay };
}

export type CopyDatabase = IDBPDatabase<Schema>;
export const STORES = ["meta", "pages", "visits", "bookmarks", "sites", "days"] as const;

const openAs = (make: boolean) =>
  openDB<Schema>(COPY, VERSION, {
    upgrade(db, _before, _now, transaction) {
      if (!make) {
        transaction.done.catch(() => {});
        return transaction.abort(); // who only reads leaves no empty one behind
      }
      for (const name of [...db.objectStoreNames]) db.deleteObjectStore(name);
      db.createObjectStore("meta");
      const pages = db.createObjectStore("pages", { keyPath: "id" });
      pages.createIndex("host", "host");
      pages.createIndex("frecency", "frecency");
      db.createObjectStore("visits");
      const bookmarks = db.createObjectStore("bookmarks", { keyPath: "id" });
      bookmarks.createIndex("tree", ["parent", "position", "id"]);
      bookmarks.createIndex("flat", "flat");
      bookmarks.createIndex("page", "page");
      bookmarks.createIndex("folded", "folded", { multiEntry: true });
      db.createObjectStore("sites", { keyPath: "host" }).createIndex("rank", "rank");
      db.createObjectStore("days", { keyPath: "day" });
    },
    blocking() {
      closeCopy(); // it is being deleted
    },
    terminated() {
      opened = undefined;
    },
  });

const PATIENCE = 5000; // ms

/** Rejects when it takes long: a page that sleeps may keep a database from being opened. */
function soon<T>(what: Promise<T>, late = () => {}): Promise<T> {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => {
      late();
      failed(new DOMException("it takes too long", "TimeoutError"));
    }, PATIENCE);
    void what.then(done, failed).then(() => clearTimeout(timer));
  });
}

let opened: Promise<CopyDatabase> | undefined;
let hanging: Promise<CopyDatabase> | undefined; // it was waited for once, that is enough

/**
 * `make`: also when there is none. Rejects when there is none, no database at all, or not soon.
 */
export function openCopy(make = false): Promise<CopyDatabase> {
  const mine = openOnce(make);
  if (mine === hanging) return Promise.reject(new DOMException("it hangs", "TimeoutError"));
  return soon(mine, () => (hanging = mine));
}

function openOnce(make: boolean): Promise<CopyDatabase> {
  if (!opened) {
    const mine = openAs(make);
    opened = mine;
    mine.then(
      () => (hanging = undefined),
      () => {
        if (opened === mine) opened = undefined;
      },
    );
  }
  return opened;
}

export function closeCopy() {
  void opened?.then(
    db => db.close(),
    () => {},
  );
  opened = undefined;
}

/** Empty at once, and gone as soon as no page reads it any more. */
export async function deleteCopy() {
  try {
    const db = await openCopy();
    const transaction = db.transaction(STORES, "readwrite");
    await Promise.all([
      ...STORES.map(name => transaction.objectStore(name).clear()),
      transaction.done,
    ]);
  } catch {
    // there is none
  }
  closeCopy();
  const gone = new Promise<void>(done => {
    try {
      const request = indexedDB.deleteDatabase(COPY);
      request.onsuccess = request.onerror = request.onblocked = () => done();
    } catch {
      done(); // not allowed here
    }
  });
  await soon(gone).catch(() => {}); // it will be
}

/** Lists leave out what was only a part of another page: embedded, or in a frame. */
export const isListed = (type: number) => type !== 4 && type !== 8;
export const listedVisits = (page: CopyPage | undefined): CopyVisit[] =>
  page && !page.hidden ? page.visits.filter(v => isListed(v[1])) : [];

const DIGITS = 19; // of the greatest id
export const visitKey = (page: string, [date, type]: CopyVisit): VisitKey => [
  date,
  page.padStart(DIGITS, "0"),
  type,
];
export const compareKeys = (a: VisitKey, b: VisitKey) =>
  b[0] - a[0] || (a[1] < b[1] ? 1 : a[1] > b[1] ? -1 : b[2] - a[2]);
/** Of a date in ms. */
export const hourOf = (date: number) => Math.floor(date / 3_600_000);
export const pageOfKey = (key: VisitKey) => key[1].replace(/^0+(?=.)/, "");

/** In lower case, code point by code point. */
export const foldTag = (tag: string) => [...tag].map(c => c.toLowerCase()).join("");

const FLAT = new Set(["bookmark", "query", "livemark"]);
export function itemOf(bookmark: CopyBookmark): CopyItem {
  const { id, kind, added } = bookmark;
  const item: CopyItem = { ...bookmark, folded: [...new Set(bookmark.tags.map(foldTag))] };
  if (FLAT.has(kind)) item.flat = [added ?? 0, id];
  return item;
}
