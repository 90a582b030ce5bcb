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
