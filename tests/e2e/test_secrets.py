"""What is left of a sign-in: in the memory of the running daemon, in its files, in its log."""
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import unittest

from browser import Browser
from harness import ADA, HEARTHD, ROOT, TestCase, first_line, lifeline, until

sys.path.insert(0, os.path.join(ROOT, "tests", "http"))
import h2frames as h2  # noqa: E402

# their leak checker must be able to attach
SANITIZED = os.environ.get("HEARTH_TEST_GROWTH_KIB") is not None
CLIENT = "3c49430b43dfba77"
with open(os.path.join(ROOT, "tests/fixtures/firefox-esr/account.json"), encoding="utf-8") as f:
    KEYS = json.load(f)


def memory(pid, texts):
    """Which of these bytes the process has in memory that it can write to, by name."""
    found = set()
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb",
                                                                   0) as mem:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
            start, end = int(match[1], 16), int(match[2], 16)
            # larger ones are a sanitizer's bookkeeping
            if "rw" not in match[3] or end - start > 1 << 30:
                continue
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            found |= {name for name, bytes_ in texts.items() if bytes_ in data}
    return found


def occurrences(pid, bytes_):
    """How often the process has these bytes in memory that it can write to."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb",
                                                                   0) as mem:
        count = 0
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
            start, end = int(match[1], 16), int(match[2], 16)
            if "rw" in match[3] and end - start <= 1 << 30:
                with contextlib.suppress(OSError, ValueError, OverflowError):
                    mem.seek(start)
                    count += mem.read(end - start).count(bytes_)
        return count


class Bearers(TestCase):
    """What a client shows to prove who it is, is in memory while its request is, and not longer."""
    def certificate(self, node):
        cert, key = os.path.join(node.folder, "cert.pem"), os.path.join(node.folder, "key.pem")
        subprocess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert
        ], check=True, capture_output=True, timeout=300)
        return cert, key

    def curl(self, node, address, header, *words):
        """Forty requests on one connection, and one with a body."""
        paths = [
            f"/api/v1/{path}"
            for path in ("me", "devices", "search?q=a", "history?limit=200", "tokens", "missing") *
            7
        ]
        done = subprocess.run([
            "curl", "-s", "-k", "-o", "/dev/null", "-w", "%{http_code} ", "-H", header, *words,
            *[address + p for p in paths]
        ], capture_output=True, text=True, timeout=300)
        self.assertIn("200", done.stdout)
        subprocess.run([
            "curl", "-s", "-k", "-o", "/dev/null", "-H", header, *words, "-d", "{}",
            address + "/api/v1/sync"
        ], check=True, timeout=300)

    def test_bearers_are_wiped(self):
        service = self.service()
        node = self.node(start=False)
        cert, key = self.certificate(node)
        node.configure(
            "90-tls",
            f"[listen main]\n[listen tls]\naddress = 127.0.0.1:0\ntls_certificate = {cert}\n"
            f"tls_key = {key}\n"
        )
        node.start()
        node.add_account(service)
        tls = next(word for word in node.ready.split() if word.startswith("https://"))
        shown = {}
        for name, address, words in (("HTTP/1", node.address, ["--http1.1"]),
                                     ("HTTP/2", node.address, ["--http2-prior-knowledge"]),
                                     ("HTTP/1 and TLS", tls, ["--http1.1"]), ("HTTP/2 and TLS", tls,
                                                                              ["--http2"])):
            token = node.cli("token", "new", ADA, "--name", name).strip()
            shown[name] = token
            self.curl(node, address, f"Authorization: Bearer {token}", *words)
            cookie = "hth_" + os.urandom(20).hex()
            shown[name + ", a cookie"] = cookie
            self.curl(node, address, f"Authorization: Bearer {token}", *words, "-H",
                      f"Cookie: other=1; hearth_session={cookie}", "-H", "X-Long: " + "y" * 5000)
        made = json.loads(
            node.request("/api/v1/tokens", "POST", body={"name": "made", "scope":
                                                         "read"}).body)["token"]["secret"]
        self.assertEqual(node.request("/api/v1/me", token=made).status, 200)
        shown["a token that was made here"] = made
        until(lambda: node.request("/healthz", email=None).status == 200, "the server is idle")
        left = {
            name: occurrences(node.process.pid, secret.encode())
            for name, secret in shown.items()
        }
        self.assertEqual(left, dict.fromkeys(shown, 0))

    def test_what_buffers_move(self):
        """Requests of HTTP/1 behind each other, in pieces that end inside of them: their buffer
        is moved, grown and cut; and bodies in chunks, which are decoded where they lie."""
        node = self.node(start=False)
        node.configure("60-limits", "[web]\nthreads = 1\n")
        node.start()
        mark = ("hth_" + os.urandom(20).hex()).encode()  # of all: one search finds any
        secrets = [mark + b"%03d" % i for i in range(300)]
        requests = [
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-%s: y\r\nAuthorization: Bearer %s\r\n"
            b"\r\n"
            % (b"z" * (37 * i % 900), secret) for i, secret in enumerate(secrets[:200])
        ]
        forms = []
        for i, secret in enumerate(secrets[200:]):
            body = b"".join(b"%x;%s\r\n%s&f_password=%s\r\n" %
                            (12 + len(secret) + 7 * i, b"x" * 90, b"p" * 7 * i, secret)
                            for _ in range(3))
            forms.append(
                b"POST /auth/step HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                b"application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
                + body + b"0\r\n\r\n")
        host, port = node.address.split("//")[1].split(":")
        for size in (1500, 4000, 9000):
            for data in (b"".join(requests), b"".join(forms)):
                with socket.create_connection((host, int(port)), timeout=60) as sock:
                    for at in range(0, len(data), size):
                        sock.sendall(data[at:at + size])
                    sock.sendall(
                        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    answers = b"".join(iter(lambda: sock.recv(65536), b""))
                self.assertEqual(answers.count(b"HTTP/1.1 "),
                                 (201 if data.startswith(b"GET") else 101), answers[-300:])
                until(lambda: node.metric("http_connections") == 1, "the connection is gone")
                self.assertEqual(memory(node.process.pid, {"a secret": mark}), set(),
                                 (size, data[:20]))

    def test_forms_in_several_frames(self):
        """Over HTTP/2 a body may come in any pieces, with other streams' frames between them."""
        node = self.node()
        mark = os.urandom(20).hex()
        secrets = [f"{mark}{i:02}" for i in range(60)]
        for piece in (7, 30, 100, 2000):
            connection = h2.Connection(node.address)
            for at in range(0, len(secrets), 3):
                streams, data = [2 * at + 1, 2 * at + 3, 2 * at + 5], b""
                bodies = [("a=" + "x" * 900 + "&f_password=" + secret + "&b=" + "y" * 900).encode()
                          for secret in secrets[at:at + 3]]
                for stream in streams:
                    data += h2.frame(
                        h2.HEADERS, h2.END_HEADERS, stream,
                        h2.request("/auth/step", "POST",
                                   [("content-type", "application/x-www-form-urlencoded")]))
                for i in range(0, len(bodies[0]), piece):
                    data += b"".join(
                        h2.frame(h2.DATA, 0, stream, body[i:i + piece])
                        for stream, body in zip(streams, bodies))
                self.assertTrue(
                    connection.send(data + b"".join(
                        h2.frame(h2.DATA, h2.END_STREAM, stream) for stream in streams)))
                until(lambda c=connection, s=streams: set(s) <= c.ended() or c.drain(),
                      "the answers")
            self.assertEqual(len(connection.ended()), len(secrets))
            connection.close()
            until(lambda: node.metric("http_connections") == 1, "the connection is gone")
            self.assertEqual(memory(node.process.pid, {"a secret": mark.encode()}), set(), piece)

    def test_the_process_keeps_its_memory(self):
        """No core dumps, and nobody else of its user may look into it."""
        node = self.node(start=False, environment={"HEARTH_DUMPABLE": "0"})
        user = os.getuid() or 65534
        for folder, names, files in os.walk(node.folder):
            for path in [folder, *(os.path.join(folder, name) for name in files)]:
                os.chown(path, user, -1)
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen([HEARTHD, "--config", node.conf, "serve"],
                                       stdout=subprocess.PIPE, stderr=log, env=node.environment,
                                       user=user, start_new_session=True)
            lifeline.hold(process.pid)
            try:
                self.assertTrue(first_line(process).startswith("ready "))
                with open(f"/proc/{process.pid}/limits", encoding="utf-8") as f:
                    self.assertRegex(f.read(), r"Max core file size +0 +0 ")
                # root's: the system lets nobody else in
                self.assertEqual(
                    os.stat(f"/proc/{process.pid}/environ").st_uid, 0 if not SANITIZED else user)
            finally:
                process.kill()
                process.wait()
                process.stdout.close()
                lifeline.release(process.pid)


