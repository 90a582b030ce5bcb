"""What can be counted of the shape of the tree: `./dev lint --figures`. Beside each figure
stands what it was at commit 98c4435, where the reading that first measured them gave one.

Arguments: a build folder (for the names that nm sees; left out when there is none); --tree
FOLDER: another tree than this one. The rules are the functions below; tests/unit/test_figures.py
holds them to known inputs. It is a ruler, not a rule: what must hold is in tests/lint.py."""
import argparse
import collections
import difflib
import json
import pathlib
import re
import statistics
import subprocess

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
# A definition at the left margin: what it returns, its name, its parameters, and the brace on a
# line of its own.
FUNCTION = re.compile(
    r"^(?P<returns>(?!typedef|struct \w+ \{|enum|union)[A-Za-z_][\w \t*]*?[ \t*\n])"
    r"(?P<name>[a-z_]\w*)\((?P<parameters>[^;{}]*?)\)\s*\n\{\n(?P<body>.*?)^\}",
    re.M | re.S)
# What C makes of any function, whatever it does.
FRAME = re.compile(
    r"[{}();]*|else|default:|break;|continue;|#include .*|return( r| 0)?;|"
    r"struct (op op|query query);|if \(r (<|==) 0\)( \{)?"
)
PROTOTYPE = re.compile(
    r"^(?!typedef|static|struct \w+ \{|return|#|extern \"C\")(?:[A-Za-z_][\w \t*]*[ \t*])"
    r"(?P<name>[a-z_]\w*)\([^;{}]*?\)[^;{}()]*(?:\([^;{}]*\))*[^;{}()]*;",
    re.M)

WIDTH = 100
OTHER_TEXTS = ("tests/**/*.[ch]", "tests/**/*.py", "tests/**/*.mjs", "web/src/**/*.ts",
               "web/src/**/*.css", "docs/*.md", "*.md", "docs/templates/**/*.[ch]")


def blank(text):
    """Without comments and literals, line for line."""
    return COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def functions(text):
    """[(name, is static, lines of its body)] of a .c file."""
    return [(m["name"], "static" in m["returns"].split(), m["body"].count("\n"))
            for m in FUNCTION.finditer(blank(text))]


def is_one_word(name):
    return "_" not in name.strip("_")


def names(files):
    """(static functions, those of one word, those that share their name with another)."""
    every = [name for text in files for name, static, _ in functions(text) if static]
    count = collections.Counter(every)
    return len(every), sum(map(is_one_word, every)), sum(n for n in count.values() if n > 1)


def wide(files, columns):
    lines = [line for text in files for line in text.split("\n")[:-1]]
    return sum(len(line) > columns for line in lines), len(lines)


def without_tables(text):
    """Without the rows of Markdown tables, which can't be wrapped."""
    return "\n".join("" if line.startswith("|") else line for line in text.split("\n"))


def broken_rulers(text):
    """Rulers that a formatter tore in two: `/* --- start` on
    one line and the dashes on the next."""
    return len(re.findall(r"^[ \t]*/\* --- [^\n]*\n[ \t]*\*? ?-{10,}", text, re.M))


def identical(one, other):
    """(lines of `one` that stand in `other` too, in the same order; those of them that say
    anything; lines of `one`). Blank lines count for nothing."""
    a, b = ([line.strip() for line in text.split("\n") if line.strip()] for text in (one, other))
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    same = [line for block in blocks for line in a[block.a:block.a + block.size]]
    return len(same), sum(FRAME.fullmatch(line) is None for line in same), len(a)


def prototypes(text):
    """(prototypes of a header, those with a comment right above, within or behind them)."""
    found, said = 0, 0
    for m in PROTOTYPE.finditer(blank(text)):
        found += 1
        behind = text[m.end():].split("\n", 1)[0]
        above = text[:m.start()].rstrip(" \t").rsplit("\n", 2)[-2:]
        said += "*/" in above[0] or "//" in above[0] or "/*" in behind or "/*" in m.group()
    return found, said


def circles(includes):
    """The circles among files, each a sorted list: strongly connected components of {file: files
    it includes or stands for}."""
    index, low, stack, out, order = {}, {}, [], [], iter(range(1 << 30))

    def visit(v):
        index[v] = low[v] = next(order)
        stack.append(v)
        for w in includes.get(v, ()):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            part = []
            while not part or part[-1] != v:
                part.append(stack.pop())
            if len(part) > 1:
                out.append(sorted(part))

    for v in sorted(includes):
        if v not in index:
            visit(v)
    return sorted(out, key=len, reverse=True)


