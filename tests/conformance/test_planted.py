"""Faults planted in the sources of real plugins (planted.py), one at a time: the kit says what
is wrong.

Arguments: the build folder, the kit, then NAME=PATH of the plugins."""
import concurrent.futures
import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import planted  # noqa: E402
from servers import Postgres, Redis  # noqa: E402

BUILD, KIT = sys.argv[1:3]
PLUGINS = dict(word.split("=", 1) for word in sys.argv[3:])

# In storage-sqlite. name: (source, what is there, what is planted, the test that must fail, words
# of its diagnostics); patterns.
PATTERNS = {
    "numbers of 32 bits": ("storage-sqlite/query.c",
                           r"sqlite3_bind_int64\(query->stmt, query->next\+\+, value\)",
                           "sqlite3_bind_int64(query->stmt, query->next++, (int32_t)value)",
                           "borders: every field", "."), "reals of 32 bits":
    ("storage-sqlite/query.c", r"query->next\+\+, value\)\);\n}\n\nint sql_query_step",
     "query->next++, (float)value));\n}\n\nint sql_query_step", "borders: every field",
     "pick"), "texts of 64 KiB":
    ("storage-sqlite/query.c", r"text, -1, SQLITE_STATIC",
     "text, text == NULL ? -1 : (int)strnlen(text, 65536), SQLITE_STATIC", "borders: every field",
     r"was put as .*comes back as"), "bytes that end at a zero":
    ("storage-sqlite/query.c", r'size == 0 \? "" : bytes,\s+size,',
     'size == 0 ? "" : bytes, strnlen(bytes, size),', "borders: sealed bytes",
     "credentials of [0-9]+ bytes come back as"), "hosts without regard to case":
    ("storage-sql/visits_read.c",
     r'ROWS\("visits_by_host"\) SEEN_BEFORE " AND v\.host_key = \?6 AND p\.host = \?7"',
     'ROWS("visits_by_date") SEEN_BEFORE " AND ?6 = ?6 AND p.host = ?7 COLLATE NOCASE"',
     "borders: hosts", 'visit_list of the host "Case" says'), "devices without regard to case":
    ("storage-sql/devices.c", r'SAME_TEXT\("t\.device", "\?2"\) " ORDER',
     '"t.device = ?2 COLLATE NOCASE ORDER', "borders: hosts",
     'tab_list of the device "Case" says 2 tabs'), "an abort that commits":
    ("storage-sqlite/batch.c",
     r"sqlite_transaction_rollback\(handle\);\n    batch_let_go\(handle\);\n    handle->current "
     r"= before;",
     "sqlite_transaction_commit(handle);\n    batch_let_go(handle);\n    handle->current = "
     "before;",
     "random: a sequence",
     "after a batch was aborted, another handle sees|was expected"), "an output that is touched":
    ("storage-sql/pages_read.c",
     r"(struct hearth_page page;\n)(    int r = sql_op_begin_account\(&op, self, call, "
     r"account\);\n    if \(r != 0\)\n        return r < 0 \? r : hearth_fail)",
     r"\1    ret_page->id = id;\n\2", "outputs:",
     "page_get, for what is not there, returned NOT_FOUND and touched its output"),
}

SCRIPTS = "queue-redis/queue-redis-scripts.c"  # made of its scripts by the build

