"""The front end that is shipped, under attack: what is inside stays inside, in whatever spelling
it is asked for; and nobody outside says what only the proxy may say."""
import http.client
import os
import re
import socket
import ssl
import sys
import unittest
import urllib.parse

from fleet import ROOT, Fleet, TestCase, until
from harness import PATIENCE
from routes import API, APP, CONTROL, PAGES, source

sys.path.insert(0, os.path.join(ROOT, "tests", "http"))
from believed import IDENTITY, World, as_header, as_trailer  # noqa: E402
from browser import Browser  # noqa: E402
import h2frames as h2  # noqa: E402

# What the proxy says, and nobody else.
PROXYS = {"x-forwarded-for", "forwarded", "x-forwarded-proto", IDENTITY}


def tables():
    """{path: audience} of all routes in the tables of core, as they are written there;
    "" is people's."""
    found = {}
    for name in (API, PAGES, CONTROL, APP):
        for row in re.findall(r'^    \{(?:\.path = )?"/.*\}', source(name), re.M):
            path = re.search(r'"([^"]+)"', row)[1]
            found[path] = found.get(path, "") + "CONTROL" * (name == CONTROL) + " ".join(
                re.findall(r"HTTP_(?:PEOPLE|METRICS|CONTROL)", row))
    return found


def spellings(path):
    """Ways to write a path, each of which some program takes for it."""
    rest, first = path[1:], f"%{ord(path[1]):02x}"
    encoded = "".join(f"%{ord(c):02x}" for c in rest)
    yield from (path, path.upper(), path.title(), path + "/", path + "//", path + "/.",
                path + "/./", path + "/..", path + "/x/..", path + "?", path + "?x=/healthz",
                path + "#", path + "#/healthz", path + ";", path + ";x=y", path + "/;x",
                path + "%00", path + "%20", path + "%0a", path + "%09", path + "%23", path + "%3f",
                path + ".", path + ".json", path + "/../" + rest, path + "%2f", path + "%2f..",
                path + "\\", path + "/healthz")
    for before in ("/", "//", "///", "/./", "/.//", "/x/../", "/x/../../", "/../", "/../../../",
                   "/%2e/", "/%2e%2e/", "/x/%2e%2e/", "/x/.%2e/", "/%2f", "/x/..%2f", "/x%2f../",
                   "/x/%2e%2e%2f", "/;/", "/;x/", "/x/..;/", "/.;/", "\\", "/\\", "/x\\..\\",
                   "/x/..\\", "/%5c", "/x/..%5c", "/x/..%c0%af", "/%c0%ae%c0%ae/", "/%252e%252e/",
                   "/%u002e%u002e/", "/healthz/../", "/api/v1/../../", "/api/v1/..%2f..%2f",
                   "/api/v1/%2e%2e/%2e%2e/", "/api/v1/%252e%252e/%252e%252e/", "/api/v1/..;/..;/",
                   "/api/v1/..\\..\\", "/auth/../", "/auth/..//", "/auth//../", "/auth/..%2f",
                   "/auth/%2e%2e%2f", "/auth/..%5c", "/auth/..%00/", "/auth/.%00./", "/assets/../",
                   "/assets/..%2f", "/basic/%2e%2e/", "/bookmarks/../", "/bookmarks/..%2f",
                   "/history/%2E%2E%2F", "/icons/..%252f", "http://localhost/",
                   "https://localhost/", "http://localhost//", "http://localhost:1/",
                   "https://evil.example/", "http:", "http:///", "//localhost/", ""):
        yield before + rest
    yield from ("/" + first + rest[1:], "/" + first.upper() + rest[1:], "/" + encoded,
                "/" + encoded.upper(), "/" + encoded.replace("%", "%25"),
                "/%25" + first[1:] + rest[1:], path.replace("/", "//"), path.replace("/", "/./"),
                path.replace("/", "%2f"), path.replace("e", "%65"), "/" + first + "%00" + rest[1:],
                "/" + rest.replace("e", "\u0435"),
                "/" + "".join(chr(ord(c) + 0xfee0) if c.isalpha() else c for c in rest),
                "/" + f"%c1%{ord(path[1]) - 64 + 128:02x}" + rest[1:], "*")


