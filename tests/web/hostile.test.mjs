// Titles and addresses come from strangers' pages: text, never markup, and only http and https can
// be followed.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { cli, EMAIL, open, service, settled, visit } from "./world.mjs";

const now = Date.now();
const TITLES = [
  '<img src=x onerror="window.hit=1">',
  "<script>window.hit=1</script>",
  "</bdi></a><b>out</b>",
  "\u202egnp.exe\u2066 \u202dleft",
  "a\u0000b\u0007c\u200f",
  "\u{1F469}\u200d\u{1F4BB} e\u0301\u0301\u0301\u0301",
  "x".repeat(3000),
  "${7*7} {{7*7}} <!--?lit$-->",
  '" onmouseover="window.hit=1" x="',
  "   ",
];
const ADDRESSES = [
  "javascript:window.hit=1",
  "JaVaScRiPt:window.hit=1",
  " javascript:window.hit=1",
  "java\nscript:window.hit=1",
  "data:text/html,<script>window.hit=1</script>",
  "file:///etc/passwd",
  "about:config",
  "vbscript:x",
  "https://long.example/" + "a".repeat(60_000),
  "https://user:secret@hostile.example/%E2%80%AE%00?<script>",
  "mailto:ada@example.org",
  "https://xn--80ak6aa92e.example/",
  "view-source:https://x.example/",
  "blob:https://x.example/1",
  "https://[::1",
  "http://",
];

const entries = [
  ...TITLES.map((title, i) => ({
    title: title + " hostile",
    url: `https://titles.hostile.example/${i}`,
  })),
  ...ADDRESSES.map((url, i) => ({ title: `hostile address ${i}`, url })),
];

test("in tabs, bookmarks, history and search", async t => {
  await service("put", {
    email: EMAIL,
    collection: "bookmarks",
    records: entries.map((e, i) => ({
      id: `hostile${String(i).padStart(5, "0")}`,
      cleartext: {
        id: `hostile${String(i).padStart(5, "0")}`,
        type: "bookmark",
        parentid: "mobile",
        parentName: "mobile",
        title: e.title,
        bmkUri: e.url,
        dateAdded: now,
        tags: ["<b>tag</b>"],
      },
    })),
  });
  await service("put", {
    email: EMAIL,
    collection: "history",
    records: entries.map((e, i) => ({
      id: `hostilh${String(i).padStart(5, "0")}`,
      cleartext: {
        id: `hostilh${String(i).padStart(5, "0")}`,
        histUri: e.url,
        title: e.title,
        visits: [{ date: (now - 1000 * i) * 1000, type: 1 }],
      },
    })),
  });
  await service("put", {
    email: EMAIL,
    collection: "clients",
    records: [
      {
        id: "hostileclient",
        cleartext: {
          id: "hostileclient",
          name: '<img src=x onerror="window.hit=1">\u202e',
          type: "mobile",
          os: "<b>os</b>",
          version: "1",
        },
      },
    ],
  });
  await service("put", {
    email: EMAIL,
    collection: "tabs",
    records: [
      {
        id: "hostileclient",
        cleartext: {
          id: "hostileclient",
          clientName: '<img src=x onerror="window.hit=1">\u202e',
          tabs: entries.map(e => ({
            title: e.title,
            urlHistory: [e.url],
            icon: "javascript:window.hit=1",
            lastUsed: Math.floor(now / 1000),
          })),
        },
      },
    ],
  });
  cli("account", "sync", EMAIL, "--wait");
  const { page } = await open(t);
  let rows = 0;
  for (const [path, heading] of [
    ["/", /Good|Still up/],
    ["/tabs", "Tabs"],
    ["/bookmarks?sort=added", "Bookmarks"],
    ["/bookmarks?tag=%3Cb%3Etag%3C%2Fb%3E", "<b>tag</b>"],
    ["/history", "History"],
    ["/history?q=hostile", "History"],
    ["/search?q=hostile", "Search"],
    ["/search?q=hostile&in=tabs", "Search"],
    ["/search?q=%3Cscript%3E", "Search"],
    ["/account", "Account"],
  ]) {
    await visit(page, path, heading);
    await settled(page);
    const seen = await page.evaluate(() => ({
      hit: window.hit,
      links: [...document.querySelectorAll("a[href]")].map(a => a.href),
      foreign: document.querySelectorAll(
        "#view img:not(.qr), #view script, #view b:not(.ghost b), #view iframe",
      ).length,
      controls: [
        ...document.querySelectorAll(
          "#view .row-title, #view h3 bdi, #view .row-url, #view h2 bdi",
        ),
      ].filter(e => /[\u0000-\u001f\u202a-\u202e\u2066-\u2069\u200f]/.test(e.textContent)).length,
      plain: document.querySelectorAll("#view .row-plain").length,
      wide: document.documentElement.scrollWidth > innerWidth + 1,
      longest: Math.max(
        0,
        ...[...document.querySelectorAll("#view bdi")].map(e => e.textContent.length),
      ),
    }));
    assert.deepEqual(
      { ...seen, links: seen.links.filter(l => !/^https?:\/\//.test(l)), plain: 0 },
      {
        hit: undefined,
        links: [],
        foreign: 0,
        controls: 0,
        plain: 0,
        wide: false,
        longest: seen.longest,
      },
      path,
    );
    assert.ok(seen.longest < 400, `${path} shows ${seen.longest} characters in a row`);
    rows += seen.plain;
  }
  assert.ok(rows > 20, "addresses that cannot be followed are shown");
  await visit(page, "/tabs", "Tabs");
  await page.getByText('<img src=x onerror="window.hit=1">', { exact: false }).first().waitFor();
  for (const plain of await page.locator(".row-plain").all()) await plain.click();
  assert.equal(await page.evaluate(() => window.hit), undefined);
});
