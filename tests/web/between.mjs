// A proxy between a browser and hearthd: it counts what passes, and may answer in its place.
import { createServer, request as ask } from "node:http";
import { BASE } from "./addresses.mjs";

/**
 * { base, requests, bytes }: its address; [method, path, status, bytes of the answer as they came];
 * their sum. `answers(request)`: { status, body } in place of hearthd's, or nothing.
 */
export async function between(t, answers = async () => null) {
  const { hostname, port } = new URL(BASE);
  const seen = { base: "", requests: [], bytes: 0, sent: 0 };
  const proxy = createServer(async (request, answer) => {
    const entry = [request.method, request.url, 0, 0];
    seen.requests.push(entry);
    const instead = await answers(request);
    if (instead) {
      entry[2] = instead.status;
      answer.writeHead(instead.status, { "content-type": "application/json" });
      answer.end(JSON.stringify(instead.body ?? {}));
      return;
    }
    const { method, url: path, headers } = request;
    const onward = ask({ hostname, port, path, method, headers }, from => {
      entry[2] = from.statusCode;
      answer.writeHead(from.statusCode, from.rawHeaders);
      from.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy()); // the stream of events has no end of its own
    request.pipe(onward);
    // Bytes of the connection, head and all: each answer has one of its own here.
    onward.on("socket", socket => {
      const [read, written] = [socket.bytesRead, socket.bytesWritten];
      const count = () => {
        seen.bytes += socket.bytesRead - read - entry[3];
        entry[3] = socket.bytesRead - read;
        entry[4] = socket.bytesWritten - written;
      };
      onward.on("response", from => {
        from.on("data", count);
        from.on("close", count);
        count();
      });
    });
  });
  await new Promise(r => proxy.listen(0, "127.0.0.1", r));
  t?.after(() => (proxy.closeAllConnections(), proxy.close()));
  seen.base = `http://127.0.0.1:${proxy.address().port}`;
  seen.close = () => (proxy.closeAllConnections(), proxy.close());
  /** Paths of the services that were asked for since the last time. */
  seen.asked = () =>
    seen.requests
      .splice(0)
      .map(([, path]) => path)
      .filter(p => p.startsWith("/api/v1/"))
      .map(p => p.slice(7));
  return seen;
}
