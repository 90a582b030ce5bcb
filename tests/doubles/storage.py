"""Collections in memory, rendered once, so that a page is a slice and a join.

Times are integers of 10 ms ("centiseconds") everywhere; a binary float would lose the second
decimal."""
import bisect
import json
import re
from typing import NamedTuple, Optional

LAST = "\U0010ffff"  # sorts after every id
_MODIFIED = re.compile(rb'"modified":(\d+)\.(\d\d)')


def centiseconds(text):
    whole, _, part = str(text).partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def decimal(cs):
    return f"{cs // 100}.{cs % 100:02d}"


def short_decimal(cs):
    """As some servers print times in JSON: without trailing zeros."""
    return decimal(cs).rstrip("0").rstrip(".")


def shorten(line):
    """A BSO line with its time printed short."""
    return _MODIFIED.sub(lambda m: b'"modified":' + short_decimal(int(m[1] + m[2])).encode(), line,
                         count=1)


class Bso(NamedTuple):
    modified: int
    payload: str
    sortindex: Optional[int]
    ttl: Optional[int]  # seconds as uploaded; never sent


class Collection:
    """BSOs by id; beside them the keys (modified, id) in order and the lines in the same order."""
    def __init__(self):
        self.modified = 0
        self.bsos = {}
        self.order = []
        self.lines = []
        self._by_index = None

    def put(self, bso_id, modified, payload, sortindex=None, ttl=None):
        """Adds or replaces. A field that is None keeps its old value, as on a real server."""
        old = self.bsos.get(bso_id)
        if old is not None:
            sortindex = old.sortindex if sortindex is None else sortindex
            ttl = old.ttl if ttl is None else ttl
            self._forget(bso_id)
        self.bsos[bso_id] = Bso(modified, payload, sortindex, ttl)
        index = "" if sortindex is None else f'"sortindex":{sortindex},'
        line = (f'{{"id":{json.dumps(bso_id)},"modified":{decimal(modified)},{index}'
                f'"payload":{json.dumps(payload)}}}').encode()
        key = (modified, bso_id)
        at = len(self.order) if not self.order or self.order[-1] < key else bisect.bisect_left(
            self.order, key)
        self.order.insert(at, key)
        self.lines.insert(at, line)
        self.modified = max(self.modified, modified)
        self._by_index = None

    def discard(self, bso_id):
        """Real deletion; the caller gives the collection its new time."""
        if bso_id not in self.bsos:
            return False
        self._forget(bso_id)
        return True

    def _forget(self, bso_id):
        at = self.position(bso_id)
        del self.order[at], self.lines[at], self.bsos[bso_id]
        self._by_index = None

    def position(self, bso_id):
        return bisect.bisect_left(self.order, (self.bsos[bso_id].modified, bso_id))

    def line(self, bso_id):
        return self.lines[self.position(bso_id)]

    def after(self, modified):
        """Position of the first record later than that."""
        return bisect.bisect_right(self.order, (modified, LAST))

    def before(self, modified):
        """Number of records earlier than that."""
        return bisect.bisect_left(self.order, (modified, ""))

    def by_index(self):
        """Positions by falling sortindex; kept until the collection changes."""
        if self._by_index is None:
            self._by_index = sorted(range(len(self.order)),
                                    key=lambda at: -(self.bsos[self.order[at][1]].sortindex or 0))
        return self._by_index

    def expired(self, now):
        """Ids whose ttl has run out by then."""
        return [
            i for i, b in self.bsos.items() if b.ttl is not None and b.modified + b.ttl * 100 <= now
        ]

    def size(self):
        return sum(len(b.payload) for b in self.bsos.values())
