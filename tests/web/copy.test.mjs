// The copy of an account in the browser: it says what the server says, follows it, and goes with
// its person.
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { between } from "./between.mjs";
import { addresses, compare, followed, READER, readState } from "./copied.mjs";
import { BASE, cli, CONFIG, EMAIL, HEARTHD, open, service, settled } from "./world.mjs";

const state = page => page.evaluate(readState);

/** A page that has a copy. `answers`: see between.mjs. */
async function withCopy(t, { answers, ...more } = {}) {
  const seen = await between(t, answers);
  const { page, context } = await open(t, { worker: "allow", base: seen.base, ...more });
  await page.goto(seen.base + "/");
  await settled(page);
  await followed(page);
  return { page, context, seen };
}

/** Waits until so many requests of these paths were there. */
async function asks(seen, paths) {
  const left = () => {
    const there = seen.requests.map(([, path]) => path.slice(7));
    return paths.filter(p => {
      const at = there.indexOf(p);
      if (at >= 0) there.splice(at, 1);
      return at < 0;
    });
  };
  for (let i = 0; left().length > 0; i++) {
    assert.ok(i < 600, `never asked: ${left()}`);
    await new Promise(r => setTimeout(r, 50));
  }
}

async function go(page, base, path, heading) {
  await page.goto(base + path);
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
  await settled(page);
}

/** Nothing differs between the copy and the server. */
async function same(page, what, pages = 4) {
  await followed(page);
  await page.evaluate(READER);
  const paths = await page.evaluate(addresses);
  assert.deepEqual(await page.evaluate(compare, { paths, pages }), [], what);
}

// --- what devices upload ---

let number = 0;
const id = () => `copy${String(++number).padStart(8, "0")}`;
const put = (collection, cleartext) =>
  service("put", { email: EMAIL, collection, records: [{ id: cleartext.id, cleartext }] });
const sync = () => cli("account", "sync", EMAIL, "--wait");
const NOW = Date.now(); // of the tests: run.py sets the clock

function visitOf(url, title, ...visits) {
  return put("history", {
    id: id(),
    histUri: url,
    title,
    visits: visits.map(([date, type]) => ({ date: date * 1000, type })),
  });
}

function bookmarkOf(guid, parent, title, more = {}) {
  return put("bookmarks", {
    id: guid,
    type: "bookmark",
    parentid: parent,
    parentName: parent,
    title,
    bmkUri: `https://copied.example/${guid}`,
    dateAdded: NOW - number * 1000,
    tags: [],
    ...more,
  });
}

