"""Accounts of any size, always the same for the same e-mail, seed and time."""
import hashlib
import random
import time

from account import Account
from crypto import kid_of

WORDS = (
    "river garden stone window market letter bicycle teapot library forest engine castle sparrow "
    "kitchen archive lantern harbour "
    "mountain orchestra compiler database train winter summer coffee museum painting northern "
    "silent golden open source review "
    "weather ticket notes übung café straße zürich łódź москва θάλασσα 北京 図書館 مكتبة").split()
PLAIN = [w for w in WORDS if w.isascii()]
KINDS = ("news", "blog", "shop", "docs", "www", "forum", "mail", "wiki", "en.wiki", "video", "code",
         "maps", "learn", "status", "m")
SITES = [f"{k}.{w}.{t}" for t in ("example", "test", "invalid") for w in PLAIN for k in KINDS]
DAY = 86400 * 1000000
BATCH = 100  # records of one POST share a time
HISTORY_TTL, CLIENT_TTL = 5184000, 15552000
# links for the most part; typed, from bookmarks, redirected
VISIT_TYPES = (1, ) * 40 + (2, ) * 5 + (3, ) * 3 + (5, 6)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def guid(rng):
    return "".join(rng.choices(ALPHABET, k=12))


def words(rng, low, high, of=WORDS):
    return " ".join(rng.choices(of, k=rng.randint(low, high)))


def site(rng):
    """A few sites have most of the pages, as in life."""
    return SITES[int(len(SITES) * rng.random()**4)]


def url(rng, n):
    """Unique by n; articles, searches, items with identifiers, fragments."""
    host, path, shape = site(rng), words(rng, 1, 3, PLAIN).replace(" ", "/"), rng.random()
    if shape < 0.55:
        return f"https://{host}/{path}/{n}-{rng.choice(PLAIN)}-{rng.choice(PLAIN)}.html"
    if shape < 0.75:
        typed = words(rng, 1, 3, PLAIN).replace(" ", "+")
        return f"https://{host}/search?q={typed}&page={n % 7}&id={n}"
    if shape < 0.9:
        digest = hashlib.md5(b"%d" % n).hexdigest()
        tracked = "utm_source=newsletter&utm_medium=mail"
        return f"https://{host}/{path}/{digest}?{tracked}#part-{n % 9}"
    return f"{'http' if shape > 0.97 else 'https'}://{host}/item/{n}"


def title(rng, address):
    name = address.split("/")[2].split(".")[-2].title()
    return "" if rng.random() < 0.02 else f"{words(rng, 2, 7).capitalize()} – {name}"


def visits(rng, now_us):
    """Newest first; most pages were seen once, and lately."""
    result, date = [], now_us - int(rng.expovariate(1 / (20 * DAY)))
    for _ in range(min(20, 1 + int(rng.expovariate(0.7)))):
        result.append({"date": date, "type": rng.choice(VISIT_TYPES)})
        date -= int(rng.expovariate(1 / (3 * DAY))) + 1000
    return result


def history(rng, count, now_us):
    for n in range(count):
        record_id, address = guid(rng), url(rng, n)
        clear = {
            "id": record_id, "histUri": address, "title": title(rng, address), "visits":
            visits(rng, now_us)
        }
        yield {
            "id": record_id, "cleartext": clear, "sortindex":
            clear["visits"][0]["date"] // DAY + rng.randint(100, 250), "ttl": HISTORY_TTL
        }


