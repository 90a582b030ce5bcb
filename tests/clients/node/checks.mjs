// What both clients of Node check. A client has get(path, headers): {status, headers, body};
// start(path, headers, enough): the body until enough(body), then the stream is given up;
// connections(): how many it has opened.
import { brotliDecompressSync } from "node:zlib";

const AT_ONCE = 100;
const PART = 10000;
const EXPORT = "/api/v1/export/history.json";

export function check(good, what) {
  console.log(good ? "ok" : "NOT OK", what);
  if (!good) process.exit(1);
}

async function pages(client, visits) {
  let count = 0;
  let cursor = "";
  while (cursor !== null) {
    const answer = await client.get(`/api/v1/history?limit=500${cursor}`);
    if (answer.status !== 200) check(false, `a page of history: ${answer.status}`);
    const page = JSON.parse(answer.body);
    count += page.visits.length;
    cursor = page.next === null ? null : `&cursor=${encodeURIComponent(page.next)}`;
  }
  check(count === visits, `${count} visits by cursors`);
}

async function exports(client, visits) {
  const packed = await client.get(EXPORT, { "accept-encoding": "br" });
  const coding = packed.headers["content-encoding"];
  const whole = brotliDecompressSync(packed.body);
  const count = JSON.parse(whole).pages.reduce((sum, page) => sum + page.visits.length, 0);
  check(
    coding === "br" && count === visits,
    `export ${coding}, ${packed.body.length} bytes, ${count} visits`,
  );
  const plain = { "accept-encoding": "identity" };
  const cut = await client.start(EXPORT, plain, (body) => body.length >= PART);
  const part = cut.body.subarray(0, PART);
  const range = { ...plain, range: `bytes=${PART}-` };
  const rest = await client.get(EXPORT, { ...range, "if-range": cut.headers.etag });
  check(
    rest.status === 206 && Buffer.concat([part, rest.body]).equals(whole),
    `resumed after ${part.length} bytes`,
  );
  const other = await client.get(EXPORT, { ...range, "if-range": '"other"' });
  check(
    other.status === 200 && other.body.equals(whole),
    "all of it, where If-Range is another's",
  );
}

async function parallel(client) {
  const numbers = Array.from({ length: AT_ONCE }, (_, i) => i + 1);
  const answers = await Promise.all(numbers.map((n) => client.get(`/api/v1/history?limit=${n}`)));
  const good = answers.filter(
    (a, i) => a.status === 200 && JSON.parse(a.body).visits.length === numbers[i],
  ).length;
  check(
    good === AT_ONCE && client.connections() === 1,
    `${good} of ${AT_ONCE} at once, ${client.connections()} connection`,
  );
}

export async function checkAll(client, visits) {
  await pages(client, visits);
  const { headers } = await client.get("/api/v1/history");
  const same = await client.get("/api/v1/history", { "if-none-match": headers.etag });
  check(same.status === 304, `${same.status} to If-None-Match`);
  await exports(client, visits);
  await parallel(client);
  const events = await client.start("/api/v1/events", {}, (body) => body.includes("\n\n"));
  check(/^event: ready$/m.test(events.body.toString()), "event ready");
}
