"""A client that keeps a copy of an account and follows /changes, as docs/api.md describes it."""
import json

from harness import ADA

EMBEDDED = (4, 8)  # visits that no list has


class TooOld(Exception):
    """The copy has to be thrown away."""


class Copy:
    def __init__(self, node, email=ADA, check=None):
        self.node, self.email, self.check = node, email, check
        self.clear()

    def clear(self):
        self.generation = 0
        self.pages, self.visits, self.bookmarks, self.devices = {}, {}, {}, []
        self.answers = []

    def ask(self, cursor, limit):
        path = f"/api/v1/changes?since={self.generation}"
        path += (f"&limit={limit}" if limit else "") + (f"&cursor={cursor}" if cursor else "")
        answer = self.node.request(path, email=self.email)
        if self.check:
            self.check("GET", path, answer)
        if answer.status == 410:
            raise TooOld(answer.json["code"])
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    def apply(self, answer):
        for page in answer["pages"]:
            visits = page.pop("visits")
            self.pages[page["id"]] = page
            self.visits.setdefault(page["id"], set()).update((date, kind) for date, kind in visits)
        for bookmark in answer["bookmarks"]:
            if bookmark.get("removed"):
                self.bookmarks.pop(bookmark["id"], None)
            else:
                self.bookmarks[bookmark["id"]] = bookmark
        if answer["devices"] is not None:
            self.devices = answer["devices"]
        for removal in answer["removals"]:
            if removal["kind"] == "visit":
                self.visits.get(removal["page"], set()).discard((removal["date"], removal["type"]))
            elif removal["kind"] == "page":
                self.pages.pop(removal["page"], None)
                self.visits.pop(removal["page"], None)
            else:
                self.bookmarks.pop(removal["id"], None)

    def follow(self, limit=None, between=None):
        """To the end; `between` is called between two answers. The answers."""
        answers, cursor = [], None
        while not answers or cursor:
            answer = self.ask(cursor, limit() if callable(limit) else limit)
            answers.append(answer)
            self.apply(json.loads(json.dumps(answer)))
            cursor = answer["next"]
            if cursor and between:
                between()
        self.generation = answers[0]["generation"]
        assert {a["generation"] for a in answers} == {self.generation}
        return answers

    def state(self):
        return {
            "pages": self.pages, "bookmarks": self.bookmarks, "devices": self.devices,
            "visits": {page: visits for page, visits in self.visits.items() if visits}
        }

    # --- what the services say, made of the copy ---

    def history(self):
        """[(date, page, type, url, title, bookmarked)], the order is anybody's."""
        return sorted(
            (date, page, kind, row["url"],
             row["title"] if row["title"] is not None else row["bookmark_title"],
             row["bookmarks"] > 0) for page, row in self.pages.items() if not row["hidden"]
            for date, kind in self.visits.get(page, ()) if kind not in EMBEDDED)

    def children(self, folder):
        rows = [b for b in self.bookmarks.values() if b["parent"] == folder]
        return [b["id"] for b in sorted(rows, key=lambda b: (b["position"], b["id"]))]
