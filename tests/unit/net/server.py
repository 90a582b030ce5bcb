"""An HTTP server with a will of its own, for test_net.c: prints its port."""
import http.server
import socket
import sys
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.server.connections += 1

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        number = int(dict(urllib.parse.parse_qsl(query)).get("n", "0"))
        if path == "/connections":
            self.answer(200, str(self.server.connections).encode())
        elif path == "/echo":
            self.answer(200,
                        f"{self.command} {self.path} {self.headers.get('X-Test')} ".encode() + body)
        elif path == "/big":
            self.send_response(200)
            self.send_header("Content-Length", str(number))
            self.end_headers()
            for _ in range(number // 65536):
                self.wfile.write(b"x" * 65536)
            self.wfile.write(b"x" * (number % 65536))
        elif path == "/headers":
            self.answer(200, b"", {f"X-{i}": "y" * 1000 for i in range(number)})
        elif path == "/slow":
            time.sleep(number / 1000)
            self.answer(200, b"late")
        elif path == "/wait":
            self.answer(503, b"", {"Retry-After": str(number)})
        elif path == "/waitdate":
            self.answer(429, b"", {"Retry-After": self.date_time_string(time.time() + number)})
        elif path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x" * 10)
            self.close_connection = True
        else:
            self.answer(404, b"no")

    do_POST = do_GET

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.connections = 0
print(server.server_address[1], flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
