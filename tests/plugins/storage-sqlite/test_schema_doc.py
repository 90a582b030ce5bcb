"""docs/schema.md against the schema: every example runs, every table, view and column is mentioned. test_schema_doc.py SCHEMA.md MIGRATIONS"""
import pathlib
import re
import sqlite3
import sys

SAMPLE = """
INSERT INTO accounts (id, email, uid, provider, node, state, created, last_sync, last_attempt, next_sync, last_seen, generation, failures, resync)
    VALUES ('a', 'anna@example.org', 'u', 'fx', '', 0, 1, 1, 1, 1, 1, 1, 0, 0);
INSERT INTO devices VALUES (1, 'd', 'Anna''s phone', 'mobile', NULL, NULL, NULL, 1);
INSERT INTO tabs VALUES (1, 'd', 0, 't', 'https://example.org/', NULL, NULL, 1, 0, 0);
INSERT INTO pages (row, account, id, url, host, frecency, visit_count, last_visit, bookmarks, bookmark_added, typed, hidden, generation)
    VALUES (1, 1, 7, 'https://example.org/', 'example.org', 1, 1, unixepoch() * 1000, 1, 1, 0, 0, 1);
INSERT INTO visits VALUES (1, 1, 7, unixepoch() * 1000, 1, 0, 0);
INSERT INTO bookmarks VALUES (1, 1, 'root________', 2, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0),
    (2, 1, 'menu________', 2, 'root________', 0, NULL, 'x', NULL, NULL, NULL, NULL, NULL, 0, 0),
    (3, 1, 'folder______', 2, 'menu________', 0, NULL, 'Food', NULL, NULL, NULL, NULL, NULL, 0, 0),
    (4, 1, 'bookmark____', 1, 'folder______', 0, NULL, 'Soup', 'https://example.org/', NULL, NULL, 'Recipes
soup', 7, 1000, 1000);
INSERT INTO bookmark_tags VALUES (1, 'recipes', 1000, 'bookmark____', 'Recipes'), (1, 'soup', 1000, 'bookmark____', 'soup');
"""

# What the first examples and the views have to say about the sample.
EXPECTED = {
    "SELECT count(*) AS visits, title": [(1, None, "https://example.org/")],
    "SELECT title, url, last_used FROM readable_tabs": [("t", "https://example.org/", "1970-01-01 00:00:00")],
    "SELECT folder, title, url, tags FROM readable_bookmarks": [("Bookmarks Menu / Food", "Soup", "https://example.org/", "Recipes, soup")],
    "SELECT b.title, b.url FROM bookmark_tags": [("Soup", "https://example.org/")],
    "SELECT d.name, count(t.url)": [("Anna's phone", 1, "1970-01-01 00:00:00")],
}


def main(doc_path, migrations):
    db = sqlite3.connect(":memory:")
    for path in sorted(pathlib.Path(migrations).glob("*.sql")):
        db.executescript(path.read_text(encoding="utf-8"))
    db.executescript(SAMPLE)
    doc = pathlib.Path(doc_path).read_text(encoding="utf-8")
    faults, seen = [], set()
    examples = [sql.strip() for block in re.findall(r"```sql\n(.*?)```", doc, re.S) for sql in block.split(";\n") if sql.strip()]
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
    faults += [f"no example begins with: {start}" for start in EXPECTED if start not in seen]
    words = set(re.findall(r"[a-z_]+", doc))
    for kind, name in db.execute("SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'").fetchall():
        if name not in words:
            faults.append(f"{kind} {name} is not mentioned")
        if kind == "table":
            faults += [f"column {name}.{row[1]} is not mentioned" for row in db.execute(f"PRAGMA table_info({name})") if row[1] not in words]
    for fault in faults:
        print(fault)
    print(f"{len(examples)} examples, {len(faults)} faults")
    return 1 if faults or not examples else 0


sys.exit(main(*sys.argv[1:]))
