"""What a client can make the daemon believe, header by header: each as an observation that tells
whether the header was read. Used against the daemon itself and against a front end, with the
headers at their place, behind the body (trailers), and wherever else an attacker may put them."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]
from browser import Browser  # noqa: E402
from harness import ADA, until  # noqa: E402
import h2frames as h2  # noqa: E402

IDENTITY = "remote-email"  # [auth] proxy_header
# Parsed, but read by nobody yet: there is nothing to observe. A test fails when one of them has a
# reader.
UNREAD = {"accept"}


def parsed():
    """Names of the headers that core/http knows."""
    found = set()
    for name, pattern in (("http.h", r'^    X\(\w+, "([a-z-]+)", (?:true|false)\)'),
                          ("forwarded.c", r'header\(req, "([a-z-]+)"\)')):
        with open(os.path.join(HERE, "..", "..", "core", "http", name), encoding="utf-8") as f:
            here = set(re.findall(pattern, f.read(), re.M))
        assert here, name
        found |= here
    return found


class World:
    """One daemon with one person who has a token and a browser; `connect()` makes a connection
    to whoever is attacked."""
    def __init__(self, node, connect, email=ADA, tls=False, token=None, fields=()):
        self.node, self.connect, self.email, self.fields = node, connect, email, list(fields)
        self.token = token or node.token(email)
        self.bearer = [("authorization", f"Bearer {self.token}")]
        browser = Browser(node.address)
        browser.open(node.address + "/auth/link?" + self.link()["url"].partition("?")[2])
        browser.submit("Sign in", until=node.address)
        session = browser.cookies()["hearth_session"]
        self.cookie = [("cookie", ("__Host-" if tls else "") + f"hearth_session={session}")]
        self.csrf = [("x-hearth-csrf", "1")]
        self.etag = node.request("/api/v1/devices", email=None, token=self.token).headers["ETag"]

    def link(self):
        return self.node.request("/api/v1/links", "POST", email=None, token=self.token,
                                 body={}).json["link"]

    def ask(self, path, method="GET", extra=(), body=b"", trailers=None, authority="localhost",
            patience=30):
        """(status, body): status 200, 204, 206, 304, 400, 404, 500, or 0 for any other."""
        connection = self.connect()
        try:
            connection.send(
                h2.exchange(1, path, method, [*extra, *self.fields], body, trailers, authority))
            until(lambda: connection.drain() or 1 in connection.over(),
                  f"an answer to {method} {path} {extra} {trailers}", patience)
            return connection.statuses().get(1, 0), connection.bodies().get(1, b"")
        finally:
            connection.close()

    def ask_http1(self, path, method="GET", extra=(), body=b"", trailers=(), authority="localhost",
                  patience=30):
        """The same over HTTP/1.1, with a body in chunks and trailers behind it; `connect1` makes
        the socket."""
        head = (f"{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n"
                "Transfer-Encoding: chunked\r\n")
        head += "".join(f"{n}: {v}\r\n" for n, v in [*extra, *self.fields])
        chunks = (f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b"") + b"0\r\n"
        chunks += "".join(f"{n}: {v}\r\n" for n, v in trailers).encode() + b"\r\n"
        with self.connect1() as sock:
            sock.settimeout(patience)
            sock.sendall(head.encode() + b"\r\n" + chunks)
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]

    def sign_ins(self):
        """Lines of the log, whatever its format."""
        return [
            line for line in self.node.log_text().splitlines()
            if "audit" in line and "signed in" in line
        ]

    def signed_in(self, place, name, value):
        """Signs a browser in by a code, with this field; the session, and the line of the log."""
        browser = Browser(self.node.address)
        page = browser.open("/auth/code")
        form = "form=" + page.forms[0]["fields"]["form"] + "&code=" + self.link()["code"]
        cookie = "; ".join(f"{n}={v}" for n, v in browser.cookies().items())
        cookie += "; " + "; ".join(f"__Host-{n}={v}" for n, v in browser.cookies().items())
        before = len(self.sign_ins())
        self.ask(
            "/auth/code", "POST",
            **place([("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie)],
                    name, value), body=form.encode())
        until(lambda: len(self.sign_ins()) > before, "the sign-in is logged")
        log = self.sign_ins()[-1]
        sessions = self.node.request("/api/v1/sessions", email=None,
                                     token=self.token).json["sessions"]
        return max(sessions, key=lambda s: (s["created"], s["id"])), log

    # --- observations: True when the field was believed
    def authorization(self, place):
        return self.ask("/api/v1/me", **place([], *self.bearer[0]))[0] == 200

    def cookie_(self, place):
        return self.ask("/api/v1/me", **place([], *self.cookie[0]))[0] == 200

    def identity(self, place):
        return self.ask("/api/v1/me", **place([], IDENTITY, self.email))[0] == 200

    def x_hearth_csrf(self, place):
        return self.makes_link(
            place(self.cookie + [("sec-fetch-site", "same-origin")], "x-hearth-csrf", "1"))

    def sec_fetch_site(self, place):
        return self.makes_link(place(self.cookie + self.csrf, "sec-fetch-site", "same-origin"))

    def origin(self, place, scheme="http"):
        return any(
            self.makes_link(place(self.cookie + self.csrf, "origin", f"{scheme}://localhost"))
            for scheme in ("http", "https"))

    def makes_link(self, how):
        return b"/auth/link" in self.ask("/api/v1/links", "POST", **how)[1]

    def content_type(self, place):
        return self.ask("/api/v1/settings", "PATCH",
                        **place(self.bearer, "content-type", "application/json"),
                        body=b"{}")[0] in (200, 204)

    def if_none_match(self, place):
        return self.ask("/api/v1/devices", **place(self.bearer, "if-none-match",
                                                   self.etag))[0] == 304

    def accept_encoding(self, place):
        return self.ask("/api/v1/history?limit=50", **place(self.bearer, "accept-encoding",
                                                            "gzip"))[1].startswith(b"\x1f\x8b")

    def range_(self, place):
        return self.ask("/api/v1/export/tabs.json", **place(self.bearer, "range",
                                                            "bytes=0-4"))[0] == 206

    def if_range(self, place):
        part = [*self.bearer, ("range", "bytes=0-4")]
        return self.ask("/api/v1/export/tabs.json", **place(part, "if-range", '"a"'))[0] == 200

    def last_event_id(self, place):
        connection = self.connect()
        try:
            how = place(self.bearer, "last-event-id", "0")
            connection.send(
                h2.exchange(1, "/api/v1/events", "GET", [*how.get("extra", ()), *self.fields],
                            trailers=how.get("trailers")))
            until(lambda: connection.drain() or connection.bodies().get(1), "the stream begins")
            # behind its answer nothing of the stream's beginning is on its way any more
            connection.send(h2.exchange(3, "/healthz"))
            until(lambda: connection.drain() or 3 in connection.ended(), "the next answer")
            return b"event: changed" in connection.bodies().get(1, b"")
        finally:
            connection.close()

    def user_agent(self, place):
        return "Safari" in self.signed_in(
            place, "user-agent", "Mozilla/5.0 (iPhone) Version/17.0 Safari/604.1")[0]["name"]

    def x_forwarded_for(self, place):
        return "192.0.2.77" in self.signed_in(place, "x-forwarded-for", "192.0.2.77")[1]

    def forwarded(self, place):
        return "192.0.2.77" in self.signed_in(place, "forwarded", "for=192.0.2.77;proto=https")[1]

    def x_forwarded_proto(self, place):
        schemes = {
            self.ask("/api/v1/links", "POST", **place(self.bearer, "x-forwarded-proto",
                                                      s))[1].split(b"://")[0][-5:]
            for s in ("http", "https")
        }
        return len(schemes) == 2

    def host(self, place):
        return b"//evil.example/" in self.ask("/api/v1/links", "POST",
                                              **place(self.bearer, "host", "evil.example"),
                                              authority="")[1]

    OBSERVATIONS = {
        "authorization": authorization, "cookie": cookie_, IDENTITY: identity, "x-hearth-csrf":
        x_hearth_csrf, "sec-fetch-site": sec_fetch_site, "origin": origin, "content-type":
        content_type, "if-none-match": if_none_match, "range": range_, "if-range": if_range,
        "accept-encoding": accept_encoding,
        "last-event-id": last_event_id, "user-agent": user_agent, "x-forwarded-for":
        x_forwarded_for, "forwarded": forwarded, "x-forwarded-proto": x_forwarded_proto, "host":
        host
    }

    def believed(self, place, names=None):
        return {
            name
            for name in (names or self.OBSERVATIONS)
            if self.OBSERVATIONS[name](self, place)
        }


def as_header(fields, name, value):
    return {"extra": [*fields, (name, value)]}


def as_trailer(fields, name, value):
    return {"extra": fields, "trailers": [(name, value)]}
