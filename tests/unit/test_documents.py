"""What the documents say of the sources is so: files, functions, keys, commands, limits, threads
and tests that they name. One method a claim; plain Python over the tree."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "package"))
import figures  # noqa: E402
import lint  # noqa: E402

KB, SECOND, MINUTE, HOUR, DAY = 1024, 1000, 60000, 3600000, 86400000
# Names that stand for any, are made when something runs, or are of a list of steps that somebody
# will follow (docs/changing.md).
NOT_HERE = {
    "tests/package/epochN", "web/app", "bookmarks.json", "history.json", "tabs.json",
    "NNNN-what.sql", "apply_forms.c", "record_forms.c", "src/data/openapi.d.ts",
    "hearth-VERSION.spdx.json"
}
# Words of other programs, and what stands for a family of names.
FOREIGN = {
    "proxy_read_timeout", "forward_auth", "RTLD_DEEPBIND", "AUTO_BOOKMARK", "AUTO_SUBFRAME",
    "AUTO_TOPLEVEL", "CLIENT_REDIRECT", "FORM_SUBMIT", "MANUAL_SUBFRAME", "SERVER_REDIRECT",
    "dlmopen", "support_", "SOURCE_DATE_EPOCH", "dh_missing",
    *(f"{prefix}_" for prefix in figures.PREFIXES.values())
}
# What a document calls a number: the document, its words, the file and the constant, and what one
# of the document is in the constant's unit.
NUMBERS = [
    ("docs/architecture.md", "unless set one a processor, at most (4)", "core/http/server.c",
     "LOOPS_DEFAULT_MAX", 1),
    ("docs/architecture.md", r"(24) for each `\[sync\]`", "core/signin/signin.h", "SIGNIN_THREADS",
     1),
    ("docs/architecture.md", r"(12) for each `\[oidc\]` section", "core/signin/gate.h",
     "GATE_THREADS", 1),
    ("docs/architecture.md", "`gate.c`|section, and (2); role web", "core/main/serve_web.c",
     "SIGNIN_SPARE", 1),
    ("docs/architecture.md", "lets in (four) at a time", "core/signin/gate.h", "GATE_ROOM", 1),
    ("docs/architecture.md", "has a line of (eight)", "core/signin/gate.h", "GATE_LINE", 1),
    ("docs/architecture.md", "at most (16) of `storage-pg`", "plugins/support/lookup.h",
     "SUPPORT_LOOKUPS_LEFT_MAX", 1),
    ("docs/architecture.md", "open after (three) calls in a row without an answer",
     "core/plug/breaker.h", "BREAKER_FAILURES", 1),
    ("docs/architecture.md", "go back into the queue for (five) seconds", "core/plug/breaker.c",
     "RETRY_AFTER", SECOND),
    ("docs/architecture.md", "asked again after (one) to five seconds", "core/jobs/presence.c",
     "PAUSE_MIN", SECOND),
    ("docs/architecture.md", "asked again after one to (five) seconds", "core/jobs/presence.c",
     "PAUSE_MAX", SECOND),
    ("docs/architecture.md", "a stop writes what it can within (two) seconds",
     "core/jobs/presence.c", "STOP_TIMEOUT", SECOND),
    ("docs/operating.md", r"\+ 2 \+ (24) for each `\[sync\]`", "core/signin/signin.h",
     "SIGNIN_THREADS", 1),
    ("docs/operating.md", "An account can have (10,000) of these", "core/merge/removed_here.h",
     "REMOVED_HERE_MAX", 1),
    ("docs/merging.md", "An account can have (10,000) removals", "core/merge/removed_here.h",
     "REMOVED_HERE_MAX", 1),
    ("docs/operating.md", "no more than (4) million records are read", "plugins/sync-fx/reader.c",
     "RECORDS_MAX", 1000000),
    ("docs/operating.md", r"ends within `\[web\] drain_timeout` and (8) s", "core/main/serve.h",
     "SERVE_STOP_MORE", SECOND),
    ("docs/http.md", "deadline: `drain_timeout` and (eight) seconds", "core/main/serve.h",
     "SERVE_STOP_MORE", SECOND),
    ("docs/http.md", "cost a budget of (100)", "core/http/internal.h", "RESET_BUDGET", 1),
    ("docs/http.md", "sent more than (256) KiB since the last one", "core/http/internal.h",
     "FLOOD_BYTES", KB),
    ("docs/http.md", "in pieces of (64) KiB", "core/http/internal.h", "BODY_PIECE", KB),
    ("docs/http.md", r"dropped \((4) KiB a stream", "core/http/internal.h", "EVENTS_PENDING", KB),
    ("docs/http.md", "(12) KiB for itself and h2o's part", "core/http/internal.h", "ANSWER_COST",
     KB),
    ("docs/http.md", "into memory up to (64) KiB", "core/http/download.c", "IN_MEMORY", KB),
    ("docs/http.md", r"cannot tell \((40) sweeps", "core/http/body.c", "COLD_MAX", 1),
    ("docs/http.md", "has grown by (8) MiB", "core/http/memory.c", "GROWN", KB * KB),
    ("docs/http.md", "quiet for (three) seconds", "core/http/memory.c", "QUIET", 1),
    ("docs/http.md", r"413; on HTTP/2 the stream is refused \| (16) KiB", "core/api/api.c",
     "BODY_MAX", KB),
    ("docs/api.md", "a body over (16) KiB", "core/api/api.c", "BODY_MAX", KB),
    ("docs/api.md", r"`limit` \((50) without", "core/api/internal.h", "API_LIMIT_DEFAULT", 1),
    ("docs/api.md", r"without, at most (500)\)", "core/api/internal.h", "API_LIMIT_MAX", 1),
    ("docs/api.md", "429 within (30) seconds of the last", "core/api/me.c", "ASK_EVERY", SECOND),
    ("docs/api.md", "without parameters, at most (400)", "core/api/history.c", "DAYS_MAX", 1),
    ("docs/security.md", "a complete sign-in of the last (ten) minutes", "core/auth/fresh.h",
     "FRESH_LIFE", MINUTE),
    ("docs/security.md", r"within its (ten) minutes\*\*|a sign-in link\*\* within its (ten)",
     "core/auth/link.h", "LINK_LIFE", MINUTE),
    ("docs/security.md", "ended elsewhere for up to (ten) seconds", "core/api/auth.c", "TTL",
     SECOND),
    ("docs/signing-in.md", "works once and for (ten) minutes", "core/auth/link.h", "LINK_LIFE",
     MINUTE),
    ("docs/signing-in.md", "from one address within a quarter of an hour: (30)",
     "core/pages/pages.c", "WRONG_ANSWERS_MAX", 1),
    ("docs/signing-in.md", "typed codes: (10)", "core/pages/pages.c", "WRONG_CODES_MAX", 1),
    ("docs/signing-in.md", "an address has (300) together with answers", "core/pages/pages.c",
     "STEPS_MAX", 1),
    ("docs/signing-in.md", "at most (255) bytes, no hyphen", "core/signin/internal.h",
     "SIGNIN_EMAIL_MAX", 1),
    ("docs/signing-in.md", "An account has at most (100) signed-in browsers", "core/auth/token.h",
     "TOKEN_BROWSERS_MOST", 1),
    ("docs/signing-in.md", "Of (20) links that were not used", "core/auth/token.h",
     "TOKEN_LINKS_MOST", 1),
    ("docs/signing-in.md", "API tokens: (100);", "core/auth/token.h", "TOKEN_MOST", 1),
    ("docs/signing-in.md", "a restart of the server in between ends it. (1,000) may be under way",
     "core/pages/pages.c", "ATTEMPTS_MAX", 1),
    ("docs/signing-in.md", "for a (twelfth) of `step_timeout`", "core/signin/gate.h", "GATE_PART",
     1),
    ("docs/search.md", r"segments\*\* in frecency order \(up to (16,384) pages",
     "core/search/segment.h", "SEGMENT_MAX_PAGES", 1),
    ("docs/search.md", "grow from (256), so that the first", "core/search/load.c", "FIRST_SEGMENT",
     1),
    ("docs/search.md", "Beyond (2,000) pages the overlay is merged", "core/search/block.h",
     "BLOCK_OVERLAY_MAX", 1),
    ("docs/search.md", "a change of more than (10,000) pages, or a storage", "core/search/block.h",
     "BLOCK_CHANGES_MAX", 1),
    ("docs/search.md", r"Filter\*\*, from (30,000) pages on", "core/search/search.c",
     "DEFAULT_FILTER_FROM", 1),
    ("docs/search.md", "For each group of (32) pages", "core/search/gram_filter.h",
     "GRAM_FILTER_GROUP", 1),
    ("docs/search.md", "the first (255) bytes of URL and title", "core/search/segment.c",
     "MAX_FIELD", 1),
    ("docs/search.md", "the first (1,024) bytes of each count", "core/search/text_filter.h",
     "TEXT_FILTER_TEXT_MAX", 1),
    ("docs/search.md", r"and (1,024) accounts at most \(metric", "core/search/refresh.c",
     "QUEUE_MAX", 1),
    ("docs/archive.md", "A line has at most (64) MiB", "core/archive/archive.h",
     "ARCHIVE_LINE_MAX", KB * KB),
    ("docs/archive.md", "a list of children at most (1,000,000) ids", "core/archive/archive.h",
     "ARCHIVE_CHILDREN_MAX", 1),
    ("docs/configuration.md", "A line has up to (16) KiB", "core/conf/conf_internal.h",
     "CONF_LINE_MAX", KB),
    ("docs/configuration.md", "a path (3500) bytes", "core/conf/conf.h", "CONF_PATH_MAX", 1),
    ("docs/configuration.md", "an address of a server (1000)", "core/conf/conf.h", "CONF_URL_MAX",
     1),
    ("docs/configuration.md", r"`trusted_proxies` (1024) networks", "core/conf/conf.h",
     "CONF_NETWORKS_MAX", 1),
    ("docs/configuration.md", r"`allow` (4096) patterns", "core/conf/conf.h", "CONF_PATTERNS_MAX",
     1),
    ("docs/configuration.md", r"there may be (15) `\[listen\]`", "core/conf/conf.h",
     "CONF_LISTEN_MAX", 1),
    ("docs/configuration.md", r"(8) `\[sync\]`", "core/conf/conf.h", "CONF_SYNC_MAX", 1),
    ("docs/configuration.md", r"(8) `\[oidc\]`", "core/conf/conf.h", "CONF_OIDC_MAX", 1),
    ("docs/configuration.md", r"(64) `\[storage\]`", "core/conf/conf.h", "CONF_STORAGE_MAX", 1),
    ("docs/configuration.md", r"(64) `\[node\]`", "core/conf/conf.h", "CONF_NODE_MAX", 1),
    ("docs/configuration.md", "`KEY_file`, up to (64) KiB", "core/conf/conf_internal.h",
     "CONF_SECRET_MAX", KB),
    ("plugins/sync-fx/README.md", r"a record \| (4) MiB", "plugins/sync-fx/newlines.h",
     "FX_LINE_MAX", KB * KB),
    ("plugins/sync-fx/README.md", "(64) levels", "plugins/sync-fx/json_scan.h", "FX_JSON_DEPTH", 1),
    ("plugins/sync-fx/README.md", "(250,000) values of JSON", "plugins/sync-fx/json_scan.h",
     "FX_JSON_VALUES", 1),
    ("plugins/sync-fx/README.md", r"asked for again \| (1,000) a collection",
     "plugins/sync-fx/failed.h", "FX_FAILED_MAX", 1),
    ("plugins/sync-fx/README.md", r"devices \| (1,000), with", "plugins/sync-fx/devices.c",
     "MAX_DEVICES", 1),
    ("CONTRIBUTING.md", "at most (600) lines a file", "tests/lint.py", "MAX_LINES", 1),
    ("CONTRIBUTING.md", r"length\.\*\* (100) columns", "tests/figures.py", "WIDTH", 1),
    ("CONTRIBUTING.md", "means clang-format (14)", "tests/lint.py", "CLANG_FORMAT", 1),
]
WORDS = {
    word: n
    for n, word in enumerate(
        "none one two three four five six seven eight nine ten eleven twelve".split())
} | {"twelfth": 12, "twenty": 20}
# Variables of sections that nobody has.
ENVIRONMENT = {
    "HEARTH_STORAGE_OAK__2_DSN", "HEARTH_STORAGE_OAK___2_DSN", "HEARTH_STORAGE_OAK_DSN_FILE"
}
WHERE = "## Where is …?"


def tracked():
    """What is in the tree, also in a copy of it without git."""
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                         cwd=ROOT, capture_output=True, text=True, timeout=300)
    if out.returncode == 0:
        return {path for path in out.stdout.split("\n") if path and (ROOT / path).is_file()}
    return {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.is_file() and not {"build", "node_modules", ".dev"} & set(path.parts)
    }


TREE = tracked()
DOCUMENTS = sorted(path for path in TREE if path.endswith(".md") and (
    "/" not in path or path.count("/") == 1 and path.startswith("docs/") or
    re.fullmatch(r"(plugins|tests)/[^/]+/README\.md", path)))
SOURCES = (".c", ".h", ".py", ".mjs", ".ts", ".sql", ".build", ".yaml", ".css", ".lua", ".conf",
           ".rs", ".cpp", ".java", ".cfg", ".service", ".txt", ".json", ".sh", ".in")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def words_of_sources():
    found = set()
    for path in TREE:
        if path.endswith(SOURCES) or path == "dev":
            found |= set(re.findall(r"\w+", (ROOT / path).read_text(encoding="utf-8",
                                                                    errors="replace")))
    return found


def spans(path):
    """What stands in backticks, outside of blocks of code."""
    text = re.sub(r"^\s*```.*?^\s*```", "", read(path), flags=re.S | re.M)
    return [re.sub(r"\s+", " ", span) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]


def one_line(path):
    return re.sub(r"\s+", " ", read(path))


def constant(path, name):
    """The value of an enum's member, a #define or a Python constant."""
    text = read(path)
    if not path.endswith(".py"):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    match = re.search(rf"\b{name}(?:\s*=\s*|[ \t]+)([^,;}}\n]+)", text)
    value = match[1].strip()
    for other in set(re.findall(r"[A-Z]\w+", value)):
        where = next((p for p in [path, *sorted(TREE)] if p.endswith((".h", ".c")) and re.search(
            rf"\b{other}\s*=", read(p))))
        value = re.sub(rf"\b{other}\b", str(constant(where, other)), value)
    return eval(value, {"__builtins__": {}})  # pylint: disable=eval-used


