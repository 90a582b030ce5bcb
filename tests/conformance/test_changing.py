"""docs/changing.md is followed to the letter: a field is added to pages, in a copy of the tree;
that builds, passes the kit, and is said in few files.

Arguments: a folder to build in."""
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import future  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1])
ROOT = future.ROOT
FIELD, FIELD_FILES, COLLECTION_FILES = "marker_field", 14, 20
LINE = r'X(T, OPTIONAL, TEXT, marker_field, 0, HEARTH_LINE_MAX, "a mark of a test")'
PRODUCTION = ("core", "plugins", "tools", "web/src", "docs")


def at_the_end(table):
    """Of an X-table: behind its last line."""
    return rf"(#define {table}\(X, T\) \\\n(?:.*\\\n)*.*)\n", rf"\1 \\\n    {LINE}\n"


def next_step(folder):
    """What the next step of a schema is called, and what is in it."""
    last = sorted((ROOT / folder).glob("*.sql"))[-1]
    number = re.search(r"PRAGMA user_version = (\d+)", last.read_text(encoding="utf-8"))
    return (f"{folder}{int(last.name[:4]) + 1:04}-marker.sql",
            "ALTER TABLE pages ADD COLUMN marker_field text;\n" +
            (f"PRAGMA user_version = {int(number[1]) + 1};\n" if number else ""))


def named_in_meson(folder):
    path = next_step(folder)[0].split("/", 2)[2]
    return rf"('{path.split('/')[0]}/[^']*')(?=\))", rf"\1, '{path}'"


PERSON, PG = "plugins/storage-sqlite/person/", "plugins/storage-pg/migrations/"
# By step of the document: (pattern, replacement) in that file; a text: what is added at the end; a
# folder: the file that is made in it.
STEPS = {
    "core/include/hearth/records.h":
    at_the_end("HEARTH_PAGE_FIELDS"), "core/include/hearth/storage.h":
    (r"(#define HEARTH_DATA_MODEL) \d+", r"\1 99"), "core/include/hearth/plugin.h":
    (r"(#define HEARTH_ABI_VERSION) \d+", r"\1 99"), PERSON:
    "", "plugins/storage-sqlite/meson.build":
    named_in_meson(PERSON), PG:
    "", "plugins/storage-pg/meson.build":
    named_in_meson(PG), "core/include/hearth/sync.h":
    at_the_end("HEARTH_PAGE_RECORD_FIELDS"), "plugins/sync-fx/record_history.c":
    (r"(        \.modified = record->modified,\n)",
     r'        .marker_field = fx_record_text(t, record->json, "marker"),\n\1'),
    "core/merge/apply_history.c":
    (r"(    if \(new_title\)\n)",
     r"    if (HEARTH_HAS(record, marker_field))\n        page->marker_field = "
     r"record->marker_field;\n\1"
     ), "tools/plugin-check/storage_kit.c": (r"(scan_may_lack\[\] = \{)",
                                             r'\1"marker_field", '), "core/api/item.c":
    (r'(#define ITEM_PAGE\(S\) \\\n)',
     r'\1    S(page, "marker", marker_field, api_text(r->marker_field)) \\\n'), "docs/openapi.yaml":
    (r"(required: \[id, url, title, frecency, visit_count, last_visit, bookmarks, visits\]\n"
     r" *properties:\n)",
     r"\1            marker: {$ref: '#/components/schemas/MaybeText'} # marker_field\n"),
    "docs/schema.md":
    "\n`marker_field` is a mark.\n", "tests/package/hearth.abi":
    "    marker_field OPTIONAL TEXT 0 4096\n",
}


def steps(heading):
    """The files that start the numbered lines of a section of the document."""
    text = (ROOT / "docs" / "changing.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1]
    return re.findall(r"^\d+\. `([^`]+)`", section, re.M), section


def planted(path, text):
    """That file after its step."""
    step = STEPS.get(str(path))
    if step is None:
        return text
    if isinstance(step, str):
        return text + step
    text, count = re.subn(step[0], step[1], text, count=1)
    if count != 1:
        raise AssertionError(
            f"{path} no longer has the place that docs/changing.md speaks of: {step[0]}")
    return text


def files(root):
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8", errors="replace")
        for folder in PRODUCTION
        for path in (root / folder).rglob("*")
        if path.suffix in (".c", ".h", ".sql", ".ts", ".md", ".yaml", ".build",
                           ".py") and "node_modules" not in path.parts
    }


class Changing(unittest.TestCase):
    def test_every_step_names_a_file(self):
        for heading in ("A field of pages", "A collection"):
            named, section = steps(heading)
            self.assertGreater(len(named), 10)
            for path in [
                    *named,
                    *re.findall(r"`((?:core|plugins|tools|web|docs|tests)/[\w./-]+)`", section)
            ]:
                self.assertTrue((ROOT / path).exists(),
                                f"docs/changing.md, \"{heading}\": there is no {path}")

    def test_the_steps_are_those_that_are_followed(self):
        self.assertEqual(steps("A field of pages")[0], list(STEPS))

    def test_a_field_is_said_in_few_files(self):
        added = dict(map(next_step, (PERSON, PG)))
        for path in STEPS:
            if path.endswith(("meson.build", ".yaml", ".md")):
                added[path] = planted(pathlib.Path(path), (ROOT / path).read_text(encoding="utf-8"))
        said = {
            **files(ROOT), **added, **{
                path: planted(pathlib.Path(path), (ROOT / path).read_text(encoding="utf-8"))
                for path in STEPS
                if path.endswith((".c", ".h"))
            }
        }
        having = sorted(path for path, text in said.items()
                        if FIELD in text and path != "docs/changing.md")
        self.assertLessEqual(len(having), FIELD_FILES, having)
        built = future.build(FOLDER, ["storage-sqlite", "storage-mem", "storage-pg", "sync-fx"],
                             change=planted, added=added)
        subprocess.run(["ninja", "-C", str(FOLDER / "build"), "core/api/libapi.a"], check=True,
                       capture_output=True, timeout=600)
        for name in ("storage-mem", "storage-sqlite"):
            done = subprocess.run([str(built["plugin-check"]), "--seed", "1",
                                   str(built[name])], capture_output=True, text=True, timeout=300)
            self.assertEqual((done.returncode, re.findall(r"^not ok.*\n.*", done.stdout, re.M)),
                             (0, []), name)

    def test_a_collection_is_said_in_few_files(self):
        """Where the name of one that is there stands."""
        row = re.findall(r"^    X\((\w+), \d+,",
                         (ROOT / "core/include/hearth/storage.h").read_text(encoding="utf-8"), re.M)
        self.assertIn("HISTORY", row)
        now = files(ROOT)
        for name in row:
            having = sorted(path for path, text in now.items()
                            if re.search(rf"\bHEARTH_{name}\b|^    X\({name}, ", text, re.M)
                            and path != "docs/changing.md")
            self.assertLessEqual(len(having), COLLECTION_FILES, f"HEARTH_{name}: {having}")
            print(f"HEARTH_{name}: {len(having)} files")
        self.assertLessEqual(len(steps("A collection")[0]), COLLECTION_FILES)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
