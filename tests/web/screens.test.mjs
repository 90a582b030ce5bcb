// How it looks: docs/screenshots/, which the README shows, compared with what the app draws now.
// UPDATE=1 draws them anew.
import { strict as assert } from "node:assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { open, visit } from "./world.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const NOW = new Date("2026-11-23T18:40:00+01:00"); // an evening after Ada's last sync
// Of all pixels: another version of a browser smooths its letters differently.
const DIFFERENT = 0.01;

const SCREENS = [
  ["home-phone-light", "phone", false, "hearth", "/", /Good/],
  ["home-phone-dark", "phone", true, "dusk", "/", /Good/],
  ["search-phone-light", "phone", false, "moss", "/search?q=quiet%20ri", "Search"],
  ["tabs-phone-dark", "phone", true, "hearth", "/tabs", "Tabs"],
  ["history-phone-light", "phone", false, "tide", "/history", "History"],
  ["home-desktop-light", "desktop", false, "hearth", "/", /Good/],
  ["home-desktop-dark", "desktop", true, "tide", "/", /Good/],
  ["bookmarks-desktop-light", "desktop", false, "dune", "/bookmarks?sort=added", "Bookmarks"],
  ["search-desktop-dark", "desktop", true, "moss", "/search?q=river", "Search"],
  ["themes-desktop-light", "desktop", false, "poppy", "/themes", "Themes"],
];

for (const [name, size, dark, theme, path, heading] of SCREENS)
  test(name, async t => {
    const { page } = await open(t, { size, dark });
    await page.clock.setFixedTime(NOW);
    await page.route(
      u => u.pathname === "/api/v1/settings",
      r => r.fulfill({ json: { theme: { mode: "auto", name: theme }, timezone: "Europe/Berlin" } }),
    );
    await visit(page, path, heading);
    await page.waitForFunction(
      n => document.documentElement.dataset.theme === n && document.querySelector(".art svg"),
      theme,
    );
    await visit(page, path, heading); // with fonts and theme in place
    const now = PNG.sync.read(await page.screenshot({ animations: "disabled", caret: "hide" }));
    const file = `${FOLDER}${name}.png`;
    if (process.env.UPDATE) {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, PNG.sync.write(now));
      return;
    }
    assert.ok(existsSync(file), `${file} is missing; UPDATE=1 draws it`);
    const before = PNG.sync.read(readFileSync(file));
    assert.deepEqual([now.width, now.height], [before.width, before.height]);
    const changed = pixelmatch(before.data, now.data, null, now.width, now.height, {
      threshold: 0.2,
    });
    if (changed > DIFFERENT * now.width * now.height)
      writeFileSync(`/tmp/${name}.now.png`, PNG.sync.write(now));
    assert.ok(
      changed <= DIFFERENT * now.width * now.height,
      `${changed} pixels differ; what was drawn: /tmp/${name}.now.png`,
    );
  });
