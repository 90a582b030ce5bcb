// The same app in Firefox ESR, driven over WebDriver BiDi.
import { strict as assert } from "node:assert";
import { after, test } from "node:test";
import puppeteer from "puppeteer-core";
import { BASE, signInLink } from "./addresses.mjs";
import { addresses, compare, followed, READER, readState } from "./copied.mjs";

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
  extraPrefsFirefox: {
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "app.update.enabled": false,
    "browser.safebrowsing.downloads.remote.enabled": false,
    "privacy.trackingprotection.enabled": false,
    "extensions.systemAddon.update.enabled": false,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": false,
  },
});
after(() => browser.close());

const problems = [];
const page = await browser.newPage();
await page.setViewport({ width: 420, height: 844 });
page.on("console", m => m.type() === "error" && problems.push(m.text()));
page.on("pageerror", e => problems.push(String(e)));
page.on(
  "request",
  r =>
    !r.url().startsWith(BASE + "/") &&
    !/^(data|blob|about|chrome|resource|moz-extension):/.test(r.url()) &&
    problems.push(`request to ${r.url().slice(0, 100)}`),
);
page.setDefaultTimeout(30_000);

const text = wanted => page.waitForFunction(w => document.body.innerText.includes(w), {}, wanted);
const settled = () =>
  page.waitForFunction(
    () => document.querySelector("#view h1") && !document.querySelector(".ghost, .ghosts"),
  );

test("Firefox: signing in, every view, search by keys, history, offline, signing out", async () => {
  await page.goto(BASE + "/tabs");
  await text("Your web, at home");
  await page.goto(signInLink());
  await page.click("main button");
  await text("Jump back in");
  await settled();
  for (const [path, words] of [
    ["/tabs", "Ada phone"],
    ["/bookmarks", "Bookmarks Toolbar"],
    ["/history", "11,667 visits"],
    ["/sites", "en.wikipedia.org"],
    ["/account", "Signed-in browsers"],
    ["/themes", "Tide"],
  ]) {
    await page.goto(BASE + path);
    await text(words);
    await settled();
  }
  await page.keyboard.press("/");
  await page.keyboard.type("quiet river");
  await page.waitForSelector('.results[data-query="quiet river"] [role=option]');
  await page.keyboard.press("ArrowDown");
  await page.waitForSelector('#results [aria-selected="true"]');
  assert.deepEqual(
    await page.$$eval("#results > :first-child .row-title mark", m => m.map(x => x.textContent)),
    ["Quiet", "river"],
  );
  await page.goto(BASE + "/history");
  await settled();
  for (const part of [0.3, 0.9, 1]) {
    await page.evaluate(p => scrollTo(0, document.documentElement.scrollHeight * p), part);
    await page.waitForFunction(
      () =>
        !document.querySelector(".ghost") &&
        [...document.querySelectorAll("scroll-list a")].some(
          a => a.getBoundingClientRect().top > 0 && a.getBoundingClientRect().top < innerHeight,
        ),
    );
    assert.ok((await page.$$eval("scroll-list > .placed", p => p.length)) < 70);
  }
  await followed(page);
  await page.evaluate(READER);
  const paths = await page.evaluate(addresses);
  assert.deepEqual(await page.evaluate(compare, { paths, pages: 5 }), []);
  await page.goto(BASE + "/"); // through the service worker from now on
  await settled();
  const asked = [];
  const note = r => asked.push(r.url().slice(BASE.length));
  page.on("request", note);
  for (const [path, words] of [
    ["/tabs", "Ada phone"],
    ["/bookmarks", "Bookmarks Toolbar"],
    ["/history", "11,667 visits"],
  ]) {
    await page.goto(BASE + path);
    await text(words);
    await settled();
  }
  page.off("request", note);
  assert.deepEqual(
    asked.filter(p => /^\/api\/v1\/(tabs|devices|bookmarks|tags|history|search)/.test(p)),
    [],
  );
  await page.goto(BASE + "/account");
  await settled();
  await page.click('button[aria-label="Sign out of this browser"]');
  await text("Your web, at home");
  assert.equal(await page.evaluate(readState), null);
  assert.deepEqual(
    problems.filter(p => !/401|Failed to load resource/.test(p)),
    [],
  );
});
