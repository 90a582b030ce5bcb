// What the budgets of the app are held against: script bytes of each view, time from a keystroke to painted results, long tasks while typing
// and scrolling. `tests/web/run.py [--visits 100000] measure.mjs`, on a quiet machine; results: docs/performance.md.
import { chromium } from "playwright-core";
import { BASE, signInLink } from "./addresses.mjs";

const WORDS = ["quiet river", "github", "wikipedia bakery", "news", "the archive", "docs example", "a", "zebra crossing"];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "en-GB" });
const page = await context.newPage();
await page.goto(signInLink());
await page.getByRole("button", { name: "Sign in" }).click();
await page.waitForURL(u => u.pathname === "/");

const settled = () => page.waitForFunction(() => document.querySelector("#view h1") && !document.querySelector(".ghost, .ghosts"));
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

async function scriptBytes(path) {
  const fresh = await browser.newContext({ storageState: await context.storageState(), serviceWorkers: "block" });
  const p = await fresh.newPage();
  let script = 0;
  let all = 0;
  const client = await fresh.newCDPSession(p);
  await client.send("Network.enable");
  const kinds = new Map();
  client.on("Network.responseReceived", e => kinds.set(e.requestId, e.type));
  client.on("Network.loadingFinished", e => {
    if (kinds.get(e.requestId) === "Script") script += e.encodedDataLength;
    if (["Script", "Stylesheet", "Document"].includes(kinds.get(e.requestId))) all += e.encodedDataLength;
  });
  await p.goto(BASE + path);
  await p.waitForFunction(() => document.querySelector("#view h1") && !document.querySelector(".ghost, .ghosts"));
  await p.waitForTimeout(500); // what is loaded afterwards belongs to it
  await fresh.close();
  return { script, all };
}

async function keystrokes() {
  await page.goto(BASE + "/");
  await settled();
  await page.evaluate(() => {
    window.times = [];
    window.tasks = [];
    new PerformanceObserver(l => window.tasks.push(...l.getEntries().map(e => e.duration))).observe({ type: "longtask" });
    let typed = null;
    document.addEventListener("input", e => (typed = { at: e.timeStamp, value: e.target.value }), true);
    const look = () => {
      const shown = document.querySelector(".results")?.dataset.query;
      if (!typed || shown !== typed.value) return;
      const { at } = typed;
      typed = null;
      requestAnimationFrame(() => {
        const channel = new MessageChannel(); // after the frame was drawn
        channel.port1.onmessage = () => window.times.push(performance.now() - at);
        channel.port2.postMessage(null);
      });
    };
    new MutationObserver(look).observe(document.querySelector("hearth-app"), { subtree: true, attributes: true, childList: true });
  });
  for (const words of WORDS) {
    for (const key of words) {
      const before = await page.evaluate(() => window.times.length);
      await page.keyboard.press(before === 0 ? "/" : "Shift");
      await page.keyboard.type(key);
      if (key === " ") continue; // asks nothing
      await page.waitForFunction(n => window.times.length > n, before, { polling: 5, timeout: 5000 });
    }
    await page.locator("#search").fill("");
    await page.waitForTimeout(100);
  }
  return page.evaluate(() => ({ times: window.times.sort((a, b) => a - b), tasks: window.tasks }));
}

async function scrolling() {
  await page.goto(BASE + "/history");
  await settled();
  await page.waitForTimeout(1500);
  await page.evaluate(() => {
    window.tasks = [];
    window.frames = [];
    new PerformanceObserver(l => window.tasks.push(...l.getEntries().map(e => e.duration))).observe({ type: "longtask" });
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
    frames: window.frames.sort((a, b) => a - b),
    rows: document.querySelectorAll("scroll-list .row").length,
  }));
}

for (const path of ["/", "/search?q=river", "/tabs", "/bookmarks", "/history", "/sites", "/account", "/themes"]) {
  const { script, all } = await scriptBytes(path);
  console.log(`${path.padEnd(18)} script ${(script / 1024).toFixed(1)} KB, with page and styles ${(all / 1024).toFixed(1)} KB`);
}
const { times, tasks } = await keystrokes();
console.log(
  `keystroke to painted results: ${times.length} keys, p50 ${quantile(times, 0.5).toFixed(1)} ms, p95 ${quantile(times, 0.95).toFixed(1)} ms, max ${times[times.length - 1].toFixed(1)} ms; long tasks: ${tasks.length}`,
);
const scrolled = await scrolling();
console.log(
  `scrolling: ${scrolled.frames.length} frames, p95 ${quantile(scrolled.frames, 0.95).toFixed(1)} ms, max ${scrolled.frames[scrolled.frames.length - 1].toFixed(1)} ms; long tasks: ${scrolled.tasks.length} (${scrolled.tasks.map(t => t.toFixed(0)).join(" ")}); rows in the page: ${scrolled.rows}`,
);
await browser.close();
