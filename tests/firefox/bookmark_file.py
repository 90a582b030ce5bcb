"""The files that bookmarks travel in, Firefox's and Hearth's: read, and made comparable."""
import re

ROOTS = ("menu________", "toolbar_____", "unfiled_____", "mobile______")


def places_nodes(tree):
    """A tree of Firefox (promiseBookmarksTree, or its JSON): {guid of a root: [node, …]}. A node
    is what a person has of it: guid, title, url, tags (sorted: one with a comma is two), keyword,
    when it was added (ms), children; what is empty is left out. A NUL is U+FFFD here."""
    def node(item):
        told = {
            "guid": item["guid"], "type": item["typeCode"], "title":
            item.get("title", "").replace("\0", "\ufffd"), "url": item.get("uri"), "tags":
            ",".join(sorted(item.get("tags", "").split(","))), "keyword": item.get("keyword"),
            "added": item.get("dateAdded", 0) // 1000
        }
        if item["typeCode"] == 2:
            told["children"] = [node(child) for child in item.get("children", [])]
        return {name: value for name, value in told.items() if value not in (None, "")}

    roots = {root["guid"]: root for root in tree["children"]}
    return {
        guid: [node(child) for child in roots.get(guid, {}).get("children", [])]
        for guid in ROOTS
    }


def only(nodes, *names):
    """The same with these of its facts alone."""
    return [{
        **{name: node[name] for name in names if name in node},
        **({"children": only(node["children"], *names)} if "children" in node else {})
    } for node in nodes]


def flat(nodes):
    for node in nodes:
        yield node
        yield from flat(node.get("children", []))


def without_changes(text):
    """A bookmarks.html without what no two copies share: when an item was changed last, icons, and
    the dates of the folders that everybody has; tags and NULs as in places_nodes()."""
    text = re.sub(r' (LAST_MODIFIED|ICON|ICON_URI)="[^"]*"', "", text.replace("\0", "\ufffd"))
    text = re.sub(r' ADD_DATE="[^"]*"( [A-Z_]+_FOLDER=|>Mobile Bookmarks<)', r"\1", text)
    return re.sub(r' TAGS="([^"]*)"',
                  lambda found: ' TAGS="%s"' % ",".join(sorted(found[1].split(","))), text)
