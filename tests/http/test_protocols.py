"""The protocols as ordinary clients speak them: HTTP/1.0, 1.1, 2, TLS, unix sockets, event
streams, downloads, reload and stop."""
import gzip
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import ADA, TestCase, until  # noqa: E402


class Protocols(TestCase):
    def filled(self, config=""):
        service, node = self.service(), self.node("[web]\ndrain_timeout = 3s\n" + config)
        node.add_account(service)
        return service, node

    def certificate(self, node, name):
        paths = [os.path.join(node.folder, f"{kind}.pem") for kind in ("cert", "key")]
        subprocess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
            "subjectAltName=IP:127.0.0.1", "-keyout", paths[1], "-out", paths[0]
        ], check=True, capture_output=True, timeout=300)
        return paths

    def curl(self, *words):
        done = subprocess.run(["curl", "-s", "-S", "--max-time", "20", *words], capture_output=True,
                              text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_http1(self):
        _, node = self.filled()
        host = node.address.split("//")[1]
        auth = {"Authorization": f"Bearer {node.token()}"}
        connection = http.client.HTTPConnection(host)
        etag = None
        for _ in range(3):  # one connection: bodies, answers without one, and bodies again
            connection.request("GET", "/api/v1/devices", headers=auth)
            answer = connection.getresponse()
            self.assertEqual((answer.status, len(json.loads(answer.read())["devices"])), (200, 2))
            etag = answer.headers["ETag"]
            connection.request("GET", "/api/v1/devices", headers={**auth, "If-None-Match": etag})
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read()), (304, b""))
            connection.request("HEAD", "/api/v1/devices", headers=auth)
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read()), (200, b""))
            connection.request("OPTIONS", "/api/v1/sync", headers=auth)
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read(), answer.headers["Allow"]),
                             (204, b"", "POST, OPTIONS"))
        with socket.create_connection(tuple(host.split(":")), timeout=20) as sock:
            sock.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            data = b"".join(iter(lambda: sock.recv(4096), b""))
        self.assertTrue(data.startswith(b"HTTP/1.1 200") or data.startswith(b"HTTP/1.0 200"))
        self.assertTrue(data.endswith(b'{"ok":true}'))

    def test_brotli(self):
        """Whoever takes both gets it; curl reads it, from the cache, too, and an export."""
        _, node = self.filled()
        for path in ("/api/v1/history?limit=200", "/api/v1/export/history.json"):
            plain = node.request(path).body
            for _ in range(2):
                answer = node.request(path, headers={"Accept-Encoding": "gzip, deflate, br"})
                self.assertEqual(answer.headers["Content-Encoding"], "br")
                self.assertIn("accept-encoding", answer.headers["Vary"].lower())
                read = self.curl("--compressed", "-H", "Accept-Encoding: br", "-H",
                                 f"Authorization: Bearer {node.token()}", node.address + path)
                self.assertEqual(read, plain.decode())
            self.assertLess(len(answer.body), len(gzip.compress(plain, 4)))

    def test_h2c_and_gzip(self):
        _, node = self.filled()
        auth = ("-H", f"Authorization: Bearer {node.token()}")
        url = f"{node.address}/api/v1/history?limit=200"
        plain = self.curl("--http2-prior-knowledge", *auth, url)
        self.assertEqual(len(json.loads(plain)["visits"]), 200)
        # no upgrade: through a proxy it would lead around the proxy's rules
        self.assertEqual(self.curl("--http2", "-w", " %{http_version}", f"{node.address}/healthz"),
                         '{"ok":true} 1.1')
        self.assertEqual(self.curl("--compressed", *auth, url), plain)
        answer = node.request("/api/v1/history?limit=200", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(answer.body).decode(), plain)
        self.assertLess(len(answer.body), len(plain) / 3)
        self.assertIsNone(
            node.request("/api/v1/history?limit=200",
                         headers={"Accept-Encoding": "gzip;q=0"}).headers["Content-Encoding"])
        self.assertIn("accept-encoding", answer.headers["Vary"].lower())

    def test_tls_and_reload(self):
        node = self.node(start=False)
        cert, key = self.certificate(node, "first")
        node.configure("90-tls", f"[listen main]\ntls_certificate = {cert}\ntls_key = {key}\n")
        node.start()
        self.assertTrue(node.address.startswith("https://127.0.0.1:"))
        for version in ("1.2", "1.3"):
            out = self.curl("--cacert", cert, f"--tlsv{version}", "--tls-max", version, "-w",
                            " %{http_version}", node.address + "/healthz")
            self.assertEqual(out, '{"ok":true} 2')
        old = subprocess.run(
            ["curl", "-s", "--cacert", cert, "--tls-max", "1.1", node.address + "/healthz"],
            capture_output=True, timeout=300)
        self.assertNotEqual(old.returncode, 0)
        context = ssl.create_default_context(cafile=cert)
        host, port = node.address.split("//")[1].split(":")
        open_one = http.client.HTTPSConnection(host, int(port), context=context)
        open_one.request("GET", "/healthz")
        open_one.getresponse().read()
        cert, key = self.certificate(node, "second")  # the same files, new content
        node.process.send_signal(signal.SIGHUP)
        until(lambda: "reloaded=certificates" in node.log_text(),
              "the daemon reloads")

        def subject():
            pem = ssl.get_server_certificate((host, int(port)))
            return subprocess.run(["openssl", "x509", "-noout", "-subject"], input=pem,
                                  capture_output=True, text=True, timeout=300).stdout

        until(lambda: "second" in subject(), "new connections get the new certificate")
        open_one.request("GET", "/healthz")  # the old connection lives on
        self.assertEqual(open_one.getresponse().status, 200)
        with open(cert, "w", encoding="utf-8") as f:
            f.write("damaged")
        node.process.send_signal(signal.SIGHUP)
        until(lambda: f"reload refused error=\"{node.conf}/90-tls.conf:2: " in node.log_text(),
              "a damaged certificate is refused")
        self.assertIn("second", subject())

    def test_unix_socket(self):
        node = self.node(start=False)
        path = os.path.join(node.folder, "home.sock")
        node.configure("90-unix", f"[listen local]\naddress = unix:{path}\n")
        node.start()
        self.assertEqual(self.curl("--unix-socket", path, "http://localhost/healthz"),
                         '{"ok":true}')
        control = os.path.join(node.state, "hearthd.sock")
        self.assertEqual(os.stat(control).st_mode & 0o777, 0o600)
        self.assertIn("hearth_http_requests",
                      self.curl("--unix-socket", control, "http://localhost/metrics"))
        self.assertEqual(node.request("/metrics", email=None).status, 404)  # not in public
        self.assertEqual(node.request("/control/queue", email=None).status, 404)

    def test_forwarded_headers_from_trusted_proxies_only(self):
        for networks, expected in (("", False), ("127.0.0.1/32", True)):
            node = self.node(
                f"[web]\ntrusted_proxies = {networks}\nmax_connections_per_address = 3\n")
            host, port = node.address.split("//")[1].split(":")
            sockets = [socket.create_connection((host, int(port))) for _ in range(8)]
            answered = 0
            for sock in sockets:
                try:
                    sock.sendall(
                        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: "
                        b"203.0.113.9\r\n\r\n"
                    )
                    answered += bool(sock.recv(4096))
                except OSError:
                    pass
                sock.close()
            self.assertEqual(answered == 8, expected)  # a trusted proxy has no limit of connections

    def test_events(self):
        service, node = self.filled()
        host, port = node.address.split("//")[1].split(":")
        sock = socket.create_connection((host, int(port)), timeout=30)
        sock.sendall(
            "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            f"{node.token()}\r\nLast-Event-ID: 1\r\n\r\n"
            .encode())
        seen = []

        def read():
            try:
                while True:
                    data = sock.recv(4096)
                    if not data:
                        return
                    seen.append(data)
            except OSError:
                return

        reader = threading.Thread(target=read)
        reader.start()
        text = lambda: b"".join(seen).decode()
        until(lambda: "event: changed" in text(), "what was missed is told at once")
        self.assertIn("text/event-stream", text())
        service.put_clear(
            "history", {
                "id": "BBBBBBBBBBBB", "histUri": "https://live.example/", "title": "Live", "visits":
                [{"date": 1795432000000000, "type": 1}]
            })
        node.sync()
        until(lambda: '"collections":["history"]' in text(), "the change is told")
        generation = node.api("/me")["generation"]
        self.assertIn(f"id: {generation}\nevent: changed\n", text())
        self.assertIn('"state":"started"', text())
        until(lambda: '"state":"done"' in text(), "the end of the sync is told")
        node.stop()  # ends the stream, and ends in time
        reader.join(20)
        self.assertFalse(reader.is_alive())
        sock.close()

    def test_downloads_and_slow_readers(self):
        _, node = self.filled()
        auth = {"Authorization": f"Bearer {node.token()}"}
        pages = node.request("/api/v1/export/history.json").json["pages"]
        self.assertEqual(len(pages), 5095)
        connection = http.client.HTTPConnection(node.address.split("//")[1])
        connection.request("GET", "/api/v1/export/history.csv", headers=auth)
        answer = connection.getresponse()
        first = answer.read(1000)  # then nothing for a while; others are served meanwhile
        for _ in range(20):
            node.api("/devices")
        rest = answer.read()
        # a line for each visit that lists show: 111 of the recorded ones were embedded
        self.assertEqual((first + rest).count(b"\r\n"),
                         node.api("/me")["account"]["counts"]["visits"] - 111 + 1)
        connection.request("GET", "/api/v1/export/history.json", headers=auth)
        connection.getresponse().read(100)
        connection.close()  # gone in the middle
        for _ in range(10):
            node.api("/devices")

    def test_stop_with_idle_connections(self):
        node = self.node("[web]\ndrain_timeout = 2s\n")
        host, port = node.address.split("//")[1].split(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(5)]
        for sock in idle[:3]:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sock.recv(4096)
        node.stop()
        for sock in idle:
            sock.close()


if __name__ == "__main__":
    unittest.main()
