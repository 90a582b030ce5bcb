// Removing here: a visit, a page, a site, a span of time; what is kept out, and allowed again.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { cli, EMAIL, holds, open, SERVICE, settled, violations, visit } from "./world.mjs";

const rows = page => page.locator("scroll-list .row");
const api = (page, path) => page.evaluate(p => fetch("/api/v1" + p).then(r => r.json()), path);
const dialog = page => page.getByRole("dialog");

async function choose(page, row, name) {
  await row.getByRole("button", { name: /^More for/ }).click();
  await page.getByRole("menuitem", { name }).click();
  await dialog(page).waitFor();
}

async function confirmed(page) {
  await dialog(page).getByRole("button", { name: "Remove", exact: false }).last().click();
  await dialog(page).waitFor({ state: "detached" });
}

test("a visit: what it means is said, Escape changes nothing, and it can be undone", async t => {
  const { page } = await open(t, { size: "desktop" });
  await visit(page, "/history", "History");
  const before = (await api(page, "/history?limit=2")).visits;
  const visits = (await api(page, "/me")).account.counts.visits;
  await choose(page, rows(page).first(), "Remove this visit…");
  assert.match(await dialog(page).textContent(), /not removed from Firefox or from the Sync/);
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  assert.ok(
    await rows(page)
      .first()
      .getByRole("button", { name: /^More for/ })
      .evaluate(b => b === document.activeElement),
  );
  assert.equal((await api(page, "/me")).account.counts.visits, visits);
  await choose(page, rows(page).first(), "Remove this visit…");
  await confirmed(page);
  await page.getByText("1 visit removed here.").waitFor();
  await holds(
    page,
    async date => (await (await fetch("/api/v1/history?limit=1")).json()).visits[0].date !== date,
    before[0].date,
  );
  assert.deepEqual((await api(page, "/history?limit=1")).visits[0], before[1]);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText(/comes back with the next complete sync/).waitFor();
  assert.deepEqual((await api(page, "/removals")).removals, []);
});

test("a page from search, by the keyboard and by its button", async t => {
  const { page } = await open(t, { size: "desktop" });
  await visit(page, "/search?q=river&in=history", "Search");
  await page.locator("#search").fill("river");
  await page.locator("#results .result").first().waitFor();
  const count = await page.locator("#results .result").count();
  await page.locator("#search").press("ArrowDown");
  const first = await page.locator("#results [aria-selected=true]").getAttribute("href");
  await page.locator("#search").press("Shift+Delete");
  await page.getByRole("menuitem", { name: "Remove page from history…" }).click();
  await confirmed(page);
  await page.locator(`#results [href="${first}"]`).waitFor({ state: "detached" });
  const second = await page.locator("#results .result").first().getAttribute("href");
  await page.locator("#results .result-menu").first().click();
  await page.getByRole("menuitem", { name: "Remove page from history…" }).click();
  await confirmed(page);
  await page.locator(`#results [href="${second}"]`).waitFor({ state: "detached" });
  assert.ok(count > 2);
  assert.deepEqual(
    (await api(page, "/removals")).removals.map(r => r.kind),
    ["page", "page"],
  );
});

test("a site, from the list of sites and from its own history", async t => {
  const { page } = await open(t);
  await visit(page, "/sites", "Sites");
  const [first, second] = (await api(page, "/history/sites?limit=2")).sites;
  await choose(page, rows(page).first(), `Remove ${first.host} from history…`);
  await confirmed(page);
  await page.getByRole("link", { name: first.host }).waitFor({ state: "detached" });
  await visit(page, "/history?host=" + second.host, "History");
  await page.getByRole("button", { name: "Remove…" }).click();
  await confirmed(page);
  await page.getByText("No visit has these words.").waitFor();
  assert.equal((await api(page, "/history?host=" + second.host)).visits.length, 0);
});

test("a day, and everything; the list in the account, and allowing again", async t => {
  const { page } = await open(t, { bypassCSP: true });
  await visit(page, "/history", "History");
  const { date } = (await api(page, "/history?limit=1")).visits[0];
  const day = await page.evaluate(ms => {
    const d = new Date(ms);
    return [d.getFullYear(), d.getMonth() + 1, d.getDate()]
      .map(n => String(n).padStart(2, "0"))
      .join("-");
  }, date);
  await page.getByRole("button", { name: "Clear history…" }).click();
  assert.deepEqual(await violations(page), []);
  await dialog(page).getByLabel("A day", { exact: true }).check();
  await dialog(page).getByLabel("First day").fill("");
  await dialog(page).getByRole("button", { name: "Remove here" }).click();
  await dialog(page)
    .getByRole("alert")
    .getByText(/Choose days/)
    .waitFor();
  await dialog(page).getByLabel("First day").fill(day);
  await dialog(page).getByRole("button", { name: "Remove here" }).click();
  await dialog(page).waitFor({ state: "detached" });
  await settled(page);
  assert.ok((await api(page, "/history?limit=1")).visits[0].date < date);
  await page.getByRole("button", { name: "Clear history…" }).click();
  await dialog(page).getByLabel("Everything until now").check();
  await dialog(page).getByRole("button", { name: "Remove here" }).click();
  await page.getByText("No history yet").waitFor();
  await visit(page, "/account", "Account");
  const list = page.locator("removed-list");
  await list
    .getByText(/^All visits$/)
    .first()
    .waitFor();
  assert.deepEqual(await violations(page), []);
  while ((await list.getByRole("button", { name: /^Allow again/ }).count()) > 0) {
    const left = await list.getByRole("button", { name: /^Allow again/ }).count();
    await list
      .getByRole("button", { name: /^Allow again/ })
      .first()
      .click();
    await page.waitForFunction(n => document.querySelectorAll("removed-list li").length < n, left);
  }
  await list.getByText("Nothing.").waitFor();
  cli("account", "sync", EMAIL, "--wait"); // a complete one, which was asked for
  await visit(page, "/history", "History");
  await settled(page);
  assert.ok((await rows(page).count()) > 2);
  assert.equal((await api(page, "/me")).account.counts.visits, 11778);
  const log = await (await fetch(`${SERVICE}/__admin/log`)).json();
  const written = log.filter(r => /\/storage\//.test(r.path) && r.method !== "GET");
  assert.deepEqual(written, []);
});