# The same with plain texts, by plugin.
TEXTS = {
    "storage-sqlite": {
        "a visit that takes off the record of another":
        ("storage-sql/removals.c", "AND type = ?6", "AND ?6 = ?6",
         "removals: what comes back takes its own",
         "was expected"), "records of pages that are forgotten in silence":
        ("storage-sql/removals.c", "a.forgotten <= ?2 AND a.removals_forgotten <= ?2",
         "a.removals_forgotten <= ?2", "removals: the oldest pages",
         "removals_since since 0 tells of [0-9]+ removed pages where there are 24000"),
        "a cursor at the end of its span": ("storage-sql/visits_read.c", "after_date >= to",
                                            "after_date > to", "visits: a span",
                                            "visit_list from 0 to 1, of the host any, after 1"),
        "a lease that outlives an earlier date":
        ("storage-sql/accounts.c", "claimed_until = CASE WHEN ?2 & 128 <> 0 THEN",
         "claimed_until = CASE WHEN ?2 & 128 <> 0 AND ?10 > next_sync THEN",
         "accounts: a lease is given up", "account_lease_due after next_sync was written again"),
        "what was decided by an older row":
        ("storage-sql/accounts.c", "asked = ?17 AND answered <= ?18",
         "?17 = ?17 AND answered <= ?18", "accounts: requests are counted",
         "account_update, &account, plan returned OK, CONFLICT was expected"),
        "leases in a batch": ("storage-sql/accounts.c", "r = sql_batch_is_none(op.handle);", "",
                              "batches: writes of synced data",
                              "account_lease_due.* returned OK, INVALID was expected"),
        "a sync cursor of another source":
        ("storage-sql/cursors.c", "collection = ?2 AND source = ?3",
         "collection = ?2 AND ?3 = ?3", "sources: sync cursors are of one", "3 3 three"),
        "tokens of one moment":
        ("storage-sql/tokens.c", "ORDER BY t.created, t.id", "ORDER BY t.created, t.id DESC",
         "lists: what was made", "devices, tokens, .* come as"), "tabs of one moment":
        ("storage-sql/devices.c", '" ORDER BY t.last_used DESC, t.position"',
         '" ORDER BY t.last_used DESC, t.position DESC"', "lists: thousands",
         "tab_list: row 2, .* belongs before the one before it"),
    }, "storage-pg": {
        "questions that are known by their text alone":
        ("storage-pg/ahead.c", "asked[i].sql == query->sql && handle->asked[i].parameters == "
         "parameters", "asked[i].sql == query->sql", "ahead: rows are found",
         "page_get, .* failed with NOT_FOUND"), "what is forgotten and answered all the same":
        ("storage-pg/ahead.c", "what != HEARTH_AHEAD_END", "what == HEARTH_AHEAD_BEGIN",
         "ahead: what is written or forgotten", r'json is "{"n":2}", "{"n":3}" was expected'),
        "answers of before a write": ("storage-pg/query.c",
                                      "    if (!reads)\n        pg_ahead_forget(handle);\n", "",
                                      "ahead: what is written or forgotten",
                                      r'json is "{"n":1}", "{"n":2}" was expected'),
        "an error that is no rows":
        ("storage-pg/query.c", "good ? result : (PQclear(result), NULL)", "result",
         "ahead: an error is that of the question",
         "returns, asked ahead, NOT_FOUND: .* and alone INVALID"),
        "answers where none is waited for":
        ("storage-pg/query.c", "return reads ? query_ask_ahead(query) : HEARTH_ERR_INVALID;",
         "(void)query_ask_ahead;", "ahead: every list", "answers between begin and end"),
    }, "storage-mem": {
        "addresses of 64 bytes":
        ("storage-mem/accounts.c", "strcasecmp(world->accounts[i]->row->account.email, email)",
         "strncasecmp(world->accounts[i]->row->account.email, email, 64)",
         "borders: keys that differ", "account_create, &account failed with CONFLICT"),
        "an answer that goes back":
        ("storage-mem/accounts.c", "&& row->answered <= account->answered;", ";",
         "accounts: requests are counted",
         "account_update, &account, plan returned OK, CONFLICT was expected"),
        "a device that an older upload shows again":
        ("storage-mem/write.c", "= old != NULL && old->device.hidden;",
         "= old != NULL && old->device.hidden && old->device.last_upload <= device->last_upload;",
         "devices: a hidden one", "after put 3 of all devices the hidden ones are"),
    }, "queue-inproc": {
        "a wait that drops what its callback left":
        ("queue-inproc/plugin.c", "    return delivered;\n",
         "    if (stop != 0)\n        handle->subscriber.next = handle->queue->events.next;\n    "
         "return delivered;\n",
         "events: a callback that ends",
         "waits that their callback ends after 1 events bring \"c=0 \""),
        "a wait that goes on after its end":
        ("queue-inproc/plugin.c", 'stop = cb(ctx, "", "");', 'cb(ctx, "", "");',
         "events: a slow subscriber",
         "ended the wait at the word that events are lost and was called 1 times more"),
        "a heap that loses its order":
        ("queue-inproc/heap.c",
         "if (place > 0 && heap->before(last, heap->items[(place - 1) / 2]))\n        "
         "heap_rise(heap, place, last);\n    else\n",
         "", "jobs: many of them", "of many jobs, some of them removed, reserve gave"),
        "a sleeper whom a nearer time does not wake":
        ("queue-inproc/queue.c", "queue->timed.items[0] == entry", "false",
         "threads: a waiting reserve takes",
         "does not get the job that is to be tried again soon"), "payloads of delayed jobs":
        ("queue-inproc/queue.c", "    free(entry->payload);\n    free(entry);\n}",
         "    if (entry->state != ENTRY_DELAYED)\n        free(entry->payload);\n    free(entry);\n"
         "}",
         "leaks: nothing",
         "the end of jobs that are ready, delayed and in work, done 20 times, leaves"),
    }, "queue-redis": {
        "a payload that is replaced":
        (SCRIPTS, "    if not sooner and not higher then\\n",
         "    redis.call('HSET', job(key), 'd', payload)\\n\"\n\"    if not sooner and not higher "
         "then\\n",
         "jobs: publishing again leaves", '"first" was expected'), "a lease that is over and holds":
        (SCRIPTS, "return ends and ends > now and redis", "return ends and redis",
         "jobs: a lease that has run out", "extend returned OK for a lease that has run out"),
        "a page that begins one too late":
        (SCRIPTS, "rank + 1 or", "rank + 2 or", "jobs: many of them",
         "peek shows [0-9]+ jobs that are ready, there are"), "those that are due in no order":
        (SCRIPTS, "return a.time < b.time end", "return a.time > b.time end", "jobs: whose delay",
         "peek shows"), "a lease that takes the priority along":
        (SCRIPTS, "            make_ready(d.key, priority)",
         "            make_ready(d.key, d.set == LEASED and 2 or priority)", "jobs: whose delay",
         "peek shows"), "counts of what was":
        (SCRIPTS, "redis.call('ZCARD', DELAYED) - delayed", "redis.call('ZCARD', DELAYED)",
         "jobs: whose delay",
         "counts says ready 4, delayed 3, in work 0 where"), "one page of those that wait":
        ("queue-redis/jobs.c", "more = r == 0 && reply->integer == CLEAR_AT_ONCE;", "more = false;",
         "jobs: clear takes all", "after clear of 1699 waiting jobs"), "the longest event":
        ("queue-redis/events.c", "text_size <= SUPPORT_EVENT_MAX", "text_size < SUPPORT_EVENT_MAX",
         "events: the longest", "a channel of 64 bytes and a text of 4096"),
    },
}


