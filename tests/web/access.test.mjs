// Everybody can use it: axe on every view, the keyboard alone, narrow and large, right to left.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { BASE, open, settled, visit } from "./world.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const VIEWS = [["/", /Good|Still up/], ["/search?q=river", "Search"], ["/tabs", "Tabs"], ["/bookmarks", "Bookmarks"], ["/bookmarks?sort=added", "Bookmarks"], ["/history", "History"], ["/sites", "Sites"], ["/account", "Account"], ["/themes", "Themes"]]; // prettier-ignore

async function violations(page) {
  return page.evaluate(async source => {
    if (!window.axe) new Function(source)();
    const { violations } = await window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(
      v =>
        `${v.id}: ${v.nodes
          .map(n => n.target.join(" ") + " " + (n.any[0]?.message ?? ""))
          .slice(0, 3)
          .join(" | ")}`,
    );
  }, AXE);
}

for (const size of ["phone", "desktop"])
  for (const dark of [false, true])
    test(`axe: every view, ${size}, ${dark ? "dark" : "light"}`, async t => {
      const { page } = await open(t, { size, dark, bypassCSP: true }); // for axe alone; the policy is part of every other test
      const found = [];
      for (const [path, heading] of VIEWS) {
        await visit(page, path, heading);
        for (const v of await violations(page)) found.push(`${path} ${v}`);
      }
      await visit(page, "/history", "History");
      await page.locator(".bar button").first().click();
      await page.locator(".month").waitFor();
      for (const v of await violations(page)) found.push(`calendar ${v}`);
      await page.keyboard.press("Escape");
      await page
        .getByRole("button", { name: /^More for/ })
        .first()
        .click();
      await page.locator(".menu").waitFor();
      for (const v of await violations(page)) found.push(`menu ${v}`);
      assert.deepEqual(found, []);
    });

test("axe: every theme keeps its contrast, light and dark", async t => {
  for (const dark of [false, true]) {
    const { page } = await open(t, { dark, bypassCSP: true });
    await visit(page, "/", /Good|Still up/);
    for (const theme of ["tide", "moss", "dusk", "dune", "frost", "poppy", "ink"]) {
      await page.evaluate(name => (document.documentElement.dataset.theme = name), theme);
      assert.deepEqual(await violations(page), [], theme);
    }
  }
});

test("axe: nobody signed in, and every page of signing in", async t => {
  for (const dark of [false, true]) {
    const { page } = await open(t, { dark, signedIn: false, bypassCSP: true });
    await page.goto(BASE + "/");
    await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
    assert.deepEqual(await violations(page), []);
    for (const path of ["/auth/signin", "/auth/code", "/auth/link?t=none", "/auth/signout"]) {
      await page.goto(BASE + path);
      assert.deepEqual(
        (await violations(page)).map(v => `${path} ${v}`),
        [],
      );
    }
  }
});

test("keyboard alone reaches everything, in a sensible order", async t => {
  const { page } = await open(t, { size: "desktop" });
  await visit(page, "/", /Good|Still up/);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement.closest("#view") !== null));
  const seen = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], button, input")]
      .filter(e => e.tabIndex >= 0 && e.offsetParent !== null)
      .every(e => (e.getAttribute("aria-label") ?? e.textContent ?? "").trim() !== "" || e.labels?.length),
  );
  assert.ok(seen, "everything that can be focused has a name");
  await visit(page, "/history", "History");
  await page.locator("scroll-list a").first().focus();
  for (let i = 0; i < 60; i++) await page.keyboard.press("Tab"); // through rows that did not exist before
  const focused = await page.evaluate(() => ({
    inside: document.activeElement.closest("scroll-list") !== null,
    y: scrollY,
    box: document.activeElement.getBoundingClientRect().toJSON(),
  }));
  assert.ok(focused.inside && focused.y > 500 && focused.box.top >= 0 && focused.box.bottom <= 800, JSON.stringify(focused));
});

test("names as screen readers tell them", async t => {
  const { page } = await open(t);
  await visit(page, "/", /Good|Still up/);
  const tree = await page.locator("hearth-app").ariaSnapshot();
  for (const line of ['- search:', '- combobox "Search tabs, bookmarks and history"', '- navigation "Hearth":', '- main:', '- heading "Jump back in" [level=2]', '- heading "Ada laptop" [level=3]']) assert.ok(tree.includes(line), `${line}\n${tree}`); // prettier-ignore
  assert.match(tree, /- link "Between – fresh\.example .*/);
  assert.match(tree, /- button "More for Between – fresh\.example"/);
});

for (const [name, options] of [
  ["320 CSS pixels wide", { size: "narrow" }],
  ["text twice as large", { size: "phone" }],
  ["right to left", { size: "phone" }],
])
  test(`${name}: nothing sticks out`, async t => {
    const { page } = await open(t, { ...options, bypassCSP: name === "right to left" });
    if (name.startsWith("text"))
      await page.addInitScript(() => addEventListener("DOMContentLoaded", () => (document.documentElement.style.fontSize = "200%")));
    if (name.startsWith("right"))
      await page.addInitScript(() => addEventListener("DOMContentLoaded", () => (document.documentElement.dir = "rtl")));
    for (const [path, heading] of VIEWS) {
      await visit(page, path, heading);
      const out = await page.evaluate(() => {
        const wide = document.documentElement.scrollWidth > innerWidth + 1 ? ["page"] : [];
        for (const e of document.querySelectorAll("#view *")) {
          const box = e.getBoundingClientRect();
          if (
            box.width > 0 &&
            (box.left < -30 || box.right > innerWidth + 30) &&
            !e.closest(".chips, .unseen, svg") &&
            getComputedStyle(e.parentElement).overflow === "visible"
          )
            wide.push(e.outerHTML.slice(0, 90));
        }
        return wide.slice(0, 3);
      });
      assert.deepEqual(out, [], path);
      if (name.startsWith("right")) assert.deepEqual(await violations(page), [], path);
    }
    await visit(page, "/", /Good|Still up/);
    if (name.startsWith("right")) {
      const row = page.locator(".row").first();
      const [tile, text] = [await row.locator(".tile").boundingBox(), await row.locator(".row-title").boundingBox()];
      assert.ok(tile.x > text.x, "rows begin at the right");
    }
  });
