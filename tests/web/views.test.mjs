// Every view and every state of it.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { answer, BASE, cli, holds, open, service, settled, violations, visit } from "./world.mjs";

const account = {
  id: "a",
  email: "ada@example.org",
  name: null,
  state: "ok",
  state_detail: null,
  node: "main",
  created: 1,
  last_sync: Date.now(),
  last_attempt: 1,
  next_sync: null,
  next_sync_detail: null,
  next_sync_message: null,
  syncing: false,
  counts: { devices: 0, tabs: 0, bookmarks: 0, folders: 0, pages: 0, visits: 0 },
};

test("home: what was open, what is visited most, what was kept lately", async t => {
  const { page } = await open(t);
  await visit(page, "/", /Good|Still up/);
  await page.getByText(/^Synced .*Ada .*last uploaded/).waitFor();
  assert.deepEqual(await page.locator(".device-card h3").allInnerTexts(), [
    "Ada laptop",
    "Ada phone",
  ]);
  assert.equal(await page.locator(".device-card").first().locator("li").count(), 3);
  assert.equal(await page.locator(".top-sites li").count(), 8);
  assert.equal(await page.locator("section[aria-labelledby=home-added] li").count(), 6);
  await page.getByRole("link", { name: "9 more tabs" }).click();
  await page.getByRole("heading", { level: 1, name: "Tabs" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Jump back in" }).waitFor();
});

test("navigation, deep links, the back button, an address that is none", async t => {
  const { page } = await open(t, { size: "desktop" });
  await visit(page, "/", /Good|Still up/);
  for (const name of ["Tabs", "Bookmarks", "History", "Account"]) {
    await page.getByRole("navigation", { name: "Hearth" }).getByRole("link", { name }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    assert.equal(await page.title(), `${name} – Hearth`);
    assert.equal(await page.locator(".nav [aria-current=page]").innerText(), name);
  }
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "History" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Bookmarks" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Bookmarks" }).waitFor();
  const unknown = await page.goto(BASE + "/nothing/here");
  assert.equal(unknown.status(), 404);
});

test("tabs: filter, fold, inactive ones apart", async t => {
  const { page } = await open(t);
  await visit(page, "/tabs", "Tabs");
  const laptop = page.getByRole("button", { name: /^Ada laptop/ });
  assert.equal(await laptop.getAttribute("aria-expanded"), "true");
  await laptop.click();
  assert.equal(await laptop.getAttribute("aria-expanded"), "false");
  await page.reload();
  await settled(page);
  assert.equal(await laptop.getAttribute("aria-expanded"), "false");
  await page.getByRole("textbox", { name: "Filter tabs" }).fill("between");
  await page.getByText("Between").first().waitFor();
  assert.equal(await page.locator(".device .row").count(), 1);
  assert.equal(await page.locator(".device mark").first().textContent(), "Between");
  await page.getByRole("textbox", { name: "Filter tabs" }).fill("no such tab");
  await page.getByText("No open tab has these words.").waitFor();
});

// As the services give what a real Firefox has uploaded.
const windows = {
  devices: [
    {
      id: "laptop",
      name: "Laptop",
      type: "desktop",
      os: null,
      version: null,
      last_upload: Date.now(),
      hidden: false,
      windows: [
        { number: 0, tabs: 6 },
        { number: 1, tabs: 2 },
      ],
      groups: [
        { id: "a", name: "Reise", color: "purple", collapsed: true },
        { id: "b", name: "Reise", color: "green", collapsed: false },
        { id: "c", name: "", color: "red", collapsed: false },
        { id: "d", name: "Nothing of it is open", color: "blue", collapsed: false },
      ],
      tabs: [
        ["Mail", 0, null, { pinned: true }],
        ["Trains", 0, "a"],
        ["Timetable", 0, "a"],
        ["Between", 0, null],
        ["Hotels", 0, "b"],
        ["Ferries", 0, "b"],
        ["Unsorted", 1, "c"],
        ["Old", 1, null, { inactive: true }],
      ].map(([title, window, group, more], place) => ({
        title,
        url: `https://${title.toLowerCase()}.example/`,
        icon: null,
        last_used: Date.now() - place * 1000,
        inactive: false,
        pinned: false,
        active: false,
        window,
        place,
        group_id: group,
        group: null,
        ...more,
      })),
    },
  ],
};

test("tabs: windows and groups, each with its name and colour, in order", async t => {
  for (const [size, dark] of [
    ["narrow", true],
    ["desktop", false],
  ]) {
    const { page } = await open(t, { size, dark, bypassCSP: true });
    await answer(page, "/tabs", windows);
    await visit(page, "/tabs", "Tabs");
    const laptop = page.locator("#device-laptop");
    /* What is folded away is not; what was not painted yet is. */
    const shown = () =>
      laptop
        .locator("h3, h4, .row-title")
        .evaluateAll(all => all.filter(e => e.checkVisibility()).map(e => e.textContent.trim()));
    assert.deepEqual(await shown(), [
      "Window 1",
      "Mail",
      "Reise",
      "Between",
      "Reise",
      "Hotels",
      "Ferries",
      "Window 2",
      "Unnamed group",
      "Unsorted",
    ]);
    const groups = laptop.locator("details.tab-group");
    assert.deepEqual(await groups.evaluateAll(all => all.map(g => g.open)), [false, true, true]);
    assert.deepEqual(
      await groups.locator("summary .count").evaluateAll(all => all.map(c => c.textContent)),
      ["purple group, 2 tabs", "green group, 2 tabs", "red group, 1 tab"],
    );
    const colours = await groups.evaluateAll(all =>
      all.map(g => getComputedStyle(g).borderInlineStartColor),
    );
    assert.equal(new Set(colours).size, 3);
    assert.equal(await laptop.getByText("pinned").count(), 1);
    await groups.first().locator("summary").click();
    await laptop.getByText("Timetable").first().waitFor();
    await laptop.getByText("1 tab not used for two weeks").click();
    await laptop.getByText("Old").first().waitFor();
    assert.deepEqual(await violations(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.getByRole("textbox", { name: "Filter tabs" }).fill("trains"); // in a folded one
    await laptop.locator("mark").first().waitFor();
    assert.deepEqual(await shown(), ["Window 1", "Reise", "Trains"]);
  }
});

test("tabs: one window needs no heading, and no group has a group's heading", async t => {
  const { page } = await open(t, { bypassCSP: true });
  const [laptop] = windows.devices;
  const tabs = laptop.tabs.filter(tab => tab.window === 0);
  await answer(page, "/tabs", { devices: [{ ...laptop, tabs }] });
  await visit(page, "/tabs", "Tabs");
  assert.deepEqual(await page.locator("#device-laptop h3").allInnerTexts(), ["Reise", "Reise"]);
  assert.equal(await page.locator("#device-laptop h4").count(), 0);
  assert.deepEqual(await violations(page), []);
});

test("a device is hidden, and shown again", async t => {
  const { page } = await open(t, { fresh: true });
  await visit(page, "/tabs", "Tabs");
  const phone = page.getByRole("button", { name: /^Ada phone/ });
  await phone.waitFor();
  const menu = page.getByRole("button", { name: "More for Ada phone" });
  await menu.click();
  await page.getByRole("menuitem", { name: "Hide this device" }).click();
  await page.getByText("Ada phone is hidden. The account view can show it again.").waitFor();
  await phone.waitFor({ state: "detached" });
  await visit(page, "/", /Good|Still up/);
  assert.deepEqual(await page.locator(".device-card h3").allInnerTexts(), ["Ada laptop"]);
  await visit(page, "/account", "Account");
  const devices = page.getByRole("region", { name: "Devices", exact: true });
  const hidden = devices.getByRole("list", { name: "Hidden devices" });
  assert.deepEqual(await hidden.locator(".row-title").allInnerTexts(), ["Ada phone"]);
  await devices.getByText("Nothing is changed on the devices, or in your Firefox").waitFor();
  await hidden.getByRole("button", { name: "Show Ada phone again" }).click();
  await hidden.waitFor({ state: "detached" });
  await visit(page, "/tabs", "Tabs");
  await phone.waitFor();
});

test("bookmarks: folders in order, the way back, tags, newest first, filter", async t => {
  const { page } = await open(t);
  await visit(page, "/bookmarks", "Bookmarks");
  assert.deepEqual(await page.locator("scroll-list .row-title").allTextContents(), [
    "Bookmarks Toolbar",
    "Bookmarks Menu",
    "Other Bookmarks",
    "Mobile Bookmarks",
  ]);
  await page.getByRole("link", { name: /Bookmarks Toolbar/ }).click();
  await page.getByRole("heading", { level: 1, name: "Bookmarks Toolbar" }).waitFor();
  const shown = await page.evaluate(() =>
    fetch(`/api/v1/bookmarks?folder=${location.pathname.split("/")[2]}&limit=100`).then(r =>
      r.json(),
    ),
  );
  await settled(page);
  const titles = await page.locator("scroll-list .row-title").count();
  assert.equal(titles, shown.items.filter(i => i.kind !== "separator").length);
  assert.equal(
    await page.locator("scroll-list [role=separator]").count(),
    shown.items.filter(i => i.kind === "separator").length,
  );
  await page.getByRole("link", { name: "By name" }).click();
  await page.waitForURL(u => u.searchParams.get("sort") === "name");
  await settled(page);
  const named = await page
    .locator("scroll-list .row:not(:has(.tile-folder)) .row-title")
    .allTextContents();
  assert.deepEqual(
    named,
    [...named].sort(new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare),
  );
  assert.equal(await page.locator("scroll-list .row-title").count(), titles);
  const crumbs = page.getByRole("navigation", { name: "Folders above" });
  assert.equal(await crumbs.locator("[aria-current=page]").textContent(), "Bookmarks Toolbar");
  await crumbs.getByRole("link", { name: "Bookmarks" }).click();
  await page
    .getByRole("navigation", { name: "Tags" })
    .getByRole("link", { name: /science/ })
    .click();
  await page.getByRole("heading", { level: 1, name: "science" }).waitFor();
  await settled(page);
  assert.equal(await page.locator("scroll-list .row").count(), 3);
  await page.getByRole("link", { name: "Newest first" }).click();
  await settled(page);
  assert.ok((await page.locator("scroll-list .row").count()) > 10);
  await page.getByRole("textbox", { name: "Filter bookmarks" }).fill("river");
  await page.waitForURL(u => u.searchParams.get("q") === "river");
  await settled(page);
  assert.ok((await page.locator("scroll-list mark").count()) > 0);
  await page.getByRole("textbox", { name: "Filter bookmarks" }).fill("no such bookmark at all");
  await page.getByText("No bookmark has these words.").waitFor();
  await page.goto(BASE + "/bookmarks/nothing_here");
  await page.getByText("This folder is no longer there").waitFor();
});

test("history: days, calendar, one site, filter, by site", async t => {
  const { page } = await open(t);
  await visit(page, "/history", "History");
  await page.getByText("11,667 visits").first().waitFor();
  await page
    .getByRole("button", { name: /Today|Yesterday|day/ })
    .first()
    .click();
  const days = page.locator(".month button:not(:disabled)");
  await days.first().waitFor();
  const label = await days.first().getAttribute("aria-label");
  await days.first().click();
  await page.waitForURL(/\/history\/\d{4}-\d\d-01/);
  assert.match(label, /^\w+, 1 \w+ 2026: [\d,]+ visits?$/);
  await page.locator("h2.day-head", { hasText: / 1 / }).first().waitFor();
  await settled(page);
  await page.getByRole("link", { name: "By site" }).click();
  await page.getByRole("heading", { level: 1, name: "Sites" }).waitFor();
  await page.getByRole("textbox", { name: "Filter sites" }).fill("bbc");
  // The list moves until then, and a click might miss its row.
  await page.waitForURL(u => u.searchParams.get("q") === "bbc");
  await settled(page);
  await page.getByRole("link", { name: /www\.bbc\.co\.uk/ }).click();
  await page.waitForURL(u => u.searchParams.get("host") === "www.bbc.co.uk");
  await settled(page);
  for (const url of await page.locator("scroll-list .row-url").allTextContents())
    assert.match(url, /^bbc\.co\.uk/);
  await page.getByRole("link", { name: "Show all sites again" }).click();
  await page.getByRole("textbox", { name: "Filter history" }).fill("quiet river");
  await page.waitForURL(u => u.searchParams.get("q") === "quiet river");
  await settled(page);
  assert.ok((await page.locator("scroll-list mark").count()) > 1);
  await page.getByRole("textbox", { name: "Filter history" }).fill("qqqqqqq");
  await page.getByText("No visit has these words.").waitFor();
});

test("the menu of a page: keys, copying, its site's history", async t => {
  const { page, context } = await open(t, {
    size: "desktop",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await visit(page, "/history", "History");
  const button = page.getByRole("button", { name: /^More for/ }).first();
  await button.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Copy address" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".menu").count(), 0);
  assert.ok(await button.evaluate(b => b === document.activeElement));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.getByText("Copied").waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^https?:/);
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: /^History of/ }).click();
  await page.waitForURL(/host=/);
  assert.equal(context.pages().length, 1);
});

test("account: sync now, browsers, a link for another device, tokens, exports", async t => {
  const { page, context } = await open(t, { fresh: true });
  await visit(page, "/account", "Account");
  await page.getByText("725 bookmarks, 5,095 pages").waitFor();
  await page.getByRole("button", { name: "Add another device" }).click();
  assert.match(await page.locator(".shown-code").textContent(), /\S{4}/);
  await page.getByRole("img", { name: /QR code/ }).waitFor();
  assert.ok(await page.locator(".qr").evaluate(i => i.decode().then(() => i.naturalWidth > 0)));
  await page.getByText("New token").click();
  await page.getByLabel("What is it for?").fill("<b>script</b>");
  await page.getByRole("button", { name: "Make token" }).click();
  const secret = (await page.locator(".secret").textContent()).trim();
  const asked = await context.request.fetch(BASE + "/api/v1/me", {
    headers: { authorization: `Bearer ${secret}`, cookie: "" },
  });
  assert.equal(asked.status(), 200);
  await page.getByRole("button", { name: "Revoke <b>script</b>" }).click();
  await page.getByText("The token no longer works").waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Bookmarks, for any browser" }).click();
  assert.equal((await download).suggestedFilename(), "bookmarks.html");
  const sessions = await page.locator("#browsers li").count();
  const other = await open(t, { fresh: true });
  await visit(other.page, "/account", "Account");
  await page.reload();
  await settled(page);
  assert.equal(await page.locator("#browsers li").count(), sessions + 1);
  await page
    .getByRole("button", { name: /^Sign out Chrome/ })
    .last()
    .click();
  await page.waitForFunction(n => document.querySelectorAll("#browsers li").length === n, sessions);
});

test("a session that was ended elsewhere, and signing out", async t => {
  const { page, context } = await open(t, { fresh: true });
  await visit(page, "/", /Good|Still up/);
  await page.evaluate(() =>
    caches.open("data-1").then(c => c.put("/api/v1/tabs", new Response("{}"))),
  );
  await page.goto(BASE + "/account");
  await page.getByRole("button", { name: "Sign out of this browser" }).click();
  await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
  assert.deepEqual(await page.evaluate(() => caches.keys()), []);
  assert.equal((await context.request.get(BASE + "/api/v1/me")).status(), 401);
  assert.equal((await context.cookies()).filter(c => c.name.includes("hearth_session")).length, 0);
  await page.goto(BASE + "/history");
  await page.getByRole("link", { name: "Sign in" }).click();
  assert.equal(new URL(page.url()).searchParams.get("next"), "/history");
});

test("themes: shown at once, kept with the account, there before the first paint", async t => {
  const { page } = await open(t);
  await visit(page, "/themes", "Themes");
  assert.equal(await page.locator(".theme-card").count(), 8);
  await page.getByRole("radio", { name: "Tide" }).check();
  await page.getByRole("radio", { name: "Dark" }).check();
  await holds(page, () =>
    fetch("/api/v1/settings")
      .then(r => r.json())
      .then(s => s.theme.name === "tide" && s.theme.mode === "dark"),
  );
  const other = await open(t);
  await visit(other.page, "/", /Good|Still up/);
  await other.page.waitForFunction(
    () =>
      document.documentElement.dataset.theme === "tide" &&
      document.documentElement.dataset.mode === "dark",
  );
  await other.page.goto(BASE + "/tabs", { waitUntil: "commit" });
  await other.page.waitForFunction(() => document.documentElement.dataset.theme === "tide");
  await page.getByRole("radio", { name: "Hearth" }).check();
  await page.getByRole("radio", { name: "Automatic" }).check();
  await holds(page, () =>
    fetch("/api/v1/settings")
      .then(r => r.json())
      .then(s => s.theme.name === "hearth" && s.theme.mode === "auto"),
  );
});

test("states of the account: words and a remedy", async t => {
  const { page } = await open(t);
  for (const [state, words, remedy, to] of [
    ["waiting", "Waiting for your first device", "How to fill it", "/account#devices"],
    ["signin_needed", "Please sign in again", "Sign in again", "/auth/signin?next=/"],
    ["paused", "Paused", "See the account", "/account"],
    ["error", "Syncing has trouble", "See the account", "/account"],
  ]) {
    await answer(page, "/me", {
      account: { ...account, state, state_detail: "The server said: <b>wait</b>." },
      generation: 1,
    });
    await page.goto(BASE + "/");
    const notice = page.getByRole("region", { name: words });
    await notice.getByText("The server said: <b>wait</b>.").waitFor();
    assert.equal(await notice.getByRole("link", { name: remedy }).getAttribute("href"), to);
  }
});

test("nothing there yet, in every view", async t => {
  const { page } = await open(t);
  await answer(page, "/me", {
    account: { ...account, state: "waiting", last_sync: null },
    generation: 1,
  });
  for (const [path, body] of [
    ["/tabs", { devices: [] }],
    ["/devices", { devices: [] }],
    ["/search", { results: [] }],
    ["/bookmarks", { items: [], next: null }],
    ["/tags", { tags: [] }],
    ["/history", { visits: [], next: null }],
    ["/history/days", { days: [] }],
    ["/history/sites", { sites: [], next: null }],
  ])
    await answer(page, path, body);
  for (const [path, words] of [
    ["/", "Not synced yet"],
    ["/", "No tabs are open on your other devices."],
    ["/tabs", "No devices yet"],
    ["/bookmarks", "This folder is empty"],
    ["/history", "No history yet"],
    ["/sites", "No history yet"],
    ["/search", "Nothing here yet"],
    ["/account", "No device has uploaded anything yet."],
  ]) {
    await page.goto(BASE + path);
    await page.getByText(words).first().waitFor();
  }
});

test("a server in trouble: said in words, and tried again", async t => {
  const { page } = await open(t);
  for (const [path, view] of [
    ["/tabs", "/tabs"],
    ["/bookmarks", "/bookmarks"],
    ["/history/days", "/history"],
    ["/history/sites", "/sites"],
    ["/search", "/search?q=x"],
  ]) {
    await answer(
      page,
      path,
      { title: "Service Unavailable", status: 503, code: "unavailable" },
      503,
    );
    await page.goto(BASE + view);
    const alert = page
      .getByRole("alert")
      .filter({ hasText: "The server has trouble at the moment" });
    await alert.waitFor();
    await page.unrouteAll();
    await alert.getByRole("button", { name: "Try again" }).click();
    await alert.waitFor({ state: "detached" });
    await settled(page);
  }
});

test("while it loads: rows that are on their way, and nothing jumps", async t => {
  const { page } = await open(t);
  let release;
  const held = new Promise(r => (release = r));
  await page.route(
    u => u.pathname === "/api/v1/tabs",
    async r => (await held, r.continue()),
  );
  await page.goto(BASE + "/tabs");
  await page.getByRole("status", { name: "Loading" }).waitFor();
  const before = await page.getByRole("heading", { level: 1 }).boundingBox();
  release();
  await page.getByText("Ada laptop").waitFor();
  assert.deepEqual(await page.getByRole("heading", { level: 1 }).boundingBox(), before);
});

test("two browsers see a change live, and sync now tells how it goes", async t => {
  const one = await open(t, { fresh: true });
  const two = await open(t, { size: "desktop", fresh: true });
  await visit(one.page, "/account", "Account");
  await visit(two.page, "/bookmarks?sort=added", "Bookmarks");
  const late = await open(t, { fresh: true }); // reads, and listens only after the change
  let listens;
  const held = new Promise(r => (listens = r));
  await late.page.route("**/api/v1/events", async r => (await held, r.continue()));
  await visit(late.page, "/bookmarks?sort=added", "Bookmarks");
  await service("put", {
    email: "ada@example.org",
    collection: "bookmarks",
    records: [
      {
        id: "liveLIVE0001",
        cleartext: {
          id: "liveLIVE0001",
          type: "bookmark",
          parentid: "unfiled",
          parentName: "unfiled",
          title: "Just now, elsewhere",
          bmkUri: "https://live.example/now",
          dateAdded: Date.now(),
          tags: [],
        },
      },
    ],
  });
  await one.page.getByRole("button", { name: "Sync now" }).click();
  await one.page.getByText("Up to date.").waitFor();
  await two.page.getByText("Just now, elsewhere").waitFor();
  await one.page.getByText("726 bookmarks").waitFor();
  assert.equal(await late.page.getByText("Just now, elsewhere").count(), 0);
  listens();
  await late.page.getByText("Just now, elsewhere").waitFor();
});

test("a stream that was refused is opened again", async t => {
  const { page } = await open(t, { fresh: true });
  let asked = 0;
  await page.route("**/api/v1/events", r =>
    asked++ === 0 ? r.fulfill({ status: 503 }) : r.continue(),
  );
  await page.clock.install();
  const refused = page.waitForResponse("**/api/v1/events");
  await visit(page, "/account", "Account");
  assert.equal((await refused).status(), 503);
  const again = page.waitForResponse("**/api/v1/events");
  await page.clock.fastForward(11_000);
  assert.equal((await again).status(), 200);
});

test("a sync that is done before its request is answered is told as done", async t => {
  const { page } = await open(t, { fresh: true });
  let answer;
  await page.route(
    "**/api/v1/sync",
    r => new Promise(done => (answer = () => (r.fulfill({ status: 202 }), done()))),
  );
  await page.addInitScript(() => {
    const Source = EventSource;
    window.EventSource = class extends Source {
      constructor(...a) {
        super(...a);
        window.stream = this;
      }
    };
  });
  await visit(page, "/account", "Account");
  await page.getByRole("button", { name: "Sync now" }).click();
  await page.getByText("Asked for.").waitFor();
  await page.evaluate(() =>
    stream.dispatchEvent(new MessageEvent("sync", { data: '{"state":"done","detail":""}' })),
  );
  await page.getByText("Up to date.").waitFor();
  const answered = page.waitForResponse("**/api/v1/me");
  answer();
  await answered;
  assert.equal(await page.getByText("Up to date.").count(), 1);
});

test("forgetting asks first, then nothing is left", async t => {
  const { page } = await open(t, { fresh: true });
  await visit(page, "/account", "Account");
  await page.getByRole("button", { name: "Forget me" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Forget me" }).click();
  await page.getByRole("button", { name: "Yes, forget me" }).click();
  await page.getByText("Nothing was deleted yet").waitFor(); // a link signed this browser in
  assert.equal(
    await page.getByRole("link", { name: "Sign in again" }).getAttribute("href"),
    "/auth/signin?next=%2Faccount%23forget",
  );
  cli("account", "show", "ada@example.org");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.route("**/api/v1/me", route =>
    route.request().method() === "DELETE" ? route.fulfill({ status: 204 }) : route.continue(),
  ); // what e2e deletion tests
  await page.getByRole("button", { name: "Forget me" }).click();
  await page.getByRole("button", { name: "Yes, forget me" }).click();
  await page.getByRole("heading", { name: "Your web, at home" }).waitFor();
});