def run(plugin, test, config=""):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(config)
        file.flush()
        done = subprocess.run([
            KIT, "--seed", "7", *(["--config", file.name] if config else []), "--test", test,
            str(plugin)
        ], capture_output=True, text=True, timeout=300)
    return done.stdout + done.stderr


def check(plugin, fault):
    source, pattern, replacement, test, _ = fault
    with tempfile.TemporaryDirectory(prefix="hearth-planted-") as folder:
        made = planted.build(BUILD, PLUGINS[plugin], folder, source, pattern, replacement)
        if plugin == "storage-pg":
            dsn = Planted.postgres.create(pathlib.Path(folder).name.replace("-", "_").lower())
            return run(made, test, f"[storage main]\nplugin = pg\ndsn = {dsn}\n")
        if plugin != "queue-redis":
            return run(made, test)
        # of its own: a server keeps scripts under the names that they had without the fault
        with contextlib.closing(Redis()) as redis:
            redis.start()
            return run(made, test, f"[queue]\nplugin = redis\nurl = {redis.url}\n")


def plain(fault):
    """With a pattern that is the text, and a replacement in
    which nothing stands for something else."""
    return (fault[0], re.escape(fault[1]), lambda _: fault[2], *fault[3:])


class Planted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.postgres.start()

    def test_each_is_found(self):
        faults = {name: ("storage-sqlite", fault) for name, fault in PATTERNS.items()}
        for plugin, texts in TEXTS.items():
            faults.update({name: (plugin, plain(fault)) for name, fault in texts.items()})
        with concurrent.futures.ThreadPoolExecutor(4) as pool:  # they wait more than they compute
            said = {
                name: pool.submit(check, plugin, fault)
                for name, (plugin, fault) in faults.items()
            }
        for name, (_, (_, _, _, test, words)) in faults.items():
            with self.subTest(name):
                self.assertRegex(said[name].result(),
                                 rf"(?m)^not ok \d+ - {re.escape(test)}.*(\n# .*)*{words}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
