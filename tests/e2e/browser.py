"""A browser without script: cookies, links, forms, redirects.
Enough to sign in as a person does."""
import http.client
import urllib.parse
from html.parser import HTMLParser


class Page(HTMLParser):
    """Title, text, links and forms of a page."""
    def __init__(self, status, url, headers, body):
        super().__init__()
        self.status, self.url, self.headers, self.body = status, url, headers, body
        self.links, self.forms, self.title, self.text = {}, [], "", ""
        self.refresh = None
        self._in, self._link, self._button = [], None, None
        if "text/html" in (headers.get("Content-Type") or ""):
            self.feed(body)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag in ("title", "a", "button"):
            self._in.append(tag)
        if tag == "a":
            self._link = [a.get("href"), ""]
        elif tag == "form":
            self.forms.append({
                "action": a.get("action"), "method": a.get("method", "get"), "fields": {},
                "buttons": []
            })
        elif tag == "input" and self.forms and "name" in a:
            self.forms[-1]["fields"][a["name"]] = a.get("value", "")
        elif tag == "button" and self.forms:
            self._button = {"name": a.get("name"), "value": a.get("value", ""), "label": ""}
            self.forms[-1]["buttons"].append(self._button)
        elif tag == "meta" and a.get("http-equiv", "").lower() == "refresh":
            self.refresh = a["content"]

    def handle_endtag(self, tag):
        if tag in self._in:
            self._in.remove(tag)
        if tag == "a" and self._link:
            self.links[self._link[1].strip()] = self._link[0]

    def handle_data(self, data):
        self.text += data
        if "title" in self._in:
            self.title += data
        if "a" in self._in:
            self._link[1] += data
        if "button" in self._in and self._button:
            self._button["label"] += data

    def form(self, label):
        """(form, button) of the button with this label."""
        for form in self.forms:
            for button in form["buttons"]:
                if button["label"] == label:
                    return form, button
        raise AssertionError(
            f"no button {label!r} on {self.url}: "
            f"{[b['label'] for f in self.forms for b in f['buttons']]}\n{self.text}"
        )


class Browser:
    patience = 60  # seconds for an answer

    def __init__(self, base, headers=None, context=None):
        """context (ssl): of https addresses."""
        self.base, self.headers, self.context = base, dict(headers or {}), context
        self.jars = {}  # "host:port" -> {name: (value, attributes)}
        self.page = None

    def cookies(self, url=None):
        return {
            n: v
            for n, (v,
                    _) in self.jars.get(urllib.parse.urlsplit(url or self.base).netloc, {}).items()
        }

    def moved_to(self, base):
        """The server has another address now; its cookies are still good."""
        self.jars[urllib.parse.urlsplit(base).netloc] = self.jars.pop(
            urllib.parse.urlsplit(self.base).netloc, {})
        self.base, self.page = base, None

    def _keep(self, host, headers):
        jar = self.jars.setdefault(host, {})
        for line in headers.get_all("Set-Cookie") or []:
            pair, *attributes = [p.strip() for p in line.split(";")]
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                jar.pop(name, None)
            else:
                jar[name] = (value, attributes)

    def request(self, method, url, body=None, headers=None):
        """One exchange, no redirects."""
        url = urllib.parse.urljoin(self.page.url if self.page else self.base, url)
        parts = urllib.parse.urlsplit(url)
        sent = dict(self.headers)
        jar = self.jars.get(parts.netloc, {})
        if jar:
            sent["Cookie"] = "; ".join(f"{n}={v}" for n, (v, _) in jar.items())
        sent.update(headers or {})
        if isinstance(body, dict):
            body = urllib.parse.urlencode(body)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.hostname, parts.port,
                                                     timeout=self.patience, context=self.context)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port,
                                                    timeout=self.patience)
        try:
            connection.request(method,
                               (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                               body, sent)
            answer = connection.getresponse()
            page = Page(answer.status, url, answer.headers,
                        answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()
        self._keep(parts.netloc, page.headers)
        return page

    def follow(self, page, until=None):
        """Redirects, also to other sites; stops before an address that begins with `until`."""
        for _ in range(10):
            if page.status not in (301, 302, 303, 307):
                break
            target = urllib.parse.urljoin(page.url, page.headers["Location"])
            if until and target.startswith(until):
                break
            page = self.request("GET", target)
        self.page = page
        return page

    def open(self, url, until=None):
        return self.follow(self.request("GET", url), until)

    def click(self, label, until=None):
        assert label in self.page.links, (
            f"no link {label!r} on {self.page.url}: {self.page.links}\n{self.page.text}")
        return self.open(self.page.links[label], until)

    def submit(self, button, until=None, **values):
        form, pressed = self.page.form(button)
        fields = dict(form["fields"])
        for name, value in values.items():
            assert name in fields, f"no field {name!r} on {self.page.url}: {fields}"
            fields[name] = value
        if pressed["name"]:
            fields[pressed["name"]] = pressed["value"]
        return self.follow(self.request(form["method"].upper(), form["action"], fields), until)
