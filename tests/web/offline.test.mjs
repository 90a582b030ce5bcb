// Without a network: the app opens, shows what was last seen, and searches in it. Signing out
// leaves nothing.
import { strict as assert } from "node:assert";
import { createServer, request as ask } from "node:http";
import { test } from "node:test";
import { followed } from "./copied.mjs";
import { BASE, holds, open, settled, visit } from "./world.mjs";

async function installed(page) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload(); // now through the service worker
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

test("installable: manifest, icons, start address", async t => {
  const { page, context } = await open(t);
  await visit(page, "/", /Good|Still up/);
  const manifest = await (
    await context.request.get(
      BASE + (await page.locator("link[rel=manifest]").getAttribute("href")),
    )
  ).json();
  assert.equal(manifest.display, "standalone");
  assert.ok(
    manifest.icons.some(i => i.purpose === "maskable" && i.sizes === "512x512") &&
      manifest.icons.some(i => i.sizes === "192x192"),
  );
  for (const icon of [
    ...manifest.icons.map(i => i.src),
    await page.locator("link[rel=apple-touch-icon]").getAttribute("href"),
  ]) {
    const size = await page.evaluate(async src => {
      const i = new Image();
      i.src = src;
      await i.decode();
      return i.naturalWidth;
    }, icon);
    assert.ok(size >= 150, icon);
  }
  assert.equal(
    (await context.request.get(new URL(manifest.start_url, BASE + "/").href)).status(),
    200,
  );
  assert.equal(
    await page.locator("meta[name=apple-mobile-web-app-capable]").getAttribute("content"),
    "yes",
  );
  assert.match(
    await (await context.request.get(BASE + "/opensearch.xml")).text(),
    /\/search\?q=\{searchTerms\}/,
  );
});

test("offline: every view that was seen, and a search in it", async t => {
  const { page, context } = await open(t, { worker: "allow" });
  await visit(page, "/", /Good|Still up/);
  await installed(page);
  for (const [path, heading] of [
    ["/", /Good|Still up/],
    ["/tabs", "Tabs"],
    ["/bookmarks", "Bookmarks"],
    ["/history", "History"],
  ])
    await visit(page, path, heading);
  await page.goto(BASE + "/");
  await settled(page);
  await followed(page);
  await context.setOffline(true);
  await page.reload();
  await page.getByText("Ada laptop", { exact: true }).first().waitFor();
  for (const [path, heading, text] of [
    ["/tabs", "Tabs", "Ada phone"],
    ["/bookmarks", "Bookmarks", "Bookmarks Toolbar"],
    ["/history", "History", "11,667 visits"],
  ]) {
    await page.goto(BASE + path);
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    await page.getByText(text).first().waitFor();
  }
  await page.getByRole("combobox").fill("between");
  await page.getByText("Offline: searching in what was last seen.").waitFor();
  await page.getByRole("option").filter({ hasText: "Between" }).waitFor();
  await page.goto(BASE + "/sites"); // never looked at: from the copy
  await settled(page);
  assert.ok((await page.locator("scroll-list .row").count()) > 3);
  await page.goto(BASE + "/account");
  await page.getByText("The server cannot be reached").first().waitFor();
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByRole("button", { name: "Sign out of this browser" }).waitFor();
});

test("a new version offers itself, and is used when asked", async t => {
  let grown = false; // a proxy that can have a newer service worker
  const proxy = createServer((request, answer) => {
    const { hostname, port } = new URL(BASE);
    const onward = ask(
      {
        hostname,
        port,
        path: request.url,
        method: request.method,
        headers: { ...request.headers, "accept-encoding": "identity", "if-none-match": "" },
      },
      from => {
        const sw = request.url === "/sw.js" && grown;
        const headers = { ...from.headers };
        if (sw) delete headers["content-length"];
        answer.writeHead(from.statusCode, headers);
        from.pipe(answer, { end: !sw });
        if (sw) from.on("end", () => answer.end("\n// newer"));
      },
    );
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy()); // the stream of events has no end of its own
    request.pipe(onward);
  });
  await new Promise(r => proxy.listen(0, "127.0.0.1", r));
  t.after(() => (proxy.closeAllConnections(), proxy.close()));
  const base = `http://127.0.0.1:${proxy.address().port}`;
  const { page } = await open(t, { worker: "allow", base });
  await page.goto(base + "/");
  await page.getByRole("heading", { name: "Jump back in" }).waitFor();
  await installed(page);
  grown = true;
  await page.evaluate(() => navigator.serviceWorker.getRegistration().then(r => r.update()));
  await page.getByText("A new version of Hearth is ready.").waitFor();
  const loaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Use it now" }).click();
  await loaded;
  await page.getByRole("heading", { name: "Jump back in" }).waitFor();
  assert.equal(
    await page.evaluate(() => navigator.serviceWorker.getRegistration().then(r => r.waiting)),
    null,
  );
});

test("signing out empties what was kept; the next person sees nothing of it", async t => {
  const { page, context } = await open(t, { worker: "allow", fresh: true });
  await visit(page, "/", /Good|Still up/);
  await installed(page);
  await visit(page, "/account", "Account");
  await holds(page, () => caches.has("data-1"));
  await page.getByRole("button", { name: "Sign out of this browser" }).click();
  await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
  assert.deepEqual(
    await page.evaluate(async () => (await caches.keys()).filter(k => k.startsWith("data"))),
    [],
  );
  await context.setOffline(true);
  // The server had the service worker removed as well.
  await page.goto(BASE + "/tabs").catch(() => page.waitForLoadState());
  assert.equal(await page.getByText("Ada laptop").count(), 0);
});

test("a session that ended elsewhere: what was kept is gone with the next answer", async t => {
  const { page, context } = await open(t, { worker: "allow", fresh: true });
  await visit(page, "/tabs", "Tabs");
  await installed(page);
  await settled(page);
  await holds(page, () => caches.has("data-1"));
  await context.clearCookies();
  await page.reload();
  await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
  await holds(page, async () => !(await caches.keys()).some(k => k.startsWith("data")));
});
