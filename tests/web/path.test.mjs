// The app under a path: its addresses, its service worker, and what it keeps at a host of others.
// (open() finds each request that leaves the path.)
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { BASE, holds, open, visit } from "./world.mjs";

const PATH = new URL(BASE).pathname;

test("views, links and history are below it", async t => {
  const { page } = await open(t);
  await visit(page, "/", /Good|Still up/);
  for (const [name, path] of [
    ["Tabs", "/tabs"],
    ["Bookmarks", "/bookmarks"],
    ["History", "/history"],
    ["Account", "/account"],
  ]) {
    await page.getByRole("navigation").getByRole("link", { name }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    assert.equal(new URL(page.url()).pathname, PATH + path);
  }
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "History" }).waitFor();
  const leads = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], link[href], script[src], form[action]")]
      .map(e => e.href ?? e.src ?? e.action)
      .filter(to => to.startsWith(location.origin + "/")),
  );
  assert.ok(leads.length > 10);
  assert.deepEqual(
    leads.filter(to => !to.startsWith(BASE + "/")),
    [],
  );
  await page.goto(BASE + "/search?q=example");
  await page.locator("#results a").first().waitFor();
  await page.goto(BASE + "/nothing").catch(() => {});
  const manifest = await (await fetch(BASE + "/manifest.webmanifest")).json();
  const start = new URL(manifest.start_url, BASE + "/manifest.webmanifest").href;
  assert.equal(start, BASE + "/");
  assert.equal(new URL(manifest.scope, BASE + "/manifest.webmanifest").href, BASE + "/");
});

test("the service worker and the copy are of the path alone", async t => {
  const { page, context } = await open(t, { worker: "allow", fresh: true });
  await visit(page, "/", /Good|Still up/);
  const scope = await page.evaluate(() => navigator.serviceWorker.ready.then(r => r.scope));
  assert.equal(scope, BASE + "/");
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  // of another Hearth at this host
  await page.evaluate(() => caches.open("data-1"));
  await holds(page, path => caches.has(`data-1 ${path}`), PATH);
  await holds(
    page,
    async path => (await indexedDB.databases()).some(d => d.name === `data-copy ${path}`),
    PATH,
  );
  await holds(page, path => localStorage.getItem(`copy ${path}`) !== null, PATH);
  assert.deepEqual(
    await page.evaluate(
      path => Object.keys(localStorage).filter(name => !name.endsWith(` ${path}`)),
      PATH,
    ),
    [],
  );
  // and of one below this one: a worker that begins its work leaves it alone
  const below = `workbox-precache-v2-${BASE}/inner/`;
  await page.evaluate(async name => {
    await caches.open(name);
    await (await navigator.serviceWorker.ready).unregister();
  }, below);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.ready.then(r => r.active !== null));
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
  assert.ok(await page.evaluate(name => caches.has(name), below));
  await context.setOffline(true);
  await page.goto(BASE + "/bookmarks");
  await page.getByRole("heading", { level: 1, name: "Bookmarks" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Bookmarks" }).waitFor();
  await context.setOffline(false);
  await page.goto(BASE + "/account");
  await page.getByRole("button", { name: "Sign out of this browser" }).click();
  await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
  await holds(page, path => caches.has(`data-1 ${path}`).then(has => !has), PATH);
  assert.ok(await page.evaluate(() => caches.has("data-1")));
  const next = await page.getByRole("link", { name: "Sign in" }).getAttribute("href");
  assert.equal(next, `${PATH}/auth/signin?next=%2Faccount`);
});