class Secrets(TestCase):
    PASSWORD = "correct horse battery staple 9173"

    def home(self, config=""):
        service = self.service()
        service.change_password(self.PASSWORD, ADA)
        node = self.node(
            f"[sync firefox]\nplugin = fx\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n{config}"
        )
        return service, node

    def sign_in(self, service, node, wrong_first=True):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/signin?setup=" + node.setup_code)
        browser.submit("Sign in with a password", email=ADA)
        if wrong_first:
            browser.submit("Continue", f_password="wrong: " + self.PASSWORD[::-1])
        browser.submit("Continue", until=node.address + "/", f_password=self.PASSWORD)
        self.assertEqual(browser.page.status, 303, browser.page.text)
        until(lambda: json.loads(browser.request("GET", "/api/v1/me").body)["account"]["last_sync"],
              "the first sync")
        return browser

    def secrets(self):
        kb = bytes.fromhex(KEYS["kB"])
        return {
            "password": self.PASSWORD.encode(), "password as sent":
            self.PASSWORD.replace(" ", "+").encode(), "password in UTF-16":
            self.PASSWORD.encode("utf-16-le"), "wrong password": self.PASSWORD[::-1].encode(), "kB":
            kb, "kB in hex": kb.hex().encode(), "kB in capital hex": kb.hex().upper().encode()
        }

    def test_memory(self):
        service, node = self.home()
        control = Browser(node.address)  # what the search must be able to find
        control.open(node.address + "/auth/signin")
        control.submit("Sign in with a password", email="somebody.else@example.org")
        self.sign_in(service, node)
        self.assertIn("control", memory(node.process.pid,
                                        {"control": b"somebody.else@example.org"}))
        self.assertEqual(memory(node.process.pid, self.secrets()), set())

    def test_transports(self):
        """A form with a password leaves nothing behind in the buffers of HTTP/1.1,
        HTTP/2 and TLS either."""
        service, node = self.home()
        with tempfile.TemporaryDirectory() as folder:
            cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
            subprocess.run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-keyout", key, "-out", cert
            ], check=True, capture_output=True, timeout=300)
            node.configure(
                "90-tls",
                f"[listen main]\n[listen tls]\naddress = 127.0.0.1:0\ntls_certificate = {cert}\n"
                f"tls_key = {key}\n"
            )
            node.stop()
            node.start()
            tls = next(word for word in node.ready.split() if word.startswith("https://"))
            for words in (["--http1.1",
                           node.address], ["--http2-prior-knowledge",
                                           node.address], ["-k", "--http1.1",
                                                           tls], ["-k", "--http2", tls]):
                answer = subprocess.run([
                    "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--data-urlencode",
                    f"f_password={self.PASSWORD}", *words[:-1], words[-1] + "/auth/step"
                ], capture_output=True, text=True, timeout=300)
                self.assertEqual(answer.stdout, "403", words)
                sent = {
                    name: text
                    for name, text in self.secrets().items() if name.startswith("password")
                } | {"password as curl sends it": self.PASSWORD.replace(" ", "%20").encode()}
                # buffers of a connection are wiped when it ends, which curl does not wait for
                until(lambda sent=sent: not memory(node.process.pid, sent),
                      f"{words}: nothing of the password is left")

    def test_files(self):
        service, node = self.home()
        browser = self.sign_in(service, node)
        node.token()
        tokens = service.tokens(ADA)
        secrets = {
            **self.secrets(), "session": browser.cookies()["hearth_session"].encode(), "api token":
            node.token().encode(), "sync key": bytes.fromhex(KEYS["syncKey"]), "sync key in hex":
            KEYS["syncKey"].encode(), **{
                f"{kind} {i}": entry["token"].encode()
                for kind in tokens
                for i, entry in enumerate(tokens[kind])
            }
        }
        self.assertTrue([name for name in secrets if name.startswith("refresh")])
        node.stop()
        for folder, _, names in os.walk(node.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    data = f.read()
                self.assertEqual([what for what, bytes_ in secrets.items() if bytes_ in data], [],
                                 name)


if __name__ == "__main__":
    unittest.main()
