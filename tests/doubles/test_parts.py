"""Published vectors of Hawk and of records; paging against a plain model."""
import json
import unittest

import hawk
from crypto import KeyBundle, kid_of, sync_key_of
from storage import Collection, centiseconds, decimal, short_decimal, shorten
from storage_api import Page
from tokens import derive_key


class Vectors(unittest.TestCase):
    def test_hawk_of_its_authors(self):
        key, path = "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn", "/resource/1?b=1&a=2"
        self.assertEqual(
            hawk.mac(key, "1353832234", "j4h3g2", "GET", path, "example.com", 8000,
                     ext="some-app-ext-data"), "6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=")
        body = hawk.payload_hash("text/plain", b"Thank you for flying Hawk")
        self.assertEqual(body, "Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=")
        self.assertEqual(
            hawk.mac(key, "1353832234", "j4h3g2", "POST", path, "example.com", 8000, body,
                     "some-app-ext-data"), "aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw=")

    def test_hawk_of_sync(self):
        key = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde="
        host = "sync-1-us-west1-g.sync.services.mozilla.com"
        self.assertEqual(
            hawk.mac(
                key, "1700000100", "Ygvt9GqZ", "GET",
                "/1.5/12345/storage/bookmarks?full=1&newer=1700000001.23&sort=oldest&limit=1000",
                host, 443), "VbgZzQGzNJrG3/CR5hjRTiyEa/dxnS8qNm4/T7pf7IU=")
        body = hawk.payload_hash("application/json", b'[{"id":"Mz1EeTCkh3ri","payload":"{}"}]')
        self.assertEqual(body, "y2YifGCYxaHhGGdYgsjn16ZAcoMQWmq57AWtlmKFeMQ=")
        self.assertEqual(
            hawk.mac(key, "1700000100", "Ygvt9GqZ", "POST", "/1.5/12345/storage/bookmarks", host,
                     443, body), "BssCiWVVb8QxnXETbd1hwxcH+MOmmVu14hwKeU6HshQ=")

    def test_token_of_syncstorage(self):
        token = (
            "eyJ1aWQiOiAxLCAibm9kZSI6ICJodHRwOi8vbG9jYWxob3N0OjUwMDAiLCAiZXhwaXJlcyI6IDE4ODQ5Njg0MzkuMCwgImZ4YV91aWQiOiAiMzE5Yjk4Zjk5NjFmZjFkYmRkMDczMTNj"
            "ZDZiYTkyNWEiLCAiZnhhX2tpZCI6ICJkZTY5N2FkNjZkODQ1YjI4NzNjOWQ3ZTEzYjg5NzFhZiIsICJoYXNoZWRfZnhhX3VpZCI6ICIwZThkZjVkNDEzOThhMzg5OTEzYmQ4NDAyNDM1"
            "NjQ5NTE4YWY0NjQ5M2RhMWQ0YTQzN2E0NmRjMTc4NGM1MDFhIiwgImhhc2hlZF9kZXZpY2VfaWQiOiAiMmJjYjkyZjRkNDY5OGMzZDdiMDgzYTNjNjk4YTE2Y2NkNzhiYzJhOGQyMGE5"
            "NmU0YmIxMjhkZGNlYWY0ZTBiNiIsICJzYWx0IjogIjJiMzA3YiJ9lXaC5pIOenf7qL1AWlgKFvYH63nakyniTXP-7acS5cw="
        )
        key = derive_key(b"Ted Koppel is a robot", token, "2b307b")
        self.assertEqual(key, "dSi3EoZyHwgDp-O9OG1jRHtmbGl2M1bwcWsi04C4F58=")
        self.assertEqual(
            hawk.mac(key, "1569608439", "h1Ch4vo=", "GET", "/storage/1.5/1/storage/col2",
                     "localhost", 5000), "UwDpC+DSrHCSTQSfMOWlueB6kM6gHb0Hsv8eU9ZcTVs=")

    def test_keys(self):
        k_b = bytes.fromhex("a095c51c1c6e384e8d5777d97e3c487a4fc2128a00ab395a73d57fedf41631f0")
        self.assertEqual(
            sync_key_of(k_b).hex(),
            "9103e3f241298d68d8c8048f25822cc1c1dfe1938709c8793ba2cd8b9e8d60cc"
            "81fd33da652c55c3f7acf361956346904052977392a134075e2f0f1d1732d688")
        self.assertEqual(kid_of(k_b, 1510726318123), "1510726318123-w_NDVTH7Ap9OINQpwXCVYg")
        keys = {
            "id": "keys", "collection": "crypto", "default":
            KeyBundle(bytes(range(32)) + bytes(range(64, 96))).base64_pair(), "collections": {}
        }
        sealed = json.loads(KeyBundle(sync_key_of(k_b)).seal(keys, bytes(range(16, 32))))
        self.assertEqual(sealed["hmac"],
                         "aef87102314eea4af7260595286894737c722269f8713c4a062a8a02245f78be")

    def test_bookmark(self):
        record = {
            "id": "Mz1EeTCkh3ri", "type": "bookmark", "parentid": "toolbar", "parentName":
            "Bookmarks Toolbar", "dateAdded": 1700000000000, "hasDupe": False, "title": "Zażółć",
            "bmkUri": "https://example.com/", "tags": ["a"]
        }
        bundle = KeyBundle(bytes(range(32)) + bytes(range(64, 96)))
        payload = bundle.seal(record, bytes(range(240, 256)))
        self.assertEqual(
            json.loads(payload), {
                "ciphertext":
                "qIshSUhHjgUmsRoUoeyuN78wLChRef8ebsZEuYgRRrXBiA+hUMYcb1VtAqyt2efcIpgLvj8dnyndnxXNY8itYZKT9nYb0V9JSXbjCZr84o3R1lMMKRV4wUQwtd6FUKXV1KTPKvn4"
                "Qm0rGArFESKV3GQTtmXFK727XItsgLsY1UKHLCLd63Wqp9Jw+8We7Z53q2PwLd5UOxUETjDOLtAIzerb/6KJFuytehoVWAzeyszC2FrhlliZXzRBRYhBK9hTyoibq/jS6zYq"
                "GPmcHYH44w==", "IV":
                "8PHy8/T19vf4+fr7/P3+/w==", "hmac":
                "8af9c4615e3eb9111534b549736a670f632ab66082bf90f664d4c197b3e87468"
            })
        self.assertEqual(bundle.open(payload), record)
        with self.assertRaises(ValueError):
            bundle.open(payload.replace('"hmac":"8', '"hmac":"9'))

    def test_short_text(self):
        bundle = KeyBundle(
            bytes.fromhex("d3af449d2dc4b432b8cb5b59d40c8a5fe53b584b16469f5b44828b756ffb6a81"
                          "2c5d98092d500a048d09fd01090bd0d3a4861fc8ea2438bd74a8f43be6f47f02"))
        sealed = json.loads(
            bundle.seal(b"SECRET MESSAGE", bytes.fromhex("375a12d6de4ef26b735f6fccfbafff2d")))
        self.assertEqual((sealed["ciphertext"], sealed["hmac"]),
                         ("wcgqzENt5iXt9/7KPJ3rTA==",
                          "b5d1479ae2019663d6572b8e8a734e5f06c1602a0cd0becb87ca81501a08fa55"))


