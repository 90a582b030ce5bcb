// Everybody can use it: axe on every view, the keyboard alone. layout.test.mjs: narrow and large,
// right to left.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { BASE, open, VIEWS, violations, visit } from "./world.mjs";

for (const size of ["phone", "desktop"])
  for (const dark of [false, true])
    test(`axe: every view, ${size}, ${dark ? "dark" : "light"}`, async t => {
      // For axe alone; the policy is part of every other test.
      const { page } = await open(t, { size, dark, bypassCSP: true });
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
  assert.equal(
    await page.evaluate(() => document.activeElement.textContent),
    "Skip to the content",
  );
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement.closest("#view") !== null));
  const seen = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], button, input")]
      .filter(e => e.tabIndex >= 0 && e.offsetParent !== null)
      .every(
        e =>
          (e.getAttribute("aria-label") ?? e.textContent ?? "").trim() !== "" || e.labels?.length,
      ),
  );
  assert.ok(seen, "everything that can be focused has a name");
  await visit(page, "/history", "History");
  await page.locator("scroll-list a").first().focus();
  // Through rows that did not exist before.
  for (let i = 0; i < 60; i++) await page.keyboard.press("Tab");
  const focused = await page.evaluate(() => ({
    inside: document.activeElement.closest("scroll-list") !== null,
    y: scrollY,
    box: document.activeElement.getBoundingClientRect().toJSON(),
  }));
  assert.ok(
    focused.inside && focused.y > 500 && focused.box.top >= 0 && focused.box.bottom <= 800,
    JSON.stringify(focused),
  );
});

test("names as screen readers tell them", async t => {
  const { page } = await open(t);
  await visit(page, "/", /Good|Still up/);
  const tree = await page.locator("hearth-app").ariaSnapshot();
  for (const line of [
    "- search:",
    '- combobox "Search tabs, bookmarks and history"',
    '- navigation "Hearth":',
    "- main:",
    '- heading "Jump back in" [level=2]',
    '- heading "Ada laptop" [level=3]',
  ])
    assert.ok(tree.includes(line), `${line}\n${tree}`);
  assert.match(tree, /- link "Between – fresh\.example .*/);
  assert.match(tree, /- button "More for Between – fresh\.example"/);
});
