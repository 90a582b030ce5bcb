// Nothing sticks out, whatever the words: large text, narrow screens, right to left, long names,
// and every length of "uploaded … ago".
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { BASE, open, settled, VIEWS, violations, visit } from "./world.mjs";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
// How long ago the last upload was.
const AGES = { "1 minute": MINUTE, "6 days": 6 * DAY, "59 days": 59 * DAY, "13 months": 396 * DAY };
const LAYOUTS = {
  "320 CSS pixels wide": { size: "narrow" },
  "text twice as large": { size: "phone", style: "font-size: 200%" },
  "320 CSS pixels wide, text twice as large": { size: "narrow", style: "font-size: 200%" },
  "right to left": { size: "phone", dir: "rtl" },
  "right to left, text twice as large": { size: "phone", dir: "rtl", style: "font-size: 200%" },
  "desktop, text twice as large": { size: "desktop", style: "font-size: 200%" },
};
const UNBROKEN = "Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüssel".repeat(3);
const WORDS =
  "The computer of the whole family that stands in the kitchen beside the window ".repeat(2);

/** What the services answer, with names that nobody thought of. */
async function stretch(page) {
  const change = (path, edit) =>
    page.route(
      u => u.pathname === "/api/v1" + path,
      async r => {
        const answer = await r.fetch();
        const body = await answer.json();
        edit(body);
        await r.fulfill({ response: answer, json: body });
      },
    );
  const name = list => list.forEach((x, i) => (x.name = i % 2 ? WORDS : UNBROKEN));
  await change(
    "/me",
    b => (b.account.email = `${UNBROKEN.toLowerCase()}@${"long.".repeat(20)}example`),
  );
  for (const list of ["devices", "sessions", "tokens"])
    await change("/" + list, b => name(b[list]));
  await change(
    "/tabs",
    b => (name(b.devices), b.devices.forEach(d => d.tabs.forEach(t => (t.title = WORDS)))),
  );
  await change("/tags", b => b.tags.forEach(t => (t.tag = UNBROKEN)));
}

/** What is outside of the page, or cut off without a sign. */
function outside() {
  const found =
    document.documentElement.scrollWidth > innerWidth + 1
      ? [`page: ${document.documentElement.scrollWidth} of ${innerWidth} px`]
      : [];
  const text = e => `${e.outerHTML.slice(0, 90)}… "${e.textContent.trim().slice(0, 60)}"`;
  for (const e of document.querySelectorAll("#view *, .menu, .menu *")) {
    const box = e.getBoundingClientRect();
    if (
      box.width === 0 ||
      e.closest(".chips, .unseen, svg") ||
      getComputedStyle(e.parentElement).overflowX !== "visible"
    )
      continue;
    if (box.left < -1 || box.right > innerWidth + 1)
      if (!e.matches(".sticky, .sticky *, .row-link, .welcome")) found.push("outside: " + text(e));
  }
  for (const e of document.querySelectorAll("#view .when, #view .count, #view .clock")) {
    const [box, around] = [
      e,
      e.closest(".row-more, li, .device-head, .bar, .day-head, .pill") ?? document.body,
    ].map(x => x.getBoundingClientRect());
    if (
      box.width > 0 &&
      !e.closest(".chips") &&
      (box.left < around.left - 1 || box.right > around.right + 1)
    )
      found.push("cut off: " + text(e));
  }
  return found.slice(0, 4);
}

async function check(page, what) {
  const found = await page.evaluate(outside);
  if (found.length > 0)
    await page.screenshot({ path: `/tmp/layout-${what.replace(/\W+/g, "-")}.png` });
  return found.map(f => `${what}: ${f}`);
}

/** What opens in a view. */
async function opened(page, path) {
  const found = [];
  if (path === "/account") {
    await page.locator("summary").click();
    await page.getByRole("button", { name: "Add another device" }).click();
    await page.getByRole("img", { name: /QR code/ }).waitFor();
    found.push(...(await check(page, `${path} opened`)));
  }
  if (path === "/history") {
    await page.locator(".bar button").first().click();
    await page.locator(".month").waitFor();
    found.push(...(await check(page, `${path} calendar`)));
    await page.keyboard.press("Escape");
    const more = page.getByRole("button", { name: /^More for/ }).first();
    await more.evaluate(b => b.click()); // the page may be so small that it is covered
    await page.locator(".menu").waitFor();
    found.push(...(await check(page, `${path} menu`)));
    await page.keyboard.press("Escape");
  }
  return found;
}

for (const [name, { size, style, dir }] of Object.entries(LAYOUTS))
  test(`${name}: nothing sticks out on any day`, async t => {
    const { page, context } = await open(t, { size, bypassCSP: dir !== undefined });
    const { devices } = await (await context.request.get(BASE + "/api/v1/devices")).json();
    const data = Math.max(...devices.map(d => d.last_upload));
    await page.addInitScript(
      ([s, d]) =>
        addEventListener("DOMContentLoaded", () => {
          if (s) document.documentElement.style = s;
          if (d) document.documentElement.dir = d;
        }),
      [style, dir],
    );
    const found = [];
    for (const [age, ms] of [...Object.entries(AGES), ["long names, 6 days", 6 * DAY]]) {
      await page.clock.setFixedTime(data + ms);
      if (age.startsWith("long")) await stretch(page);
      for (const [path, heading] of VIEWS) {
        await visit(page, path, heading);
        found.push(...(await check(page, `${age} ${path}`)));
        if (dir && age === "1 minute")
          found.push(...(await violations(page)).map(v => `${path} ${v}`));
        if (age === "6 days" || age.startsWith("long"))
          found.push(...(await opened(page, path)).map(f => `${age} ${f}`));
      }
    }
    assert.deepEqual(found, []);
    if (dir) {
      await visit(page, "/", /Good|Still up/);
      const row = page.locator(".row").first();
      const [tile, text] = [
        await row.locator(".tile").boundingBox(),
        await row.locator(".row-title").boundingBox(),
      ];
      assert.ok(tile.x > text.x, "rows begin at the right");
    }
    await settled(page);
  });
