"""docs/schema.md against the schema: every example runs, every table, view and column is
mentioned. test_schema_doc.py SCHEMA.md PLUGIN"""
import pathlib
import re
import sqlite3
import sys

SHARED_SAMPLE = """
INSERT INTO accounts (id, email, uid, provider, node, state, created, last_sync, last_attempt,
                      next_sync, last_seen, generation, failures, resync, file)
    VALUES ('a', 'anna@example.org', 'u', 'fx', '', 0, 1, 1, 1, 1, 1, 1, 0, 0, 1);
INSERT INTO identities VALUES ('sync:fx', 'u', 1, 1);
INSERT INTO sources
    VALUES (1, 2, 'Old laptop', 1, 'files', 'anna', 1, 0, 0, NULL, 2, 2, 3, 0, 0, x'00');
"""
SAMPLE = """
INSERT INTO account (row, id, generation, visits) VALUES (1, 'a', 1, 1);
INSERT INTO devices VALUES ('d', 'Anna''s phone', 'mobile', NULL, NULL, NULL, 1, 0, 0);
INSERT INTO tabs VALUES ('d', 0, 't', 'https://example.org/', NULL, 'g', 1, 0, 0, 1, 2, 0),
    ('d', 1, 'u', 'https://example.org/u', NULL, NULL, 0, 0, 0, 0, 0, 0);
INSERT INTO tab_groups VALUES ('d', 'g', 'Trip', 'blue', 1);
INSERT INTO pages (row, id, url, host, frecency, visit_count, last_visit, bookmarks,
                   bookmark_added, typed, hidden, generation)
    VALUES (1, 7, 'https://example.org/', 'example.org', 1, 1, unixepoch() * 1000, 1, 1, 0, 0, 1);
INSERT INTO visits VALUES (1, 7, unixepoch() * 1000, 1, 0, 0, 2, 1);
INSERT INTO source_marks VALUES (2, 4, 'as far as this');
INSERT INTO bookmarks VALUES
    (1, 'root________', 2, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0,
     NULL, NULL, 2, 1),
    (2, 'menu________', 2, 'root________', 0, NULL, 'x', NULL, NULL, NULL, NULL, NULL, 0, 0, 0,
     NULL, NULL, 2, 1),
    (3, 'folder______', 2, 'menu________', 0, NULL, 'Food', NULL, NULL, NULL, NULL, NULL, 0, 0, 0,
     NULL, NULL, 2, 1),
    (4, 'bookmark____', 1, 'folder______', 0, NULL, 'Soup', 'https://example.org/', NULL, NULL,
     'Recipes
soup', 7, 1000, 1000, 0, 'Recipes
soup', NULL, 1, 1);
INSERT INTO bookmark_tags VALUES ('recipes', 1000, 'bookmark____', 'Recipes'),
    ('soup', 1000, 'bookmark____', 'soup');
"""

# What the first examples and the views have to say about the sample.
EXPECTED = {
    "SELECT count(*) AS visits, title": [(1, None, "https://example.org/")],
    "SELECT title, url, last_used FROM readable_tabs": [
        ("t", "https://example.org/", "1970-01-01 00:00:00"), ("u", "https://example.org/u", None)
    ], "SELECT \"window\", title, \"group\" FROM readable_tabs": [(0, "u", None), (1, "t", "Trip")],
    "SELECT g.name, g.color": [("Trip", "blue", 1)],
    "SELECT folder, title, url, tags FROM readable_bookmarks": [
        ("Bookmarks Menu / Food", "Soup", "https://example.org/", "Recipes, soup")
    ], "SELECT b.title, b.url FROM bookmark_tags": [("Soup", "https://example.org/")],
    "SELECT email, state, last_sync": [
        ("anna@example.org", "ok", "1970-01-01 00:00:00", "1970-01-01 00:00:00", "accounts/a.db")
    ], "SELECT a.email, i.issuer, i.subject": [
        ("anna@example.org", "sync:fx", "u")
    ], "SELECT a.email, s.name": [
        ("anna@example.org", "Old laptop", "sync", "ok", 0)
    ], "SELECT source, c.name": [(2, "history", "as far as this")], "SELECT source, count(*)": [
        (2, 1)
    ], "SELECT id, generation, pages, visits": [
        ("a", 1, 0, 1, 0, 0)
    ], "SELECT d.name, count(t.url)": [("Anna's phone", 2, "1970-01-01 00:00:00")],
}


def schema(folder, sample):
    db = sqlite3.connect(":memory:")
    for path in sorted(folder.glob("*.sql")):
        db.executescript(path.read_text(encoding="utf-8"))
    db.executescript(sample)
    return db


def run_examples(db, language, doc, seen):
    faults = []
    examples = [
        sql.strip()
        for block in re.findall(rf"```{language}\n(.*?)```", doc, re.S)
        for sql in block.split(";\n")
        if sql.strip()
    ]
    for sql in examples:
        try:
            rows = db.execute(sql).fetchall()
        except sqlite3.Error as error:
            faults.append(f"{error}: {sql}")
            continue
        for start, expected in EXPECTED.items():
            if sql.startswith(start):
                seen.add(start)
                if rows != expected:
                    faults.append(f"{sql}\n    gives {rows}\n    instead of {expected}")
    return faults if examples else [f"no examples in {language}"]


def names_missing(db, words):
    for kind, name in db.execute(
            "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT "
            "LIKE 'sqlite_%'"
    ).fetchall():
        if name not in words:
            yield f"{kind} {name} is not mentioned"
        if kind == "table":
            yield from (f"column {name}.{row[1]} is not mentioned"
                        for row in db.execute(f"PRAGMA table_info({name})")
                        if row[1] not in words)


def main(doc_path, plugin):
    doc = pathlib.Path(doc_path).read_text(encoding="utf-8")
    # of no table that there is
    doc = re.sub(r"^## Specified, not yet stored$.*?(?=^## )", "", doc, flags=re.M | re.S)
    words, faults, seen = set(re.findall(r"[a-z_]+", doc)), [], set()
    for folder, language, sample in (("migrations", "sql shared", SHARED_SAMPLE), ("person", "sql",
                                                                                   SAMPLE)):
        db = schema(pathlib.Path(plugin, folder), sample)
        faults += run_examples(db, language, doc, seen)
        faults += names_missing(db, words)
    faults += [f"no example begins with: {start}" for start in EXPECTED if start not in seen]
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


sys.exit(main(*sys.argv[1:]))
