"""A small Sync client that only reads: shows that the double can be read as a real server, and
times it.

  reader.py http://127.0.0.1:PORT [EMAIL]     fetches and decrypts all of an account, prints counts
                                              and records per second
"""
import http.client
import json
import secrets
import sys
import time
import urllib.parse
import urllib.request

import hawk
from crypto import KeyBundle


class Reader:
    """One account over one keep-alive connection.
    `credentials`: an import file with an access token."""
    def __init__(self, credentials):
        self.credentials = credentials
        server = urllib.parse.urlsplit(credentials["token_server"])
        self.connection = http.client.HTTPConnection(server.hostname, server.port, timeout=60)
        self.token_path, self.token, self.endpoint = server.path, None, None

    def close(self):
        self.connection.close()

    def send(self, method, path, headers, body=None):
        """(status, headers, body)."""
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def sign_in(self, **changes):
        """Fetches Hawk credentials; `changes` replaces headers (None drops one)."""
        headers = {
            "Authorization": f"Bearer {self.credentials['access_token']}", "X-KeyID":
            self.credentials["kid"], **changes
        }
        status, answered, body = self.send("GET", self.token_path,
                                           {k: v
                                            for k, v in headers.items()
                                            if v is not None})
        if status == 200:
            self.token = json.loads(body)
            self.endpoint = urllib.parse.urlsplit(self.token["api_endpoint"])
        return status, answered, body

    def signed(self, method, path, ts=None, nonce=None):
        """The Authorization header for a path below the endpoint."""
        ts, nonce = str(int(time.time()) if ts is None else ts), nonce or secrets.token_urlsafe(6)
        return hawk.header(self.token["id"], self.token["key"], ts, nonce, method,
                           self.endpoint.path + path, self.endpoint.hostname, self.endpoint.port)

    def request(self, path, method="GET", headers=None, body=None, authorization=None):
        signed = {
            "Authorization": authorization or self.signed(method, path), "Accept":
            "application/newlines", **(headers or {})
        }
        return self.send(method, self.endpoint.path + path, signed, body)

    def get(self, path, **headers):
        """The JSON of a good answer; headers with _ for -."""
        status, _, body = self.request(
            path, headers={
                "Accept": "application/json",
                **{k.replace("_", "-"): v
                   for k, v in headers.items()}
            })
        if status != 200:
            raise RuntimeError(f"{path}: {status}")
        return json.loads(body)

    def pages(self, collection, limit=1000, **query):
        """Lists of BSO lines, page by page."""
        offset = None
        while True:
            words = {
                "full": "1", "sort": "oldest", **query, **({"limit": limit} if limit else {}),
                **({"offset": offset} if offset else {})
            }
            status, headers, body = self.request(
                f"/storage/{collection}?{urllib.parse.urlencode(words)}")
            if status != 200:
                raise RuntimeError(f"{collection}: {status}")
            yield body.splitlines()
            offset = headers["X-Weave-Next-Offset"]
            if offset is None:
                return

    def keys(self):
        """The bundles of crypto/keys: name -> KeyBundle, and the default under ""."""
        sealed = self.get("/storage/crypto/keys")["payload"]
        record = KeyBundle(bytes.fromhex(self.credentials["sync_key"])).open(sealed)
        return {
            "": KeyBundle.from_pair(record["default"]),
            **{n: KeyBundle.from_pair(p)
               for n, p in record["collections"].items()}
        }

    def records(self, collection, keys=None, **options):
        """id -> cleartext of a whole collection; every HMAC and every inner id is checked."""
        keys, result = keys or self.keys(), {}
        bundle = keys.get(collection, keys[""])
        for page in self.pages(collection, **options):
            for line in page:
                bso = json.loads(line)
                record = bundle.open(bso["payload"])
                if record["id"] != bso["id"]:
                    raise ValueError(f"{collection}/{bso['id']}: another id inside")
                if bso["id"] in result:
                    raise ValueError(f"{collection}/{bso['id']}: twice")
                result[bso["id"]] = record
        return result


def main():
    base, email = sys.argv[1], (sys.argv + ["ada@example.org"])[2]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{base}/__admin/import/{email}") as answer:
        reader = Reader(json.load(answer))
    status, _, body = reader.sign_in()
    if status != 200:
        raise SystemExit(body.decode())
    keys = reader.keys()
    for name in sorted(reader.get("/info/collections")):
        if name in ("meta", "crypto"):
            continue
        start = time.perf_counter()
        fetched = sum(len(page) for page in reader.pages(name))
        fetching = time.perf_counter() - start
        start = time.perf_counter()
        records = reader.records(name, keys)
        both, count = time.perf_counter() - start, len(records)
        dead = sum(1 for r in records.values() if r.get("deleted"))
        del records  # freeing many takes time that is not the next collection's
        print(
            f"{name}: {count} records, {dead} tombstones; {fetched / fetching:,.0f} records/s "
            f"fetched, {count / both:,.0f} with decryption"
        )


if __name__ == "__main__":
    main()
