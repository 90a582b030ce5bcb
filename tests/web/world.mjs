// A browser that is signed in, and what must hold in every test: no error, no violation of the
// policy, no request to another host.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { BASE, signInLink } from "./addresses.mjs";

export * from "./addresses.mjs";

export const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 800 },
  narrow: { width: 320, height: 640 },
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--font-render-hinting=none",
  ],
});
after(() => browser.close());

let session = null; // of one signed-in browser, shared by the tests of a file

async function signIn(context) {
  const page = await context.newPage();
  await page.goto(signInLink());
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(BASE + "/");
  await page.close();
}

/**
 * { page, context, problems, close() }. Options: size, dark, signedIn, fresh (a session of its
 * own), expected (errors that belong to the test).
 */
export async function open(
  t,
  {
    size = "phone",
    dark = false,
    signedIn = true,
    fresh = false,
    worker = "block",
    base = BASE,
    expected = [],
    ...more
  } = {},
) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: dark ? "dark" : "light",
    hasTouch: size !== "desktop",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    serviceWorkers: worker,
    storageState: signedIn && !fresh && session ? session : undefined,
    reducedMotion: "reduce",
    ...more,
  });
  context.setDefaultTimeout(20_000);
  if (worker === "block")
    await context.addInitScript(() => delete Object.getPrototypeOf(navigator).serviceWorker);
  if (signedIn && (fresh || !session)) {
    await signIn(context);
    if (!fresh) session = { cookies: (await context.storageState()).cookies, origins: [] };
  }
  const problems = [];
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", e =>
      console.error("POLICY", e.violatedDirective, e.sourceFile, e.sample),
    ),
  );
  const watch = page => {
    page.on(
      "console",
      m =>
        m.type() === "error" &&
        !/Failed to load resource/.test(m.text()) &&
        problems.push(m.text()),
    );
    page.on("pageerror", e => problems.push(String(e)));
    page.on("dialog", d => (problems.push(`dialog: ${d.message()}`), d.dismiss()));
    page.on(
      "request",
      r =>
        !r.url().startsWith(base + "/") &&
        !/^(data|blob):/.test(r.url()) &&
        problems.push(`request to ${r.url().slice(0, 100)}`),
    );
  };
  context.on("page", watch);
  const page = await context.newPage();
  t.after(async () => {
    await context.close();
    assert.deepEqual(
      problems.filter(p => !expected.some(e => p.includes(e))),
      [],
    );
  });
  return { page, context, problems };
}

export async function visit(page, path, heading) {
  await page.goto(BASE + path);
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
  await settled(page);
}

/** No rows are on their way any more. */
export async function settled(page) {
  const frames = () =>
    page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
  await frames(); // what was done last is drawn
  await page.waitForFunction(
    () =>
      document.querySelector("#view h1, .welcome h1") && !document.querySelector(".ghost, .ghosts"),
  );
  await page.evaluate(() => document.fonts.ready);
  await frames();
}

/** Until it holds in the page; waitForFunction() takes the promise of an async one for true. */
export async function holds(page, condition, argument) {
  const end = Date.now() + 20_000;
  while (!(await page.evaluate(condition, argument))) {
    assert.ok(Date.now() < end, String(condition));
    await page.waitForTimeout(50);
  }
}

/** Answers a GET of the services with something else from here on. */
export async function answer(page, path, body, status = 200) {
  const wanted = u => u.pathname === "/api/v1" + path;
  await page.unroute(wanted).catch(() => {});
  await page.route(wanted, r =>
    r.fulfill({
      status,
      contentType: status < 400 ? "application/json" : "application/problem+json",
      body: JSON.stringify(body),
    }),
  );
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const VIEWS = [
  ["/", /Good|Still up/],
  ["/search?q=river", "Search"],
  ["/tabs", "Tabs"],
  ["/bookmarks", "Bookmarks"],
  ["/bookmarks?sort=added", "Bookmarks"],
  ["/history", "History"],
  ["/sites", "Sites"],
  ["/account", "Account"],
  ["/themes", "Themes"],
];

/** What axe finds. The page's context needs bypassCSP. */
export async function violations(page) {
  return page.evaluate(async source => {
    if (!window.axe) new Function(source)();
    const { violations } = await window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(
      v =>
        `${v.id}: ${v.nodes
          .map(n => n.target.join(" ") + " " + (n.any[0]?.message ?? ""))
          .slice(0, 3)
          .join(" | ")}`,
    );
  }, AXE);
}
