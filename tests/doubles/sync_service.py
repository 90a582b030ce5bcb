"""A Sync service for tests and demonstrations: token server, OAuth token endpoint, storage API 1.5, on one loopback port.

Prints `ready http://127.0.0.1:PORT` when it listens. README.md describes the administration interface and the faults.
"""
import argparse
import http.server
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from service import Service  # noqa: E402
from storage_api import Answer  # noqa: E402

LOGGED_HEADERS = ("X-If-Modified-Since", "X-If-Unmodified-Since", "X-KeyID", "Accept", "User-Agent")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.server.service.counters["connections"] += 1

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, socket.timeout):
            pass

    def do_GET(self):
        service = self.server.service
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.path.startswith("/__admin/"):
            self.send(Answer(200, json.dumps(service.admin(self.command, self.path, body)), {"Content-Type": "application/json"}), {})
            return
        fault = self.begin(service)
        if fault.get("drop"):
            self.close_connection = True
            return
        service.busy["all"] += 1
        service.counters["max_concurrent"] = max(service.counters["max_concurrent"], service.busy["all"])
        try:
            answer = self.answer(service, body, fault)
        finally:
            service.busy["all"] -= 1
        service.log[-1]["status"] = answer.status
        self.send(answer, fault)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def begin(self, service):
        service.log.append({"method": self.command, "path": self.path, "time": time.time(),
                            "headers": {h: self.headers[h] for h in LOGGED_HEADERS if h in self.headers}})
        kind = "storage" if "/1.5/" in self.path and not self.path.startswith("/1.0/") else "token" if self.path.startswith("/1.0/") else "accounts"
        service.counters[kind] += 1
        fault = service.faults.for_request(self.command, self.path)
        if "step" in fault:
            service.admin_step(fault["step"]["step"])
        return fault

    def answer(self, service, body, fault):
        if "status" in fault:
            answer = Answer(fault["status"], fault.get("body", "0"), fault.get("headers"))
        elif self.path == "/v1/token" and self.command == "POST":
            answer = service.oauth_token(body)
        elif self.path.startswith("/1.0/sync/1.5"):
            answer = service.sync_token(self.headers)
        elif self.path == "/.well-known/fxa-client-configuration":
            base = service.base
            answer = Answer(200, json.dumps({"auth_server_base_url": base, "oauth_server_base_url": base, "profile_server_base_url": base,
                                             "sync_tokenserver_base_url": base}), {"Content-Type": "application/json"})
        elif self.path == "/.well-known/openid-configuration":
            answer = Answer(200, json.dumps({"issuer": service.base, "token_endpoint": service.base + "/v1/token",
                                             "authorization_endpoint": service.base + "/authorization"}), {"Content-Type": "application/json"})
        else:
            answer = service.storage(self.command, self.path, self.headers, fault)
        answer.headers.update(fault.get("add_headers", {}))
        return answer

    def send(self, answer, fault):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, str(value))
        cut = fault.get("truncate")
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.status != 304 and self.command != "HEAD":
            self.wfile.write(answer.body if cut is None else answer.body[:cut])
        self.wfile.flush()
        if cut is not None:
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--load", metavar="DIR", help="recorded Firefox data: adds ada@example.org")
    parser.add_argument("--step", type=int, default=7, help="how far Ada's story has gone (0…7)")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.service = Service(options.load, options.step)
    server.service.base = f"http://127.0.0.1:{server.server_address[1]}"
    print("ready", server.service.base, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
