"""Facts of the build that a compiler does not check: banned functions, layering of core/, who
may include which library, file sizes, formatting. Prints each finding; exit status 1 if there is
one."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "package"))
sys.path.insert(0, str(ROOT / "tests"))
import figures  # noqa: E402
import links  # noqa: E402

# Whose bytes nobody may learn by measuring.
SECRET_COMPARED = re.compile(
    r"\b(?<!CRYPTO_)(?:strn?(?:case)?cmp|memcmp|str_equal)\([^;]*(?:\bsecret\b|nonce|oauth_state|attempt->state|\bh?mac\b|verifier|password)"
)
LAYERS = [
    "codec", "jose", "base", "conf", "plug", "model", "pool", "net", "search", "auth", "nodes",
    "push", "merge", "archive", "jobs", "signin", "http", "api", "pages", "main"
]
# A row of a table says itself what it is, by a flag.
ROW_COMPARED = re.compile(r"(?:->|\.)(?:run|handle|handler|filter|to)\s*[!=]=\s*(?!NULL\b)&?[a-z]")
# Collections are a table (HEARTH_COLLECTIONS), not neighbours with a first and a last.
COLLECTION_RANGE = re.compile(
    r"[<>]=?\s*HEARTH_(?:CLIENTS|TABS|BOOKMARKS|HISTORY)\b|=\s*HEARTH_(?:CLIENTS|TABS|BOOKMARKS|HISTORY)\s*;[^;]*(?:<|!=)"
    r"|\bHEARTH_(?:CLIENTS|TABS|BOOKMARKS|HISTORY)\s*(?:[-+]\s*1\b|\?)")
# A program beside hearthd, and what it may use of core.
TOOLS = {
    "documentation": ["conf", "main"],
    "plugin-check": ["codec", "base", "conf", "plug", "archive"]
}
BANNED = re.compile(
    r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|strncpy|sscanf|rand|alloca)\s*\("
)
# Everything may be under a path ([web] base_url): pages get it as a whole, in pages_html_place(),
# which knows these attributes in double quotes; cookies and Location in core/http; the app's
# addresses by at() of web/src/base.ts.
OTHER_ATTRIBUTE = re.compile(
    r"\b(?:formaction|poster|srcset|cite|data)=\\\"/|\b(?:href|src|action)='/|url=/|url\(/")
COOKIE_BY_HAND = re.compile(r'"set-cookie"|"clear-site-data"|Path=/')
COOKIES_AT_HOME = ("core/http/form.c", "core/http/head.c", "core/conf/shape.c")
APP_ADDRESS = re.compile(r"""(?:href|src|action)=(?:["']|\$\{["'`])/"""
                         r"""|(?:fetch|EventSource|register|createHandlerBoundToURL"""
                         r"""|createScriptURL|replace|assign|pushState|replaceState)\("""
                         r"""(?:[^()"'`]*,\s*(?:""|''),\s*)?["'`]/"""
                         r"""|startsWith\("/(?:auth|api|basic)""")
# A third-party header stays behind these folders.
LIBRARIES = {
    "h2o.h": ["core/http/h2o_compat.h"], "h2o/": ["core/http/h2o_compat.h"], "curl/":
    ["core/net", "core/main", "tests"], "uv.h": ["core/net", "core/pool", "core/main", "tests"],
    "sqlite3.h": ["plugins/storage-sqlite", "core/main/version.c",
                  "tests"], "libpq-fe.h": ["plugins/storage-pg", "tests"], "hiredis/":
    ["plugins/queue-redis/hiredis_compat.h",
     "tests"], "cjose/": ["nowhere: core/jose does that"], "uthash.h": ["core/base/map.h"],
}
# Hash tables, for core and all plugins of this tree: what they stand on.
HASH_HEADERS = ("base/array.h", "base/hash.h", "base/index_table.h", "base/map.h",
                "base/number_set.h")
HASH_FILES = tuple(f"core/{name}"[:-1] for name in HASH_HEADERS)
# What a plugin of this tree may use of core besides hearth/*.h: libraries that themselves use
# nothing else of core. codec/codec.h is for all of them but the template, which others copy without
# it.
CODEC = "codec/codec.h"
SHARED = {"sync-fx": [CODEC, "jose/jose.h"], "storage-mem": []}
# Letters and digits by hand: what core/codec does, once for all. Templates are complete without it.
CODEC_BY_HAND = re.compile(
    r"- '[aA]' \+ 10|<= 'Z' \?|\b(?:EVP_(?:En|De)codeBlock|tolower|isxdigit)\(")
CODEC_TABLES = re.compile(r'"0123456789(?:abcdef|ABCDEF)"\s*[\[;]|"(?:%%)?%02[xX]"'
                          r'|"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789[-+]')
CODEC_AT_HOME = ("core/codec/", "plugins/storage-mem/")
# What all plugins of this tree share, on hearth/*.h, core/codec and libc; core and templates for
# others do without it.
SUPPORT = "plugins/support"
# What the two databases compile into themselves, each over a driver of its own.
STORAGE_SQL = "storage-sql"
STORAGE_SQL_USERS = (STORAGE_SQL, "storage-sqlite", "storage-pg")
SUPPORT_INCLUDES = ("hearth/", "codec/", "support/", "arpa/", "netinet/", "sys/")
# In core a lock is one that a build with checks knows of: core/base/lock.h.
UNCHECKED_LOCK = re.compile(r"\bpthread_(mutex_(lock|trylock|unlock)|cond_(timed)?wait)\s*\(")
UNCHECKED_MAY = "core/base/lock."
# What was configured is never cut: it is parsed when it is loaded, or used where it lies. A
# statement that is nothing but snprintf() looks at no length.
UNCHECKED_PRINT = re.compile(r"(?:^|[;{})]|\belse\b)\s*snprintf\(([^;]*)\);", re.S)
CONFIGURED = re.compile(
    r"\bconf_(?:get_)?text\(|\bconf_section_name\(|\bconf_address\(|\bvalues?\[[A-Z_]+\]\.text")
# Whose texts come from the configuration by other names: there a copy is str_copy(), which insists
# that it fits, or str_cut(), for words.
COPIES = re.compile(r'^[^"]*, "%s", [^"]*$', re.S)
COPY_FOLDERS = ("core/conf/", "core/net/", "core/nodes/", "core/plug/")
MAX_LINES = 600
CLANG_FORMAT = 14
# pages_html_put() has the directives of printf that make sense in HTML; the compiler knows all of
# printf's.
HTML_PUT = re.compile(r"\bpages_html_put\(([^;]*?)\);", re.S)
HTML_DIRECTIVE = re.compile(r"%(?!(?:ll|l|j|z)?[du]|s|%)")
# A hash without a key is one that whoever chooses the bytes can aim with: a table takes base/hash.h
# (SipHash), a plugin mixes a random key in. Here it is right:
HASH_WITHOUT_KEY = re.compile(
    r"14695981039346656037|1099511628211|2166136261|16777619|0xcbf29ce484222325|0x100000001b3|0x811c9dc5|0x01000193|0x9e3779b97f4a7c15|\b5381\b",
    re.I)
HASHES_WITHOUT_KEY = {
    "core/api/me.c": "an ETag", "core/api/validate.c": "an ETag", "core/merge/spool.c":
    "a checksum", "tools/plugin-check/storage_visits.c": "numbers of a test",
    "plugins/support/hash.h": "a column", "core/search/history_update.c":
    "a filter before a binary search", "plugins/storage-sqlite/query.c":
    "addresses of our own texts",
}
# Lines that cannot be wrapped: rows of Markdown tables, one long word (an address, a digest), what
# is recorded and never touched again.
UNWRAPPABLE = re.compile(r"\||\s*\S*\S{60}")
WRAPPED = ("*.c", "*.h", "*.cpp", "*.py", "*.md", "*.ts", "*.mjs", "*.css", "*.rs", "*.lua",
           "*.conf", "*meson.build", "dev", "*.sh", ".ci/run", ":!tests/package/epoch*",
           ":!*fixtures*")
# The two databases, and the two queues, do the same things side by side: a function may be called
# in one as in the other.
TWINS = (("plugins/storage-sqlite/", "plugins/storage-pg/"), ("plugins/queue-inproc/",
                                                              "plugins/queue-redis/"))
# A hash table is base/map.h (structs on the heap) or base/index_table.h (numbers of an array).
TABLE_BY_HAND = re.compile(
    r"\bbuckets?\b|\bhash\w*\([^;]*\)\s*(?:%|&(?!&))|\bhash\s*(?:%|&(?!&))"
    r"|[%&]\s*\(?(?:\w*(?:->|\.))?(?:SLOTS|SETS|STATEMENTS|(?:\w*_)?TABLE(?:_\w*)?|\w*table_mask)\b"
    r"|(?<!&)&\s*\([\w>.-]*(?:room|count|size|slots)\s*-\s*1\)")
# Slots that are there once and for all, in which what comes next takes the place of what was there:
TABLES_BY_HAND = {
    "core/base/index_table.c": "the one", "core/base/index_table.h": "the one", "core/api/auth.c":
    "answers that may be lost", "core/api/generations.c": "answers that may be lost",
    "core/base/rate.c": "of four the oldest goes", "core/jobs/changes.c":
    "notes: of eight one that is over goes", "core/jobs/presence.c":
    "notes: of eight the oldest goes", "plugins/storage-sqlite/query.c":
    "statements of a connection, by the address of our own text",
}
# Arguments of any number, and so of any type: the compiler has to know what becomes of them.
VARIADIC = re.compile(r"(\w+)\([^()]*$")
NO_DECLARATION = re.compile(r"/\*.*?\*/|^#\s*define(?:[^\n]*\\\n)*[^\n]*|^#\s*(?:if|endif)[^\n]*",
                            re.S | re.M)
CHECKED_VARIADIC = re.compile(r"__attribute__\(\((?:format\(printf|sentinel)")
# What is shipped, unlike tests and what is copied from docs/.
CODE = ("core", "plugins", "tools")
findings = []


def tracked(*patterns):
    out = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=ROOT,
        capture_output=True, text=True, check=True, timeout=300)
    return [p for p in map(pathlib.Path, out.stdout.split()) if (ROOT / p).exists()]


