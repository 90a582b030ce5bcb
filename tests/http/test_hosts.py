"""Host: a page of any site can make its own name point at this server (DNS rebinding), so it
answers only to names that are its own. And the headers that every answer has, whatever it is."""
import os
import re
import socket
import ssl
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__))))
from harness import TestCase, until  # noqa: E402
from routes import API, APP, PAGES, source  # noqa: E402
import h2frames as h2  # noqa: E402

KNOWN = [
    "localhost", "LOCALHOST:80", "hearth.localhost", "127.0.0.1", "192.0.2.7:8080", "[::1]",
    "[2001:db8::1]:443", "localhost.",
    socket.gethostname(),
    socket.gethostname() + ".local"
]
UNKNOWN = [
    "evil.example", "evil.example:8080", "localhost.evil.example", "evillocalhost",
    "127.0.0.1.evil.example", "nas", "127.1", "[1::2::3]", "home.example.org"
]
CONFIGURED = [
    "home.example.org", "HOME.example.org:8443", "nas.lan", "cloud.example.org.", "elm.example.org"
]


def routes():
    """Every address of the tables of routes, with something in the place of a star."""
    found = [
        "/", "/search", "/history/x", "/nothing", "/assets/nothing.js", "/sw.js", "/robots.txt"
    ]
    for name in (API, PAGES, APP):
        found += re.findall(r'^ +\{"(/[^"]*)"', source(name), re.M)
    return sorted({path.replace("*", "x") for path in found})


def ask(address, path, host, method="GET", more="", context=None):
    name, port = address.split("//")[1].split(":")
    with socket.create_connection((name, int(port)), timeout=60) as plain:
        sock = context.wrap_socket(plain, server_hostname="127.0.0.1") if context else plain
        sock.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n".encode())
        with sock:
            data = b"".join(iter(lambda: sock.recv(65536), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    return int(lines[0].split()[1]), {
        k.lower(): v
        for k, v in (line.split(": ", 1) for line in lines[1:])
    }, body.decode(errors="replace")


class Hosts(TestCase):
    def test_names(self):
        for config, known, unknown in ((
                "", KNOWN, UNKNOWN + CONFIGURED
        ), ("[web]\nbase_url = https://home.example.org\nhosts = NAS.lan, cloud.example.org\n[node "
            "elm]\nstorage = main\nurl = http://elm.example.org:81\n",
                KNOWN + CONFIGURED, [n for n in UNKNOWN if n != "home.example.org"])):
            daemon = self.node(config)
            for host in known:
                with self.subTest(host=host):
                    self.assertEqual(ask(daemon.address, "/api/v1/me", host)[0], 401)
            for host in unknown:
                with self.subTest(host=host):
                    for path in ("/api/v1/me", "/auth/signin", "/version", "/"):
                        self.assertEqual(ask(daemon.address, path, host)[0], 421, path)
                    self.assertEqual(ask(daemon.address, "/api/v1/links", host, "POST")[0], 421)
                    for path in ("/healthz", "/readyz"):
                        self.assertEqual(ask(daemon.address, path, host)[0], 200)

    def test_http2(self):
        daemon = self.node()
        connection = h2.Connection(daemon.address)
        for stream, host in ((1, "localhost"), (3, "evil.example")):
            block = b"".join(
                h2.literal(n, v) for n, v in ((":method", "GET"), (":scheme", "http"),
                                              (":path", "/api/v1/me"), (":authority", host)))
            connection.send(h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, stream, block))
        block = b"".join(
            h2.literal(n, v) for n, v in ((":method", "GET"), (":scheme", "http"),
                                          (":path", "/api/v1/me"), ("host", "evil.example")))
        connection.send(h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, 5, block))
        until(lambda: connection.drain() or connection.ended() >= {1, 3, 5}, "all are answered")
        bodies = connection.bodies()
        self.assertIn(b'"unauthorized"', bodies[1])
        self.assertIn(b'"unknown_host"', bodies[3])
        self.assertIn(b'"unknown_host"', bodies[5])
        connection.close()

    def test_a_person_is_told_what_to_do(self):
        daemon = self.node()
        status, headers, body = ask(daemon.address, "/", "nas.lan",
                                    more="Accept: text/html,*/*\r\n")
        self.assertEqual((status, headers["content-type"]), (421, "text/html; charset=utf-8"))
        self.assertIn("hosts = nas.lan", body)
        status, headers, body = ask(daemon.address, "/api/v1/me", "nas.lan")
        self.assertEqual((status, headers["content-type"]), (421, "application/problem+json"))
        self.assertIn("[web] hosts = nas.lan", body)

    def test_listeners_that_are_not_for_people(self):
        daemon = self.node()
        control = os.path.join(daemon.state, "hearthd.sock")
        done = subprocess.run([
            "curl", "-s", "--unix-socket", control, "-H", "Host: evil.example",
            "http://localhost/control/queue"
        ], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "[]")

    def test_a_faulty_list_is_refused_with_its_line(self):
        daemon = self.node("[web]\nhosts = https://home.example.org\n", start=False)
        self.assertIn("50-test.conf:2", daemon.cli("check", code=2))


