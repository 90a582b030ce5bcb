"""A Sync service for tests and demonstrations: accounts server with its pages and OAuth, token
server, storage API 1.5, on one loopback port.

Prints `ready http://127.0.0.1:PORT` when it listens. README.md describes the administration
interface and the faults.
"""
import argparse
import gzip
import http.server
import json
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fixtures  # noqa: E402
from admin import Admin  # noqa: E402
from service import Service  # noqa: E402
from storage_api import json_answer  # noqa: E402

MAX_BODY = 256 << 20  # of an administration request that uploads records


class Gone(Exception):
    """A fault cut the connection."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "SyncDouble", ""
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    timeout = 600

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.counted, self.fault = False, {}

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, TimeoutError, Gone):
            pass

    def finish(self):
        """A client that is gone by now is no error."""
        try:
            super().finish()
        except (ConnectionError, ValueError):
            pass

    def date_time_string(self, timestamp=None):
        """The Date header is as wrong as the rest of the server's clock."""
        return super().date_time_string(
            self.server.service.time(self.fault) if timestamp is None else timestamp)

    def read_body(self):
        """The body as sent with Content-Length; None: there is none that can be read."""
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > MAX_BODY:
            return None
        return self.rfile.read(int(length))

    def do_GET(self):
        body = self.read_body()
        self.fault = {}
        if body is None:
            self.close_connection = True
            self.send(json_answer("0", 400))
        elif self.path.startswith("/__admin/"):
            status, value = self.server.admin.call(self.command, self.path, body)
            self.send(
                json_answer(value if not isinstance(value, str) else json.dumps(value), status))
        else:
            self.serve(self.server.service, body)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET

    def serve(self, service, body):
        request, self.fault = service.begin(self.command, self.path, self.headers, body,
                                            not self.counted)
        self.counted = True
        try:
            time.sleep(self.fault.get("delay", 0) + self.fault.get("delay_ms", 0) / 1000)
            if self.fault.get("drop") or self.fault.get("reset"):
                self.cut(self.fault.get("reset"))
            answer = service.answer(request, body, self.fault)
            request.entry["status"] = answer.status
        finally:
            # before the answer leaves: the client may ask again before this thread runs again
            service.end(request)
        self.send(answer)

    def cut(self, reset=False):
        """Closes without another byte; with `reset`, by a TCP RST."""
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        raise Gone()

    def send(self, answer):
        body, fault = answer.body, self.fault
        if fault.get("gzip") == "always" or (fault.get("gzip") and "gzip"
                                             in (self.headers.get("Accept-Encoding") or "")):
            body = gzip.compress(body, 1)
            answer.headers["Content-Encoding"] = "gzip"
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, str(value))
        if answer.status == 304 or answer.status < 200 or self.command == "HEAD":
            body = b""
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
        elif fault.get("chunked") or "flood" in fault:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        if "flood" in fault and fault["flood"].get("next"):
            self.send_header("X-Weave-Next-Offset", f"{int.from_bytes(os.urandom(5), 'big')}:1")
        self.end_headers()
        if "flood" in fault:
            self.write_flood(fault["flood"])
        else:
            self.write_body(body, fault)
        self.wfile.flush()

    def write_body(self, body, fault):
        cut = fault.get("truncate")
        pieces = [body if cut is None else body[:cut]]
        if "drip" in fault:
            size = fault["drip"]["bytes"]
            pieces = [pieces[0][i:i + size] for i in range(0, len(pieces[0]), size)]
        for piece in pieces:
            self.write_piece(piece, fault)
        if cut is not None:
            self.wfile.flush()
            self.cut()
        if fault.get("chunked") and self.command != "HEAD" and body:
            self.wfile.write(b"0\r\n\r\n")

    def write_flood(self, flood):
        """A body that is never whole in memory: `line` so many times, in which %d is another
        number each time; or `byte` so many times."""
        start, count, line = int.from_bytes(os.urandom(5),
                                            "big"), flood["count"], flood.get("line", "").encode()
        for done in range(0, count, 2000 if line else 1 << 20):
            if line:
                piece = b"".join(line % (start + n) + b"\n"
                                 for n in range(done, min(count, done + 2000)))
            else:
                piece = flood["byte"].encode() * min(count - done, 1 << 20)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def write_piece(self, piece, fault):
        chunked = fault.get("chunked") and piece
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        if "drip" in fault:
            self.wfile.flush()
            time.sleep(fault["drip"]["pause_ms"] / 1000)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        """Clients come and go as they like; everything else is a
        fault of the double and is shown."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def end_with_parent():
    """Ends the double when whoever holds the other end of its standard input does, however that
    one ended."""
    def watch():
        while os.read(0, 1024):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--load", metavar="DIR", help="recorded Firefox data: adds ada@example.org")
    parser.add_argument("--step", type=int, default=7, choices=range(8), metavar="N",
                        help="how far Ada's story has gone (0…7)")
    parser.add_argument("--demo", action="store_true",
                        help="Ada's data from the tree, and a word on how to import her account")
    parser.add_argument("--until-eof", action="store_true",
                        help="end when standard input is closed")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    service = server.service = Service(options.load or (fixtures.FOLDER if options.demo else None),
                                       options.step)
    server.admin = Admin(service)
    service.base = f"http://127.0.0.1:{server.server_address[1]}"
    if options.until_eof:
        end_with_parent()
    print("ready", service.base, flush=True)
    if options.demo:
        print(f"curl -s {service.base}/__admin/import/{fixtures.EMAIL} | hearthd account import -",
              file=sys.stderr)
        print(f"{fixtures.EMAIL}, password: {service.accounts[fixtures.EMAIL].signin.password}",
              file=sys.stderr)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
