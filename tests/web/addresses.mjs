// Where the server under test is, from run.py.
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";

export const { BASE, SERVICE, EMAIL, CONFIG, HEARTHD } = process.env;

export function cli(...words) {
  return execFileSync(HEARTHD, ["--config", CONFIG, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A one-time link that signs a browser in. */
export function signInLink() {
  const { url } = JSON.parse(cli("link", EMAIL, "--json"));
  return BASE + "/auth/link" + new URL(url, BASE).search;
}

/** Changes what is on the Sync server; see tests/doubles/admin.py. */
export async function service(name, body) {
  const answer = await fetch(`${SERVICE}/__admin/${name}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.text());
}
