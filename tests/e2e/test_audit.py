"""The audit trail and the access log: what is in them, that nothing can be forged in them, and
what fail2ban makes of them."""
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import unittest
import urllib.parse

from browser import Browser
from harness import ADA, HEARTHD, PATIENCE, ROOT, TestCase, until
from test_check import certificate

FILTER = os.path.join(ROOT, "packaging", "fail2ban", "filter.d", "hearth.conf")
OWN = {"X-Hearth-CSRF": "1", "Sec-Fetch-Site": "same-origin"}
WRONG = "hth_" + "A" * 43
HOSTILE = [
    "\n2026-01-01T00:00:00.000Z audit sign-in failed address=192.0.2.66 reason=x",
    "x audit sign-in failed address=192.0.2.66 reason=y", "address=192.0.2.66",
    "\"} {\"level\":\"audit\"", "a\r\nb", "\x1b[2J\u0085\u2028", "\u202e\u2066\u061c\u009b1;1H"
]


class Trail(TestCase):
    def home(self, config="", account=True, **options):
        node = self.node("[web]\ntrusted_proxies = 127.0.0.1/32\n" + config, **options)
        if account:
            node.add_account(self.service(), sync=False)
        return node

    def lines(self, node, event):
        return [line for line in node.log_text().splitlines() if f" audit {event}" in line]

    def the_line(self, node, event, *parts):
        """One line, with these parts."""
        found = self.lines(node, event)
        self.assertEqual(len(found), 1, f"{event}: {found}")
        for part in parts:
            self.assertIn(part, found[0])
        return found[0]

    def signed_in(self, node, address="192.0.2.7"):
        browser = Browser(
            node.address, {
                "User-Agent":
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "X-Forwarded-For": address
            })
        browser.open(node.address + "/auth/link?t=" +
                     json.loads(node.cli("link", ADA, "--json"))["url"].partition("?t=")[2])
        browser.submit("Sign in", until=node.address + "/")
        self.assertEqual(browser.page.status, 303)
        return browser

    def test_sessions_and_tokens(self):
        node = self.home()
        browser = self.signed_in(node)
        session = re.search(
            r" session=(\w+)",
            self.the_line(node, "signed in", " address=192.0.2.7 account=", " provider=link ",
                          ' browser="Firefox on Linux"'))[1]
        status = browser.request("POST", "/api/v1/tokens", json.dumps({"name": "x y"}),
                                 {**OWN, "Content-Type": "application/json"})
        made = json.loads(status.body)["token"]
        token_lines = self.lines(node, "token made")
        self.assertIn(f" token={made['id']}", token_lines[-1])
        self.assertIn(" address=192.0.2.7 ", token_lines[-1])
        browser.request("DELETE", f"/api/v1/tokens/{made['id']}", headers=OWN)
        self.the_line(node, "token revoked", f" token={made['id']}", " address=192.0.2.7 ")
        browser.request("GET", "/api/v1/export/bookmarks.html")
        self.the_line(node, "export", " format=", " address=192.0.2.7 ")
        browser.request("POST", "/api/v1/links", headers=OWN)
        self.assertIn(" address=192.0.2.7 ", self.lines(node, "link made")[-1])
        browser.request("DELETE", "/api/v1/session", headers=OWN)
        self.the_line(node, "signed out", f" session={session}")
        other = self.signed_in(node, "192.0.2.8")
        other.request("DELETE", "/api/v1/sessions", headers=OWN)
        self.the_line(node, "signed out everywhere", " address=192.0.2.8 ")
        self.assertNotIn(made["secret"], node.log_text())
        self.assertNotIn("hths_", node.log_text())
        self.assertNotIn("hthl_", node.log_text())

    def test_commands(self):
        """The daemon that runs writes the line; else the command does."""
        node = self.home()

        def export():
            return subprocess.run([HEARTHD, "--config", node.conf, "export", ADA, "history.json"],
                                  capture_output=True, text=True, env=node.environment,
                                  timeout=PATIENCE)

        done = export()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.the_line(node, "export", f" account=", f" email={ADA} format=history.json by=")
        node.cli("account", "signout", ADA, "--yes")
        self.the_line(node, "signed out everywhere", f" email={ADA} by=")
        node.stop()
        self.assertRegex(export().stderr,
                         f" audit export account=.* email={ADA} format=history.json by=")
        copy = os.path.join(node.folder, "copy.tar")
        node.cli("backup", copy)
        done = subprocess.run([HEARTHD, "--config", node.conf, "restore", copy, "--replace"],
                              capture_output=True, text=True, env=node.environment,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(re.findall(r" audit (backup restored) file=(\S+) by=", done.stderr),
                         [("backup restored", copy)])

    def test_failures(self):
        """With the client's address, whoever tries; a flood of wrong tokens is some lines long."""
        node = self.home()
        for _ in range(100):
            self.assertEqual(
                node.request("/api/v1/me", token=WRONG, headers={"X-Forwarded-For":
                                                                 "192.0.2.20"}).status, 401)
        flood = self.lines(node, "sign-in failed address=192.0.2.20 reason=wrong_token")
        self.assertEqual(len(flood), 20)
        self.assertEqual(
            node.request("/api/v1/me", token=WRONG, headers={"X-Forwarded-For":
                                                             "192.0.2.21"}).status, 401)
        self.the_line(node, "sign-in failed address=192.0.2.21 reason=wrong_token provider=token")
        browser = Browser(node.address, {"X-Forwarded-For": "192.0.2.22"})
        browser.open(node.address + "/auth/code")
        browser.submit("Sign in", code="0000-0000")
        self.the_line(node, "sign-in failed address=192.0.2.22 reason=wrong_code provider=code")
        browser.open(node.address + "/auth/link?t=hthl_" + "A" * 43)
        browser.request("GET", "/api/v1/me")  # nobody at all: not an attempt
        # a wrong link is no guess
        self.assertEqual(len(self.lines(node, "sign-in failed address=192.0.2.22")), 1)

    def test_proxy(self):
        node = self.home("[auth]\nproxy_header = Remote-Email\n")
        for name in (ADA, ADA, "eve@example.org"):
            node.request("/api/v1/me", email=None,
                         headers={"Remote-Email": name, "X-Forwarded-For": "192.0.2.30"})
        self.the_line(node, "signed in", " address=192.0.2.30 account=", " provider=proxy")
        self.the_line(
            node, "sign-in refused",
            " address=192.0.2.30 email=eve@example.org provider=proxy reason=\"no account\"")

    def test_levels(self):
        """Whatever is logged otherwise; and it can be switched off."""
        node = self.home("[hearth]\nlog_level = error\n")
        self.signed_in(node)
        self.the_line(node, "signed in")
        self.assertNotIn(" info ", node.log_text())
        node.process.send_signal(1)
        until(lambda: self.lines(node, "configuration reloaded"), "the reload is in the trail")
        # nothing has changed, and it has no certificates
        self.assertNotIn(" reloaded=", self.lines(node, "configuration reloaded")[0])
        node.configure("60-level", "[hearth]\nlog_level = debug\n")
        node.process.send_signal(1)
        until(lambda: len(self.lines(node, "configuration reloaded")) == 2, "and once more")
        self.assertIn(' reloaded="[hearth] log_level"',
                      self.lines(node, "configuration reloaded")[1])
        node.sync()
        until(lambda: " jobs sync done " in node.log_text(), "the new level counts")
        node.configure("60-level", "[hearth]\nlog_level = sometimes\n")
        node.process.send_signal(1)
        until(lambda: " reload refused error=" in node.log_text(),
              "a wrong one is told")
        self.assertEqual(len(self.lines(node, "configuration reloaded")), 2)
        node = self.home("[hearth]\naudit = no\n")
        self.signed_in(node)
        self.assertNotIn(" audit ", node.log_text())

    def test_a_reload_is_all_or_nothing(self):
        """A fault in the configuration keeps the certificates,
        one in a certificate keeps the level."""
        node = self.home(start=False)
        made = {}
        for name in ("one", "other"):
            made[name] = certificate(node.folder, name)
        pem, key = (os.path.join(node.folder, n) for n in ("now.pem", "now.key"))

        def put(name):
            for source, target in zip(made[name], (pem, key)):
                shutil.copyfile(source, target)
                os.chmod(target, 0o600)

        def shown():
            host, port = node.address.split("//")[1].rsplit(":", 1)
            return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))

        def der(name):
            with open(made[name][0], encoding="utf-8") as f:
                return ssl.PEM_cert_to_DER_cert(f.read())

        def reload(words, times):
            node.process.send_signal(1)
            until(lambda: node.log_text().count(words) == times, words)

        put("one")
        node.configure("60-tls", f"[listen main]\ntls_certificate = {pem}\ntls_key = {key}\n")
        node.start()
        self.assertEqual(shown(), der("one"))
        put("other")
        node.configure("90-more", "[nonsense]\n")
        reload(" reload refused error=", 1)
        self.assertEqual(shown(), der("one"))
        self.assertEqual(self.lines(node, "configuration reloaded"), [])
        node.configure("90-more", "[hearth]\nlog_level = error\n")
        with open(pem, "w", encoding="utf-8") as f:
            f.write("x")
        reload(f"60-tls.conf:2: {pem}", 1)
        self.assertEqual(shown(), der("one"))
        self.assertEqual(self.lines(node, "configuration reloaded"), [])
        reload(" error main ", 3)  # and a line of the level info is still written:
        put("other")
        reload(" reloaded=\"[hearth] log_level, certificates\"", 1)
        until(lambda: shown() == der("other"), "the new certificate")
        node.stop()
        self.assertNotIn(" info main stopping", node.log_text())

    def test_json(self):
        """Numbers are numbers, yes and no true and false, and what a plugin says has an event."""
        node = self.home("[hearth]\nlog = json\nlog_level = debug\n[web]\naccess_log = yes\n")
        node.sync()
        self.signed_in(node)
        lines = [json.loads(line) for line in node.log_text().splitlines()]
        done = next(line for line in lines if line["event"] == "sync done")
        for key in ("requests", "records", "damaged", "ms"):
            self.assertIs(type(done[key]), int)
        audit = next(line for line in lines if line["event"] == "signed in")
        self.assertEqual((audit["level"], audit["address"], audit["provider"]),
                         ("audit", "192.0.2.7", "link"))
        access = next(line for line in lines if line["level"] == "access")
        for key in ("status", "bytes", "ms"):
            self.assertIs(type(access[key]), int)
        stored = [line for line in lines if line["event"] == "collection stored"]
        self.assertEqual({type(line["changed"]) for line in stored}, {bool})
        said = [line for line in lines if line["event"] == "plugin says"]
        self.assertEqual({line["module"] for line in said}, {"sync-fx"})
        self.assertNotIn("message", {line["event"] for line in lines})

    def test_access_log(self):
        """One line a request, without queries and secrets; none unless it is asked for."""
        node = self.home("[web]\naccess_log = yes\n")
        browser = self.signed_in(node)
        browser.request("GET", "/api/v1/search?q=secret-words")
        node.request("/nowhere?x=secret-words", headers={"X-Forwarded-For": "192.0.2.40"})
        until(lambda: "path=/nowhere" in node.log_text(), "the line of the request")
        log = node.log_text()
        lines = [line for line in log.splitlines() if " access request " in line]
        account = re.search(r" audit signed in .* account=(\w+)", log)[1]
        found = [line for line in lines if "path=/api/v1/search" in line]
        self.assertEqual(len(found), 1)
        self.assertRegex(
            found[0],
            r" access request address=192\.0\.2\.7 method=GET path=/api/v1/search status=200 "
            rf"bytes=\d+ ms=\d+ account={account}$"
        )
        self.assertRegex(
            log, r"address=192\.0\.2\.40 method=GET path=/nowhere status=404 bytes=\d+ ms=\d+\n")
        self.assertIn("path=/auth/link status=303", log)
        for secret in ("secret-words", "hthl_", "hths_", "?"):
            self.assertNotIn(secret, "\n".join(lines))
        node = self.home()
        node.api("/me")
        self.assertNotIn(" access ", node.log_text())

    def test_what_lines_hold(self):
        """Whatever a client says (control characters of ASCII are refused already), its line is
        one line that shows all of itself, in either format, and is not longer than who reads
        lines takes."""
        hidden = "".join(
            map(chr, [
                *range(0x80, 0xa0), 0xad, 0x61c, 0x200b, 0x200e, 0x200f, *range(0x2028, 0x202f),
                *range(0x2060, 0x2070), 0xfeff
            ]))
        forged = "audit sign-in failed address=192.0.2.66 reason=x "
        for config in ("", "log = json\n"):
            node = self.home(f"[hearth]\n{config}[web]\naccess_log = yes\n")
            node.request("/x" + urllib.parse.quote(hidden) + "y", email=None)
            node.request("/z" + urllib.parse.quote(forged * 300), email=None)
            until(lambda n=node: "/x" in n.log_text() and "/z" in n.log_text(),
                  "the lines of the requests")
            with open(os.path.join(node.folder, "log"), "rb") as f:
                text = f.read().decode()  # valid
            self.assertEqual([c for c in text if c in hidden and c != "\n"], [])
            self.assertLess(max(map(len, text.split("\n"))), 4000)
            self.assertEqual(
                sum(" access request address=1" in line
                    or '"level":"access","event":"request","address":"1' in line
                    for line in text.split("\n")), 2, text[-3000:])
            if config:
                paths = [
                    json.loads(line)["path"]
                    for line in text.splitlines()
                    if '"level":"access","event":"request","address":"1' in line
                ]
                paths.sort()  # two connections, two loops
                self.assertEqual(paths[0], "/x" + hidden + "y")
                self.assertTrue(paths[1].endswith("…"), paths[1][-100:])


