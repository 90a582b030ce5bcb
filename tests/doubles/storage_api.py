"""Storage API 1.5 over an Account: its reading half. storage_writes.py has the other one."""
import json
import re
import urllib.parse

from storage import Collection, centiseconds, decimal, short_decimal, shorten

LIMITS = {
    "max_post_records": 100, "max_post_bytes": 2621440, "max_total_records": 10000,
    "max_total_bytes": 262144000, "max_record_payload_bytes": 2621440, "max_request_bytes": 2625536
}
TIME = re.compile(r"^\d+(\.\d{1,2})?$")
OFFSET = re.compile(r"^\d{1,15}:\d{1,9}$")
NAME = re.compile(r"^[A-Za-z0-9._-]{1,32}$")
SORTS = ("newest", "oldest", "index")
MAX_IDS = 100
UNKNOWN, BAD_COLLECTION = "0", "13"  # weave codes, the bodies of errors


class Answer:
    def __init__(self, status, body=b"", headers=None):
        self.status, self.headers = status, dict(headers or {})
        self.body = body if isinstance(body, bytes) else body.encode()


class Malformed(Exception):
    """The request's query or headers make no sense: 400."""


def json_answer(value, status=200, headers=None):
    text = value if isinstance(value, str) else json.dumps(value)
    return Answer(status, text, {"Content-Type": "application/json", **(headers or {})})


def refuse(status, code=UNKNOWN, headers=None):
    return json_answer(code, status, headers)


def _time(text):
    if text is None:
        return None
    if not TIME.match(text):
        raise Malformed(text)
    return centiseconds(text)


def conditional(modified, headers):
    """304 or 412 as the request's headers ask; None: go on."""
    since, unless = _time(headers.get("X-If-Modified-Since")), _time(
        headers.get("X-If-Unmodified-Since"))
    if since is not None and unless is not None:
        raise Malformed("both conditions")
    stamp = {"X-Last-Modified": decimal(modified)}
    if since is not None and modified <= since:
        return Answer(304, b"", stamp)
    if unless is not None and modified > unless:
        return refuse(412, headers=stamp)
    return None


class Page:
    """One page of a collection: the positions that the query asks for, in its order, and where
    the next page begins.

    An offset is "<time>:<n>", as of the MySQL servers: the n-th record from that time on (in the
    direction of the sort), so that it stays right while a collection grows. With sort=index and
    ids it is "0:<n>"."""
    def __init__(self, collection, query, max_page):
        self.collection, self.sort = collection, query.get("sort", "oldest")
        self.limit = self._limit(query.get("limit"), max_page)
        if self.sort not in SORTS:
            raise Malformed(self.sort)
        newer, older = _time(query.get("newer")), _time(query.get("older"))
        self.low = 0 if newer is None else collection.after(newer)
        self.high = len(collection.order) if older is None else max(self.low,
                                                                    collection.before(older))
        mark, skip = self._offset(query.get("offset"))
        if "ids" in query or self.sort == "index":
            self._take_list(self._listed(query.get("ids")), skip)
        else:
            self._take_range(mark, skip)

    @staticmethod
    def _limit(text, max_page):
        if text is None:
            return max_page
        if not text.isdigit() or text == "0":
            raise Malformed(text)
        return min(int(text), max_page)

    @staticmethod
    def _offset(text):
        if text is None:
            return None, 0
        if not OFFSET.match(text):
            raise Malformed(text)
        mark, _, skip = text.partition(":")
        return int(mark), int(skip)

    def _listed(self, ids):
        if ids is None:
            return [at for at in self.collection.by_index() if self.low <= at < self.high]
        names = ids.split(",")
        if len(names) > MAX_IDS:
            raise Malformed("too many ids")
        found = sorted({self.collection.position(i)
                        for i in names
                        if i in self.collection.bsos}, reverse=self.sort == "newest")
        return [at for at in found if self.low <= at < self.high]

    def _take_list(self, positions, skip):
        self.positions = positions[skip:skip + self.limit]
        self.next = f"0:{skip + self.limit}" if skip + self.limit < len(positions) else None

    def _take_range(self, mark, skip):
        if self.sort == "newest":
            first = self.high - 1 if mark is None else min(self.high,
                                                           self.collection.after(mark)) - 1
            first -= skip
            last = max(self.low - 1, first - self.limit)
            self.positions = range(first, last, -1)
            more = last >= self.low
        else:
            first = self.low if mark is None else max(self.low, self.collection.before(mark))
            first += skip
            last = min(self.high, first + self.limit)
            self.positions = range(first, max(first, last))
            more = last < self.high
        self.next = self._mark_after(self.positions) if more and len(self.positions) else None

    def _mark_after(self, positions):
        """Where the next page begins: the time of this page's last record, and how many records
        of that time lie behind."""
        at = positions[-1]
        modified = self.collection.order[at][0]
        done = self.collection.after(
            modified) - at if self.sort == "newest" else at + 1 - self.collection.before(modified)
        return f"{modified}:{done}"

    def lines(self):
        p = self.positions
        if isinstance(p, range) and p.step == 1:
            return self.collection.lines[p.start:p.stop]
        return [self.collection.lines[at] for at in p]

    def ids(self):
        return [json.dumps(self.collection.order[at][1]).encode() for at in self.positions]


