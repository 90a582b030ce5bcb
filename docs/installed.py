"""Writes a page of docs/ as it is installed: its links lead to where things lie there, and to
what is not installed there are none, only their words.

Arguments: the page, where to write it, then SOURCE=TARGET: what the page calls SOURCE (a path of
the tree, a folder with all that is in it) is TARGET beside the installed page."""
import pathlib
import posixpath
import re
import sys

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def moved(target, folder, places):
    """Where a link leads when the page is installed; None: nowhere."""
    path, hash, anchor = target.partition("#")
    if path == "" or re.match(r"[a-z]+:", target):
        return target
    path = posixpath.normpath(posixpath.join(folder, path))
    for source, place in places.items():
        if path == source or path.startswith(source + "/"):
            return place + path[len(source):] + hash + anchor
    return None


def installed(text, folder, places):
    def link(m):
        target = moved(m[3], folder, places)
        return m[2] if target is None else f"{m[1]}[{m[2]}]({target})"

    return LINK.sub(link, text)


def main(page, output, *places):
    text = installed(
        pathlib.Path(page).read_text(encoding="utf-8"),
        "docs" if pathlib.Path(page).resolve().parent.name == "docs" else "",
        dict(place.split("=", 1) for place in places))
    pathlib.Path(output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