class Collections(unittest.TestCase):
    """Paging against a plain model, for every sort, limit and window."""
    def setUp(self):
        self.collection = Collection()
        for n in range(60):  # groups of one time, as POSTs make them; some replaced later
            self.collection.put(f"id{n:02d}", 1000 + n // 7, "p", sortindex=(n * 37) % 50)
        for n in (3, 20, 21):
            self.collection.put(f"id{n:02d}", 1005, "again")
        self.collection.discard("id30")

    def expected(self, query):
        rows = [(b.modified, i) for i, b in self.collection.bsos.items()]
        rows = [
            r for r in rows if r[0] > centiseconds(query.get("newer", "0"))
            and r[0] < centiseconds(query.get("older", "99999"))
        ]
        return sorted(i for _, i in rows), [m for m, _ in sorted(rows)]

    def test_pages_join_to_the_whole(self):
        windows = ({}, {"newer": "10.03"}, {"older": "10.05"}, {"newer": "10.01", "older": "10.06"},
                   {"newer": "10.08"}, {"newer": "10.06", "older": "10.02"})
        for sort in ("oldest", "newest", "index"):
            for limit in (1, 2, 7, 8, 59, 60, 1000):
                for window in windows:
                    with self.subTest(sort=sort, limit=limit, window=window):
                        self.compare({"sort": sort, "limit": str(limit), **window})

    def compare(self, query):
        got, offset = [], {}
        while True:
            page = Page(self.collection, {**query, **offset}, 1000)
            self.assertLessEqual(len(page.positions), int(query["limit"]))
            got += [json.loads(line) for line in page.lines()]
            if page.next is None:
                break
            self.assertTrue(page.ids())
            offset = {"offset": page.next}
        ids, times = self.expected(query)
        self.assertEqual(sorted(b["id"] for b in got), ids)
        order = [centiseconds(str(b["modified"])) for b in got]
        if query["sort"] == "oldest":
            self.assertEqual(order, times)
        elif query["sort"] == "newest":
            self.assertEqual(order, times[::-1])
        else:
            self.assertEqual([b["sortindex"] for b in got],
                             sorted((b["sortindex"] for b in got), reverse=True))

    def test_growth_between_pages(self):
        first = Page(self.collection, {"sort": "oldest", "limit": "10"}, 1000)
        self.collection.put("new", 2000, "p")
        self.collection.put("id01", 2001, "changed")
        second = Page(self.collection, {"sort": "oldest", "limit": "1000", "offset": first.next},
                      1000)
        seen = [json.loads(line)["id"] for line in second.lines()]
        self.assertIn("new", seen)
        self.assertIn("id01", seen)

    def test_times(self):
        self.assertEqual([centiseconds(t) for t in ("1700000001.23", "1700000001.2", "1700000001")],
                         [170000000123, 170000000120, 170000000100])
        self.assertEqual(
            [decimal(170000000120),
             short_decimal(170000000120),
             short_decimal(170000000100)], ["1700000001.20", "1700000001.2", "1700000001"])
        self.assertEqual(
            shorten(b'{"id":"a","modified":1700000001.00,"payload":"\\"modified\\":1.00"}'),
            b'{"id":"a","modified":1700000001,"payload":"\\"modified\\":1.00"}')

    def test_expiry(self):
        self.collection.put("short", 100000, "p", ttl=60)
        self.assertEqual(self.collection.expired(100000 + 5999), [])
        self.assertEqual(self.collection.expired(100000 + 6000), ["short"])


if __name__ == "__main__":
    unittest.main()