class Tree:
    def __init__(self, root):
        self.root = root

    def texts(self, *patterns):
        """{path: text}, of what is the project's own."""
        found = {}
        for pattern in patterns:
            for path in sorted(self.root.glob(pattern)):
                if path.is_file() and "node_modules" not in path.parts and "/app/" not in str(
                        path.relative_to(self.root)):
                    found[str(path.relative_to(self.root))] = path.read_text(
                        encoding="utf-8", errors="replace")
        return found

    def c(self, *folders):
        return self.texts(*(f"{folder}/**/*.[ch]" for folder in folders))


def lines(files):
    return sum(text.count("\n") for text in files.values())


def share(part, whole):
    return f"{part:,} of {whole:,} = {100 * part / whole:.1f} %" if whole else "none"


def symbols(files, *words):
    """[(object file, symbol)] of nm, all files at once."""
    found = []
    for at in range(0, len(files), 500):
        out = subprocess.run(["nm", "-A", "-g", *words, *map(str, files[at:at + 500])],
                             capture_output=True, text=True, timeout=300).stdout
        found += [(m[1], m[3])
                  for m in re.finditer(r"^(.*?\.o):\s*(?:[0-9a-f]+ )?([A-Z]) (\S+)$", out, re.M)
                  if m[2] in "TDBRU"]
    return found


# The prefix of what a module exports, where it is not the name of its folder. core/base is a shelf:
# there each file is a module.
PREFIXES = {
    "storage-sqlite": "sqlite", "storage-pg": "pg", "storage-sql": "sql", "storage-mem": "mem",
    "queue-redis": "redis", "queue-inproc": "inproc", "sync-fx": "fx", "plugin-check": "kit"
}
# What others say how it is called: libraries that are added to, what takes the place of libc in the
# kit, entry points.
GIVEN = re.compile(
    r"(hearth|h2o|phr)_|main$|(malloc|free|calloc|realloc|memalign|aligned_alloc|posix_memalign|clock_gettime|gettimeofday|time|timespec_get)$"
)


def module_of(path):
    """(module, prefix of its exported names) of a source file; None: it is no module's."""
    parts = pathlib.PurePath(path).parts
    if parts[0] not in ("core", "plugins", "tools") or len(parts) < 3:
        return None
    if parts[:2] == ("core", "base"):
        return f"base/{pathlib.PurePath(path).stem}", pathlib.PurePath(path).stem
    return f"{parts[0]}/{parts[1]}" if parts[0] != "core" else parts[1], PREFIXES.get(
        parts[1], parts[1])


def sources_of(build):
    """{object file: source file}, both relative, of what is the project's own."""
    out = {}
    root = build.resolve().parent
    for command in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = (pathlib.Path(command["directory"]) / command["file"]).resolve()
        if source.is_relative_to(root):
            out[command["output"]] = str(source.relative_to(root))
    return out


def exported(build):
    """({name: source file} of what core, plugins and tools export, {name: object files that use
    it}), by nm."""
    objects = sorted(build.glob("**/*.o"))
    sources = sources_of(build)
    where, used = {}, collections.defaultdict(set)
    for path, name in symbols(objects, "--defined-only"):
        source = sources.get(str(pathlib.Path(path).relative_to(build)))
        if source is not None and module_of(source) is not None and not GIVEN.match(name):
            where[name] = source
    for path, name in symbols(objects, "-u"):
        used[name].add(str(pathlib.Path(path).relative_to(build)))
    return where, used


def without_prefix(where):
    """[(name, source file, the prefix it should have)]. What storage-sql asks of the driver that
    it is compiled over is declared there, and so has its prefix."""
    out = []
    for name, source in where.items():
        prefix = module_of(source)[1]
        hook = prefix in ("sqlite", "pg") and name.startswith("sql_")
        if not name.startswith(f"{prefix}_") and not hook:
            out.append((name, source, prefix))
    return sorted(out)


def modules_with_one_prefix(where):
    """(modules whose exported names all begin with the module's prefix, modules)."""
    every = {module_of(source)[0] for source in where.values()}
    return sorted(every - {module_of(source)[0]
                           for _, source, _ in without_prefix(where)}), sorted(every)


def file_includes(files):
    """Each .c counts as one with its header: what x.c or x.h includes, x stands on."""
    stems = {}
    for path in files:
        stems.setdefault(path.rsplit(".", 1)[0], set())
    for path, text in files.items():
        mine = path.rsplit(".", 1)[0]
        for name in re.findall(r'^\s*#\s*include "([^"]+)"', text, re.M):
            for base in (f"{path.rsplit('/', 1)[0]}/{name}", f"core/{name}"):
                stem = base.rsplit(".", 1)[0]
                if stem in stems and stem != mine:
                    stems[mine].add(stem)
    return stems


def containing(files, word):
    return sum(re.search(rf"\b{word}\b", text) is not None for text in files.values())