def check_source(path, text):
    in_comment = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"",
                        lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    for n, line in enumerate(in_comment.split("\n"), 1):
        if path.parts[0] == "core" and str(path) != "core/base/array.c" and "reallocarray(" in line:
            findings.append(f"{path}:{n}: an array that grows by hand; use base/array.h")
        found = BANNED.search(line)
        if found:
            findings.append(f"{path}:{n}: {found.group(1)} is banned")
        if path.parts[0] == "core" and not str(path).startswith(
                UNCHECKED_MAY) and UNCHECKED_LOCK.search(line):
            findings.append(f"{path}:{n}: a lock that nobody checks; use lock_take() and its like")
        if path.parts[0] in CODE and ROW_COMPARED.search(line):
            findings.append(
                f"{path}:{n}: a row is known by its function or address; give the table a flag")
        if path.parts[0] in (*CODE, "docs") and COLLECTION_RANGE.search(line):
            findings.append(
                f"{path}:{n}: a range of collections, or a choice between two; put a row into a "
                "table by HEARTH_COLLECTION_SLOTS"
            )
        if path.parts[0] in CODE and str(path) not in TABLES_BY_HAND and TABLE_BY_HAND.search(line):
            findings.append(
                f"{path}:{n}: a hash table by hand; use base/map.h or base/index_table.h")
        if path.parts[0] in CODE and SECRET_COMPARED.search(line):
            findings.append(
                f"{path}:{n}: a secret is compared in a time that tells where it differs; use "
                "CRYPTO_memcmp"
            )
    for call in HTML_PUT.finditer(text) if path.parts[:2] == (
            "core", "pages") and path.suffix == ".c" else ():
        formats = "".join(
            re.findall(r'"((?:\\.|[^"\\])*)"',
                       call.group(1).replace('" JSON_INTEGER_FORMAT "', "lld")))
        if HTML_DIRECTIVE.search(formats):
            findings.append(
                f"{path}:{text.count(chr(10), 0, call.start()) + 1}: pages_html_put() does not "
                "know that directive"
            )
    if path.parts[0] in CODE:
        check_copies(path, text)
    is_by_hand = path.parts[0] in CODE and not str(path).startswith(CODEC_AT_HOME)
    for n, line in enumerate(text.split("\n"), 1):
        if is_by_hand and (CODEC_BY_HAND.search(line) or CODEC_TABLES.search(line)):
            findings.append(f"{path}:{n}: letters and digits by hand; codec/codec.h has them")
        include = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if include:
            check_include(path, n, include.group(1))
    if path.parts[0] in CODE and str(path) not in HASHES_WITHOUT_KEY and HASH_WITHOUT_KEY.search(
            in_comment):
        findings.append(
            f"{path}: a hash without a key; use base/hash.h, or say in tests/lint.py why nobody "
            "can aim with it"
        )
    lines = text.count("\n")
    if lines > MAX_LINES:
        findings.append(f"{path}: {lines} lines; split it (at most {MAX_LINES})")