def bookmarks(rng, count, now_ms):
    """Folders of up to 50, under the four roots."""
    roots = {r: [] for r in ("toolbar", "menu", "unfiled", "mobile")}
    items, folders = [], []
    for n in range(count):
        if n % 50 == 0:
            parent = rng.choice(list(roots))
            folders.append({
                "id": guid(rng), "type": "folder", "parentid": parent, "parentName": parent,
                "dateAdded": now_ms - n * 1000, "hasDupe": True, "title":
                words(rng, 1, 2).capitalize(), "children": []
            })
            roots[parent].append(folders[-1]["id"])
        address, folder = url(rng, n), folders[-1]
        items.append({
            "id": guid(rng), "type": "bookmark", "parentid": folder["id"], "parentName":
            folder["title"], "dateAdded": now_ms - n * 60000, "hasDupe": True, "title":
            title(rng,
                  address), "bmkUri": address, "tags": rng.sample(WORDS, k=rng.choice((0, 0, 1, 2)))
        })
        folder["children"].append(items[-1]["id"])
    for root, ids in roots.items():
        folders.append({
            "id": root, "type": "folder", "parentid": "places", "parentName": "", "dateAdded":
            now_ms, "hasDupe": True, "title": root, "children": ids
        })
    return [{"id": r["id"], "cleartext": r, "sortindex": 1000000 if r["type"] == "folder" else 100}
            for r in items + folders]


def device(rng, name, kind):
    record_id = guid(rng)
    return {
        "id": record_id, "name": name, "type": kind, "version": "153.0", "protocols": ["1.5"], "os":
        "Linux", "formfactor": kind, "application": "Firefox", "fxaDeviceId":
        hashlib.md5(record_id.encode()).hexdigest()
    }


def tabs_of(rng, client, count, now_s):
    tabs = []
    for n in range(count):
        address = url(rng, n)
        tabs.append({
            "title": title(rng, address), "urlHistory": [address], "icon": "", "lastUsed":
            now_s - n * 60
        })
    return {"id": client["id"], "clientName": client["name"], "tabs": tabs}


def put_devices(account, rng, devices, tab_count, now):
    """`tab_count` tabs over that many devices; the first one is a laptop."""
    clients = []
    for n in range(devices):
        name, kind = (f"{account.name}'s phone {n}",
                      "mobile") if n % 2 else (f"{account.name}'s laptop" + (f" {n}" if n else ""),
                                               "desktop")
        clients.append(device(rng, name, kind))
    account.put("clients", [{"id": c["id"], "cleartext": c, "ttl": CLIENT_TTL} for c in clients])
    for n, client in enumerate(clients):
        share = tab_count // devices + (n < tab_count % devices)
        if share:
            account.put("tabs",
                        [{"id": client["id"], "cleartext": tabs_of(rng, client, share, now)}])


def put_batches(account, collection, records):
    batch = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            account.put(collection, batch)
            batch = []
    if batch:
        account.put(collection, batch)


def make(email, storage_uid, seed=1, history=100, bookmarks=20, tabs=5, devices=1, name=None,
         now=None, empty=False, **old):
    """An account as one Firefox would have filled it, an hour ago. now: seconds. `empty`: no client
    has been there yet. `history_count` and the like are accepted for `history`."""
    sizes = {
        "history": old.pop("history_count", history), "bookmarks":
        old.pop("bookmark_count", bookmarks), "tabs": old.pop("tab_count", tabs)
    }
    if old:
        raise TypeError(f"an account has no {', '.join(sorted(old))}")
    now = int(now or time.time())
    rng, k_b = random.Random(f"{email}/{seed}"), hashlib.sha256(f"{email}/{seed}".encode()).digest()
    account = Account(email,
                      hashlib.md5(email.encode()).hexdigest(), k_b, kid_of(k_b, 1700000000000),
                      storage_uid, name)
    if not empty:
        fill(account, rng, sizes, max(1, devices), now)
    return account


def fill(account, rng, sizes, devices, now):
    account.clock = (now - 3600) * 100
    # times of the past, one step each; the real clock takes over afterwards
    account.wall = lambda: account.clock
    account.random = random.Random(rng.random())
    account.put_keys()
    account.put_meta()
    put_devices(account, rng, devices, sizes["tabs"], now)
    if sizes["bookmarks"]:
        put_batches(account, "bookmarks", bookmarks(rng, sizes["bookmarks"], now * 1000))
    put_batches(account, "history", history(rng, sizes["history"], now * 1000000))
    del account.wall
