"""Faults planted in a real plugin, storage-sqlite (planted.py): the kit says what is wrong.

Arguments: the build folder, the kit, the plugin."""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import planted  # noqa: E402

BUILD, KIT, PLUGIN = sys.argv[1:4]

# name: (source, what is there, what is planted, the test that must fail, words of its diagnostics)
PLANTED = {
    "numbers of 32 bits": ("storage-sqlite/query.c", r"sqlite3_bind_int64\(query->handle, query->next\+\+, value\)",
                           "sqlite3_bind_int64(query->handle, query->next++, (int32_t)value)", "borders: every field", "."),
    "reals of 32 bits": ("storage-sqlite/query.c", r"query->next\+\+, value\)\);\n}\n\nint query_step", "query->next++, (float)value));\n}\n\nint query_step",
                         "borders: every field", "pick"),
    "texts of 64 KiB": ("storage-sqlite/query.c", r"text, -1, SQLITE_STATIC", "text, text == NULL ? -1 : (int)strnlen(text, 65536), SQLITE_STATIC",
                        "borders: every field", r"was put as .*comes back as"),
    "bytes that end at a zero": ("storage-sqlite/query.c", r'size == 0 \? "" : bytes, size,', 'size == 0 ? "" : bytes, strnlen(bytes, size),',
                                 "borders: sealed bytes", "credentials of [0-9]+ bytes come back as"),
    "hosts without regard to case": ("storage-sql/visits_read.c", r'ROWS\("visits_by_host"\) SEEN_BEFORE " AND v\.host_key = \?6 AND p\.host = \?7"',
                                     'ROWS("visits_by_date") SEEN_BEFORE " AND ?6 = ?6 AND p.host = ?7 COLLATE NOCASE"',
                                     "borders: hosts", 'visit_list of the host "Case" says'),
    "devices without regard to case": ("storage-sql/devices.c", r'SAME_TEXT\("t\.device", "\?2"\) " ORDER', '"t.device = ?2 COLLATE NOCASE ORDER',
                                       "borders: hosts", 'tab_list of the device "Case" says 2 tabs'),
    "an abort that commits": ("storage-sqlite/batch.c", r"session_rollback\(session\);\n    end_batch\(session\);\n    session->current = before;",
                              "session_commit(session);\n    end_batch(session);\n    session->current = before;",
                              "random: a sequence", "after a batch was aborted, another session sees|was expected"),
    "an output that is touched": ("storage-sql/pages_read.c", r"(struct hearth_page page;\n)(    int r = op_begin_account\(&op, self, call, account\);\n    if \(r != 0\)\n        return r < 0 \? r : hearth_fail)",
                                  r"\1    ret_page->id = id;\n\2", "outputs:", "page_get, for what is not there, returned NOT_FOUND and touched its output"),
}


def check(name):
    source, pattern, replacement, test, _ = PLANTED[name]
    with tempfile.TemporaryDirectory(prefix="hearth-planted-") as folder:
        plugin = planted.build(BUILD, PLUGIN, folder, source, pattern, replacement)
        done = subprocess.run([KIT, "--seed", "7", "--test", test, str(plugin)], capture_output=True, text=True, timeout=300)
        return done.stdout + done.stderr


class Planted(unittest.TestCase):
    def test_each_is_found(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            said = dict(zip(PLANTED, pool.map(check, PLANTED)))
        for name, (_, _, _, test, words) in PLANTED.items():
            with self.subTest(name):
                self.assertRegex(said[name], rf"(?m)^not ok \d+ - {re.escape(test)}.*(\n# .*)*{words}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
