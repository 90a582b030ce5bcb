"""Accounts of any size, filled without a sync (tests/doubles/fill), and every GET of the API as
it is asked in tests of what answers cost."""
import os
import re
import subprocess
import urllib.parse

from harness import ADA, HEARTHD, ROOT, Node

BUILD = os.path.dirname(os.path.abspath(HEARTHD))
FILL = os.path.join(BUILD, "tests", "doubles", "fill", "fill-account")
PLUGINS = {
    "sqlite": f"{BUILD}/plugins/storage-sqlite/storage-sqlite.so", "pg":
    f"{BUILD}/plugins/storage-pg/storage-pg.so"
}
LEFT_OUT = {
    "/api/v1/export/*": "a download", "/api/v1/events": "a stream", "/metrics": "not of an account",
    "/api/v1/push": "ten rows at most, and the storage that counts has none of them"
}


def get_routes():
    """The GET routes of the API's table."""
    with open(os.path.join(ROOT, "core", "api", "api.c"), encoding="utf-8") as f:
        return re.findall(r'\{"(/[^"]*)", HTTP_GET,', f.read())


def questions(node):
    """Paths by route: what the app asks, and what makes an answer dear: nothing found,
    everything found, far into a list."""
    def cursor(path, **parameters):
        """The cursor of a page far into a list: the last page but one that the list's own `next`
        leads to, within a bound."""
        found = None
        for _ in range(12):
            answer = node.api(path, limit=500, **parameters, **({"cursor": found} if found else {}))
            if not answer["next"]:
                break
            found = answer["next"]
        return urllib.parse.quote(found)

    page = node.api("/history", limit=1)["visits"][0]["page"]
    deep, flat, late = cursor("/bookmarks", folder="wide"), cursor("/bookmarks",
                                                                   sort="added"), cursor("/history")
    now = node.api("/history", limit=1)["visits"][0]["date"] + 1
    generation = node.api("/me")["generation"]
    year = f"from={now - 399 * 86400000}&to={now}"
    return {
        "/api/v1/node": ["?account=ada@example.org"], "/api/v1/me": [""], "/api/v1/devices": [""],
        "/api/v1/tabs": ["", "?q=zzzqqq", "?q=tab"], "/api/v1/bookmarks": [
            "", "?folder=wide&limit=500", f"?folder=wide&limit=500&cursor={deep}",
            "?folder=toolbar", "?folder=wide&q=zzzqqq", "?folder=wide&q=garden", "?sort=added",
            f"?sort=added&cursor={flat}", "?tag=tag0", "?tag=tag0&q=zzzqqq", "?tag=tag0&q=bookmark",
            "?q=zzzqqq", "?q=garden", "?q=a", "?q=number%2099"
        ], "/api/v1/bookmarks/*": ["b00000000001", "wide"], "/api/v1/tags": [""], "/api/v1/history":
        [
            "", f"?cursor={late}", "?host=www.site3.example", "?q=zzzqqq", "?q=garden", "?q=a",
            "?q=part%2099", "?q=garden&host=www.site3.example", f"?q=zzzqqq&cursor={late}",
            f"?q=garden&cursor={late}", f"?q=zzzqqq&{year}"
        ], "/api/v1/history/days": ["", f"?{year}",
                                    f"?{year}&tz=Europe/Berlin"], "/api/v1/history/sites":
        ["", "?limit=500", "?q=zzzqqq", "?q=site1"], "/api/v1/pages/*": [page], "/api/v1/changes": [
            "?limit=100", f"?since={generation}"
        ], "/api/v1/search": [
            "?q=", "?q=zzzqqq", "?q=garden", "?q=a&limit=500", "?q=garden&in=bookmarks&limit=500",
            "?q=part%2099"
        ], "/api/v1/suggest": ["?q=ga", "?q=zzzqqq"], "/api/v1/settings": [""], "/api/v1/sessions":
        [""], "/api/v1/tokens": [""], "/api/v1/removals": [""], "/healthz": [""],
        "/readyz": [""], "/version": [""],
    }


def paths(node):
    """[path], of every GET route that is not left out."""
    asked = questions(node)
    missing = set(get_routes()) - set(asked) - set(LEFT_OUT)
    if missing:
        raise AssertionError(f"no question for {missing}: a new GET belongs into tests/e2e/flat.py")
    return [route.rstrip("*") + q for route, those in asked.items() for q in those]


def fill(node, backend, section, pages, visits, bookmarks, wide, depth):
    """An account of this size, in the storage of a node that
    has been started once and is stopped."""
    subprocess.run(
        [FILL, PLUGINS[backend], section, ADA, *map(str, (pages, visits, bookmarks, wide, depth))],
        check=True, cwd=node.state, timeout=3600)
