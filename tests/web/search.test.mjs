// The search field: keys, order of answers, emphasis, what was picked.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { BASE, holds, open, settled, visit } from "./world.mjs";

const field = page => page.getByRole("combobox", { name: "Search tabs, bookmarks and history" });
const options = page => page.getByRole("listbox", { name: "Results" }).getByRole("option");
const answered = (page, query) => page.locator(`.results[data-query="${query}"]`).waitFor();

test("results while one types, the matches marked, and what they are", async t => {
  const { page } = await open(t);
  await visit(page, "/", /Good|Still up/);
  await field(page).pressSequentially("quiet ri");
  await answered(page, "quiet ri");
  assert.equal(new URL(page.url()).pathname, "/search");
  assert.ok(await field(page).evaluate(f => f === document.activeElement));
  const first = options(page).first();
  assert.deepEqual(await first.locator(".row-title mark").allTextContents(), ["Quiet", "ri"]);
  assert.match(await first.textContent(), /Quiet river[^]*(open tab|bookmark|visited)/);
  const asked = await page.evaluate(() =>
    fetch("/api/v1/search?q=quiet+ri&limit=20").then(r => r.json()),
  );
  assert.deepEqual(
    await options(page).evaluateAll(o => o.map(x => x.getAttribute("href"))),
    asked.results.map(r => r.url),
  );
  await page.waitForURL(u => u.searchParams.get("q") === "quiet ri");
  await page.reload();
  await answered(page, "quiet ri");
  assert.equal(await field(page).inputValue(), "quiet ri");
});

test("keyboard alone: slash, arrows, Enter, Escape; what was picked is told", async t => {
  const { page } = await open(t, { size: "desktop" });
  await visit(page, "/tabs", "Tabs");
  await page.keyboard.press("/");
  await page.keyboard.type("river");
  await answered(page, "river");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await field(page).getAttribute("aria-activedescendant"), "result-1");
  assert.equal(await options(page).nth(1).getAttribute("aria-selected"), "true");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  const count = await options(page).count();
  assert.equal(await field(page).getAttribute("aria-activedescendant"), `result-${count - 1}`);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const chosen = await options(page).nth(1).getAttribute("href");
  await page.route(
    u => !u.href.startsWith(BASE),
    r => r.fulfill({ contentType: "text/html", body: "<title>There</title>" }),
  ); // a stranger's page, made up
  const told = page.waitForRequest(r => r.url().endsWith("/search/picked"));
  await page.evaluate(() => document.addEventListener("click", e => e.preventDefault()));
  await page.keyboard.press("Enter");
  assert.deepEqual(JSON.parse((await told).postData()), { q: "river", url: chosen });
  await page.keyboard.press("Escape");
  assert.equal(await field(page).inputValue(), "");
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Jump back in" }).waitFor();
  await holds(
    page,
    url =>
      fetch("/api/v1/search?q=river&limit=5")
        .then(r => r.json())
        .then(a => a.results.slice(0, 3).some(r => r.url === url)),
    chosen,
  );
});

test("a keyword's URL stands first, is no pick, and is never run", async t => {
  const { page } = await open(t, { size: "desktop" });
  await visit(page, "/", /Good|Still up/);
  await page.evaluate(() => document.addEventListener("click", e => e.preventDefault()));
  await field(page).fill("gh");
  await answered(page, "gh");
  const first = options(page).first();
  assert.equal(await first.getAttribute("href"), "https://github.com/");
  assert.equal(await first.locator(".kind").getAttribute("data-kind"), "keyword");
  assert.match(await first.locator(".chip").first().textContent(), /^\s*gh\s*$/);
  const told = [];
  page.on("request", r => r.url().endsWith("/search/picked") && told.push(r.postDataJSON().url));
  await first.click();
  await field(page).fill("river");
  await answered(page, "river");
  const other = await options(page).first().getAttribute("href");
  const answer = page.waitForResponse(r => r.url().endsWith("/search/picked"));
  await options(page).first().click();
  await answer;
  assert.deepEqual(told, [other]);
  await field(page).fill("bl");
  await answered(page, "bl");
  assert.equal(await first.getAttribute("aria-disabled"), "true");
  assert.equal(await first.getAttribute("href"), null);
  assert.match(await first.textContent(), /javascript:/);
});

test("a page that another app shares is looked for", async t => {
  const { page } = await open(t);
  await page.goto(
    BASE +
      "/search?title=Something&text=" +
      encodeURIComponent("Look at this: https://en.wikipedia.org/wiki/Quiet_river"),
  );
  await answered(page, "en.wikipedia.org/wiki/Quiet_river");
  assert.equal(
    await options(page).first().getAttribute("href"),
    "https://en.wikipedia.org/wiki/Quiet_river",
  );
});

test("an answer that comes late changes nothing", async t => {
  const { page } = await open(t);
  await visit(page, "/", /Good|Still up/);
  const late = [];
  await page.route(
    u => u.pathname === "/api/v1/search" && u.searchParams.get("q") === "riv",
    r => void late.push(r),
  );
  await field(page).pressSequentially("riv");
  await page.waitForFunction(() => true);
  while (late.length === 0) await page.waitForTimeout(10);
  await field(page).pressSequentially("er");
  await answered(page, "river");
  const before = await options(page).allTextContents();
  // Given up by the app: that is as good.
  await late[0].fulfill({ json: { results: [] } }).catch(() => {});
  await page.evaluate(
    () => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))),
  );
  assert.deepEqual(await options(page).allTextContents(), before);
});

test("only tabs, bookmarks or history; nothing found; any script", async t => {
  const { page } = await open(t);
  await visit(page, "/search?q=river", "Search");
  await answered(page, "river");
  await page.getByRole("button", { name: "History", exact: true }).click();
  await page.waitForURL(u => u.searchParams.get("in") === "history");
  await page.waitForFunction(() =>
    [...document.querySelectorAll("#results .kind")].every(k => k.dataset.kind === "history"),
  );
  await field(page).fill("zzzzzzzzzz");
  await page.getByText("Nothing found").last().waitFor();
  await page.getByRole("button", { name: "Everything" }).click();
  for (const [typed, marked] of [
    ["図書館", "図書館"],
    ["ÜBUNG", "übung"],
    ["%", null],
  ]) {
    await field(page).fill(typed);
    await answered(page, typed);
    if (marked && (await options(page).count()) > 0)
      assert.equal(
        (await page.locator("#results mark").first().textContent()).toLowerCase().normalize(),
        marked,
      );
  }
  await field(page).fill("図書館");
  await answered(page, "図書館");
  assert.ok((await options(page).count()) > 0);
  await page.getByRole("button", { name: "Clear" }).click();
  await settled(page);
  assert.equal(await options(page).count(), 20);
});
