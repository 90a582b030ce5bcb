"""What is left of a sign-in: in the memory of the running daemon, in its files, in its log."""
import json
import os
import re
import subprocess
import tempfile
import unittest

from browser import Browser
from harness import ADA, ROOT, TestCase, until

CLIENT = "3c49430b43dfba77"
with open(os.path.join(ROOT, "tests/fixtures/firefox-esr/account.json"), encoding="utf-8") as f:
    KEYS = json.load(f)


def memory(pid, texts):
    """Which of these bytes the process has in memory that it can write to, by name."""
    found = set()
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
            start, end = int(match[1], 16), int(match[2], 16)
            if "rw" not in match[3] or end - start > 1 << 30:  # larger ones are a sanitizer's bookkeeping
                continue
            try:
                mem.seek(start)
                data = mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            found |= {name for name, bytes_ in texts.items() if bytes_ in data}
    return found


class Secrets(TestCase):
    PASSWORD = "correct horse battery staple 9173"

    def home(self, config=""):
        service = self.service()
        service.change_password(self.PASSWORD, ADA)
        node = self.node(f"[sync firefox]\nplugin = fx\naccounts_url = {service.url}\ntoken_server = {service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n{config}")
        return service, node

    def sign_in(self, service, node, wrong_first=True):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/signin")
        browser.submit("Sign in with a password", email=ADA)
        if wrong_first:
            browser.submit("Continue", f_password="wrong: " + self.PASSWORD[::-1])
        browser.submit("Continue", until=node.address + "/", f_password=self.PASSWORD)
        self.assertEqual(browser.page.status, 303, browser.page.text)
        until(lambda: json.loads(browser.request("GET", "/api/v1/me").body)["account"]["last_sync"], "the first sync")
        return browser

    def secrets(self):
        kb = bytes.fromhex(KEYS["kB"])
        return {"password": self.PASSWORD.encode(), "password as sent": self.PASSWORD.replace(" ", "+").encode(), "password in UTF-16": self.PASSWORD.encode("utf-16-le"),
                "wrong password": self.PASSWORD[::-1].encode(), "kB": kb, "kB in hex": kb.hex().encode(), "kB in capital hex": kb.hex().upper().encode()}

    def test_memory(self):
        service, node = self.home()
        control = Browser(node.address)  # what the search must be able to find
        control.open(node.address + "/auth/signin")
        control.submit("Sign in with a password", email="somebody.else@example.org")
        self.sign_in(service, node)
        self.assertIn("control", memory(node.process.pid, {"control": b"somebody.else@example.org"}))
        self.assertEqual(memory(node.process.pid, self.secrets()), set())

    def test_transports(self):
        """A form with a password leaves nothing behind in the buffers of HTTP/1.1, HTTP/2 and TLS either."""
        service, node = self.home()
        with tempfile.TemporaryDirectory() as folder:
            cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                            "-keyout", key, "-out", cert], check=True, capture_output=True, timeout=300)
            node.configure("90-tls", f"[listen main]\n[listen tls]\naddress = 127.0.0.1:0\ntls_certificate = {cert}\ntls_key = {key}\n")
            node.stop()
            node.start()
            tls = next(word for word in node.ready.split() if word.startswith("https://"))
            for words in (["--http1.1", node.address], ["--http2-prior-knowledge", node.address], ["-k", "--http1.1", tls], ["-k", "--http2", tls]):
                answer = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--data-urlencode", f"f_password={self.PASSWORD}",
                                         *words[:-1], words[-1] + "/auth/step"], capture_output=True, text=True, timeout=300)
                self.assertEqual(answer.stdout, "403", words)
                left = memory(node.process.pid, {name: text for name, text in self.secrets().items() if name.startswith("password")} |
                              {"password as curl sends it": self.PASSWORD.replace(" ", "%20").encode()})
                self.assertEqual(left, set(), words)

    def test_files(self):
        service, node = self.home()
        browser = self.sign_in(service, node)
        node.token()
        tokens = service.tokens(ADA)
        secrets = {**self.secrets(), "session": browser.cookies()["hearth_session"].encode(), "api token": node.token().encode(),
                   "sync key": bytes.fromhex(KEYS["syncKey"]), "sync key in hex": KEYS["syncKey"].encode(),
                   **{f"{kind} {i}": entry["token"].encode() for kind in tokens for i, entry in enumerate(tokens[kind])}}
        self.assertTrue([name for name in secrets if name.startswith("refresh")])
        node.stop()
        for folder, _, names in os.walk(node.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    data = f.read()
                self.assertEqual([what for what, bytes_ in secrets.items() if bytes_ in data], [], name)


if __name__ == "__main__":
    unittest.main()