async function change(page, method, path, body) {
  const answer = await page.evaluate(
    async ([method, path, body]) => {
      const answer = await fetch("/api/v1" + path, {
        method,
        headers: { "x-hearth-csrf": "1", "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return [answer.status, await answer.text()];
    },
    [method, path, body],
  );
  assert.ok(answer[0] < 300, answer.join(" "));
  return answer[1] && JSON.parse(answer[1]);
}

const get = (page, path) =>
  page.evaluate(p => fetch("/api/v1" + p, { cache: "no-store" }).then(r => r.json()), path);

test("a view opens from the copy before any answer, and asks for nothing of it", async t => {
  let hold = null; // what is asked of the services waits for it
  const { page, context, seen } = await withCopy(t, {
    answers: async r => (hold && r.url.startsWith("/api/") ? (await hold, null) : null),
  });
  const views = [
    ["/", "Jump back in", "Ada laptop"],
    ["/tabs", "Tabs", "Ada phone"],
    ["/bookmarks", "Bookmarks", "Bookmarks Toolbar"],
    ["/bookmarks?sort=added", "Bookmarks", "•"],
    ["/history", "History", "11,667 visits"],
    ["/history?host=en.wikipedia.org", "History", "en.wikipedia.org"],
    ["/sites", "Sites", "en.wikipedia.org"],
  ];
  let release;
  hold = new Promise(r => (release = r));
  for (const [path, heading, text] of views) {
    await page.goto(seen.base + path);
    await page.getByRole("heading", { name: heading }).first().waitFor();
    if (text !== "•") await page.getByText(text).first().waitFor();
    await settled(page);
  }
  release();
  hold = null;
  for (const [path, heading] of views) {
    seen.asked();
    await page.goto(seen.base + path);
    await page.getByRole("heading", { name: heading }).first().waitFor();
    await settled(page);
    await asks(seen, ["/me", "/events"]);
    assert.deepEqual(
      [...new Set(seen.asked())].filter(p => !/^\/(me|events)$/.test(p)),
      [],
      path,
    );
  }
  await context.setOffline(true);
  for (const [path, heading, text] of views.filter(([p]) => !p.includes("?"))) {
    await page.goto(seen.base + path);
    await page.getByRole("heading", { name: heading }).first().waitFor();
    await page.getByText(text).first().waitFor();
    await settled(page);
  }
  await context.setOffline(false);
});

test("what is removed in the app goes from its views at once", async t => {
  const { page, seen } = await withCopy(t, { size: "desktop" });
  await go(page, seen.base, "/history", "History");
  const rows = page.locator("scroll-list .row");
  const before = (await get(page, "/history?limit=2")).visits;
  await rows
    .first()
    .getByRole("button", { name: /^More for/ })
    .click();
  await page.getByRole("menuitem", { name: "Remove this visit…" }).click();
  seen.asked();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).last().click();
  await page.getByText("1 visit removed here.").waitFor();
  await page.waitForFunction(
    url => document.querySelector("scroll-list .row a")?.href === url,
    before[1].url,
  );
  assert.deepEqual(
    seen.asked().filter(p => p.startsWith("/history")),
    [],
  );
  await same(page, "removed");
});

test("it says what the server says, and again after each change", async t => {
  const { page } = await withCopy(t);
  await same(page, "recorded", 30);
  const bookmarked = (await get(page, "/bookmarks?sort=added&limit=1")).items[0];
  const steps = {
    "a visit of a new page": () => visitOf("https://one.example/", "One", [NOW - 5000, 1]),
    "visits of a page that is bookmarked": () =>
      visitOf(bookmarked.url, "Again", [NOW - 7000, 2], [NOW - 86_400_000 * 3, 1]),
    "what was embedded, and a visit to come": () =>
      visitOf("https://ahead.example/", "Ahead", [NOW - 9000, 4], [NOW + 86_400_000, 1]),
    "only embedded": () => visitOf("https://frame.example/", null, [NOW - 9500, 8]),
    "that page is seen": () => visitOf("https://frame.example/", "Seen", [NOW - 9400, 1]),
    "a bookmark with tags": () =>
      bookmarkOf("copiedBOOK01", "unfiled", "B", { tags: ["Łódź", "x"] }),
    "it moves": () => bookmarkOf("copiedBOOK01", "toolbar", "B2", { tags: ["X"] }),
    "it is removed": () => put("bookmarks", { id: "copiedBOOK01", deleted: true }),
  };
  for (const [name, step] of Object.entries(steps)) {
    await step();
    sync();
    await same(page, name);
  }
  const { visits } = await get(page, "/history?limit=40");
  const { page: of, date, type } = visits[3];
  await change(page, "POST", "/removals", { kind: "visit", page: of, date, type });
  await same(page, "a visit removed");
  await change(page, "POST", "/removals", { kind: "page", page: visits[10].page });
  await same(page, "a page removed");
  const { sites } = await get(page, "/history/sites?limit=4");
  await change(page, "POST", "/removals", { kind: "site", host: sites[2].host });
  await same(page, "a site removed");
  await change(page, "POST", "/removals", {
    kind: "span",
    since: visits[30].date,
    until: visits[20].date,
  });
  await same(page, "a span removed");
  const [device] = (await get(page, "/devices")).devices;
  await change(page, "PATCH", `/devices/${device.id}`, { hidden: true });
  await same(page, "a device hidden");
  await change(page, "PATCH", `/devices/${device.id}`, { hidden: false });
  await same(page, "and shown");
  for (const { id } of (await get(page, "/removals")).removals)
    await change(page, "DELETE", `/removals/${id}`);
  sync(); // a complete one
  await same(page, "all of it back", 30);
});

test("a worker that is ended, answers in pieces, a server that no longer knows", async t => {
  let asked = 0;
  let refuse = 0;
  let limit = 700;
  const { page, context, seen } = await withCopy(t, {
    answers: async r => {
      if (!r.url.startsWith("/api/v1/changes")) return null;
      asked++;
      if (limit) r.url += `&limit=${limit}`;
      return refuse-- > 0 ? { status: 410, body: { code: "too_old" } } : null;
    },
  });
  assert.ok(asked > 10, `${asked} answers`);
  await same(page, "in pieces", 30);
  const { run } = await state(page);
  refuse = 1;
  asked = 0;
  await visitOf("https://again.example/", "Again", [NOW - 1000, 1]);
  sync();
  await same(page, "after 410", 30);
  assert.equal((await state(page)).run, run + 1);
  assert.ok(asked > 10);
  // Ended in the middle of filling: what is there stays, and the rest is asked for.
  const client = await context.newCDPSession(page);
  await client.send("ServiceWorker.enable");
  refuse = 1;
  asked = 0;
  await visitOf("https://third.example/", "Third", [NOW - 900, 1]);
  sync();
  while (asked < 4) await new Promise(r => setTimeout(r, 5));
  await client.send("ServiceWorker.stopAllWorkers");
  const begun = await state(page);
  assert.equal(begun.generation, 0);
  await page.reload();
  await same(page, "after an end", 30);
  assert.equal((await state(page)).run, begun.run);
  const since = seen.requests.filter(([, path]) => path.startsWith("/api/v1/changes?since=0&"));
  assert.ok(since.length > 0);
});

test("two tabs: one of them asks for what changed, both draw it", async t => {
  const { page, context, seen } = await withCopy(t);
  const other = await context.newPage();
  await go(page, seen.base, "/history", "History");
  await go(other, seen.base, "/history", "History");
  await followed(page);
  seen.asked();
  await visitOf("https://both.example/", "Seen by both", [NOW - 500, 1]);
  sync();
  await page.bringToFront();
  await page.getByText("Seen by both").first().waitFor();
  await other.bringToFront();
  await other.getByText("Seen by both").first().waitFor();
  const asked = seen.asked();
  assert.equal(asked.filter(p => p.startsWith("/changes")).length, 1, String(asked));
  assert.deepEqual(
    asked.filter(p => /^\/(history|tabs|bookmarks)/.test(p)),
    [],
  );
});

test("no room: the copy is given up, and the server is asked", async t => {
  const seen = await between(t);
  const { page, context } = await open(t, { worker: "allow", base: seen.base });
  const client = await context.newCDPSession(page);
  await client.send("Storage.overrideQuotaForOrigin", { origin: seen.base, quotaSize: 600_000 });
  await page.goto(seen.base + "/");
  await settled(page);
  await page.waitForFunction(() => localStorage.getItem("copy-full") !== null, undefined, {
    timeout: 60_000,
  });
  assert.equal(await state(page), null);
  seen.asked();
  await go(page, seen.base, "/history", "History");
  await page
    .getByText(/visits/)
    .first()
    .waitFor();
  const asked = seen.asked();
  assert.ok(asked.some(p => p.startsWith("/history/days")));
  assert.deepEqual(
    asked.filter(p => p.startsWith("/changes")),
    [],
  );
});

test("/changes fails: the server is asked for views", async t => {
  let fail = false;
  const { page, seen } = await withCopy(t, {
    answers: async r => (fail && r.url.startsWith("/api/v1/changes") ? { status: 503 } : null),
  });
  await go(page, seen.base, "/history", "History");
  fail = true;
  await visitOf("https://fails.example/", "Without the copy", [NOW - 300, 1]);
  sync();
  await page.getByText("Without the copy").first().waitFor();
  fail = false;
  await page.reload();
  await same(page, "followed again");
});

test("the network goes when a change is told: it is asked for when the stream is back", async t => {
  let cut = false;
  let asked = 0;
  let stream;
  const { page } = await withCopy(t, {
    answers: async r => {
      if (r.url === "/api/v1/events") stream = r.socket;
      if (!cut || !r.url.startsWith("/api/v1/changes")) return null;
      asked++;
      r.socket.destroy();
      return { status: 500 };
    },
  });
  await go(page, new URL(page.url()).origin, "/history", "History");
  await followed(page);
  cut = true;
  await visitOf("https://missed.example/", "Nearly missed", [NOW - 200, 1]);
  sync();
  while (asked === 0) await new Promise(r => setTimeout(r, 20));
  await settled(page);
  cut = false;
  stream.destroy();
  await page.getByText("Nearly missed").first().waitFor();
  await same(page, "followed");
});

test("a network on which /me is late: the stream says what the copy is to follow", async t => {
  let hold = null;
  const { page, seen } = await withCopy(t, {
    answers: async r => (hold && r.url === "/api/v1/me" ? (await hold, null) : null),
  });
  await go(page, seen.base, "/history", "History");
  await page.goto(seen.base + "/manifest.webmanifest");
  await visitOf("https://late.example/", "Told by the stream", [NOW - 100, 1]);
  sync();
  let release;
  hold = new Promise(r => (release = r));
  await page.goto(seen.base + "/history");
  await page.getByText("Told by the stream").first().waitFor();
  hold = null;
  release();
  await same(page, "followed");
});

test("a copy that is older than what was drawn of it is read all the same", async t => {
  const { page } = await withCopy(t);
  await page.reload();
  await page.getByText("Ada laptop").first().waitFor();
  await page.evaluate(
    () =>
      new Promise(done => {
        const request = indexedDB.open("data-copy");
        request.onsuccess = () => {
          const store = request.result.transaction("meta", "readwrite").objectStore("meta");
          const found = store.get("state");
          found.onsuccess = () =>
            (store.put({ ...found.result, generation: 1 }, "state").onsuccess = () => {
              request.result.close();
              done();
            });
        };
      }),
  );
  await page.getByRole("link", { name: "Bookmarks" }).first().click();
  await page.getByText("Bookmarks Toolbar").first().waitFor();
});

test("a database that does not open keeps nobody from the server or from signing out", async t => {
  const { page, context, seen } = await withCopy(t, { fresh: true });
  const asleep = await context.newPage();
  await asleep.goto(seen.base + "/manifest.webmanifest");
  await asleep.evaluate(
    () =>
      new Promise(done => {
        const request = indexedDB.open("data-copy");
        request.onsuccess = () => {
          globalThis.kept = request.result; // it does not hear that it is to be closed
          indexedDB.deleteDatabase("data-copy").onblocked = done;
        };
      }),
  );
  await page.reload();
  await page.getByText("Ada laptop").first().waitFor();
  await page.getByRole("link", { name: "Account" }).first().click();
  const ended = page.waitForRequest(r => r.method() === "DELETE");
  await page.getByRole("button", { name: "Sign out of this browser" }).click();
  await ended;
  await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
  assert.equal(await asleep.evaluate(() => [...globalThis.kept.objectStoreNames].length), 6);
});

test("search without the server covers all pages, as do lists that words narrow", async t => {
  const { page, context, seen } = await withCopy(t);
  const { visits } = await get(page, "/history?host=en.wikipedia.org&limit=500");
  const { url, title } = visits.at(-1);
  await context.setOffline(true);
  await page.goto(seen.base + "/");
  await settled(page);
  await page.getByRole("combobox").fill(title);
  await page.getByText("Offline: searching in what was last seen.").waitFor();
  await page.locator(`#results a[href="${url}"]`).waitFor();
  const path = "/history?q=" + encodeURIComponent(title.split(" ")[0]);
  await page.evaluate(to => {
    const link = document.createElement("a");
    link.href = to;
    document.querySelector("#main").append(link);
    link.click();
  }, path);
  await page.locator("scroll-list .row mark").first().waitFor();
  await context.setOffline(false);
});

test("signing out deletes the copy; a session that ended elsewhere too", async t => {
  const { page, context, seen } = await withCopy(t, { fresh: true });
  await go(page, seen.base, "/account", "Account");
  const databases = () => page.evaluate(async () => (await indexedDB.databases()).map(d => d.name));
  assert.ok((await databases()).includes("data-copy"));
  let released;
  const ended = new Promise(r => (released = r));
  await context.route("**/api/v1/session", async r => (released(await databases()), r.continue()));
  await page.getByRole("button", { name: "Sign out of this browser" }).click();
  await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
  assert.ok(!(await databases()).includes("data-copy"));
  void ended;
  const again = await withCopy(t, { fresh: true });
  await again.context.clearCookies();
  await again.page.reload();
  await again.page.getByRole("heading", { name: "Your web, at home" }).waitFor();
  assert.equal(await state(again.page), null);
});

test("another account in the same browser sees nothing of it", async t => {
  const other = "bob@example.org";
  const file = await (
    await fetch(`${process.env.SERVICE}/__admin/accounts`, {
      method: "POST",
      body: JSON.stringify({ email: other, history: 40, bookmarks: 5, tabs: 3 }),
    })
  ).json();
  execFileSync(HEARTHD, ["--config", CONFIG, "account", "import", "-"], {
    input: JSON.stringify(file),
  });
  cli("account", "sync", other, "--wait");
  let hold = null;
  const { page, seen } = await withCopy(t, {
    fresh: true,
    answers: async r => (hold && r.url.startsWith("/api/") ? (await hold, null) : null),
  });
  const ada = await state(page);
  const { url } = JSON.parse(cli("link", other, "--json"));
  await page.goto(seen.base + "/auth/link" + new URL(url, BASE).search);
  let release;
  hold = new Promise(r => (release = r));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(u => u.pathname === "/");
  await page.locator("#view h1").waitFor();
  assert.equal((await state(page)).confirmed, false);
  assert.equal(await page.getByText("Ada laptop").count(), 0);
  assert.equal(await page.locator(".site-row, .row, .top-sites li").count(), 0);
  release();
  hold = null;
  await settled(page);
  await followed(page);
  const bob = await state(page);
  assert.notEqual(bob.account, ada.account);
  assert.equal(await page.getByText("Ada laptop").count(), 0);
  await same(page, "the other account");
});

test("whatever happens, in any order", async t => {
  const seed = Number(process.env.HEARTH_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`HEARTH_SEED=${seed}`);
  let last = seed;
  const below = n => (last = (last * 48_271 + 11) % 2_147_483_647) % n;
  let limit = 10_000;
  let refuse = 0;
  const { page, context, seen } = await withCopy(t, {
    answers: async r => {
      if (!r.url.startsWith("/api/v1/changes")) return null;
      r.url += `&limit=${limit}`;
      return refuse-- > 0 ? { status: 410, body: { code: "too_old" } } : null;
    },
  });
  const client = await context.newCDPSession(page);
  await client.send("ServiceWorker.enable");
  const known = (await get(page, "/history?limit=500")).visits;
  const books = ["random00BK01", "random00BK02", "random00BK03"];
  const parents = ["toolbar", "menu", "unfiled", "mobile"];
  const date = () => NOW - below(40) * 86_400_000 - below(86_400_000);
  const steps = {
    "a new page": () => visitOf(`https://r${below(9)}.example/${below(99)}`, "New", [date(), 1]),
    "a known page": () => {
      const { url, title } = known[below(known.length)];
      return visitOf(url, title, [date(), 1 + below(8)], [date(), 1]);
    },
    "a bookmark": () =>
      bookmarkOf(books[below(3)], parents[below(4)], `B ${below(9)}`, {
        bmkUri: known[below(20)].url,
        tags: ["a", "B", "ä"].slice(0, below(4)),
      }),
    "a bookmark less": () => put("bookmarks", { id: books[below(3)], deleted: true }),
    "a visit removed": async () => {
      const { visits } = await get(page, "/history?limit=60");
      const { page: of, date, type } = visits[below(visits.length)];
      await change(page, "POST", "/removals", { kind: "visit", page: of, date, type });
    },
    "a page removed": async () => {
      const { visits } = await get(page, "/history?limit=60");
      const { page: of } = visits[below(visits.length)];
      await change(page, "POST", "/removals", { kind: "page", page: of });
    },
    "allowed again": async () => {
      for (const { id } of (await get(page, "/removals")).removals)
        await change(page, "DELETE", `/removals/${id}`);
    },
    "a device": async () => {
      const { devices } = await get(page, "/devices?hidden=1");
      const { id, hidden } = devices[below(devices.length)];
      await change(page, "PATCH", `/devices/${id}`, { hidden: !hidden });
    },
    "the worker ends": () => client.send("ServiceWorker.stopAllWorkers"),
    410: () => (refuse = 1),
    "other pieces": () => (limit = [1, 7, 500, 10_000][below(4)]),
    "the app is opened": () => page.reload(),
  };
  const names = Object.keys(steps);
  const done = [];
  for (let round = 0; round < 8; round++) {
    for (let i = 1 + below(5); i > 0; i--) {
      const name = names[below(names.length)];
      done.push(name);
      await steps[name]();
    }
    if (limit < 500 && refuse > 0) limit = 500; // all of it, in reasonable time
    sync();
    await page.reload();
    await same(page, `HEARTH_SEED=${seed}: ${done.join(", ")}`, 2);
  }
  assert.ok(seen.requests.length > 0);
});