def rows(text):
    """Cells of the rows of all tables, without their heads."""
    for line in text.split("\n"):
        if line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def part(path, heading):
    text = read(path)
    begin = text.index(f"\n{heading}\n")
    end = re.search(r"^#{1,2} ", text[begin + len(heading) + 2:], re.M)
    return text[begin:begin + len(heading) + 2 + end.start()] if end else text[begin:]


def keys_of_sections():
    """{section: keys} of the core's schema and of the plugins' descriptors."""
    text = read("core/conf/schema.c")
    lists = {
        m[1]: set(re.findall(r'\b(?:KEY|SHAPE|RANGE|NEEDED)\(\s*\w+,\s*"(\w+)"', m[2])) |
        set(re.findall(r'\b(?:CHOICE\(\s*|\.name = )"(\w+)"', m[2]))
        for m in re.finditer(r"hearth_config_key (\w+)\[\] = \{(.*?)\n?\};", text, re.S)
    }
    out = {
        m[1]: lists[m[2]]
        for m in re.finditer(r'\{"(\w+)", (?:true|false), (?:true|false), (\w+),', text)
    }
    for path in TREE:
        if re.match(r"plugins/(storage|queue|sync)-[^/]+/\w+\.[ch]$", path):
            out[path.split("/")[1].split("-")[0]] |= set(
                re.findall(r'(?:\.name = |\(\s*|,\s*)"([a-z_]+)"', read(path)))
    return out


