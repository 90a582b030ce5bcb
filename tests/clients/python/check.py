"""check.py BASE TOKEN VISITS CA: hearth.py, and httpx itself, against a server."""
import asyncio
import ssl
import sys

import httpx

import hearth

AT_ONCE, PART = 100, 10000


def check(true, what):
    print(f"{'ok' if true else 'NOT OK'} {what}", flush=True)
    if not true:
        sys.exit(1)


async def parallel(base, token, context):
    opened, limits = [], httpx.Limits(max_connections=1)

    async def trace(name, _):
        if name == "connection.connect_tcp.started":
            opened.append(name)

    async with httpx.AsyncClient(http2=True, http1=base.startswith("https:"), verify=context,
                                 limits=limits, timeout=60) as client:
        answers = await asyncio.gather(*(client.get(
            f"{base}/api/v1/history", params={"limit": n + 1}, extensions={"trace": trace},
            headers={"Authorization": f"Bearer {token}"}) for n in range(AT_ONCE)))
    good = sum(a.status_code == 200 and a.http_version == "HTTP/2" and
               len(a.json()["visits"]) == n + 1 for n, a in enumerate(answers))
    check((good, len(opened)) == (AT_ONCE, 1),
          f"{good} of {AT_ONCE} at once, {len(opened)} connection")


def main(base, token, visits, ca):
    context, visits = ssl.create_default_context(cafile=ca), int(visits)
    with hearth.connect(base, token, verify=context) as client:
        seen = [(v["page"], v["date"], v["type"]) for v in hearth.history(client)]
        check((len(seen), len(set(seen))) == (visits, visits), f"{len(seen)} visits by cursors")
        known = hearth.refresh(client, "history")
        check(hearth.refresh(client, "history", known) is known, "304 to If-None-Match")
        copy = hearth.follow(client, hearth.Copy())
        count = sum(len(p["visits"]) for p in copy.pages.values())
        check(count == visits, f"{count} visits in a copy, and {len(copy.bookmarks)} bookmarks")
        answer = client.get("changes", params={"since": copy.generation})
        check(len(answer.content) < 200 and hearth.follow(client, copy) is copy, "it is followed")
        copy.generation += 1
        anew = hearth.follow(client, copy)
        check(anew is not copy and anew.pages == copy.pages, "410, and all of it anew")
        answer = client.get("export/history.json")
        coding = answer.headers.get("Content-Encoding")
        count = sum(len(p["visits"]) for p in answer.json()["pages"])
        check(coding in ("gzip", "br") and count == visits,
              f"export {coding}, {answer.num_bytes_downloaded} bytes, {count} visits")
        with client.stream("GET", "export/history.json",
                           headers={"Accept-Encoding": "identity"}) as cut:
            part = next(cut.iter_raw(PART))
        whole = hearth.resume(client, "export/history.json", cut.headers["ETag"], part)
        check(len(part) == PART and whole == answer.content, f"resumed after {len(part)} bytes")
        changed = hearth.resume(client, "export/history.json", '"other"', part)
        check(changed == answer.content, "all of it, where If-Range is another's")
        event = next(hearth.events(client))
        check(event[1] == "ready" and event[0] == str(event[2]["generation"]),
              f"event {event[1]}")
    asyncio.run(parallel(base, token, context))


if __name__ == "__main__":
    main(*sys.argv[1:])
