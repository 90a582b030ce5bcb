"""Drafts (hearth/draft/*.h) are what the documents say of them: docs/schema.md has a line for each
record with its fields in their order, docs/plugins.md names each extension, and nothing of this
tree leans on one."""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import interface  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHAPTER = "## Specified, not yet stored\n"


def chapter():
    text = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
    return text[text.index(CHAPTER):].split("\n## ")[0]


def records_in(text):
    """{record: its fields} of the lines "- `record`: `field`, `field`. Words"."""
    return {record: re.findall(r"`([a-z0-9_]+)`", fields)
            for record, fields in re.findall(r"^- `(\w+)`: ([^.]*)\.", text, re.M)}


class Drafts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.drafts = interface.read()["drafts"]

    def test_every_record_is_in_the_schema(self):
        fields = {record: list(of) for record, of in self.drafts["fields"].items()}
        self.assertEqual(records_in(chapter()), fields)

    def test_every_extension_has_its_section_and_header(self):
        sections = dict(re.findall(r"^### (\w+)\n\n`([^`]*)` \(\[", chapter(), re.M))
        names = [name for name, _ in self.drafts["extensions"]]
        self.assertEqual(sorted(sections.values()), sorted(names))
        for section, name in sections.items():
            header = interface.HEADERS / interface.DRAFT / f"{section}.h"
            self.assertIn(f'"{name}"', header.read_text(encoding="utf-8"))
            self.assertIn(f"../core/include/hearth/draft/{section}.h)", chapter())

    def test_plugins_names_each(self):
        text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
        for name, _ in self.drafts["extensions"]:
            self.assertIn(f"`{name}`", text)

    def test_nothing_leans_on_one(self):
        """What a plugin of the tree implements is no draft any more."""
        leaning = [str(path.relative_to(ROOT))
                   for top in ("core", "plugins", "tools", "docs/templates")
                   for path in sorted((ROOT / top).rglob("*.[ch]"))
                   if interface.HEADERS / interface.DRAFT not in path.parents
                   and re.search(r"hearth/draft/|\.draft/\d", path.read_text(encoding="utf-8"))]
        self.assertEqual(leaning, [])


if __name__ == "__main__":
    unittest.main()
