"""The rules by which Firefox makes one tree of bookmark records that contradict each other, for
what Firefox itself refuses, and to say why a tree is as it is. They are held against the real one
in trees.py, like Hearth."""
import re
import urllib.parse

from oracle import ROOTS

PLACES = {**ROOTS, "places": "root________", "tags": "tags________"}
SHOWN = {"bookmark", "query", "folder", "separator"}
KINDS = SHOWN | {"livemark"}


def guid_of(name):
    return PLACES.get(name, name) if isinstance(name, str) else name


def usable(record):
    """Good enough for the URLs that these tests make."""
    url = record.get("bmkUri")
    if not isinstance(url, str) or len(url) > 65536 or not re.match(r"[a-z]+:", url):
        return False
    if url.startswith("http") and not re.match(r"https?://[^/ ]+(/|$)", url):
        return False
    if record["type"] == "query" and "7" in urllib.parse.parse_qs(url[6:]).get("type", []):
        name = record.get("folderName")
        return isinstance(name, str) and 0 < len(name.strip()) <= 100
    return True


class Model:
    """`items`, `parents` and `tree` of the records of one server, in the order in which they came.
    `sane`: it had to leave Firefox's rules, which refuse such a tree."""
    def __init__(self, records):
        self.items = {}
        for record in records:
            self.items[guid_of(record["id"])] = record
        self.sane = PLACES["places"] not in self.items
        self.buried = {guid for guid, r in self.items.items() if r.get("deleted")}
        self.items = {
            guid: r
            for guid, r in self.items.items()
            if not r.get("deleted") and r.get("type") in KINDS and guid != PLACES["places"]
        }
        self.folders = {guid for guid, r in self.items.items() if r["type"] == "folder"}
        self.folders |= (set(PLACES.values()) - self.buried) - {PLACES["tags"]}
        self.lists = {guid: self.list_of(guid) for guid in self.folders}
        self.listing = {}
        for folder in sorted(self.folders, key=lambda guid: (-self.modified(guid), guid)):
            for child in self.lists[folder]:
                self.listing.setdefault(child, []).append(folder)
        self.parents, self.appended = {}, {}
        for guid in sorted(self.items.keys() | set(ROOTS.values())):
            if guid in PLACES.values():
                self.parents[guid] = PLACES["places"]
            elif self.listed(guid):
                self.parents[guid] = self.listing[guid][0]
            else:
                self.append(guid, self.said(guid))
        self.break_cycles()
        self.tree = {name: self.below(guid) for name, guid in ROOTS.items()}

    def modified(self, guid):
        return self.items[guid]["_m"] if guid in self.items else 0

    def list_of(self, guid):
        children = self.items.get(guid, {}).get("children")
        children = [guid_of(child) for child in children] if isinstance(children, list) else []
        known = [child for child in children if isinstance(child, str) and child in self.items]
        if len({str(child) for child in children}) < len(children) or any(
                child is None for child in children):
            self.sane = False
        return list(dict.fromkeys(known))

    def listed(self, guid):
        """Some folder's list has it: its own does not count, where it would be the newest."""
        if self.listing.get(guid, [None])[0] == guid:
            self.sane = False
            self.listing[guid].remove(guid)
        return bool(self.listing.get(guid))

    def said(self, guid):
        named = guid_of(self.items[guid].get("parentid"))
        if isinstance(named, str) and named in self.folders:
            return named
        return self.unfiled()

    def unfiled(self):
        """Without an unfiled folder there is no place for what belongs nowhere."""
        return PLACES["places" if PLACES["unfiled"] in self.buried else "unfiled"]

    def append(self, guid, parent):
        self.parents[guid] = parent
        self.appended.setdefault(parent, []).append(guid)

    def break_cycles(self):
        """Of folders that contain each other the one changed last goes to unfiled."""
        for start in sorted(self.parents):
            way, at = [], start
            while at in self.parents and at not in way and at != PLACES["places"]:
                way.append(at)
                at = self.parents[at]
            if at in way:
                self.sane = False
                first = min(way[way.index(at):], key=lambda guid: (-self.modified(guid), guid))
                self.parents[first] = None
                self.append(first, self.unfiled())

    def below(self, guid):
        own = [child for child in self.lists.get(guid, []) if self.parents[child] == guid]
        own += sorted(child for child in self.appended.get(guid, [])
                      if self.parents[child] == guid and child not in own)
        told = []
        for child in own:
            record = self.items[child]
            if child in PLACES.values() or record["type"] not in SHOWN:
                continue
            if record["type"] in ("bookmark", "query") and not usable(record):
                continue
            if record["type"] == "query" and self.listing.get(child) != [
                    guid_of(record.get("parentid"))]:
                continue
            told.append([child, self.below(child)] if record["type"] == "folder" else child)
        return told


def guids(tree):
    """All of a tree, in its order."""
    def walk(children):
        for child in children:
            if isinstance(child, list):
                yield child[0]
                yield from walk(child[1])
            else:
                yield child

    return [guid for children in tree.values() for guid in walk(children)]