def old_keys():
    """{(section, key)} of older releases."""
    return set(re.findall(r'\{"(\w+)", "(\w+)", "[\d.]+"', read("core/conf/old_keys.c")))


class Documents(unittest.TestCase):
    def test_they_are_found(self):
        self.assertGreater(len(DOCUMENTS), 25)
        for path in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md",
                     "tests/doubles/README.md"):
            self.assertIn(path, DOCUMENTS)

    def test_files_exist(self):
        names = {path.rsplit("/", 1)[-1] for path in TREE}
        missing = []
        for path in DOCUMENTS:
            if path == "CHANGELOG.md":
                continue
            for span in spans(path):
                named = re.match(r"(core|plugins|tests|docs|tools|packaging)/[\w./-]+", span)
                place = named and named[0].rstrip("/.")
                if place and not re.search(r"[*{<…]", span) and place not in TREE and not any(
                        other.startswith((f"{place}/", f"{place}.")) for other in TREE):
                    missing.append(f"{path}: {place}")
                file = re.fullmatch(
                    r"[\w./-]+\.(c|h|py|mjs|ts|sql|conf|build|md|yaml|css|lua|rs|json)", span)
                if file and span.rsplit("/", 1)[-1] not in names:
                    missing.append(f"{path}: {span}")
        self.assertEqual([m for m in missing if m.split(": ")[1] not in NOT_HERE], [])

    def test_functions_and_words_exist(self):
        known = words_of_sources() | FOREIGN | ENVIRONMENT
        # what every operation of a family has, a key of a secret's file, a metric
        stems = (("", "_file"), ("hearth_", ""))
        missing = []
        for path in DOCUMENTS:
            for span in spans(path) if path != "CHANGELOG.md" else ():
                named = re.fullmatch(r"([A-Za-z_]\w*)\([^()]*\)", span) or re.fullmatch(
                    r"([A-Za-z]\w*_\w*)", span)
                if named and named[1] not in known and not any(
                        named[1].startswith(a) and named[1].endswith(b) and
                        named[1][len(a):len(named[1]) - len(b)] in known for a, b in stems):
                    missing.append(f"{path}: {span}")
        self.assertEqual(missing, [])

    def test_commands_exist(self):
        table = read("core/main/commands.c")
        named = {
            m[1]: m[2] or m[1]
            for m in re.finditer(r'^    \{"([a-z-]+)", (?:NULL|"([a-z-]+)"), (?:NULL|"[A-Z]+"),',
                                 table, re.M)
        }
        commands = {
            m[1]: {named[option]
                   for option in m[2].split()}
            for m in re.finditer(
                r'^    \{"([a-z]+(?: [a-z]+)?)",\s+(?:NULL|"[^"]*"),\s+"([a-z -]*)",', table, re.M)
        }
        of_all = {"config", "log", "help", "version"}
        wrong = []
        for path in DOCUMENTS:
            for call in re.finditer(r"(?:^ *|[`/(]|&& )hearthd ([^`\n]*)", read(path), re.M):
                words = re.sub(r"--config \S+ ", "", call[1].split("  ")[0].split(" #")[0]).split()
                if not words or not re.fullmatch(r"[a-z]+", words[0]):
                    continue
                is_code = "`" in call[0] or read(path)[:call.start()].count("\n```") % 2
                if not is_code:
                    continue
                name = next((n for n in (" ".join(words[:2]), words[0]) if n in commands), None)
                group = any(n.startswith(words[0] + " ") for n in commands)
                if name is None or (name == words[0] and group and len(words) > 1 and
                                    re.fullmatch(r"[a-z-]{3,}", words[1])):
                    wrong.append(f"{path}: hearthd {' '.join(words[:2])}")
                    continue
                wrong += [
                    f"{path}: hearthd {name} --{option}"
                    for option in re.findall(r"(?<=[ \[])--([a-z-]+)", call[1])
                    if option not in commands[name] | of_all and "valgrind" not in call[1]
                ]
        self.assertEqual(wrong, [])
        self.assertGreater(len(commands), 45)

    def test_keys_of_sections_exist(self):
        sections = keys_of_sections()
        self.assertIn("storage_timeout", sections["web"])
        self.assertIn("dsn", sections["storage"])
        wrong = []
        for path in DOCUMENTS:
            for span in spans(path) if path != "CHANGELOG.md" else ():
                named = re.match(r"\[(\w+)(?: [\w…]+)?\] ([a-z_]+)", span)
                if path == "docs/configuration.md" and named and named.groups() in old_keys():
                    continue
                if named and (named[1] not in sections or named[2].removesuffix("_file")
                              not in sections[named[1]]):
                    wrong.append(f"{path}: {span}")
        self.assertEqual(wrong, [])

    def test_numbers(self):
        for path, words, source, name, unit in NUMBERS:
            with self.subTest(path=path, words=words):
                found = re.search(words, one_line(path))
                self.assertIsNotNone(found, f"{path} no longer says: {words}")
                said = next(group for group in found.groups() if group)
                n = WORDS.get(said)
                n = int(said.replace(",", "")) if n is None else n
                self.assertEqual(n * unit, constant(source, name), f"{name} of {source}")

    def test_layers(self):
        said = re.search(r"uses only those before it: `include/hearth ([^`]*)`",
                         one_line("docs/architecture.md"))
        self.assertEqual(said[1].split(), lint.LAYERS)

    def test_threads(self):
        """The table has each thread that the daemon and its plugins make, by its name."""
        made = {"hearthd"}
        for path in TREE:
            if path.endswith(".c") and path.startswith(("core/", "plugins/")):
                text = read(path)
                made |= set(re.findall(r'pthread_setname_np\([^"]*?, "([\w-]+)"\)', text))
                made |= set(re.findall(r'\bjobs_thread\([^;]*?"([\w-]+)"', text, re.S))
                if "pool_create(" in text:
                    made |= set(re.findall(
                        r'struct pool_options \w+ = \{\s*\.name = "([\w-]+)"', text))
                self.assertEqual("pthread_create(" in text and "pthread_setname_np(" not in text and
                                 path != "core/search/search.c", False, f"{path}: without a name")
        said = {
            re.match(r"`([\w-]+)`", cells[0])[1]
            for cells in rows(part("docs/architecture.md", "## Threads"))
            if cells[0].startswith("`")
        }
        self.assertEqual(said, made)
        self.assertLess(max(map(len, said)), 16)  # what the kernel keeps of a name

    def test_where_things_are(self):
        """Each row has a file, and something in it to begin at."""
        found = list(rows(part("docs/architecture.md", WHERE)))[1:]
        self.assertGreater(len(found), 15)
        for question, places, begin in found:
            with self.subTest(question=question):
                files = re.findall(r"`([^`]+)`", places)
                for file in files:
                    self.assertIn(file, TREE)
                name = re.match(r"`(\w+)", begin)[1]
                for file in files:
                    if file.endswith(".c") and begin.endswith("()`"):
                        self.assertRegex(read(file), rf"(?m)^[a-z][^;\n]*\b{name}\(")
                self.assertTrue(any(re.search(rf"\b{name}\b", read(file)) for file in files) or
                                begin == "`message_text()`" and name in words_of_sources())

    def test_tests_that_hold_promises(self):
        """NAME is one of meson's, and what the row names is in the tests."""
        build = "".join(read(p) for p in TREE if p.startswith("tests/") and p.endswith(
            "meson.build"))
        quoted = set(re.findall(r"'([^'\n]+)'", build))
        quoted |= {name.replace("_", " ").replace("-", " ") for name in quoted}
        families = {name.rstrip(" -") for name in quoted if name.endswith((" ", "-"))}
        sources = "".join(read(p) for p in sorted(TREE) if p.startswith("tests/") and p.endswith(
            (".py", ".c", ".mjs", ".h")))
        known = set(re.findall(r"\w+", sources))
        missing, seen = [], 0
        for path in ("docs/operating.md", "docs/security.md"):
            for cells in rows(part(path, "## Which test holds which promise")):
                if len(cells) != 3 or cells[1] == "NAME":
                    continue
                seen += 1
                for name in re.findall(r"`([a-z][\w -]+)`", cells[1]):
                    first, _, rest = name.partition(" ")
                    is_one = name in quoted or name.startswith("sim-") or (
                        first in families and rest in quoted) or any(
                            name.startswith(f"{family}-") and name[len(family) + 1:] in quoted
                            for family in families)
                    if not is_one:
                        missing.append(f"{path}: {name}")
                for name in re.findall(r"`(?:[A-Z]\w*\.)?(test_\w+|[A-Z][a-z]\w+|[A-Z_]{6,})`",
                                       cells[2]):
                    if name not in known:
                        missing.append(f"{path}: {name} of {cells[1]}")
                for name in re.findall(r"`(tests/[\w/.]+)`", cells[1] + cells[2]):
                    if name not in TREE:
                        missing.append(f"{path}: {name}")
        self.assertEqual(missing, [])
        self.assertGreater(seen, 120)

    def test_prefixes(self):
        text = read("CONTRIBUTING.md")
        said = {
            folder.split("/")[1]: prefix
            for folder, prefix in re.findall(r"`((?:plugins|tools)/[\w-]+)` \| `(\w+)_`", text)
        }
        self.assertEqual(said, figures.PREFIXES)

    def test_one_version(self):
        version = re.search(r"version: '([\d.]+)'", read("meson.build"))[1]
        said = {"docs/openapi.yaml": re.search(r"^  version: ([\d.]+)$", read("docs/openapi.yaml"),
                                               re.M)[1]}
        for folder in ("web", "tests/web"):
            said[f"{folder}/package.json"] = json.loads(read(f"{folder}/package.json"))["version"]
            lock = json.loads(read(f"{folder}/package-lock.json"))
            said[f"{folder}/package-lock.json"] = lock["version"]
            said[f"{folder}/package-lock.json, packages"] = lock["packages"][""]["version"]
        newest = re.search(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", read("CHANGELOG.md"), re.M)
        said["CHANGELOG.md"] = newest[1]
        self.assertEqual(said, dict.fromkeys(said, version))

    def test_epoch(self):
        """CHANGELOG.md and plugins.md speak of the epoch that is."""
        epoch = constant("core/include/hearth/plugin.h", "HEARTH_ABI_EPOCH")
        self.assertIn(f"### Plugins: ABI epoch {epoch}", read("CHANGELOG.md"))
        self.assertIn(f"`hearth_plugin_v{epoch}()`", read("docs/plugins.md"))
        self.assertIn(f"hearth_plugin_v{epoch}(", read("core/include/hearth/plugin.h"))

    def test_renamed_keys(self):
        """Of the table in CHANGELOG.md the new ones are keys, and the old ones are told so."""
        sections = keys_of_sections()
        seen = 0
        for old, new in list(rows(part_of_changes("### Renamed and removed keys")))[1:]:
            for section, key in re.findall(r"`\[(\w+)(?: NAME)?\] (\w+)", old):
                self.assertIn((section, key), old_keys())
                self.assertNotIn(key, sections[section])
                seen += 1
            for section, key in re.findall(r"`\[(\w+)\] (\w+)", new):
                self.assertIn(key, sections[section])
        self.assertGreaterEqual(seen, 4)

    def test_old_words(self):
        """What has another name now is not called by the old one."""
        for path in DOCUMENTS:
            text = one_line(path)
            for word in (r"\bkeeper\b", r"storage session", r"queue session", r"session of its own",
                         r"claims? runs? out", r"marks of the last sync", r"is a conversation",
                         r"new mark and"):
                self.assertIsNone(re.search(word, text), f"{path}: {word}")

    def test_examples_of_clients(self):
        """docs/clients.md names files that the test runs and that are installed, shows what is in
        them, and the functions of its table are theirs."""
        text, shown = read("docs/clients.md"), 0
        python, java = re.findall(r"\]\(\.\./tests/clients/([^)]+)\)", text)
        self.assertIn("import hearth\n", read("tests/clients/python/check.py"))
        self.assertIn("new Hearth(", read("tests/clients/okhttp/Check.java"))
        for file, language, column in ((python, "python", 1), (java, "java", 2)):
            self.assertIn(f"'{file}'", read("docs/meson.build"))
            content = read(f"tests/clients/{file}")
            for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M):
                self.assertIn(block, content)
                shown += 1
            for cells in rows(part("docs/clients.md", "## What a client does")):
                for name in re.findall(r"`(\w+)\(\)`", cells[column]):
                    self.assertRegex(content, rf"(?m)^(?:def |  (?:\S+ )*){name}\(.*[:{{]$")
        self.assertEqual(shown, len(re.findall(r"^```\w", text, re.M)))

    def test_documents_are_installed(self):
        """docs/meson.build names each page of docs/, and the changes."""
        text = read("docs/meson.build")
        for path in DOCUMENTS:
            if path.startswith("docs/"):
                self.assertIn(f"'{path.removeprefix('docs/')}'", text)
        self.assertIn("CHANGELOG.md", text)
        self.assertIn("(CHANGELOG.md)", read("README.md"))


def part_of_changes(heading):
    text = read("CHANGELOG.md")
    return re.split(r"^#{2,3} ", text[text.index(heading) + len(heading):], flags=re.M)[0]


if __name__ == "__main__":
    unittest.main()
