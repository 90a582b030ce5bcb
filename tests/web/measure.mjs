// measure.mjs [bytes] [typing] [scrolling] [copy] [lighthouse]: what the budgets of the app are
// held against, as Markdown tables for docs/performance.md. `./dev bench web` runs all of it, on a
// quiet machine. Typing and scrolling have a floor from the same run: a bare page that does that.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { BASE, signInLink } from "./addresses.mjs";
import { followed, READER } from "./copied.mjs";

// Fetched by npx when it is asked for: too large to belong to the tests.
const LIGHTHOUSE = "lighthouse@12.8.2";
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const VIEWS = [
  "/",
  "/search?q=river",
  "/tabs",
  "/bookmarks",
  "/history",
  "/sites",
  "/account",
  "/themes",
];
const WORDS = [
  "quiet river",
  "github",
  "wikipedia bakery",
  "news",
  "the archive",
  "docs example",
  "a",
  "zebra crossing",
];

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu"],
});
const context = await browser.newContext({
  viewport: { width: 390, height: 844 },
  locale: "en-GB",
});
const page = await context.newPage();
await page.goto(signInLink());
await page.getByRole("button", { name: "Sign in" }).click();
await page.waitForURL(u => u.pathname === "/");
const { pages } = await page.evaluate(
  async () => (await (await fetch("/api/v1/me")).json()).account.counts,
);

const settled = () =>
  page.waitForFunction(
    () => document.querySelector("#view h1") && !document.querySelector(".ghost, .ghosts"),
  );
const quantile = (values, q) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];
const ms = number => `${number.toFixed(1)} ms`;

function table(title, ...rows) {
  console.log(`### ${title}\n`);
  const line = cells => console.log(`| ${cells.join(" | ")} |`);
  line(rows[0]);
  console.log("|" + "---|".repeat(rows[0].length));
  rows.slice(1).forEach(line);
  console.log();
}

async function bytes() {
  const rows = [["view", "scripts", "scripts, styles and page"]];
  for (const path of VIEWS) {
    const fresh = await browser.newContext({
      storageState: { cookies: await context.cookies(), origins: [] }, // nothing is kept yet
      serviceWorkers: "block",
    });
    const p = await fresh.newPage();
    const client = await fresh.newCDPSession(p);
    await client.send("Network.enable");
    const kinds = new Map();
    const sums = { Script: 0, Stylesheet: 0, Document: 0 };
    client.on("Network.responseReceived", e => kinds.set(e.requestId, e.type));
    client.on(
      "Network.loadingFinished",
      e => (sums[kinds.get(e.requestId)] += e.encodedDataLength),
    );
    await p.goto(BASE + path);
    await p.waitForFunction(
      () => document.querySelector("#view h1") && !document.querySelector(".ghost, .ghosts"),
    );
    await p.waitForTimeout(500); // what is loaded afterwards belongs to it
    await fresh.close();
    rows.push([
      `\`${path}\``,
      ...[sums.Script, sums.Script + sums.Stylesheet + sums.Document].map(
        n => `${(n / 1024).toFixed(1)} KB`,
      ),
    ]);
  }
  table("Bytes of each view, first visit, Brotli", ...rows);
}

/** A page of this server without the app: what the browser and the server need at least. */
async function bare(body) {
  await page.goto(BASE + "/basic/");
  await page.evaluate(
    b =>
      document.body.replaceChildren(
        ...b.map(([name, attributes]) => Object.assign(document.createElement(name), attributes)),
      ),
    body,
  );
}

