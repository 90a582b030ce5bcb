"""What a sync decides, at level debug: the same sentences in the same order, and nothing in them
that is a person's."""
import json
import re
import unittest

from harness import ADA, TestCase, until

CONFIG = "[hearth]\nlog = json\n[scheduler]\ninterval = 1d\njitter = 0\n"
NEW = {
    "id": "AAAAAAAAAAAA", "histUri": "https://secret.example/path-of-a-page", "title":
    "A title that nobody may read", "visits": [{"date": 1795432000000000, "type": 1}]
}


class Decisions(TestCase):
    maxDiff = None

    def home(self, level="debug"):
        service = self.service()
        node = self.node(
            CONFIG +
            f"[hearth]\nlog_level = {level}\n[sync firefox]\naccounts_url = {service.url}\n"
            "client_id = 0123456789abcdef\n",
            start=False)
        node.add_account(service, auth="refresh", sync=False)
        return service, node.start()

    def said(self, node, start=0):
        """(event, words) of a sync's lines; numbers, times and identifiers of records are left
        out of the words."""
        rows = []
        for line in node.log_text()[start:].splitlines():
            row = json.loads(line)
            if row["module"] not in ("jobs", "merge",
                                     "sync-fx") or row["level"] not in ("debug", "info", "warning"):
                continue
            self.assertIn("account", row)
            words = row.get("text") or row.get("reason") or row.get("collection") or row.get(
                "detail", "")
            rows.append((row["event"] if row["event"] != "plugin says" else "",
                         re.sub(r"[0-9]+(\.[0-9]+)?", "N", words)))
        return rows

    def sync(self, node, person=False):
        """What is said of one more sync."""
        start, wanted = len(node.log_text()), ("sync next", "sync put off")
        if person:
            self.assertEqual(node.request("/api/v1/sync", "POST").status, 202)
        else:
            node.cli("account", "sync", ADA)
        until(lambda: any(event in wanted for event, _ in self.said(node, start)),
              "a sync has ended")
        return self.said(node, start)

    def test_what_each_sync_decides(self):
        service, node = self.home()
        until(lambda: ("sync next", "the interval") in self.said(node), "the first sync")
        self.assertEqual(self.said(node), [
            ("sync begins", "it is the first"),
            ("", "the token server is asked for credentials, because there are none in hand"),
            ("",
             "the accounts server is asked for an access token, because there is none in hand, or "
             "it has run out"
             ), ("", "info/collections is asked for, whatever it says"),
            ("",
             "info/collections says when each was written: meta N, crypto N, clients N, tabs N, "
             "bookmarks N, history N"
             ), ("", "meta/global is read, because it has changed or is not known yet"),
            ("", "crypto/keys is read, because it has changed or is not known yet"),
            ("",
             "clients was never read, and tabs was never read; when one of them is read both are, "
             "whole"
             ), ("", "clients: N page brought N records"), ("", "tabs: N page brought N records"),
            ("", "clients and tabs: N devices are known"), ("collection stored", "devices"),
            ("collection stored", "tabs"),
            ("", "bookmarks is read whole, because it was never read"),
            ("", "bookmarks: N page brought N records"),
            ("",
             "bookmarks: N records are used, N are of no use here, N arrived damaged, N cannot be "
             "used"
             ), ("collection stored", "bookmarks"),
            ("", "history is read whole, because it was never read"),
            ("", "history: N pages brought N records"),
            ("",
             "history: N records are used, N are of no use here, N arrived damaged, N cannot be "
             "used"
             ), ("collection stored", "history"), ("sync done", ""), ("sync next", "the interval")
        ])
        self.assertEqual(self.sync(node, person=True),
                         [("sync begins", "a person waits"),
                          ("", "info/collections is asked for, if anything has changed since N"),
                          ("", "nothing is read, because nothing has changed (N)"),
                          ("sync done", ""), ("sync next", "the interval")])
        service.put_clear("history", NEW)
        changed = [
            ("",
             "info/collections says when each was written: meta N, crypto N, clients N, tabs N, "
             "bookmarks N, history N"
             ), ("", "meta/global is known"), ("", "crypto/keys is known"),
            ("",
             "clients has not changed, and tabs has not changed; when one of them is read both "
             "are, whole"
             ), ("", "bookmarks is not read, because it has not changed since N"),
            ("", "history is read from N on, because it has changed"),
            ("", "history: N page brought N records"),
            ("",
             "history: N records are used, N are of no use here, N arrived damaged, N cannot be "
             "used"
             ), ("collection stored", "history"), ("sync done", ""), ("sync next", "the interval")
        ]
        asked = [("sync begins", "it is due"),
                 ("", "info/collections is asked for, if anything has changed since N")]
        self.assertEqual(self.sync(node), asked + changed)
        # The credentials are refused in the middle.
        service.put_clear("history", {**NEW, "id": "BBBBBBBBBBBB"})
        service.faults({"path": "info/collections", "times": 1, "status": 401})
        self.assertEqual(
            self.sync(node), asked +
            [("", "the Sync server refused a request (N); new credentials are asked for"),
             ("", "the token server is asked for credentials, because those in hand were refused")
             ] + changed)
        # The server wishes for a pause, and gets it.
        service.faults(
            {"path": "info/collections", "times": 1, "add_headers": {"X-Weave-Backoff": "2"}})
        self.assertEqual(
            self.sync(node)[2:],
            [("", "nothing is read, because nothing has changed (N)"),
             ("", "the servers wish for a pause of N s (X-Weave-Backoff, X-Backoff)"),
             ("sync done", ""), ("sync next", "the interval")])
        self.assertEqual(self.sync(node), [("sync begins", "it is due"),
                                           ("sync put off", "the server wants a pause")])
        service.clear()
        until(lambda: service.log("info/collections"), "it is asked when the pause is over")
        until(lambda: self.said(node)[-1][0] == "sync next", "the end of that sync")
        # It demands one.
        service.faults({
            "path": "info/collections", "times": 1, "status": 503, "headers":
            {"Retry-After": "3600"}
        })
        said = self.sync(node)
        self.assertEqual(
            said[0:2] + said[2:3],
            asked + [("", "the server asks to be left alone for N s (Retry-After, with N)")])
        self.assertEqual((said[3][0], said[4]),
                         ("sync failed", ("sync next", "the server wants a pause")))
        self.assertEqual(self.sync(node), [("sync begins", "the last one failed"),
                                           ("sync put off", "the server wants a pause")])
        self.check_nothing_personal(service, node)

    def check_nothing_personal(self, service, node):
        log = node.log_text()
        wanted = [NEW["histUri"], NEW["title"], "path-of-a-page"]
        for page in node.pages_of("/history", "visits"):
            wanted += [page["url"], page["title"]]
        for bookmark in node.pages_of("/bookmarks", "items", sort="added"):
            wanted += [bookmark["url"], bookmark["title"]]
        wanted += [
            text for text in self.strings(service.import_file(auth="refresh"))
            if len(text) > 12 and text not in (ADA, ) and "://" not in text
        ]
        for request in service.log():
            wanted += [v for k, v in request["headers"].items() if k.lower() == "authorization"]
            wanted += re.findall(
                r'id="([^"]+)"', request["headers"].get("authorization",
                                                        request["headers"].get("Authorization",
                                                                               "")))
        wanted = {w for w in wanted if w and len(w) > 8}
        self.assertGreater(len(wanted), 50)
        self.assertEqual([w for w in wanted if w in log], [])

    def strings(self, data):
        if isinstance(data, dict):
            return [s for v in data.values() for s in self.strings(v)]
        if isinstance(data, list):
            return [s for v in data for s in self.strings(v)]
        return [data] if isinstance(data, str) else []

    def test_silent_at_info(self):
        """One line for each sync, of what happened."""
        _, node = self.home("info")
        until(lambda: "sync done" in [event for event, _ in self.said(node)], "the first sync")
        self.assertEqual(self.said(node), [("sync done", "")])


if __name__ == "__main__":
    unittest.main()
