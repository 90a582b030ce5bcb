"""The files that bookmarks travel in, Firefox's and Hearth's: read, and made comparable."""
import html.parser
import re

ROOTS = ("menu________", "toolbar_____", "unfiled_____", "mobile______")


def places_nodes(tree):
    """A tree of Firefox (promiseBookmarksTree, or its JSON): {guid of a root: [node, …]}. A node
    is what a person has of it: guid, title, url, tags, keyword, when it was added (ms), children;
    what is empty is left out."""
    def node(item):
        told = {
            "guid": item["guid"], "type": item["typeCode"], "title": item.get("title", ""), "url":
            item.get("uri"), "tags": item.get("tags"), "keyword": item.get("keyword"), "added":
            item.get("dateAdded", 0) // 1000
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
    """A bookmarks.html without what no two copies share: when an item was changed last, icons,
    and the dates of the folders that everybody has."""
    text = re.sub(r' (LAST_MODIFIED|ICON|ICON_URI)="[^"]*"', "", text)
    return re.sub(r' ADD_DATE="[^"]*"( [A-Z_]+_FOLDER=)', r"\1", text)


class Links(html.parser.HTMLParser):
    """Headings and links of a file, in their order, with their depth."""
    def __init__(self, text):
        super().__init__()
        self.told, self.depth, self.text = [], 0, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "dl":
            self.depth += 1
        elif tag in ("h3", "a"):
            self.text = ""
            self.told.append((self.depth, tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag == "dl":
            self.depth -= 1
        elif tag in ("h3", "a"):
            depth, name, attributes = self.told[-1]
            self.told[-1] = (depth, name, self.text, attributes.get("href"))
            self.text = None

    def handle_data(self, data):
        if self.text is not None:
            self.text += data
