// undici.mjs BASE TOKEN VISITS CA: undici, with HTTP/2 over TLS, against a server.
import { readFileSync } from "node:fs";
import { Client } from "undici";
import { checkAll } from "./checks.mjs";

const [base, token, visits, ca] = process.argv.slice(2);
let opened = 0;
const client = new Client(base, {
  allowH2: true,
  pipelining: 100,
  connect: { ca: readFileSync(ca) },
});
client.on("connect", () => {
  opened += 1;
});

async function ask(path, more, enough) {
  const headers = { authorization: `Bearer ${token}`, ...more };
  const given = new AbortController();
  const answer = await client.request({ method: "GET", path, headers, signal: given.signal });
  const chunks = [];
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      if (enough?.(Buffer.concat(chunks))) break;
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) };
}

await checkAll({ get: ask, start: ask, connections: () => opened }, Number(visits));
await client.destroy();