class Fail2ban(TestCase):
    def banned(self, lines):
        """The addresses that fail2ban finds in these lines, one for each that matches."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log")
            with open(path, "w", encoding="utf-8") as f:
                f.writelines(line + "\n" for line in lines)
            done = subprocess.run(["fail2ban-regex", "--out", "ip", path, FILTER],
                                  capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.split()

    def attack(self, node):
        """Failures, with text that would like to be another line or another address."""
        for i, text in enumerate(HOSTILE):
            headers = {"X-Forwarded-For": f"192.0.2.{100 + i}"}
            plain = "".join(c for c in text if " " <= c < "\x7f")
            node.request("/api/v1/me", token=WRONG, headers={**headers, "User-Agent": plain})
            browser = Browser(node.address, {**headers, "Sec-Fetch-Site": "same-origin"})
            browser.open(node.address + "/auth/signin")
            browser.submit("Sign in with a password", email=f"eve@example.org{text}"[:200])
            if any(b["label"] == "Sign in" for f in browser.page.forms for b in f["buttons"]):
                browser.submit("Sign in", f_password="wrong " + text)

    def check(self, node, syslog=""):
        self.attack(node)
        lines = [line for line in node.log_text().splitlines() if "sign-in failed" in line]
        self.assertGreaterEqual(len(lines), len(HOSTILE))
        found = self.banned([syslog + line for line in lines])
        self.assertEqual(set(found), {f"192.0.2.{100 + i}" for i in range(len(HOSTILE))})
        self.assertEqual(len(found), len(lines))

    def home(self, config=""):
        service = self.service()
        return self.node(
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = 3c49430b43dfba77\n"
            f"[web]\ntrusted_proxies = 127.0.0.1/32\n{config}")

    def test_text(self):
        self.check(self.home())

    def test_json(self):
        self.check(self.home("[hearth]\nlog = json\n"))

    def test_journal(self):
        self.check(self.home(), "Nov 29 07:00:00 house hearthd[123]: ")

    def test_others(self):
        """Nothing else of the log bans anybody."""
        node = self.home("[hearth]\nlog_level = debug\n[web]\naccess_log = yes\n")
        self.attack(node)
        lines = [
            line for line in node.log_text().splitlines() if " audit sign-in failed " not in line
        ]
        self.assertEqual(self.banned(lines), [])


if __name__ == "__main__":
    unittest.main()