def check_variadic(sources):
    """Each has the attribute at one of its declarations."""
    places, checked = {}, set()
    for path in sources:
        if path.parts[0] not in (*CODE, "docs", "tests") or "epoch" in str(path):
            continue
        text = NO_DECLARATION.sub(lambda m: re.sub(r"[^\n]", " ", m.group()),
                                  (ROOT / path).read_text(encoding="utf-8"))
        for dots in re.finditer(r"\.\.\.\)", text):
            begin = max(text.rfind(c, 0, dots.start()) for c in ";{}") + 1
            name = VARIADIC.search(text, begin, dots.start())
            if name is None:
                continue
            places.setdefault(name[1], f"{path}:{text.count(chr(10), 0, name.start()) + 1}")
            behind = re.split("[;{]", text[dots.end():dots.end() + 200])[0]
            if CHECKED_VARIADIC.search(text[begin:dots.start()] + behind):
                checked.add(name[1])
    for name in sorted(set(places) - checked):
        findings.append(f"{places[name]}: {name}() takes anything: give it the attribute "
                        "format(printf) or sentinel, or a typed list (LOG_PAIRS)")


def check_copies(path, text):
    for match in UNCHECKED_PRINT.finditer(text):
        n = text.count("\n", 0, match.start(1)) + 1
        if CONFIGURED.search(match.group(1)):
            findings.append(
                f"{path}:{n}: a configured text that snprintf() may cut; use it where it lies, or "
                "check its length when it is loaded"
            )
        elif str(path).startswith(COPY_FOLDERS) and COPIES.match(match.group(1)):
            findings.append(
                f"{path}:{n}: a copy that may be cut without a word; use str_copy(), or str_cut() "
                "for words to a person"
            )