async function type() {
  await page.evaluate(() => {
    window.times = [];
    window.tasks = [];
    new PerformanceObserver(l => window.tasks.push(...l.getEntries().map(e => e.duration))).observe(
      { type: "longtask" },
    );
    let typed = null;
    document.addEventListener(
      "input",
      e => (typed = { at: e.timeStamp, value: e.target.value }),
      true,
    );
    const look = () => {
      if (!typed || document.querySelector(".results")?.dataset.query !== typed.value) return;
      const { at } = typed;
      typed = null;
      requestAnimationFrame(() => {
        const channel = new MessageChannel(); // after the frame was drawn
        channel.port1.onmessage = () => window.times.push(performance.now() - at);
        channel.port2.postMessage(null);
      });
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      attributes: true,
      childList: true,
    });
  });
  await page.locator("#search").focus();
  for (const words of WORDS) {
    for (const key of words) {
      const before = await page.evaluate(() => window.times.length);
      await page.keyboard.type(key);
      if (key === " ") continue; // asks nothing
      await page.waitForFunction(n => window.times.length > n, before, {
        polling: 5,
        timeout: 5000,
      });
    }
    await page.locator("#search").fill("");
    await page.waitForTimeout(100);
  }
  return page.evaluate(() => ({ times: window.times, tasks: window.tasks }));
}

async function typing() {
  await page.goto(BASE + "/");
  await settled();
  await page.waitForTimeout(1500);
  const app = await type();
  await bare([
    ["input", { id: "search" }],
    ["ol", { className: "results" }],
  ]);
  await page.evaluate(() => {
    const list = document.querySelector(".results");
    let newest = 0;
    document.querySelector("#search").addEventListener("input", async e => {
      const mine = ++newest;
      const query = e.target.value.trim();
      if (!query) return;
      const { results } = await (
        await fetch(`/api/v1/search?limit=20&q=${encodeURIComponent(query)}`)
      ).json();
      if (mine !== newest) return;
      list.replaceChildren(
        ...results.map(r => Object.assign(document.createElement("li"), { textContent: r.title })),
      );
      list.dataset.query = e.target.value;
    });
  });
  const floor = await type();
  table(
    `Keystroke to painted results, ${pages.toLocaleString("en")} pages`,
    ["page", "keys", "p50", "p95", "max", "tasks over 50 ms"],
    ...Object.entries({ "Hearth's": app, "bare: a list of titles": floor }).map(
      ([name, { times, tasks }]) => [
        name,
        times.length,
        ms(quantile(times, 0.5)),
        ms(quantile(times, 0.95)),
        ms(quantile(times, 1)),
        tasks.length,
      ],
    ),
  );
}

