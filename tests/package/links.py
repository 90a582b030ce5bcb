"""Links of Markdown pages, followed."""
import re

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.M | re.S)


def anchors(text):
    """What a heading is called in a link."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.M)
    return {
        re.sub(r"[^\w\- ]", "",
               re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")
        for heading in headings
    }


def dead(pages):
    """A sentence for each link of these pages that leads nowhere, and the number of all that
    were followed."""
    found, followed = [], 0
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target in LINK.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = page.parent / path if path else page
            followed += 1
            if not there.exists():
                found.append(f"{page}: {target}: there is no {path}")
            elif anchor and anchor not in anchors(there.read_text(encoding="utf-8")):
                found.append(f"{page}: {target}: {there.name} has no such heading")
    return found, followed
