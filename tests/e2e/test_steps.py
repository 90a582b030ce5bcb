"""The recorded steps 00…07 applied in turn:
after each, what Hearth serves equals what Firefox had."""
import collections
import unittest

from harness import ADA, TestCase  # first: it tells where the recorded data are
import check
import truth


def served_tree(node, folder):
    """Hearth's tree in the shape of truth.simplify()."""
    items = node.pages_of("/bookmarks", "items", folder=folder)
    result = []
    for position, item in enumerate(items):
        if item["kind"] == "folder":
            title = None if item["id"] in check.ROOTS else item["title"]
            children = served_tree(node, item["id"]) if item["children"] else []
            result.append((item["id"], "folder", title, children))
        elif item["kind"] == "separator":
            result.append((item["id"], "separator"))
        else:
            result.append((item["id"], item["kind"], item["title"]
                           or "", item["url"], sorted(item["tags"]), item["keyword"]))
    return result


class Steps(TestCase):
    maxDiff = 4000

    def compare_tree(self, node, name):
        expected = {r[0]: r for r in map(truth.simplify, truth.tree(name)["children"])}
        got = {r[0]: r for r in served_tree(node, "places")}
        for root in ("toolbar", "menu", "unfiled", "mobile"):
            self.assertEqual(got[root], expected[root], f"{name}: {root}")

    def compare_tabs(self, node, step):
        served = {
            d["id"]: sorted((t["url"], t["title"], t["last_used"])
                            for t in d["tabs"])
            for d in node.api("/tabs")["devices"]
        }
        self.assertEqual(served, {i: sorted(t) for i, t in truth.tabs(step).items()})
        for device in node.api("/tabs")["devices"]:
            places = [(t["window"], t["place"]) for t in device["tabs"]]
            self.assertEqual(places, sorted(places))

    def served_visits(self, node):
        pages = collections.defaultdict(set)
        for visit in node.pages_of("/history", "visits"):
            pages[visit["url"]].add((visit["date"], visit["type"]))
        return dict(pages)

    def compare_history(self, node, step):
        """Everything that is live on the server is here, nothing that was removed; what a record
        no longer lists is kept."""
        served, live = self.served_visits(node), truth.live_history(step)
        # what was embedded in another page is in no list
        live = {u: {v for v in visits if v[1] not in (4, 8)} for u, visits in live.items()}
        self.assertEqual(set(served), set(live))
        self.assertEqual([u for u in live if not live[u] <= served[u]], [])

    def test_every_step(self):
        service, node = self.service(step=0), self.node()
        node.add_account(service)
        for step, (name, _) in enumerate(truth.steps()):
            if step > 0:
                service.post("step", step=step)
                node.sync()
            with self.subTest(step=name):
                if step < 7:
                    self.compare_tree(node, name)
                self.compare_tabs(node, step)
                self.compare_history(node, step)
        self.assertEqual(service.counters().get("writes", 0), 0)

    def test_final_state(self):
        """A new node that sees only the end has what the tablet had:
        tree, every visit, every frecency."""
        service, node = self.service(), self.node()
        node.add_account(service)
        tablet = truth.device("tablet")
        expected = {r[0]: r for r in map(truth.simplify, tablet["bookmarksTree"]["children"])}
        for root in served_tree(node, "places"):
            self.assertEqual(root, expected[root[0]])
        visits, urls = collections.defaultdict(set), {
            p["guid"]: p["url"]
            for p in check.rows(tablet["places"])
        }
        for visit in check.rows(tablet["visits"]):
            if visit["type"] not in (4, 8):  # as its library
                visits[urls[visit["guid"]]].add((visit["date"] // 1000, visit["type"]))
        self.assertEqual(self.served_visits(node), dict(visits))
        with node.database(ADA) as db:
            got = {
                url: (frecency, count)
                for url, frecency, count in db.execute(
                    "SELECT url, frecency, visit_count FROM pages")
            }
        theirs = {
            p["url"]: (p["frecency"], p["visitCount"])
            for p in check.rows(tablet["places"])
            if not p["url"].startswith("place:")
        }
        mine_only = set(got) - set(theirs)
        self.assertEqual(mine_only, set())
        differing = {u: (got[u], theirs[u]) for u in got if got[u] != theirs[u]}
        self.assertEqual(differing, {})
        self.assertEqual(len([u for u in got if u in visits]), 5095)
        me = node.api("/me")
        self.assertEqual(me["account"]["counts"]["pages"], 5095)
        self.assertEqual(me["account"]["counts"]["devices"], 2)
        self.assertEqual(me["account"]["state"], "ok")


if __name__ == "__main__":
    unittest.main()