def check_include(path, n, name):
    for prefix, folders in LIBRARIES.items():
        if name.startswith(prefix) and not any(str(path).startswith(f) for f in folders):
            findings.append(f"{path}:{n}: <{name}> belongs behind {folders[0]}")
    parts = path.parts
    if parts[0] == "plugins" and name.split("/")[0] in LAYERS and name not in (*SHARED.get(
            parts[1], (CODEC, )), *HASH_HEADERS):
        findings.append(f"{path}:{n}: a plugin uses nothing but hearth/*.h, not {name}")
    if str(path).startswith(HASH_FILES) and name.split("/")[0] in LAYERS and name not in (
            *HASH_HEADERS, CODEC):
        findings.append(
            f"{path}:{n}: plugins have it, too: it uses nothing else of core, not {name}")
    if parts[0] == "tools" and name.split("/")[0] in LAYERS and name.split("/")[0] not in TOOLS[
            parts[1]]:
        findings.append(
            f"{path}:{n}: {parts[0]}/{parts[1]} uses {', '.join(TOOLS[parts[1]])} of core, not "
            f"{name}"
        )
    if name.startswith("support/") and parts[0] not in ("plugins", "tests"):
        findings.append(f"{path}:{n}: {name} is for the plugins of this tree")
    if str(path.parent) == SUPPORT and "/" in name and not name.startswith(SUPPORT_INCLUDES):
        findings.append(f"{path}:{n}: {SUPPORT} uses hearth/*.h, {CODEC} and libc, not {name}")
    if name.startswith(f"{STORAGE_SQL}/") and (parts[0] != "plugins"
                                               or parts[1] not in STORAGE_SQL_USERS):
        findings.append(f"{path}:{n}: {name} is for the databases of this tree")
    if parts[0] == "plugins" and name.startswith("../"):
        findings.append(
            f"{path}:{n}: a plugin does not reach into its neighbour's folder; {SUPPORT} is for "
            "what they share"
        )
    if parts[0] == "core" and parts[1] in LAYERS and name.split("/")[0] in LAYERS and "/" in name:
        if LAYERS.index(name.split("/")[0]) > LAYERS.index(parts[1]):
            findings.append(f"{path}:{n}: core/{parts[1]} may not use {name}, which lies above it")


