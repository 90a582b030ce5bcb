// 100,000 pages and more visits: the view is as high as all of them, and holds only those in sight.
import { strict as assert } from "node:assert";
import { test } from "node:test";
import { open, settled, visit } from "./world.mjs";

test("scrolling through everything, and to any date", async t => {
  const { page } = await open(t);
  await visit(page, "/history", "History");
  await page.getByText(/That is all/).waitFor({ state: "attached" });
  const { visits } = await page.evaluate(() =>
    fetch("/api/v1/me")
      .then(r => r.json())
      .then(m => m.account.counts),
  );
  assert.ok(visits >= 100_000);
  const list = page.locator("scroll-list");
  const total = Number((await page.locator(".bar .when").textContent()).replace(/\D/g, ""));
  assert.ok((await list.evaluate(l => l.clientHeight)) > total * 59);
  const days = await page.evaluate(() =>
    document.querySelector("scroll-list").sections.map(s => s.key),
  );
  for (const part of [0.2, 0.5, 0.9, 0.99, 0.3, 0]) {
    await page.evaluate(p => scrollTo(0, document.documentElement.scrollHeight * p), part);
    await settled(page);
    assert.ok((await list.locator("> .placed").count()) < 70);
    assert.ok(
      await page.evaluate(() =>
        [...document.querySelectorAll("scroll-list .row a")].some(a => {
          const b = a.getBoundingClientRect();
          return b.top >= 0 && b.bottom <= innerHeight;
        }),
      ),
    );
  }
  for (const day of [days[Math.floor(days.length / 2)], days[days.length - 1], days[3]]) {
    await visit(page, `/history/${day}`, "History");
    await page.waitForFunction(d => {
      const h = document.querySelector("scroll-list");
      return (
        h?.sections.some(s => s.key === d) && document.querySelectorAll(".day-head").length > 0
      );
    }, day);
    await settled(page);
    const shown = await page.evaluate(
      () => [...document.querySelectorAll(".placed-head, .placed")].length,
    );
    assert.ok(shown > 0);
    const first = await page.evaluate(async d => {
      const from = new Date(d + "T00:00").getTime();
      const answer = await fetch(`/api/v1/history?limit=1&from=${from}&to=${from + 86400000}`);
      return (await answer.json()).visits[0];
    }, day);
    await page.locator(`scroll-list a[href="${first.url}"]`).first().waitFor();
  }
});

test("the rows come in the server's order, none twice, none missing", async t => {
  const { page } = await open(t);
  await visit(page, "/history", "History");
  const wanted = await page.evaluate(() =>
    fetch("/api/v1/history?limit=400")
      .then(r => r.json())
      .then(a => a.visits.map(v => v.url)),
  );
  const seen = new Map();
  for (let y = 0; seen.size < 300; y += 500) {
    await page.evaluate(to => scrollTo(0, to), y);
    await settled(page);
    for (const [top, url] of await page.evaluate(() =>
      [...document.querySelectorAll("scroll-list .placed a.row-link")].map(a => [
        a.closest(".placed").style.transform.match(/\d+/)[0],
        a.href,
      ]),
    ))
      seen.set(Number(top), url);
  }
  const order = [...seen].sort((a, b) => a[0] - b[0]).map(([, url]) => url);
  const links = wanted.filter(u => /^https?:/.test(u)).map(u => new URL(u).href);
  assert.deepEqual(order.slice(0, 300), links.slice(0, 300));
});
