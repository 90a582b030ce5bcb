"""The configurations of packaging/ for one daemon behind nginx, Caddy and HAProxy, at the root of a
host and under a path: sign-in, the app's files, an event stream as it comes, HTTP/2, a part of an
export, bodies, and whose address the log has. Prints what each proxy did.

    python3 tests/long/proxies.py [--short]      HEARTHD: the binary, default build/hearthd
--short: HAProxy alone, under a path."""
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import unittest
import urllib.parse

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(TESTS, "e2e"), TESTS]
from browser import Browser  # noqa: E402
from harness import ADA, PATIENCE, TestCase, until  # noqa: E402
from servers import Front  # noqa: E402

LIMIT = 900
PACKAGES = {"bookworm": "nginx-light caddy", "trixie": "nginx-light caddy"}
SHORT = "--short" in sys.argv
if SHORT:
    sys.argv.remove("--short")
PACKAGING = os.path.join(TESTS, "..", "packaging")
CLIENT = "127.0.0.9"  # not the proxy's own


class Shipped(Front):
    """A proxy with the configuration that is shipped, in which addresses are put in place: each
    replacement has to be found."""
    def __init__(self, name, path, replacements):
        super().__init__(name)
        with open(os.path.join(PACKAGING, path), encoding="utf-8") as f:
            self.text = f.read()
        for this, by in replacements(self):
            if not re.search(this, self.text, re.M):
                raise AssertionError(f"{path}: there is no {this}")
            self.text = re.sub(this, by, self.text, flags=re.M)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path


class Nginx(Shipped):
    def __init__(self, inside, path):
        super().__init__("nginx", "nginx/hearth.conf", lambda self: [
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            (r"^.*listen \[::\]:443.*\n", ""), ("home.example.org", "localhost"),
            ("/etc/nginx/hearth.pem", self.certificate), ("/etc/nginx/hearth.key", self.key),
            ("server 127.0.0.1:8080", f"server {inside}"), ("location /", f"location {path}"),
        ])

    def start(self):
        self.write("hearth.conf", self.text)
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.write(
            "nginx.conf", "daemon off;\nworker_processes 1;\n"
            f"pid {self.folder}/pid;\nerror_log stderr;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}include {self.folder}/hearth.conf;\n}}\n")
        return self.spawn(["nginx", "-e", "stderr", "-c", config])