class Headers(TestCase):
    ALWAYS = {
        "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options":
        "DENY", "cross-origin-resource-policy": "same-origin"
    }

    def check(self, address, path, hsts, context=None):
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"):
            status, headers, _ = ask(address, path, "localhost", method, context=context)
            with self.subTest(method=method, path=path, status=status):
                for name, value in self.ALWAYS.items():
                    self.assertEqual(headers.get(name), value)
                self.assertEqual(headers.get("strict-transport-security"),
                                 "max-age=31536000" if hsts else None)
                kind = headers.get("content-type", "")
                if "html" in kind or "script" in kind:
                    self.assertIn("default-src 'none'", headers.get("content-security-policy", ""))
                if path.startswith(
                    ("/api/", "/auth/"
                     )) and status == 200 and method == "GET" and kind and "css" not in kind:
                    self.assertIn("cache-control", headers)

    def test_every_answer(self):
        daemon = self.node(start=False)
        cert, key = os.path.join(daemon.folder, "cert.pem"), os.path.join(daemon.folder, "key.pem")
        subprocess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=x", "-keyout", key, "-out", cert
        ], check=True, capture_output=True, timeout=300)
        app = os.path.join(daemon.folder, "app")
        os.makedirs(os.path.join(app, "assets"))
        for name in ("index.html", "sw.js", "assets/nothing.js", "robots.txt"):
            with open(os.path.join(app, name), "w", encoding="utf-8") as f:
                f.write("// nothing\n")
        daemon.configure(
            "90-tls",
            f"[web]\napp_dir = {app}\nrequest_timeout = 60s\n[listen main]\n[listen tls]\naddress "
            f"= 127.0.0.1:0\ntls_certificate = {cert}\ntls_key = {key}\n"
        )
        daemon.start()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        tls = next(word for word in daemon.ready.split() if word.startswith("https://"))
        for path in routes():
            self.check(daemon.address, path, False)
        for path in ("/", "/sw.js", "/healthz", "/api/v1/me", "/auth/signin", "/nothing"):
            self.check(tls, path, True, context)
        # what h2o refuses by itself
        for request in ("Content-Length: 99999999\r\n",
                        "Transfer-Encoding: chunked\r\n\r\n0x1\r\n"):
            status, headers, _ = ask(tls, "/auth/start", "localhost", "POST", request, context)
            self.assertIn(status, (400, 413))
            self.assertEqual({k: headers.get(k) for k in self.ALWAYS}, self.ALWAYS)
            self.assertEqual(headers.get("strict-transport-security"), "max-age=31536000")
        # no ticket: nothing that would open this conversation later
        host, port = tls.split("//")[1].split(":")
        for version in ("-tls1_2", "-tls1_3"):
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"{host}:{port}", version, "-ign_eof"],
                input=b"GET /healthz HTTP/1.0\r\n\r\n", capture_output=True, timeout=60)
            self.assertIn(b"200 OK", done.stdout)
            self.assertNotIn(b"session ticket", done.stdout.lower().replace(b"resumption psk", b""))

    def test_ciphers(self):
        """TLS 1.2: a key of its own for each connection and authenticated encryption,
        or no conversation."""
        for kind in (("rsa:2048", ), ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
            daemon = self.node(start=False)
            cert, key = os.path.join(daemon.folder,
                                     "cert.pem"), os.path.join(daemon.folder, "key.pem")
            subprocess.run([
                "openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-subj",
                "/CN=x", "-keyout", key, "-out", cert
            ], check=True, capture_output=True, timeout=300)
            daemon.configure("90-tls",
                             f"[listen main]\ntls_certificate = {cert}\ntls_key = {key}\n")
            daemon.start()

            def cipher(*words):
                words = [
                    "openssl", "s_client", "-connect",
                    daemon.address.partition("//")[2], *words
                ]
                said = subprocess.run(words, input=b"", capture_output=True,
                                      timeout=60).stdout.decode()
                return re.search(r"Cipher is (\S+)", said)[1]

            who = "RSA" if kind[0] == "rsa:2048" else "ECDSA"
            good = [
                f"ECDHE-{who}-{rest}" for rest in ("AES128-GCM-SHA256", "AES256-GCM-SHA384",
                                                   "CHACHA20-POLY1305")
            ]
            for name in good:
                self.assertEqual(cipher("-tls1_2", "-cipher", name), name)
            bad = ("AES128-SHA", "AES256-SHA256", "AES128-GCM-SHA256", f"ECDHE-{who}-AES128-SHA",
                   f"ECDHE-{who}-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256", "ALL:!ECDHE",
                   "ALL:!AESGCM:!CHACHA20", "PSK", "aNULL")
            for name in bad:
                self.assertEqual(cipher("-tls1_2", "-cipher", name + ":@SECLEVEL=0"), "(NONE)",
                                 name)
            self.assertTrue(cipher("-tls1_3").startswith("TLS_"))


if __name__ == "__main__":
    unittest.main()
