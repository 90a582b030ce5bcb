"""Storage API 1.5 over an Account, for reading; what would write is refused and counted."""
import bisect
import json
import re
import urllib.parse

from account import Collection, centiseconds, decimal

LIMITS = {"max_post_records": 100, "max_post_bytes": 2621440, "max_total_records": 10000, "max_total_bytes": 262144000,
          "max_record_payload_bytes": 2621440, "max_request_bytes": 2625536}
TIME = re.compile(r"^\d+(\.\d{1,2})?$")


class Answer:
    def __init__(self, status, body=b"", headers=None):
        self.status, self.headers = status, dict(headers or {})
        self.body = body if isinstance(body, bytes) else body.encode()


def _time(text):
    return centiseconds(text) if text is not None and TIME.match(text) else None


def _conditional(modified, headers):
    """304 or 412 as the request's headers ask; None: go on."""
    since, unless = headers.get("X-If-Modified-Since"), headers.get("X-If-Unmodified-Since")
    if since is not None and unless is not None:
        return Answer(400, "0")
    for text in (since, unless):
        if text is not None and _time(text) is None:
            return Answer(400, "0")
    stamp = {"X-Last-Modified": decimal(modified)}
    if since is not None and modified <= _time(since):
        return Answer(304, b"", stamp)
    if unless is not None and modified > _time(unless):
        return Answer(412, "0", stamp)
    return None


def _json(value, modified):
    text = value if isinstance(value, str) else json.dumps(value)
    return Answer(200, text, {"X-Last-Modified": decimal(modified), "Content-Type": "application/json"})


def _select(collection, query):
    """Ids of a GET, sorted; None: the query is malformed."""
    newer, older = query.get("newer"), query.get("older")
    if (newer is not None and _time(newer) is None) or (older is not None and _time(older) is None):
        return None
    low = bisect.bisect_right(collection.order, (_time(newer), "\x7f")) if newer is not None else 0
    high = bisect.bisect_left(collection.order, (_time(older), "")) if older is not None else len(collection.order)
    ids = [i for _, i in collection.order[low:high]]
    if "ids" in query:
        wanted = set(query["ids"].split(","))
        ids = [i for i in ids if i in wanted]
    if query.get("sort") == "newest":
        ids.reverse()
    elif query.get("sort") == "index":
        ids.sort(key=lambda i: -(collection.bsos[i][2] or 0))
    return ids


def _collection(collection, query, headers, max_page):
    stopped = _conditional(collection.modified, headers)
    if stopped:
        return stopped
    ids = _select(collection, query)
    offset = query.get("offset", "0:0").rpartition(":")[2]
    limit = query.get("limit", str(max_page))
    if ids is None or not offset.isdigit() or not limit.isdigit() or limit == "0":
        return Answer(400, "0")
    first, size = int(offset), min(int(limit), max_page)
    page = ids[first:first + size]
    stamp = {"X-Last-Modified": decimal(collection.modified), "X-Weave-Records": str(len(page))}
    if first + size < len(ids):
        stamp["X-Weave-Next-Offset"] = f"{collection.modified}:{first + size}"
    lines = [collection.lines[i] for i in page] if "full" in query else [json.dumps(i).encode() for i in page]
    if "application/newlines" in headers.get("Accept", ""):
        stamp["Content-Type"] = "application/newlines"
        return Answer(200, b"".join(line + b"\n" for line in lines), stamp)
    stamp["Content-Type"] = "application/json"
    return Answer(200, b"[" + b",".join(lines) + b"]", stamp)


def _info(account, name, headers):
    stopped = _conditional(account.latest(), headers)
    if name == "configuration":
        return _json(LIMITS, 0)
    if stopped:
        return stopped
    collections = account.collections.items()
    if name == "collections":
        return _json(account.info(), account.latest())
    if name == "collection_counts":
        return _json({n: len(c.bsos) for n, c in collections}, account.latest())
    if name == "collection_usage":
        return _json({n: sum(map(len, c.lines.values())) / 1024 for n, c in collections}, account.latest())
    if name == "quota":
        return _json([1.0, None], account.latest())
    return Answer(404, "0")


def get(account, path, query_text, headers, max_page):
    """path: below the endpoint, e.g. "/storage/history"."""
    query = dict(urllib.parse.parse_qsl(query_text, keep_blank_values=True))
    parts = [urllib.parse.unquote(p) for p in path.strip("/").split("/")]
    if len(parts) == 2 and parts[0] == "info":
        return _info(account, parts[1], headers)
    if len(parts) == 2 and parts[0] == "storage":
        return _collection(account.collections.get(parts[1], Collection()), query, headers, max_page)
    if len(parts) == 3 and parts[0] == "storage":
        collection = account.collections.get(parts[1], Collection())
        if parts[2] not in collection.bsos:
            return Answer(404, "0")
        modified = collection.bsos[parts[2]][0]
        return _conditional(modified, headers) or Answer(
            200, collection.lines[parts[2]], {"X-Last-Modified": decimal(modified), "Content-Type": "application/json"})
    return Answer(404, "0")