def inner(path):
    """Without those that are another spelling of the first page."""
    return [target for target in spellings(path) if target != path + "/.."]


class Gate(TestCase):
    def setUp(self):
        self.fleet = Fleet(
            self, workers=0, schedulers=0, config=
            f"[web]\ntrusted_proxies = 127.0.0.1/32\n[auth]\nproxy_header = {IDENTITY.title()}\n")
        self.fleet.settle(1)
        self.email = self.fleet.emails[0]
        self.node = self.fleet.accounts[self.email]["node"]
        self.web = self.fleet.webs[self.node]
        self.here = [("hearth-node", self.node)]

    def tls(self, protocol):
        context = ssl.create_default_context(cafile=self.fleet.haproxy.certificate)
        context.set_alpn_protocols([protocol])
        return context

    def two(self):
        return h2.Connection(self.fleet.haproxy.url, context=self.tls("h2"))

    def one(self):
        sock = socket.create_connection(("127.0.0.1", self.fleet.haproxy.port), timeout=30)
        return self.tls("http/1.1").wrap_socket(sock, server_hostname="localhost")

    def say(self, data):
        """What is answered on one connection to these bytes, until it ends."""
        with self.one() as sock:
            found = b""
            try:  # whoever is refused may not be read to the end
                sock.sendall(data)
                while piece := sock.recv(65536):
                    found += piece
            except (TimeoutError, OSError):
                pass
            return found

    def queued(self):
        return len(self.fleet.operator.cli_json("queue", "show"))

    def test_internal_routes(self):
        self.assertEqual(
            self.web.request("/api/v1/sync", "POST", email=None,
                             token=self.fleet.tokens[self.email]).status, 202)
        self.assertEqual(self.queued(), 1)
        inside = {
            path
            for path, audience in tables().items()
            if audience and "PEOPLE" not in audience
        }
        self.assertLessEqual({"/metrics", "/control/queue"}, inside)
        found = []
        for path in (*sorted(inside), "/readyz"):
            for target in inner(path):
                raw = target.encode()
                for method in (b"GET", b"DELETE"):
                    answer = self.say(method + b" " + raw +
                                      b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    if re.match(rb"HTTP/1\.[01] 2",
                                answer) or b"hearth_http" in answer or b'"account"' in answer:
                        found.append((1, method, target, answer[:200]))
            # many streams, few connections: an address that ends its connection has one of its own
            for method in ("GET", "DELETE"):
                targets = [
                    *inner(path), path + "\0", path + "\t", path + " ", path + "\r\nx: y",
                    path + " HTTP/1.1"
                ]
                for target in targets:
                    connection = self.two()
                    connection.send(h2.exchange(1, target, method))
                    until(lambda c=connection: c.drain() or 1 in c.over(),
                          f"an answer to {method} {target}")
                    body = connection.bodies().get(1, b"")
                    if connection.statuses().get(1) in (
                            200, 204) or b"hearth_http" in body or b'"account"' in body:
                        found.append((2, method, target, body[:200]))
                    connection.close()
        self.assertEqual(found, [], "\n".join(map(str, found)))
        self.assertEqual(self.queued(), 1)

    def test_a_path_in_the_name(self):
        """What stands in Host never becomes a part of the address."""
        for host in ("localhost/readyz?", "localhost:1/readyz?", "localhost, localhost/readyz?",
                     "localhost/api/v1/me?x=", "localhost#", "user@localhost", "localhost/..",
                     "a b", "[::1]/readyz?", "localhost\\readyz", "localhost%2freadyz%3f"):
            answer = self.say(b"GET /healthz HTTP/1.1\r\nHost: " + host.encode() +
                              b"\r\nConnection: close\r\n\r\n")
            self.assertRegex(answer, rb"^HTTP/1\.[01] 400", host)
            connection = self.two()
            connection.send(h2.exchange(1, "/healthz", "GET", [("host", host)], authority=""))
            until(lambda c=connection: c.drain() or 1 in c.over(), f"an answer to {host}")
            self.assertNotIn(connection.statuses().get(1), (200, 204, 404), host)
            connection.close()
        self.assertRegex(
            self.say(b"GET /healthz HTTP/1.1\r\nHost: LOCALHOST:443\r\nConnection: close\r\n\r\n"),
            rb"^HTTP/1\.[01] 200")

    def status_of_two(self, path, **more):
        """Over HTTP/2, also those that are not in HPACK's table; "reset" when there is none."""
        connection = self.two()
        try:
            connection.send(h2.exchange(1, path, **more))
            until(lambda: connection.drain() or 1 in connection.over(), f"an answer to {path}")
            block = next((payload for kind, _, stream, payload in connection.frames()
                          if kind == h2.HEADERS and stream == 1), None)
            if block is None:
                return "reset"
            return connection.statuses()[1] or int(re.match(rb"[\x08\x48]\x03(\d{3})", block)[1])
        finally:
            connection.close()

    def test_old_clients(self):
        """HTTP/1.0 without Host asks the site; everybody else says whom they mean."""
        for path in ("/healthz", "/version", "/auth/signin"):
            for head in (b" HTTP/1.0\r\n\r\n", b" HTTP/1.0\r\nHost: localhost\r\n\r\n"):
                self.assertRegex(self.say(b"GET " + path.encode() + head), rb"^HTTP/1\.[01] 200 ",
                                 path)
            for head in (b" HTTP/1.1\r\nConnection: close\r\n\r\n",
                         b" HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"):
                self.assertRegex(self.say(b"GET " + path.encode() + head), rb"^HTTP/1\.[01] 400 ",
                                 path)
            self.assertEqual(self.status_of_two(path, authority=""), 400)
        self.assertRegex(self.say(b"GET /version HTTP/1.0\r\nHost: evil.example\r\n\r\n"),
                         rb"^HTTP/1\.[01] 421 ")
        self.assertRegex(self.say(b"GET /metrics HTTP/1.0\r\n\r\n"), rb"^HTTP/1\.[01] 404 ")

    def test_many_fields(self):
        """Too many or too large are the client's fault, and said so;
        nobody else's connection ends."""
        seen = {1: set(), 2: set()}
        for count in (0, 50, 80, *range(88, 132), 200, 1000):
            fields = [(f"x-{i}", "y") for i in range(count)]
            head = "".join(f"{n}: {v}\r\n" for n, v in fields).encode()
            answer = self.say(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                              head + b"\r\n")
            # refused before it was read whole, so that the words may be lost
            one = 400 if answer == b"" and count > 96 else int(answer.split()[1])
            two = self.status_of_two("/healthz", extra=fields)
            self.assertIn(one, (200, ) if count <= 90 else (200, 400, 431), count)
            self.assertIn(two, (200, ) if count <= 90 else (200, 400, 431, "reset"), count)
            seen[1].add(one)
            seen[2].add(two)
            if count > 96:
                self.assertNotIn(200, (one, two), count)
        self.assertEqual(seen, {1: {200, 431, 400}, 2: {200, 431, "reset"}})
        for size, status in ((12000, 200), (20000, 400), (100000, 400)):
            answer = self.say(
                b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: " +
                b"y" * size + b"\r\n\r\n")
            self.assertRegex(answer, rb"^HTTP/1\.[01] %d |^$" % status, size)
        for web in self.fleet.webs.values():
            self.assertEqual(web.metric("http_connections_killed_total"), 0)

    def test_what_people_reach(self):
        """The file knows each address that the daemon has for people."""
        for path, audience in tables().items():
            if (audience and "PEOPLE" not in audience) or path == "/readyz":
                continue
            path = path.replace("*", "x")
            direct = self.web.request(path, email=None).status
            through = self.fleet.ask(self.email, path, {"Authorization": ""}).status
            self.assertEqual(through, direct, path)
            self.assertNotIn("x-forwarded", path)

    def test_who_says_what(self):
        """As a header: what clients may say is heard, what the proxy says is not. As a trailer:
        nothing is heard."""
        world = World(self.web, self.two, self.email, tls=True, token=self.fleet.tokens[self.email],
                      fields=self.here)
        world.connect1 = self.one
        # a cache of the account's answers needs a sync
        names = set(
            World.OBSERVATIONS) - {"host", "last-event-id", "if-none-match", "accept-encoding"}
        for ask in (world.ask, world.ask_http1):
            world.ask = ask
            self.assertEqual(world.believed(as_header, names), names - PROXYS)
            self.web.stop()  # guesses of codes are counted
            self.web.start()
            self.assertEqual(world.believed(as_trailer, names), set())

    def test_identity(self):
        """In whatever form it comes, the header of a person who has signed in at the proxy is
        the proxy's to set."""
        name = IDENTITY.title()
        ways = [
            f"{name}: {self.email}", f"{name.lower()}: {self.email}",
            f"{name.upper()}: {self.email}", f"{name}: {self.email}\r\n{name}: {self.email}",
            f"{name.replace('-', '_')}: {self.email}", f"{name}:{self.email}",
            f"{name} : {self.email}", f"{name}\t: {self.email}", f" {name}: {self.email}",
            f"x: y\r\n {name}: {self.email}", f"{name}: \r\n {self.email}",
            f"Connection: {name}\r\n{name}: {self.email}",
            f"Connection: close, {name}, X-Forwarded-For\r\n{name}: {self.email}",
            f"x: y\n{name}: {self.email}", f"x: y\r{name}: {self.email}",
            f"x: y\0\r\n{name}: {self.email}",
            f"TE: trailers\r\nTrailer: {name}\r\n{name}: {self.email}",
            f"Hearth-Node: birch\r\n{name}: {self.email}",
            f"X-Original-URL: /api/v1/me\r\n{name}: {self.email}",
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, "
            f"HTTP2-Settings\r\n{name}: {self.email}"
        ]
        direct = self.web.request("/api/v1/me", email=None, headers={name: self.email})
        # from the proxy's address it counts
        self.assertEqual(direct.json["account"]["email"], self.email)
        for way in ways:
            for path in ("/api/v1/me", "https://localhost/api/v1/me", "//api/v1/me"):
                answer = self.say(
                    f"GET {path} HTTP/1.1\r\nHost: localhost\r\nHearth-Node: {self.node}\r\n"
                    f"{way}\r\nConnection: close\r\n\r\n"
                    .encode())
                self.assertRegex(answer, rb"^HTTP/1\.[01] (401|400|307)|^$", way)
                self.assertNotIn(self.email.encode(), answer, way)
        for fields in ([(IDENTITY, self.email)], [(IDENTITY, self.email)] * 2, [
            (IDENTITY.replace("-", "_"), self.email)
        ], [(name, self.email)], [("x", f"y\r\n{name}: {self.email}")], [
            (f"x: y\r\n{name}", self.email)
        ], [("connection", IDENTITY), (IDENTITY, self.email)], [("te", "trailers"),
                                                                ("trailer", IDENTITY),
                                                                (IDENTITY, self.email)]):
            for trailers in (False, True):
                connection = self.two()
                connection.send(
                    h2.exchange(1, "/api/v1/me", extra=self.here + ([] if trailers else fields),
                                trailers=fields if trailers else None))
                until(lambda c=connection: c.drain() or 1 in c.over(), f"an answer to {fields}")
                self.assertNotIn(self.email.encode(), connection.bodies().get(1, b""), fields)
                self.assertNotEqual(connection.statuses().get(1), 200)
                connection.close()

    def test_smuggling(self):
        """A request in a request reaches nobody: neither what is inside, nor the daemon as if
        the proxy had said it."""
        inner = [
            f"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
            f"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n{IDENTITY}: {self.email}\r\n\r\n",
            f"DELETE /control/queue HTTP/1.1\r\nHost: localhost\r\n\r\n"
        ]
        self.assertEqual(
            self.web.request("/api/v1/sync", "POST", email=None,
                             token=self.fleet.tokens[self.email]).status, 202)
        for secret in inner:
            chunk = f"{len(secret):x}\r\n{secret}\r\n0\r\n\r\n"
            bodies = [(f"Content-Length: {len(secret) + 5}\r\nTransfer-Encoding: chunked",
                       "0\r\n\r\n" + secret),
                      ("Content-Length: 4\r\nTransfer-Encoding: chunked", chunk),
                      ("Content-Length: 0\r\nContent-Length: %d" % len(secret), secret),
                      ("Content-Length: %d\r\nContent-Length: 0" % len(secret), secret),
                      ("Content-Length: 0, 5", secret),
                      ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                       "0\r\n\r\n" + secret),
                      ("Transfer-Encoding : chunked\r\nContent-Length: 5", "0\r\n\r\n" + secret),
                      ("Transfer-Encoding: xchunked\r\nContent-Length: 5", "0\r\n\r\n" + secret),
                      ("Transfer-Encoding:\tchunked", "0;x=\n\r\n\r\n" + secret),
                      ("Content-Length: +0", secret), ("Content-Length: 0x5", "0\r\n\r\n" + secret),
                      ("X: y\nContent-Length: 0", secret)]
            for head, body in bodies:
                answer = self.say(
                    f"POST /api/v1/sync HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{body}GET "
                    "/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    .encode())
                self.assertNotIn(b"hearth_http", answer, (head, body))
                self.assertNotIn(self.email.encode(), answer, (head, body))
            for extra in ([("content-length", "0")], [("content-length", "1"),
                                                      ("content-length", str(len(secret)))],
                          [("transfer-encoding", "chunked")], [("x", "y\r\n\r\n" + secret)], [
                              ("x\r\n\r\n" + secret, "y")
                          ], [("transfer-encoding", "chunked"), ("content-length", "0")]):
                connection = self.two()
                connection.send(
                    h2.exchange(1, "/api/v1/sync", "POST", extra, ("0\r\n\r\n" + secret).encode()))
                connection.send(h2.get(3, "/healthz"))
                until(lambda c=connection: c.drain() or {1, 3} <= c.over(), f"answers to {extra}")
                self.assertNotIn(b"hearth_http", connection.data, extra)
                self.assertNotIn(self.email.encode(), bytes(connection.data), extra)
                connection.close()
        self.assertEqual(self.queued(), 1)

    def test_node_header(self):
        """Who names a node is sent there, and gets no more by it."""
        for value in ("alder", "birch", "nowhere", "alder, birch", "", "../alder", "x" * 4000):
            connection = self.two()
            connection.send(h2.exchange(1, "/api/v1/me", extra=[("hearth-node", value)]))
            until(lambda c=connection: c.drain() or 1 in c.over(), "an answer")
            self.assertIn(connection.statuses().get(1), (0, 400))
            self.assertNotIn(self.email.encode(), connection.bodies().get(1, b""))
            connection.close()


class ManyProcesses(TestCase):
    def test_a_sign_in_stays_at_its_process(self):
        """Two web processes for each node, as the file says it: each step of a sign-in reaches
        the process that knows it."""
        fleet = Fleet(self, workers=0, schedulers=0, seconds=True)
        seen = set()
        for _ in range(8):
            browser = Browser(fleet.haproxy.url, {"Sec-Fetch-Site": "same-origin"},
                              context=fleet.context)
            browser.open(fleet.haproxy.url + "/auth/signin?next=/tabs")
            page = browser.submit("Sign in with a password", email="ada@example.org")
            self.assertEqual(page.status, 200, page.text)
            self.assertEqual(browser.open(fleet.haproxy.url + "/auth/step").status, 200)
            seen.add(browser.cookies()["hearth_web"])
        self.assertGreater(len(seen), 1)

    def test_processes_take_turns(self):
        """Nothing keeps a browser at the process where its sign-in began: each step is another
        one's."""
        fleet = Fleet(
            self, workers=0, schedulers=0, seconds=True, turns=True,
            config="[auth]\nallow = *@example.org\n[sync firefox]\nplugin = fx\n"
            "accounts_url = SERVICE\ntoken_server = SERVICE/1.0/sync/1.5\n"
            "client_id = 3c49430b43dfba77\n")
        webs = (*fleet.webs.values(), *fleet.seconds)
        before = [node.metric("http_requests_total") for node in webs]
        for i in range(12):
            email = f"person{i}@example.org"
            fleet.service.account(email, history=1, bookmarks=0, tabs=1, seed=i)
            browser = Browser(fleet.haproxy.url, {"Sec-Fetch-Site": "same-origin"},
                              context=fleet.context)
            browser.open(fleet.haproxy.url + "/auth/signin?next=/tabs")
            browser.submit("Sign in with a password", email=email)
            if i == 0:
                browser.submit("Continue", f_password="not it")
                self.assertEqual(browser.page.status, 200, browser.page.text)
            browser.submit("Continue", until=fleet.haproxy.url + "/tabs",
                           f_password=fleet.service.get(f"sign-in/{email}")["password"])
            if browser.page.title.startswith("Sign in on this device?"):  # at the other node
                browser.submit("Sign in", until=fleet.haproxy.url + "/tabs")
            self.assertEqual(browser.page.status, 303, browser.page.text)
            # no process knows it any more
            for _ in range(4):
                self.assertEqual(browser.request("GET", "/auth/step").status, 410)
        for node, count in zip(webs, before):
            self.assertGreater(node.metric("http_requests_total"), count + 12)

    def test_what_ends_at_one_process_ends_at_all(self):
        """A token that is revoked at one web process, or by a command on a machine without any,
        is over at the others: streams, and what they remember."""
        fleet = Fleet(self, workers=0, schedulers=0, seconds=True,
                      config="[web]\nevent_interval = 1h\n")
        fleet.settle(1)
        email, = fleet.emails
        at = list(fleet.ports).index(fleet.accounts[email]["node"])
        first, second = list(fleet.webs.values())[at], fleet.seconds[at]
        owner = {"Authorization": f"Bearer {fleet.tokens[email]}"}
        for revoke in (lambda token: first.request(f"/api/v1/tokens/{token['id']}", "DELETE", email=
                                                   None, headers=owner),
                       lambda token: fleet.operator.cli("token", "revoke", token["id"], "--yes")):
            made = first.request("/api/v1/tokens", "POST", email=None, headers=owner,
                                 body={"name": "x"}).json["token"]
            connection = http.client.HTTPConnection(
                urllib.parse.urlsplit(second.address).netloc, timeout=PATIENCE)
            self.addCleanup(connection.close)
            connection.request("GET", "/api/v1/events",
                               headers={"Authorization": f"Bearer {made['secret']}"})
            stream = connection.getresponse()
            self.assertEqual(stream.readline(), b": welcome\n")
            revoke(made)
            stream.read()  # to its end
            self.assertEqual(
                second.request("/api/v1/me", email=None, token=made["secret"]).status, 401)


if __name__ == "__main__":
    unittest.main()
