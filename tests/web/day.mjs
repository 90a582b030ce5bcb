// day.mjs: a phone's day, 48 openings of the app and 30 small syncs, a visit each: of a new page,
// of one that is visited most, of a bookmark, in turn. Bytes of all answers as they came, heads
// included. Prints a line of JSON. DAY_SHORT: an eighth of it.
import { chromium } from "playwright-core";
import { cli, EMAIL, service, signInLink } from "./addresses.mjs";
import { between } from "./between.mjs";

const PART = process.env.DAY_SHORT ? 8 : 1;
const OPENINGS = 48 / PART;
const SYNCS = Math.floor(30 / PART);
// Every second opening goes on to one of them.
const VIEWS = [["/tabs"], ["/bookmarks"], ["/history"], ["/history", "/sites"]];
const LIMIT = 60_000; // ms of a wait

const seen = await between();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const context = await browser.newContext({
  viewport: { width: 390, height: 844 },
  timezoneId: "Europe/Berlin",
});
context.setDefaultTimeout(LIMIT);

const settled = page =>
  page.waitForFunction(
    () => document.querySelector("#view h1") && !document.querySelector(".ghost, .ghosts"),
  );

/** Nothing has come for a while: what is asked for afterwards belongs to it. */
async function quiet() {
  for (let still = 0, last = -1, i = 0; still < 10 && i < LIMIT / 100; i++) {
    await new Promise(r => setTimeout(r, 100));
    still = seen.bytes === last ? still + 1 : 0;
    last = seen.bytes;
  }
}

let openings = 0;
let synced = 0;
let known = []; // pages that are there
async function sync() {
  const id = `day${String(++synced).padStart(9, "0")}`;
  const again = synced % 3 === 0 ? null : known[synced];
  const cleartext = {
    id,
    histUri: again?.url ?? `https://day.example/${synced}`,
    title: again?.title ?? `Read today, number ${synced}`,
    visits: [{ date: (Date.now() - 60_000 + synced) * 1000, type: 1 }],
  };
  await service("put", { email: EMAIL, collection: "history", records: [{ id, cleartext }] });
  cli("account", "sync", EMAIL, "--wait");
}

async function opened(links, whileOpen = async () => {}) {
  const page = await context.newPage();
  // A day of 16 hours: the app asks for settings after three.
  if (openings++ % 9 === 0) await page.addInitScript(() => localStorage.setItem("settings", "0"));
  await page.goto(seen.base + "/");
  await settled(page);
  for (const link of links) {
    await page.locator(`a[href="${link}"]`).first().click();
    await settled(page);
  }
  await whileOpen(page);
  await quiet();
  await page.close();
}

// Signed in, the service worker is there, and what is kept is kept.
const first = await context.newPage();
await first.goto(seen.base + new URL(signInLink()).pathname + new URL(signInLink()).search);
await first.getByRole("button", { name: "Sign in" }).click();
await first.waitForURL(u => u.pathname === "/");
await first.evaluate(() => navigator.serviceWorker.ready);
known = await first.evaluate(async () => {
  const get = async path => (await fetch("/api/v1" + path)).json();
  const top = (await get("/search?limit=40")).results;
  const marks = (await get("/bookmarks?sort=added&limit=40")).items;
  return top.map((page, i) => (i % 3 === 1 ? page : (marks[i] ?? page)));
});
await quiet();
await first.close();
await opened(["/history"]);
const fill = seen.requests
  .filter(([, path]) => path.startsWith("/api/v1/changes"))
  .reduce((sum, [, , , bytes]) => sum + bytes, 0);
for (const view of VIEWS) await opened(view);

seen.requests.length = 0;
seen.bytes = 0;
let done = 0; // syncs
for (let i = 0; i < OPENINGS; i++) {
  const due = Math.round(((i + 1) * SYNCS) / OPENINGS) - done;
  const whileOpen = i % 4 === 0; // the others come while the app is closed
  done += due;
  if (due > 0 && !whileOpen) await sync();
  await opened(i % 2 ? VIEWS[(i >> 1) % VIEWS.length] : [], async () => {
    if (due > 0 && whileOpen) await sync();
  });
}
if (process.env.DAY_LIST)
  for (const [method, path, status, bytes] of seen.requests)
    console.error(method, path, status, bytes);
const kinds = new Map();
let sent = 0;
for (const [, path, , bytes, asked = 0] of seen.requests) {
  const kind = path.startsWith("/api/v1/") ? path.slice(7).split("?")[0] : "files";
  const [requests, sum] = kinds.get(kind) ?? [0, 0];
  kinds.set(kind, [requests + 1, sum + bytes]);
  sent += asked;
}
console.log(
  JSON.stringify({
    openings: OPENINGS,
    syncs: done,
    requests: seen.requests.length,
    bytes: seen.bytes,
    sent,
    fill,
    kinds: Object.fromEntries(kinds),
  }),
);
await browser.close();
seen.close();
