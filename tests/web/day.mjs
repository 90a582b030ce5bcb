// day.mjs: a phone's day, 48 openings of the app and 30 small syncs, a visit each; bytes of all
// answers as they came, heads included. Prints a line of JSON. DAY_SHORT: an eighth of it.
import { chromium } from "playwright-core";
import { cli, EMAIL, service, signInLink } from "./addresses.mjs";
import { between } from "./between.mjs";

const PART = process.env.DAY_SHORT ? 8 : 1;
const OPENINGS = 48 / PART;
const SYNCS = Math.floor(30 / PART);
const VIEWS = ["/tabs", "/bookmarks", "/history", "/sites"]; // every second opening goes on to one
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

let synced = 0;
async function sync() {
  const id = `day${String(++synced).padStart(9, "0")}`;
  const cleartext = {
    id,
    histUri: `https://day.example/${synced}`,
    title: `Read today, number ${synced}`,
    visits: [{ date: (Date.now() - 60_000 + synced) * 1000, type: 1 }],
  };
  await service("put", { email: EMAIL, collection: "history", records: [{ id, cleartext }] });
  cli("account", "sync", EMAIL, "--wait");
}

async function opened(view, whileOpen = async () => {}) {
  const page = await context.newPage();
  await page.goto(seen.base + "/");
  await settled(page);
  if (view) {
    await page.locator(`.nav a[href="${view}"], a[href="${view}"]`).first().click();
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
await quiet();
await first.close();
await opened("/history");
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
  await opened(i % 2 ? VIEWS[(i >> 1) % VIEWS.length] : null, async () => {
    if (due > 0 && whileOpen) await sync();
  });
}
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
