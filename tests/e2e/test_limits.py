"""[limits]: an account that would keep more than it may gets words, keeps what it has, and disturbs nobody."""
import unittest

from harness import TestCase

ANNA, BEN = "anna@example.org", "ben@example.org"


def page(number, title="T"):
    return {"id": f"limit{number:07d}", "histUri": f"https://limit.example/{number}", "title": title, "visits": [{"date": 1795432000000000 + number, "type": 1}]}


def bookmark(number):
    return {"id": f"bookm{number:07d}", "type": "bookmark", "bmkUri": f"https://b.example/{number}", "title": "B", "parentid": "menu", "parentName": "menu",
            "dateAdded": 1795432000000}


class Limits(TestCase):
    def home(self, limits, **size):
        service, node = self.service(load=False), self.node(f"[scheduler]\ninterval = 1h\n[limits]\n{limits}\n")
        for email in (ANNA, BEN):
            service.account(email, **{"history": 30, "bookmarks": 5, "tabs": 2, **size})
            node.add_account(service, email)
        return service, node

    def account(self, node, email):
        return node.api("/me", email)["account"]

    def refused(self, node, email, *words):
        """The next sync is refused with these words, and what was here is still here."""
        before = self.account(node, email)["counts"]
        node.sync(email, code=1)
        account = self.account(node, email)
        self.assertEqual(account["state"], "error")
        for word in words:
            self.assertIn(word, account["state_detail"])
        self.assertEqual(account["counts"], before)

    def test_pages(self):
        service, node = self.home("pages = 40")
        service.put_clear("history", *(page(n) for n in range(20)), email=ANNA)
        self.refused(node, ANNA, "50 pages", "40 is the most", "[limits] pages", "everything that was here stays")
        self.assertEqual(self.account(node, ANNA)["counts"]["pages"], 30)
        service.put_clear("history", *(page(n) for n in range(5)), email=BEN)  # others go on
        node.sync(BEN)
        self.assertEqual(self.account(node, BEN)["counts"]["pages"], 35)
        service.remove("history", *(page(n)["id"] for n in range(15)), email=ANNA)  # and so does she, once there is room
        node.sync(ANNA)
        self.assertEqual((self.account(node, ANNA)["state"], self.account(node, ANNA)["counts"]["pages"]), ("ok", 35))
        self.assertIn("sound", node.cli("verify"))

    def test_bookmarks(self):
        service, node = self.home("bookmarks = 40")
        service.put_clear("bookmarks", *(bookmark(n) for n in range(60)), email=ANNA)
        self.refused(node, ANNA, "bookmarks and folders", "40 is the most", "[limits] bookmarks")

    def test_space(self):
        service, node = self.home("space = 700KiB")
        service.put_clear("history", *({**page(n), "histUri": f"https://limit.example/{n}/{'x' * 20000}"} for n in range(20)), email=ANNA)
        self.refused(node, ANNA, "bytes, and 716800 is the most", "[limits] space", "everything that was here stays")

    def test_what_is_on_its_way_is_bounded(self):
        """Records that would be stored as next to nothing fill the disk on their way: the same page again and again."""
        service, node = self.home("space = 700KiB")
        service.put_clear("history", *({**page(0), "histUri": "https://limit.example/" + "x" * 30000, "id": f"same{n:08d}"} for n in range(40)), email=ANNA)
        self.refused(node, ANNA, "gives more than 716800 bytes at once", "[limits] space")

    def test_free_space(self):
        """No disk has as much free as this asks for."""
        service, node = self.home("free_space = 0")
        node.stop()
        node.configure("50-test", "[scheduler]\ninterval = 1h\n[limits]\nfree_space = 1000000GiB\n")
        node.start()
        service.put_clear("history", *(page(n) for n in range(5)), email=ANNA)
        self.refused(node, ANNA, "nearly full", "[limits] free_space", "everything that was here stays")


if __name__ == "__main__":
    unittest.main()
