"""Accounts of any size, always the same for the same seed."""
import hashlib
import random

from account import Account, make_kid

WORDS = ("river garden stone window market letter bicycle teapot library forest engine castle sparrow kitchen archive lantern harbour "
         "mountain orchestra compiler database train winter summer coffee museum painting northern silent golden open source review "
         "weather ticket notes übung café straße zürich łódź москва θάλασσα 北京 図書館 مكتبة").split()
HOSTS = [f"{a}.{b}" for a in ("news", "blog", "shop", "docs", "www", "en.wiki") for b in ("example", "example.org", "test.example", "archive.example")]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
DAY = 86400 * 1000000
BATCH = 100  # records of one POST share a time


def guid(rng):
    return "".join(rng.choices(ALPHABET, k=12))


def words(rng, low, high):
    return " ".join(rng.choices(WORDS, k=rng.randint(low, high)))


def history(rng, count, now_us):
    for i in range(count):
        host = rng.choice(HOSTS)
        visits, date = [], now_us - int(rng.expovariate(1 / (20 * DAY)))
        for _ in range(min(20, 1 + int(rng.expovariate(0.7)))):
            visits.append({"date": date, "type": rng.choices((1, 2, 3, 5, 6), (80, 10, 6, 2, 2))[0]})
            date -= int(rng.expovariate(1 / (3 * DAY))) + 1
        record_id = guid(rng)
        yield {"id": record_id, "cleartext": {"id": record_id, "histUri": f"https://{host}/{words(rng, 1, 3).replace(' ', '/')}/{i}",
                                              "title": words(rng, 2, 8), "visits": visits}}


def bookmarks(rng, count, now_ms):
    """Folders of up to 50, under the four roots."""
    roots = {r: [] for r in ("toolbar", "menu", "unfiled", "mobile")}
    records, folder, children = [], None, []
    for i in range(count):
        if folder is None or len(children) == 50:
            if folder:
                records.append(folder)
            folder_id, parent, children = guid(rng), rng.choice(list(roots)), []
            roots[parent].append(folder_id)
            folder = {"id": folder_id, "type": "folder", "parentid": parent, "title": words(rng, 1, 2), "dateAdded": now_ms - i, "children": children}
        item = guid(rng)
        children.append(item)
        records.append({"id": item, "type": "bookmark", "parentid": folder["id"], "parentName": folder["title"], "dateAdded": now_ms - i * 1000,
                        "hasDupe": True, "title": words(rng, 1, 6), "bmkUri": f"https://{rng.choice(HOSTS)}/b/{i}",
                        "tags": rng.sample(WORDS, k=rng.choice((0, 0, 1, 2)))})
    if folder:
        records.append(folder)
    for root, ids in roots.items():
        records.append({"id": root, "type": "folder", "parentid": "places", "title": root, "dateAdded": now_ms, "children": ids})
    return [{"id": r["id"], "cleartext": r} for r in records]


def tabs(rng, count, now_s):
    return [{"title": words(rng, 1, 5), "urlHistory": [f"https://{rng.choice(HOSTS)}/t/{i}"], "icon": "", "lastUsed": now_s - i * 60} for i in range(count)]


def make(email, storage_uid, seed=1, history_count=100, bookmark_count=20, tab_count=5, now=None):
    """An account with one device. now: seconds."""
    rng = random.Random(f"{email}/{seed}")
    key = hashlib.sha512(f"{email}/{seed}".encode()).digest()
    account = Account(email, hashlib.md5(email.encode()).hexdigest(), key, make_kid(key, 1700000000000), storage_uid)
    now = now or int(account.now() / 100)
    account.put_keys()
    account.put_meta()
    device = guid(rng)
    account.put("clients", [{"id": device, "cleartext": {"id": device, "name": f"{account.name}'s laptop", "type": "desktop", "version": "153.0",
                                                         "protocols": ["1.5"], "os": "Linux", "fxaDeviceId": hashlib.md5(device.encode()).hexdigest()}}])
    if tab_count:
        account.put("tabs", [{"id": device, "cleartext": {"id": device, "clientName": f"{account.name}'s laptop", "tabs": tabs(rng, tab_count, now)}}])
    if bookmark_count:
        account.put("bookmarks", bookmarks(rng, bookmark_count, now * 1000))
    batch = []
    for record in history(rng, history_count, now * 1000000):
        batch.append(record)
        if len(batch) == BATCH:
            account.put("history", batch)
            batch = []
    if batch:
        account.put("history", batch)
    return account