def check_format(paths):
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True,
                             check=True, timeout=60).stdout
    if f" {CLANG_FORMAT}." not in version:
        print(
            f"the form of the code was not checked: it is that of clang-format {CLANG_FORMAT} "
            f"(Debian 12), and here is {version.strip()}"
        )
        return
    out = subprocess.run(["clang-format", "--dry-run", "--ferror-limit=1", *map(str, paths)],
                         cwd=ROOT, capture_output=True, text=True, timeout=300)
    bad = sorted({
        line.split(":")[0]
        for line in out.stderr.split("\n")
        if "warning:" in line or "error:" in line
    })
    findings.extend(f"{p}: not formatted; run ./dev format" for p in bad)


def check_width(paths):
    for path in paths:
        for n, line in enumerate((ROOT / path).read_text(encoding="utf-8").split("\n"), 1):
            if len(line) > figures.WIDTH and not UNWRAPPABLE.match(line):
                findings.append(f"{path}:{n}: {len(line)} columns; at most {figures.WIDTH}")


def check_statics(paths):
    """A name that a backtrace shows says where one is."""
    where = {}
    for path in paths:
        if path.parts[0] in CODE and path.suffix == ".c":
            for name, static, _ in figures.functions((ROOT / path).read_text(encoding="utf-8")):
                if static and str(path) not in where.setdefault(name, []):
                    where[name].append(str(path))  # once, of #if and #else
    for name, files in sorted(where.items()):
        if figures.is_one_word(name):
            findings.append(f"{files[0]}: {name}() is one word; put before it whose it is")
        twins = len(files) == 2 and any(
            {one.startswith(a) and other.startswith(b)
             for one, other in (files, files[::-1])} >= {True}
            for a, b in TWINS)
        if len(files) > 1 and not twins:
            findings.append(f"{', '.join(files)}: each has a {name}(); put before it whose it is")


def check_exported():
    """The names that only a linker sees; they are there when it was built."""
    build = ROOT / "build"
    if not (build / "compile_commands.json").exists():
        findings.append(
            "build: exported names cannot be looked at before there is a build; run ./dev build")
        return
    where, _ = figures.exported(build)
    findings.extend(f"{source}: {name} is exported and does not begin with {prefix}_"
                    for name, source, prefix in figures.without_prefix(where))


def check_addresses():
    """An address that lacks the path under which everything may be."""
    for path in tracked("core/**.c", "core/**.h", "core/**.css", "web/src/**.ts", "web/src/**.css"):
        name, text = str(path), (ROOT / path).read_text(encoding="utf-8")
        for n, line in enumerate(text.split("\n"), 1):
            if name.startswith("web/") and APP_ADDRESS.search(line):
                findings.append(f"{path}:{n}: an address by hand; at() of web/src/base.ts makes it")
            elif name.startswith("core/pages/") and OTHER_ATTRIBUTE.search(line):
                findings.append(f"{path}:{n}: pages_html_place() does not find this address")
            elif name.startswith("core/") and name not in COOKIES_AT_HOME and path.suffix == ".c" \
                    and COOKIE_BY_HAND.search(line):
                findings.append(f"{path}:{n}: a cookie by hand; http_set_cookie() makes it, and "
                                "http_clear_site() forgets")


def check_links():
    pages = [ROOT / path for path in tracked("*.md")]
    findings.extend(said.removeprefix(f"{ROOT}/") for said in links.dead(pages)[0])


def main():
    # what is frozen keeps the form it had
    sources = tracked("*.c", "*.h", ":!tests/package/epoch*")
    for path in sources:
        check_source(path, (ROOT / path).read_text(encoding="utf-8"))
    check_variadic(sources)
    check_format(sources)
    check_width(tracked(*WRAPPED))
    check_statics(sources)
    check_exported()
    check_addresses()
    check_links()
    for f in findings:
        print(f)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
