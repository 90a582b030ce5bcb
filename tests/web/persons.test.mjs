// Several persons in one browser, several tabs of it: nobody sees what is another's, whoever signs
// in or out where.
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { between } from "./between.mjs";
import { followed, readState } from "./copied.mjs";
import { BASE, cli, CONFIG, HEARTHD, holds, open, settled } from "./world.mjs";

const BOB = "bob@example.org";
let bobIsThere = false;

async function bobsLink() {
  if (!bobIsThere) {
    const file = await (
      await fetch(`${process.env.SERVICE}/__admin/accounts`, {
        method: "POST",
        body: JSON.stringify({ email: BOB, history: 40, bookmarks: 5, tabs: 3 }),
      })
    ).json();
    const config = ["--config", CONFIG, "account", "import", "-"];
    execFileSync(HEARTHD, config, { input: JSON.stringify(file) });
    cli("account", "sync", BOB, "--wait");
    bobIsThere = true;
  }
  return "/auth/link" + new URL(JSON.parse(cli("link", BOB, "--json")).url, BASE).search;
}

/** A page that has a copy, with a session of its own. `answers`: see between.mjs. */
async function withCopy(t, answers) {
  const seen = await between(t, answers);
  const { page, context } = await open(t, { worker: "allow", base: seen.base, fresh: true });
  await page.goto(seen.base + "/");
  await settled(page);
  await followed(page);
  await page.reload();
  await page.getByText("Ada laptop", { exact: true }).first().waitFor();
  await settled(page);
  return { page, context, seen };
}

/** This page hears nothing from the server any more. */
const deafen = page => page.route("**/api/v1/**", () => {});

async function signInAsBob(page, base) {
  await page.goto(base + (await bobsLink()));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(u => u.pathname === "/");
}

const adas = page => page.getByText("Ada laptop", { exact: true });
const gone = (page, locator) => locator.first().waitFor({ state: "detached" });

test("signed out in one tab is signed out in all, before the server knows", async t => {
  let release;
  const held = new Promise(r => (release = r));
  const { page, context, seen } = await withCopy(t, async r => {
    if (r.method === "DELETE") await held;
    return null;
  });
  const other = await context.newPage();
  await other.goto(seen.base + "/account");
  await other.getByRole("button", { name: "Sign out of this browser" }).click();
  await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
  release();
  await other.getByRole("heading", { name: "Your web, at home" }).waitFor();
});

test("somebody else signs in in another tab: this one shows theirs", async t => {
  const { page, context, seen } = await withCopy(t);
  await deafen(page);
  const other = await context.newPage();
  await signInAsBob(other, seen.base);
  await settled(other);
  await page.unroute("**/api/v1/**");
  await gone(page, adas(page));
  await settled(page);
  await followed(page);
  assert.equal(await adas(page).count(), 0);
});

test("a page that comes back from the browser's memory looks whose it is", async t => {
  const { page } = await withCopy(t);
  const loaded = page.waitForEvent("load");
  await page.evaluate(() => {
    localStorage.setItem("account", "somebody else");
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });
  await loaded;
});

test("of whoever was here before nothing is kept where somebody signs in", async t => {
  const { page, seen } = await withCopy(t);
  await page.goto(seen.base + "/account"); // not of the copy
  await page.getByRole("button", { name: "Sign out of this browser" }).waitFor();
  await holds(page, () => caches.has("data-1"));
  await page.goto(seen.base + (await bobsLink()));
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await holds(page, async () => !(await caches.keys()).some(name => name.startsWith("data")));
});

test("while somebody signs in no other tab says whose the session is", async t => {
  let hold = null;
  let held = null;
  const { page, context, seen } = await withCopy(t, async r => {
    if (hold && (r.method === "POST" || (hold.all && r.url.startsWith("/api/")))) {
      held?.();
      await hold.until;
    }
    return null;
  });
  const other = await context.newPage();
  await other.goto(seen.base + (await bobsLink()));
  assert.equal((await page.evaluate(readState)).confirmed, false);
  let release;
  const posted = new Promise(r => (held = r));
  hold = { all: false, until: new Promise(r => (release = r)) };
  await other.getByRole("button", { name: "Sign in" }).click({ noWaitAfter: true });
  await posted;
  const end = await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    return new Promise(done => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = e => done(e.data.end);
      const account = localStorage.getItem("account");
      const wish = {
        type: "follow",
        account,
        zone: "Europe/Berlin",
        opened: 1,
        wanted: 0,
        drawn: 0,
      };
      active.postMessage(wish, [port2]);
    });
  });
  assert.equal(end, "failed");
  hold.all = true;
  const before = release;
  hold = { all: true, until: new Promise(r => (release = r)) };
  before();
  await other.waitForURL(u => u.pathname === "/");
  await other.locator("#view h1").waitFor();
  assert.equal((await other.evaluate(readState)).confirmed, false);
  assert.equal(await adas(other).count(), 0);
  release();
  hold = null;
  await settled(other);
});