class Caddy(Shipped):
    def __init__(self, inside, path):
        super().__init__("caddy", "caddy/Caddyfile", lambda self: [
            (r"^home\.example\.org \{",
             f"https://localhost:{self.port} {{\n\ttls {self.certificate} {self.key}"),
            ("127.0.0.1:8080", inside), ("handle {", f"handle {path}* {{"),
        ])

    def start(self):
        config = self.write("Caddyfile",
                            "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + self.text)
        home = {"HOME": self.folder, "XDG_DATA_HOME": self.folder, "XDG_CONFIG_HOME": self.folder}
        return self.spawn(["caddy", "run", "--config", config, "--adapter", "caddyfile"],
                          env={**os.environ, **home})


class HAProxy(Shipped):
    def __init__(self, inside, path):
        backend = "default_backend hearth" if path == "/" else (
            f"use_backend hearth if {{ path {path[:-1]} }} || {{ path_beg {path} }}")
        super().__init__("haproxy", "haproxy/single.cfg", lambda self: [
            ("bind :443", f"bind 127.0.0.1:{self.port}"), ("/etc/haproxy/hearth.pem", self.both),
            ("server hearth 127.0.0.1:8080", f"server hearth {inside}"),
            ("^ *default_backend hearth", backend),
        ])

    def start(self):
        return self.spawn(["haproxy", "-db", "-f", self.write("haproxy.cfg", self.text)])


class Fronts(TestCase):
    def home(self, proxy, path):
        service, node = self.service(), self.node("[web]\naccess_log = yes\n")
        inside = node.address.partition("//")[2]
        front = proxy(inside, path)
        self.addCleanup(front.close)
        node.add_account(service)
        node.configure(
            "60-front", f"[listen main]\naddress = {inside}\n[web]\nbase_url = {front.url}{path}\n"
            "trusted_proxies = 127.0.0.1 ::1\n")
        node.stop()
        node.start()
        front.start()
        self.context = ssl.create_default_context(cafile=front.certificate)
        return service, node, front

    def ask(self, front, path, method="GET", body=None, **headers):
        """The answer, its body unread; from an address that is not the proxy's."""
        connection = http.client.HTTPSConnection("localhost", front.port, context=self.context,
                                                 timeout=PATIENCE, source_address=(CLIENT, 0))
        self.addCleanup(connection.close)
        connection.request(method, path, body, headers)
        return connection.getresponse()

    def sign_in(self, node, base, prefix):
        browser = Browser(base, context=self.context)
        url = json.loads(node.cli("link", ADA, "--json"))["url"]
        self.assertTrue(url.startswith(base + "/auth/link?t="), url)
        browser.open(url)
        browser.submit("Sign in", until=base + "/")
        self.assertEqual(browser.page.status, 303, browser.page.text)
        self.assertIn(prefix + "hearth_session", browser.cookies())
        return browser

    def files(self, browser, base):
        page = browser.request("GET", base + "/")
        self.assertEqual(page.status, 200)
        found = set(re.findall(r'(?:href|src)="([^"]+)"', page.body))
        for to in found - {"."}:
            url = urllib.parse.urljoin(base + "/", to)
            self.assertTrue(url.startswith(base + "/"), url)
            self.assertEqual(browser.request("GET", url).status, 200, url)
        return len(found)

    def stream(self, service, node, front, path, auth):
        answer = self.ask(front, path + "api/v1/events", **auth)

        def event(name):
            for line in iter(answer.readline, b""):
                if line == f"event: {name}\n".encode():
                    return
            self.fail(f"the stream ended without {name}")

        event("ready")
        service.put_clear("history", {
            "id": "frontfront01", "histUri": "https://example.org/front", "title": "in front",
            "visits": [{"date": 1763900000000000, "type": 1}]
        })
        node.sync()
        event("changed")
        answer.close()

    def look(self, proxy, path):
        service, node, front = self.home(proxy, path)
        base = front.url + path[:-1]
        browser = self.sign_in(node, base, "__Host-" if path == "/" else "__Secure-")
        files = self.files(browser, base)
        auth = {"Authorization": f"Bearer {node.token()}"}
        self.stream(service, node, front, path, auth)
        version = subprocess.run([
            "curl", "-s", "--cacert", front.certificate, "--http2", "-o", os.devnull, "-w",
            "%{http_version} %{http_code}", base + "/auth/signin"
        ], check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
        self.assertEqual(version, "2 200")
        part = self.ask(front, path + "api/v1/export/history.json", Range="bytes=10-19", **auth)
        self.assertEqual((part.status, len(part.read())), (206, 10))
        # what Hearth takes, and what it refuses by itself
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for size, status in ((15_000, 403), (17_000, 413)):
            answer = self.ask(front, path + "auth/code", "POST", "code=" + "0" * size, **form)
            self.assertEqual(answer.status, status)
            self.assertIn(b"hearth" if status == 403 else b'"too_large"', answer.read().lower())
        self.ask(front, path + "auth/code?who=1",
                 **{"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}).read()
        until(lambda: f"address={CLIENT} method=GET path=/auth/code" in node.log_text(),
              "the log has the client's address")
        self.assertNotIn("203.0.113.9", node.log_text())
        self.assertNotIn("proxy not set up", node.log_text())
        print(f"{type(front).__name__:8} {path:9} sign-in, {files} files, stream, HTTP/2, range, "
              "bodies, address", flush=True)

    def check(self, proxy, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")
        for path in ("/hearth/", ) if SHORT else ("/", "/hearth/"):
            with self.subTest(path=path):
                self.look(proxy, path)

    def test_haproxy(self):
        self.check(HAProxy, "haproxy")

    @unittest.skipIf(SHORT, "the short form is HAProxy alone")
    def test_nginx(self):
        self.check(Nginx, "nginx")

    @unittest.skipIf(SHORT, "the short form is HAProxy alone")
    def test_caddy(self):
        self.check(Caddy, "caddy")


if __name__ == "__main__":
    unittest.main()
