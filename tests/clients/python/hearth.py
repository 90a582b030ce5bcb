"""A client of Hearth with httpx (httpx[http2])."""
import json

import httpx


def connect(base, token, **options):
    """Over TLS both sides agree on HTTP/2; without TLS it is spoken from the first byte."""
    return httpx.Client(base_url=base + "/api/v1/", http2=True, http1=base.startswith("https:"),
                        headers={"Authorization": f"Bearer {token}"}, timeout=60, **options)


def history(client):
    """Every visit, newest first."""
    cursor = ""
    while cursor is not None:
        where = {"limit": 500, "cursor": cursor} if cursor else {"limit": 500}
        answer = client.get("history", params=where).raise_for_status().json()
        yield from answer["visits"]
        cursor = answer["next"]


def refresh(client, path, known=None):
    """What is at `path`, as (ETag, JSON); `known`, what this answered before, while it holds."""
    answer = client.get(path, headers={"If-None-Match": known[0]} if known else {})
    if answer.status_code == 304:
        return known
    return answer.raise_for_status().headers["ETag"], answer.json()


class Copy:
    """An account as it is kept by a client, and followed."""
    def __init__(self):
        self.generation = 0  # none yet
        self.pages, self.bookmarks, self.devices = {}, {}, []

    def apply(self, answer):
        for page in answer["pages"]:
            had = self.pages.get(page["id"], {"visits": set()})["visits"]
            self.pages[page["id"]] = {**page, "visits": had | {tuple(v) for v in page["visits"]}}
        for bookmark in answer["bookmarks"]:
            self.bookmarks[bookmark["id"]] = bookmark
            if bookmark.get("removed"):
                del self.bookmarks[bookmark["id"]]
        if answer["devices"] is not None:
            self.devices = answer["devices"]
        for gone in answer["removals"]:
            if gone["kind"] == "page":
                self.pages.pop(gone["page"], None)
            elif gone["kind"] == "bookmark":
                self.bookmarks.pop(gone["id"], None)
            elif gone["page"] in self.pages:
                self.pages[gone["page"]]["visits"].discard((gone["date"], gone["type"]))


def follow(client, copy):
    """The copy as it is now: the same one, or a new one where the server cannot say what has
    changed since."""
    cursor = ""
    while cursor is not None:
        where = {"since": copy.generation, **({"cursor": cursor} if cursor else {})}
        answer = client.get("changes", params=where)
        if answer.status_code == 410:
            return follow(client, Copy())
        page = answer.raise_for_status().json()
        copy.apply(page)
        cursor = page["next"]
    copy.generation = page["generation"]
    return copy


def resume(client, path, etag, part):
    """All of a download of which `part` has arrived, uncompressed, with this ETag."""
    answer = client.get(path, headers={"Accept-Encoding": "identity", "If-Range": etag,
                                       "Range": f"bytes={len(part)}-"})
    answer.raise_for_status()
    return part + answer.content if answer.status_code == 206 else answer.content


def events(client, last=None):
    """(id, event, data) as they come; `last`: the id of the last one before the stream broke."""
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", "events", headers=headers) as answer:
        answer.raise_for_status()
        event = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line == "" and event:
                yield event.get("id"), event["event"], json.loads(event["data"])
                event = {}
            elif name in ("id", "event", "data"):
                event[name] = value
