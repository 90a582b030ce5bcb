"""The headers keep the rules of hearth/plugin.h, and the gate (growth.py) says so in words when
they do not: for each rule a header that breaks it."""
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import growth  # noqa: E402
import interface  # noqa: E402

JOB_END = r"(    int64_t wait; [^\n]*\n)\};\n\nstruct hearth_queue_counts"  # of struct hearth_job
COUNTS = "\nstruct hearth_queue_counts"


class Growth(unittest.TestCase):
    def test_as_recorded(self):
        self.assertEqual(growth.said(), [])

    def test_reading_what_was_written(self):
        now = interface.read()
        was = interface.parse(interface.write(now))
        self.assertEqual(interface.write(now).count("\nstruct "), len(now["structs"]))
        self.assertEqual(growth.broken(now, was), [])
        for name in ("hearth_storage", "hearth_queue", "hearth_sync", "hearth_host",
                     "hearth_plugin", "hearth_page", "hearth_sync_sink"):
            self.assertEqual([m["name"] for m in was["structs"][name]["members"]],
                             [m["name"] for m in now["structs"][name]["members"]])
            self.assertEqual(was["structs"][name]["size"], now["structs"][name]["size"])

    def said(self, header, pattern, replacement):
        with tempfile.TemporaryDirectory() as folder:
            headers = pathlib.Path(folder, "include")
            shutil.copytree(interface.HEADERS, headers)
            file = headers / "hearth" / header
            text, count = re.subn(pattern, replacement, file.read_text(encoding="utf-8"), count=1)
            self.assertEqual(count, 1, pattern)
            file.write_text(text, encoding="utf-8")
            return growth.said(headers)

    def breaks(self, header, pattern, replacement, *words):
        """One sentence of what the gate says has all the words."""
        found = self.said(header, pattern, replacement)
        self.assertTrue(any(all(word in sentence for word in words) for sentence in found),
                        f"{words}: {found}")

    def test_size_in_front(self):
        self.breaks("queue.h", r"struct hearth_job \{\n",
                    "struct hearth_plant {\n    int64_t number;\n};\n\nstruct hearth_job {\n",
                    "struct hearth_plant", "begins with number", "FROZEN")

    def test_no_room_at_the_end(self):
        self.breaks("queue.h", JOB_END, r"\1    int32_t tail;\n};\n" + COUNTS, "struct hearth_job",
                    "4 bytes of room behind its last member tail", "reserved")

    def test_no_bool(self):
        self.breaks("queue.h", JOB_END, r"\1    bool urgent, a[7];\n};\n" + COUNTS,
                    "struct hearth_job", "urgent is a bool", "int64_t")

    def test_no_struct_by_value(self):
        self.breaks("storage.h", r"(    const char \*host;  [^\n]*\n)",
                    r"\1    struct hearth_limits limits;\n", "struct hearth_visit_query",
                    "limits is struct hearth_limits by value", "pointer")

    def test_no_array_of_structs(self):
        self.breaks("sync.h", r"(    size_t cursor_count;\n)",
                    r"\1    struct hearth_sync_cursor first[4];\n", "struct hearth_pull",
                    "first is an array of structs", "HEARTH_AT")

    def test_nothing_moves(self):
        self.breaks("queue.h", r"(struct hearth_job \{\n    uint32_t struct_size;)",
                    r"\1 int64_t newer;", "struct hearth_job", "member kind moved from offset 8",
                    "end")

    def test_nothing_goes(self):
        self.breaks("queue.h", r"    int32_t in_work; [^\n]*\n", "    int32_t out;\n",
                    "struct hearth_job", "in_work at offset 44 is gone, out is there now",
                    "Leave it")
        self.breaks("queue.h", r"struct hearth_queue_counts \{[^}]*\};\n",
                    "struct hearth_queue_counts;\n", "struct hearth_queue_counts", "gone")

    def test_no_type_changes(self):
        self.breaks("queue.h", r"int64_t wait; ", "uint64_t wait; ", "struct hearth_job",
                    "wait was int64_t and is uint64_t", "Leave it")
        self.breaks("queue.h", r"int \(\*ping\)\(void \*handle, ",
                    "int (*ping)(void *handle, int more, ", "struct hearth_queue",
                    "member ping was")
        self.breaks("storage.h", r"typedef int \(\*hearth_tag_cb\)\(void \*ctx, ",
                    "typedef int (*hearth_tag_cb)(void *ctx, int more, ", "callback hearth_tag_cb",
                    "new callback type")

    def test_new_members_come_at_the_end(self):
        # In a hole that was there: nothing else moves, and struct_size stays as it was.
        with tempfile.TemporaryDirectory() as folder:
            recorded = pathlib.Path(folder, "hearth.abi")
            recorded.write_text(
                re.sub(r"\n    4 4 priority: int32_t", "",
                       growth.RECORDED.read_text(encoding="utf-8")), encoding="utf-8")
            found = "\n".join(growth.said(recorded=recorded))
        self.assertIn("struct hearth_job: the new member priority lies at offset 4, within the",
                      found)

    def test_tables_grow_at_their_end(self):
        self.breaks("queue.h", r"(    int \(\*clear\)[^\n]*\n)",
                    r"    int (*newer)(void *handle);\n\1", "struct hearth_queue",
                    "clear moved from", "end")

    def test_numbers_of_enums(self):
        self.breaks("plugin.h", r"HEARTH_LOG_DEBUG = 3", "HEARTH_LOG_DEBUG = 4",
                    "enum hearth_log_level", "HEARTH_LOG_DEBUG was 3 and is 4")
        self.breaks("storage.h", r"X\(TABS, 2,", "X(TABLETS, 2,", "enum hearth_collection",
                    "HEARTH_TABS was 2 and is gone")

    def test_extensions(self):
        self.breaks("storage.h", r"hearth\.storage\.backup/1", "hearth.storage.bulk/1",
                    'extension "hearth.storage.bulk/1"', "two have that name")
        self.breaks("storage.h", r"hearth\.storage\.backup/1", "hearth.storage.backup",
                    'extension "hearth.storage.backup"', "form hearth.KIND.NAME/NUMBER")
        self.breaks("storage.h", r"hearth\.storage\.backup/1", "hearth.storage.copies/1",
                    'extension "hearth.storage.copies/1"',
                    "below it stands struct hearth_storage_backup")
        self.breaks("storage.h", r"hearth\.storage\.backup/1", "hearth.storage.backup/2",
                    'extension "hearth.storage.backup/1"', "gone", "another number")

    def test_fields_have_limits_and_words(self):
        self.breaks("records.h",
                    r'X\(T, KEY,      TEXT, guid,        1, HEARTH_KEY_MAX, \\\n\s*"[^"]*"\)',
                    'X(T, KEY, TEXT, guid, 1, HEARTH_KEY_MAX, "")', "record bookmark",
                    "field guid has no words")
        self.breaks("records.h", r"HASH, hash,      32, 32", "HASH, hash, 16, 32", "record token",
                    "hash (HASH) has the impossible limits 16 … 32")
        self.breaks("records.h", r"FLAG, typed,          0, 1", "FLAG, typed, 0, 2", "record page",
                    "typed (FLAG) has the impossible limits")
        self.breaks("records.h", r"(OPTIONAL, TEXT, os,            0, )HEARTH_TEXT_MAX", r"\g<1>0",
                    "record device", "os has no limit")
        self.breaks("records.h", r"(OPTIONAL, TEXT, os,            0, )HEARTH_TEXT_MAX", r"\g<1>64",
                    "record device",
                    "field os was OPTIONAL TEXT 0 2097152 and is OPTIONAL TEXT 0 64",
                    "end of the table")

    def test_drafts_may_change(self):
        drafts = interface.read()["drafts"]
        self.assertEqual(len(drafts["extensions"]),
                         len(list((interface.HEADERS / interface.DRAFT).glob("*.h"))))
        self.assertIn("hearth_icon", drafts["structs"])
        self.assertNotIn("draft", growth.RECORDED.read_text(encoding="utf-8"))
        self.assertEqual(self.said("draft/icons.h", r"    int \(\*icon_used\)[^;]*;\n", ""), [])
        self.assertEqual(
            self.said("draft/icons.h", r"(X\(T, ALWAYS, +TEXT, url, )",
                      r'X(T, ALWAYS, INT, newer, 0, 9, "nine") \\\n    \1'), [])

    def test_drafts_keep_the_form(self):
        self.breaks("draft/versions.h", r"(    int64_t most; [^\n]*\n)", r"\1    int32_t tail;\n",
                    "struct hearth_version_pruning", "4 bytes of room", "reserved")
        self.breaks("draft/icons.h", r'"when to ask again; 0: never"', '""', "record icon",
                    "field expires has no words")
        self.breaks("draft/icons.h", r"icons\.draft/1", "icons/1",
                    'extension "hearth.storage.icons/1"', "hearth/draft/ and does not say so")
        self.breaks("draft/icons.h", r"icons\.draft/1", "keys.draft/1",
                    'extension "hearth.storage.keys.draft/1"', "two have that name")
        self.breaks("draft/icons.h", r"icons\.draft/1", "symbols.draft/1",
                    'extension "hearth.storage.symbols.draft/1"',
                    "below it stands struct hearth_storage_icons")
        self.breaks("storage.h", r"backup/1", "backup.draft/1",
                    'extension "hearth.storage.backup.draft/1"', "calls itself a draft")
        self.breaks("queue.h", r'(#include "hearth/plugin.h"\n)',
                    r'\1#include "hearth/draft/icons.h"\n', "hearth/queue.h includes a draft")

    def test_additions_are_counted_and_recorded(self):
        grown = (JOB_END, r"\1    int64_t newer;\n};\n" + COUNTS)
        self.breaks("queue.h", *grown, "HEARTH_ABI_VERSION is", "struct hearth_job: newer")
        recorded = growth.RECORDED.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            before = pathlib.Path(folder, "hearth.abi")
            before.write_text(
                re.sub(r"^version \d+", "version 0", recorded,
                       flags=re.M).replace("\n    4 5\n", "\n"), encoding="utf-8")
            self.assertEqual([s[:16] for s in growth.said(recorded=before)], ["not recorded yet"])

    def test_what_is_frozen_stays(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            self.assertEqual(growth.freeze(to=folder), [])
            header = next(folder.glob("epoch*/include/hearth/queue.h"))
            header.write_text("as it was", encoding="utf-8")
            self.assertIn("is frozen already", growth.freeze(to=folder)[0])
            self.assertEqual(header.read_text(encoding="utf-8"), "as it was")
            self.assertEqual(growth.freeze(anew=True, to=folder), [])
            self.assertEqual(header.read_bytes(),
                             (interface.HEADERS / "hearth" / "queue.h").read_bytes())

    def test_the_headers_in_rust(self):
        """docs/templates/queue-rust/abi.rs says by hand what the headers say: each struct's
        members, as many as it names."""
        text = (interface.HEADERS.parents[1] / "docs" / "templates" / "queue-rust" /
                "abi.rs").read_text(encoding="utf-8")
        now = interface.read()
        of = {
            "Call": "hearth_call", "Host": "hearth_host", "ConfigKey": "hearth_config_key",
            "ConfigValue": "hearth_config_value", "Job": "hearth_job", "Counts":
            "hearth_queue_counts", "Operations": "hearth_queue", "Plugin": "hearth_plugin"
        }
        found = re.findall(r"#\[repr\(C\)\]\n(?:#\[derive[^\n]*\n)?pub struct (\w+) \{\n(.*?)\n\}",
                           text, re.S)
        self.assertEqual({name for name, _ in found}, set(of))
        sizes = {
            "u32": ("uint32_t", 4), "i32": ("int32_t", 4), "i64": ("int64_t", 8), "u64":
            ("uint64_t", 8), "usize": ("size_t", 8)
        }
        for name, body in found:
            members = now["structs"][of[name]]["members"]
            said = re.findall(r"^    pub (\w+):\s+(.*?),(?: // `(\w+)` in C)?$", body, re.M | re.S)
            for (word, kind, other), member in zip(said, members):
                self.assertEqual(other or word, member["name"], name)
                self.assertEqual(sizes.get(kind, (member["type"], 8)),
                                 (member["type"], member["size"]), f"{name}.{word}")
                self.assertEqual(kind in sizes, "*" not in member["type"], f"{name}.{word}")
            self.assertTrue(len(said) == len(members) or name == "Host", name)
        constants = {
            word: int(number)
            for word, number in re.findall(r"pub const (\w+): \w+ = (-?\d+);", text)
        }
        self.assertEqual((constants.pop("EPOCH"), constants.pop("VERSION"),
                          constants.pop("KIND_QUEUE"), constants.pop("CONFIG_INT")),
                         (now["epoch"], 1, now["enums"]["hearth_plugin_kind"]["HEARTH_QUEUE"],
                          now["enums"]["hearth_config_type"]["HEARTH_CONFIG_INT"]))
        names = {key: number for values in now["enums"].values() for key, number in values.items()}
        for word, value in constants.items():
            self.assertIn(value, [
                names.get(f"HEARTH_{word}"),
                names.get(f"HEARTH_ERR_{word}"),
                names.get(f"HEARTH_JOB_{word}")
            ], word)


if __name__ == "__main__":
    unittest.main()