async function scroll() {
  await page.waitForTimeout(1500);
  await page.evaluate(() => {
    window.tasks = [];
    window.frames = [];
    new PerformanceObserver(l => window.tasks.push(...l.getEntries().map(e => e.duration))).observe(
      { type: "longtask" },
    );
    let last = performance.now();
    const tick = now => {
      window.frames.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await page.mouse.move(200, 500);
  for (let i = 0; i < 120; i++) {
    await page.mouse.wheel(0, i < 80 ? 240 : 4000);
    await page.waitForTimeout(16);
  }
  return page.evaluate(() => ({
    tasks: window.tasks,
    frames: window.frames,
    rows: document.querySelectorAll("scroll-list .row, li").length,
  }));
}

async function scrolling() {
  await page.goto(BASE + "/history");
  await settled();
  const app = await scroll();
  await bare([["ol", {}]]);
  await page.evaluate(() => {
    for (let i = 0; i < 10_000; i++) {
      const row = document.createElement("li");
      row.textContent = `Visit ${i}`;
      row.style.height = "60px";
      document.querySelector("ol").append(row);
    }
  });
  const floor = await scroll();
  table(
    `Scrolling through all history, ${pages.toLocaleString("en")} pages`,
    ["page", "frames", "p50", "p95", "max", "tasks over 50 ms", "rows in the page"],
    ...Object.entries({ "Hearth's": app, "bare: 10,000 lines of text": floor }).map(
      ([name, { frames, tasks, rows }]) => [
        name,
        frames.length,
        ms(quantile(frames, 0.5)),
        ms(quantile(frames, 0.95)),
        ms(quantile(frames, 1)),
        tasks.length,
        rows,
      ],
    ),
  );
}

async function lighthouse() {
  const { name, value } = (await context.cookies()).find(c => c.name.endsWith("hearth_session"));
  const folder = mkdtempSync(join(tmpdir(), "lighthouse-"));
  const rows = [
    [
      "view",
      "performance",
      "accessibility",
      "best practices",
      "first contentful paint",
      "largest",
      "blocked",
      "shift",
    ],
  ];
  try {
    for (const path of VIEWS) {
      const out = join(folder, "report.json");
      execFileSync(
        "npx",
        [
          "--yes",
          LIGHTHOUSE,
          BASE + path,
          "--quiet",
          "--extra-headers",
          JSON.stringify({ Cookie: `${name}=${value}` }),
          "--only-categories=performance,accessibility,best-practices",
          "--output=json",
          `--output-path=${out}`,
          "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        ],
        { env: { ...process.env, CHROME_PATH: CHROMIUM }, stdio: "inherit" },
      );
      const { categories, audits } = JSON.parse(readFileSync(out, "utf8"));
      const score = id => Math.round(100 * categories[id].score);
      const shown = id => audits[id].displayValue.replace(/\s/g, " ");
      rows.push([
        `\`${path}\``,
        score("performance"),
        score("accessibility"),
        score("best-practices"),
        shown("first-contentful-paint"),
        shown("largest-contentful-paint"),
        shown("total-blocking-time"),
        shown("cumulative-layout-shift"),
      ]);
      for (const { auditRefs } of Object.values(categories))
        for (const { id, weight } of auditRefs)
          if (weight > 0 && audits[id].score !== null && audits[id].score < 0.9)
            console.error(`${path}: ${id} ${audits[id].displayValue ?? ""}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  table(`Lighthouse, mobile profile (${LIGHTHOUSE})`, ...rows);
}

const ANSWERED = [
  "/tabs",
  "/bookmarks",
  "/tags",
  "/history?limit=100",
  "/history/sites?limit=100",
  "/search?limit=12",
];

/** How long the copy takes to be filled, and its answers beside the server's. */
async function copy() {
  const kept = await browser.newContext({ storageState: await context.storageState() });
  const p = await kept.newPage();
  const begun = performance.now();
  await p.goto(BASE + "/");
  await followed(p);
  const filled = performance.now() - begun;
  const used = await p.evaluate(() => navigator.storage.estimate().then(e => e.usage));
  await p.evaluate(READER);
  const newest = await p.evaluate(async () => {
    const answer = await copied.answerOf(localStorage.getItem("account"), "/history?limit=1");
    return answer.value.visits[0].date;
  });
  const year = `/history/days?from=${newest - 399 * 86_400_000}&to=${newest + 1}`;
  const zone = await p.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const paths = [...ANSWERED, `${year}&tz=${encodeURIComponent(zone)}`];
  const rows = await p.evaluate(async list => {
    const time = async (times, work) => {
      const taken = [];
      for (let i = 0; i < times; i++) {
        const begun = performance.now();
        await work();
        taken.push(performance.now() - begun);
      }
      return taken;
    };
    const account = localStorage.getItem("account");
    const found = [];
    for (const path of list)
      found.push([
        path,
        await time(30, () => copied.answerOf(account, path)),
        await time(30, () => fetch("/api/v1" + path, { cache: "no-store" }).then(r => r.json())),
      ]);
    return found;
  }, paths);
  table(
    `The copy, ${pages.toLocaleString("en")} pages: filled ${(filled / 1000).toFixed(1)} s after ` +
      `the app was opened, ${(used / 1e6).toFixed(0)} MB`,
    ["address", "copy p50", "p95", "server p50", "p95"],
    ...rows.map(([path, ...both]) => [
      `\`${path.split("?")[0]}\``,
      ...both.flatMap(taken => [ms(quantile(taken, 0.5)), ms(quantile(taken, 0.95))]),
    ]),
  );
  await kept.close();
}

const stages = { bytes, typing, scrolling, copy, lighthouse };
for (const stage of process.argv.slice(2)) await stages[stage]();
await browser.close();
