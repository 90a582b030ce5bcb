"""A page, a site or a time is removed here, and stays removed although the Sync service still
has it."""
import unittest

from harness import ADA, TestCase

DAY = 86400 * 1000
# The 20th of November 2026, noon, UTC.
NOON = 1795176000000
SECRET, NEIGHBOUR, SHOP, LATER = ("https://secret.example/a", "https://secret.example/b",
                                  "https://shop.example/basket", "https://later.example/")


def record(guid, url, *dates, title="A title"):
    return {
        "id": guid, "histUri": url, "title": title, "visits":
        [{"date": d * 1000, "type": 1} for d in dates]
    }


class Forgotten(TestCase):
    def setUp(self):
        self.sync_service, self.home = self.service(), self.node()
        self.sync_service.put_clear("history", record("secretaaaaaa", SECRET, NOON, NOON - DAY),
                                    record("secretbbbbbb", NEIGHBOUR, NOON),
                                    record("shopaaaaaaaa", SHOP, NOON),
                                    record("lateraaaaaaa", LATER, NOON + 1000, NOON - 5 * DAY))
        self.home.add_account(self.sync_service)
        self.before = self.counts()

    def counts(self):
        return self.home.cli_json("account", "show", ADA)["counts"]

    def dates(self, url):
        host = url.split("/")[2]
        return sorted(v["date"]
                      for v in self.home.pages_of("/history", "visits", host=host)
                      if v["url"] == url)

    def forget(self, *what, code=0):
        return self.home.cli("account", "forget", ADA, *what, code=code)

    def everything_again(self):
        """A complete new sync, of which every record is asked for."""
        self.sync_service.clear()
        self.home.cli("account", "resync", ADA, "--wait")
        self.assertTrue(self.sync_service.log("storage/history"))
        self.assertIn("sound", self.home.cli("verify"))

    def test_a_page(self):
        self.assertEqual(self.dates(SECRET), [NOON - DAY, NOON])
        said = self.forget("--page", SECRET, "--yes")
        self.assertIn("removed 2 visits of 1 page", said)
        for again in (False, True):
            if again:
                self.everything_again()
            self.assertEqual(self.dates(SECRET), [])
            self.assertEqual(self.dates(NEIGHBOUR), [NOON])
            self.assertEqual(
                [r for r in self.home.api("/search", q="secret")["results"] if r["url"] == SECRET],
                [])
            counts = self.counts()
            self.assertEqual((counts["pages"], counts["visits"]),
                             (self.before["pages"] - 1, self.before["visits"] - 2))
        self.sync_service.put_clear("history", record("secretaaaaaa", SECRET, NOON + DAY, NOON))
        self.home.sync()
        self.assertEqual(self.dates(SECRET), [])  # a page stays out whenever it is visited

    def test_a_site(self):
        self.assertIn("removed 3 visits of 2 pages", self.forget("--site", "Secret.EXAMPLE",
                                                                 "--yes"))
        self.everything_again()
        self.assertEqual((self.dates(SECRET), self.dates(NEIGHBOUR), self.dates(SHOP)),
                         ([], [], [NOON]))

    def test_a_time(self):
        said = self.forget("--since", "2026-11-20T00:00Z", "--until", "2026-11-21T00:00Z", "--yes")
        self.assertIn("removed", said)
        self.assertEqual((self.dates(SECRET), self.dates(SHOP), self.dates(LATER)),
                         ([NOON - DAY], [], [NOON - 5 * DAY]))
        self.everything_again()
        self.assertEqual((self.dates(SECRET), self.dates(SHOP), self.dates(LATER)),
                         ([NOON - DAY], [], [NOON - 5 * DAY]))
        self.sync_service.put_clear("history", record("shopaaaaaaaa", SHOP, NOON + 2 * DAY, NOON))
        self.home.sync()
        # of later: it was the time that was removed
        self.assertEqual(self.dates(SHOP), [NOON + 2 * DAY])

    def test_a_page_until_a_time(self):
        self.assertIn("removed 1 visit of 1 page",
                      self.forget("--page", SECRET, "--until", "2026-11-20T00:00Z", "--yes"))
        self.everything_again()
        self.assertEqual(self.dates(SECRET), [NOON])

    def test_taken_back(self):
        """What is kept out is listed, and comes again when it is not any more; a time without an
        end would keep everything out for ever."""
        self.forget("--since", "2026-11-20", "--yes")
        self.forget("--site", "later.example", "--yes")
        time, site = self.home.cli_json("account", "forgotten", ADA)
        self.assertEqual((time["kind"], time["until_at"], site["kind"], site["what"]),
                         ("time", 0, "site", "later.example"))
        self.assertIn("later.example", self.home.cli("account", "forgotten", ADA))
        self.assertIn("nothing with the id none is kept out",
                      self.home.cli("account", "remember", ADA, "none", code=1))
        self.assertIn("resync", self.home.cli("account", "remember", ADA, time["id"]))
        self.everything_again()
        self.assertEqual((self.dates(SHOP), self.dates(LATER)), ([NOON], []))
        self.assertEqual([row["id"] for row in self.home.cli_json("account", "forgotten", ADA)],
                         [site["id"]])
        self.assertIn("history kept out no longer", self.home.log_text())

    def test_what_is_refused(self):
        for what, words in (((), "say what to forget"), (("--page", SECRET, "--site",
                                                          "secret.example"), "one at a time"),
                            (("--site", "https://secret.example/"), "a host alone"),
                            (("--site", ""), "a host alone"), (("--since", "yesterday"),
                                                               "write a time like"),
                            (("--since", "2026-11-20", "--until", "2026-11-20"),
                             "is not after"), (("--until", "1969-01-01"),
                                               "no browser has been there"),
                            (("--since", "2026-02-31"),
                             "there is no such day"), (("--until", "2026-11-31T10:00Z"),
                                                       "there is no such day"),
                            (("--page", ""), "its whole address"), (("--page", "secret.example"),
                                                                    "its whole address")):
            self.assertIn(
                words, self.home.cli("account", "forget", ADA, *what, "--yes", code=2, both=True))
        self.assertIn("--yes",
                      self.home.cli("account", "forget", ADA, "--page", SECRET, code=2, both=True))
        self.assertEqual(self.dates(SECRET), [NOON - DAY, NOON])
        self.assertIn("example.org are two.", self.forget("--site", "none.example", "--yes"))
        self.assertIn("by its whole address",
                      self.forget("--page", "https://none.example/", "--yes"))

    def test_forms(self):
        """A site and a page may be written as a person does it."""
        self.sync_service.put_clear(
            "history", record("idnaaaaaaaaa", "https://xn--bcher-kva.example/a%20b", NOON))
        self.home.sync()
        self.assertIn("removed 1 visit of 1 page", self.forget(
            "--page", "https://user@BÜCHER.example:443/x/../a b", "--yes"))
        self.assertIn("removed", self.forget("--site", "Secret.Example", "--yes"))
        self.assertEqual(self.dates(SECRET), [])


if __name__ == "__main__":
    unittest.main()
