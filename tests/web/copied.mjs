// What tests ask of the copy of an account (web/src/data/copy): its state, and its answers, with
// the app's own code for reading, which is built for that.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "web");
const { build } = createRequire(join(web, "package.json"))("esbuild");
const made = await build({
  absWorkingDir: web,
  stdin: {
    contents: 'export { answerOf } from "./src/data/copy/answers.ts";',
    resolveDir: web,
    loader: "ts",
  },
  bundle: true,
  write: false,
  format: "iife",
  globalName: "copied",
  target: "es2022",
});
/** A script that leaves `copied.answerOf(account, path)`. */
export const READER = made.outputFiles[0].text + ";globalThis.copied = copied;";

/** In the page: the state of the copy; null: there is none. */
export const readState = () =>
  new Promise(done => {
    const request = indexedDB.open("data-copy");
    request.onupgradeneeded = () => request.transaction.abort();
    request.onerror = () => done(null);
    request.onsuccess = () => {
      const db = request.result;
      db.onversionchange = () => db.close();
      const found = db.transaction("meta").objectStore("meta").get("state");
      found.onsuccess = () => (db.close(), done(found.result ?? null));
      found.onerror = () => (db.close(), done(null));
    };
  });

const LIMIT = 60_000; // ms
/** Until the copy is of the generation that the server has; works with both drivers. */
export async function followed(page) {
  const end = Date.now() + LIMIT;
  let found;
  while (Date.now() < end) {
    found = await page.evaluate(readState);
    const { generation } = await page.evaluate(() => fetch("/api/v1/me").then(r => r.json()));
    if (found?.cursor === null && found.generation === generation) return found;
    await new Promise(r => setTimeout(r, 50));
  }
  throw new Error(`the copy did not follow: ${JSON.stringify(found)}`);
}

/**
 * In the page: where the copy answers otherwise than the server. A list is walked to its end or for
 * some pages; cursors are each one's own.
 */
export async function compare({ paths, pages }) {
  const account = localStorage.getItem("account");
  const differences = [];
  const from = {
    server: async p => (await fetch("/api/v1" + p, { cache: "no-store" })).json(),
    copy: async p => (await copied.answerOf(account, p))?.value ?? null,
  };
  for (const path of paths) {
    const cursor = { server: null, copy: null };
    for (let i = 0; i < pages; i++) {
      const said = {};
      for (const who of ["server", "copy"]) {
        const more = cursor[who] === null ? "" : `&cursor=${encodeURIComponent(cursor[who])}`;
        const answer = await from[who](path + more);
        cursor[who] = answer?.next ?? null;
        if (answer && "next" in answer) answer.next = answer.next !== null;
        said[who] = JSON.stringify(answer);
      }
      if (said.server !== said.copy) {
        let at = 0;
        while (said.server[at] === said.copy[at]) at++;
        const show = text => text.slice(Math.max(0, at - 80), at + 160);
        differences.push(
          `${path}, page ${i}: server ${show(said.server)} | copy ${show(said.copy)}`,
        );
        break;
      }
      if (cursor.server === null) break;
    }
  }
  return differences;
}

/** Addresses of all kinds, about what the account has; in the page. */
export async function addresses() {
  const get = async p => (await fetch("/api/v1" + p, { cache: "no-store" })).json();
  const { visits } = await get("/history?limit=200");
  const { sites } = await get("/history/sites?limit=40");
  const { items } = await get("/bookmarks?sort=added&limit=40");
  const { tags } = await get("/tags");
  const { devices } = await get("/devices?hidden=1");
  const newest = visits[0]?.date ?? Date.now();
  const folders = [...new Set(items.map(i => i.parent))];
  const day = 24 * 3600 * 1000;
  const part = text => encodeURIComponent(text);
  return [
    "/tabs",
    "/devices",
    "/devices?hidden=1",
    ...devices.slice(0, 1).map(d => `/tabs?device=${part(d.id)}`),
    "/bookmarks",
    "/bookmarks?limit=100",
    ...["toolbar", "menu", "unfiled", "mobile", ...folders].flatMap(f => [
      `/bookmarks?folder=${part(f)}&limit=3`,
      `/bookmarks/${part(f)}`,
    ]),
    "/bookmarks?sort=added&limit=6",
    "/bookmarks?sort=added&limit=100",
    ...items.slice(0, 3).map(i => `/bookmarks/${part(i.id)}`),
    "/tags",
    ...tags.slice(0, 4).map(t => `/bookmarks?tag=${part(t.name.toUpperCase())}&limit=5`),
    "/history?limit=37",
    "/history?limit=500",
    `/history?from=${newest - day}&to=${newest + 1}&limit=100`,
    `/history?to=${newest - 20 * day}&limit=1`,
    `/history?from=${newest - 3 * day}&to=${newest - day}`,
    ...[sites[0], sites[5], sites.at(-1)]
      .filter(Boolean)
      .map(s => `/history?host=${part(s.host)}&limit=100`),
    `/history/days?from=${newest - 399 * day}&to=${newest + 7}&tz=Europe/Berlin`,
    `/history/days?from=${newest - 40 * day + 12345}&to=${newest - 2 * day}&tz=Europe/Berlin`,
    `/history/days?from=${newest - 1000}&to=${newest}&tz=Europe/Berlin`,
    "/history/sites?limit=100",
    "/history/sites?q=en.&limit=7",
    ...[visits[0], visits[50], visits.at(-1)].filter(Boolean).map(v => `/pages/${v.page}`),
  ];
}