def measure(tree, build=None):
    """Rows (what, now, at 98c4435)."""
    core, plugins, tools = tree.c("core"), tree.c("plugins"), tree.c("tools")
    own = {**core, **plugins}
    sources = [text for path, text in own.items() if path.endswith(".c")]
    bodies = sorted(n for text in sources for _, _, n in functions(text))
    statics, one_word, shared = names(sources)
    yield "lines of core", f"{lines(core):,}", "31,800"
    yield "lines of plugins, tools", f"{lines(plugins):,}, {lines(tools):,}", "18,500, none"
    yield "lines of web/src, tests, docs", ", ".join(
        f"{lines(tree.texts(*p)):,}" for p in (("web/src/**/*.ts", "web/src/**/*.css"),
                                               ("tests/**/*.[ch]", "tests/**/*.py"),
                                               ("docs/**/*.md",
                                                "docs/**/*.yaml"))), "3,700, 26,700, 5,300"
    longest = max(t.count("\n") for t in sources)
    yield "files .c of core and plugins; longest", f"{len(sources)}; {longest}", "271; 419"
    yield "functions of core and plugins", f"{len(bodies):,}", "2,693"
    yield ("lines of a body: median, p90, max",
           f"{statistics.median(bodies):g}, {bodies[len(bodies) * 9 // 10]}, {bodies[-1]}",
           "8, 21, 52")
    yield "static functions with a one-word name", share(one_word, statics), "389 of 1,607 = 24 %"
    yield "static functions that share their name", share(shared, statics), "559 of 1,607 = 35 %"
    for name, files, before in (("core", core, "7.1 %"), ("plugins", plugins, "9.0 %"),
                                ("tools", tools, "none"), ("tests, web, docs",
                                                           tree.texts(*OTHER_TEXTS), "")):
        yield f"lines of {name} > {WIDTH} columns", share(
            *wide(map(without_tables, files.values()), WIDTH)), before
    yield "comment rulers in two pieces", f"{sum(map(broken_rulers, own.values()))}", "18"
    sqlite, pg = ({
        p.rsplit("/", 1)[1]: t
        for p, t in plugins.items()
        if p.startswith(f"plugins/storage-{which}/")
    }
                  for which in ("sqlite", "pg"))
    pairs = [
        identical(text, pg[name])
        for name, text in sqlite.items()
        if name in pg and name.endswith(".c")
    ]
    whole = sum(count for *_, count in pairs)
    yield "lines of storage-sqlite that stand in storage-pg", share(sum(same for same, *_ in pairs),
                                                                    whole), "1,049 of 2,745 = 38 %"
    yield "  of these, more than a brace, include, return", share(sum(said for _, said, _ in pairs),
                                                                  whole), ""
    production = {
        **own, **tools, **tree.texts("plugins/**/*.sql", "web/src/**/*.ts", "docs/*.md",
                                     "docs/*.yaml", "docs/templates/**/*.[ch]")
    }
    for word, what, before in (("bookmark_title", "page", 30), ("tag_query", "bookmark", 21),
                               ("inactive", "tab", 21)):
        yield f"files with the {what} field {word}", f"{containing(production, word)}", f"{before}"
    found = [
        prototypes(text)
        for path, text in core.items()
        if path.endswith(".h") and "include/hearth" not in path
    ]
    yield "prototypes of core's headers with a comment", share(sum(
        s for _, s in found), sum(f for f, _ in found)), "451 of 665 = 68 %"
    rings = circles(file_includes(core))
    yield ("circles of files in core; the largest",
           f"{len(rings)}; {max(map(len, rings), default=0)}", "10; 6")
    if build is None or not build.is_dir():
        yield "exported names", "build first: ./dev build", ""
        return
    where, used = exported(build)
    good, every = modules_with_one_prefix(where)
    yield "modules whose exported names have its prefix", f"{len(good)} of {len(every)}", "2 of 16"
    if len(good) < len(every):
        yield "  not so", ", ".join(m for m in every if m not in good), ""
    for title, which in (("used by tests only",
                          lambda users: users and all(u.startswith("tests/") for u in users)),
                         ("used by nobody", lambda users: not users)):
        idle = sorted(name for name, source in where.items()
                      if source.startswith("core/") and which(used.get(name, ())))
        yield f"exported, {title}", f"{len(idle)}" + (f": {', '.join(idle)}" if idle else ""), ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", nargs="?", type=pathlib.Path)
    parser.add_argument("--tree", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    arguments = parser.parse_args()
    rows = [("", "now", "98c4435"), *measure(Tree(arguments.tree), arguments.build)]
    for what, now, before in rows:
        print(f"{what:<46} {now:<28} {before}".rstrip())


if __name__ == "__main__":
    main()
