// node-http2.mjs BASE TOKEN VISITS CA: node:http2 against a server.
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import { checkAll } from "./checks.mjs";

const [base, token, visits, ca] = process.argv.slice(2);
const session = http2.connect(base, { ca: readFileSync(ca) });
session.on("error", (error) => {
  throw error;
});

function ask(path, more, enough) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":path": path, authorization: `Bearer ${token}`, ...more });
    const chunks = [];
    let headers = {};
    const done = () =>
      resolve({ status: headers[":status"], headers, body: Buffer.concat(chunks) });
    stream.setTimeout(60000, () => reject(new Error(`${path}: nothing for a minute`)));
    stream.on("response", (given) => {
      headers = given;
    });
    stream.on("data", (chunk) => {
      chunks.push(chunk);
      if (enough?.(Buffer.concat(chunks))) {
        stream.close(http2.constants.NGHTTP2_CANCEL);
        done();
      }
    });
    stream.on("end", done);
    stream.on("error", reject);
  });
}

await checkAll({ get: ask, start: ask, connections: () => 1 }, Number(visits));
session.close();