def _collection(collection, query, headers, options):
    stopped = conditional(collection.modified, headers)
    if stopped:
        return stopped
    page = Page(collection, query, options.max_page)
    stamp = {
        "X-Last-Modified": decimal(collection.modified), "X-Weave-Records": str(len(page.positions))
    }
    if page.next is not None and options.pass_over:
        mark, _, done = page.next.partition(":")
        page.next = f"{mark}:{int(done) + options.pass_over}"
    if page.next is not None:
        stamp["X-Weave-Next-Offset"] = page.next
    lines = options.treat(page.lines()) if "full" in query else page.ids()
    if "application/newlines" in (headers.get("Accept") or ""):
        return Answer(200, b"\n".join(lines) + b"\n" if lines else b"",
                      {**stamp, "Content-Type": "application/newlines"})
    return Answer(200, b"[" + b",".join(lines) + b"]",
                  {**stamp, "Content-Type": "application/json"})


def _info(account, name, headers, options):
    latest, collections = account.latest(), account.collections.items()
    if name == "configuration":
        return json_answer(LIMITS)
    stopped = conditional(latest, headers)
    if stopped:
        return stopped
    stamp = {"X-Last-Modified": decimal(latest)}
    if name == "collections":
        show = short_decimal if options.short_times else decimal
        return json_answer(
            "{" + ",".join(f'"{n}":{show(c.modified)}' for n, c in sorted(collections)) + "}",
            headers=stamp)
    if name == "collection_counts":
        return json_answer({n: len(c.bsos) for n, c in collections}, headers=stamp)
    if name == "collection_usage":
        return json_answer({n: c.size() / 1024 for n, c in collections}, headers=stamp)
    if name == "quota":
        return json_answer([sum(c.size() for _, c in collections) / 1024, None], headers=stamp)
    return refuse(404)


def _one(collection, bso_id, headers, options):
    if bso_id not in collection.bsos:
        return refuse(404)
    modified = collection.bsos[bso_id].modified
    stopped = conditional(modified, headers)
    return stopped or Answer(
        200,
        options.treat([collection.line(bso_id)])[0],
        {"X-Last-Modified": decimal(modified), "Content-Type": "application/json"})


class Options:
    """How lines leave the server."""
    def __init__(self, max_page=10000, short_times=False, spoil=None, pass_over=0):
        self.max_page, self.short_times = max_page, short_times
        self.spoil, self.pass_over = spoil, pass_over

    def treat(self, lines):
        if self.short_times:
            lines = [shorten(line) for line in lines]
        return self.spoil(lines) if self.spoil else lines


def get(account, path, query_text, headers, options):
    """path: below the endpoint, e.g. "/storage/history"."""
    query = dict(urllib.parse.parse_qsl(query_text, keep_blank_values=True))
    parts = [urllib.parse.unquote(p) for p in path.strip("/").split("/")]
    try:
        if len(parts) == 2 and parts[0] == "info":
            return _info(account, parts[1], headers, options)
        if len(parts) in (2, 3) and parts[0] == "storage":
            if not NAME.match(parts[1]):
                return refuse(400, BAD_COLLECTION)
            collection = account.collections.get(parts[1]) or Collection()
            if len(parts) == 2:
                return _collection(collection, query, headers, options)
            return _one(collection, parts[2], headers, options)
    except Malformed:
        return refuse(400)
    return refuse(404)
