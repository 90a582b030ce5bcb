"""The tree of tomorrow: a copy whose installed headers have grown by the rules of
hearth/plugin.h, and its kit and plugins, built.

Every struct has 16 bytes more at its end, every table of operations two operations more, and
whoever fills a struct fills those with noise: so who steps through an array by its own sizeof,
or reads and writes behind struct_size, meets noise instead of zeros. The copy is made by these
substitutions, so it has whatever the headers have today."""
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIED = ("core", "plugins", "tools", "docs", "conf.d", "packaging", "tests/clients",
          "CHANGELOG.md", "meson.build", "meson_options.txt")
FROZEN = "hearth_field"  # never crosses the border
NOISE = "{HEARTH_NOISE, HEARTH_NOISE}"
GROWTH = "uint64_t future[2];"
PLAIN = r"^(struct (\w+) \{\n(?:    .*\n|\n)*?)\};"
MADE_OF_A_TABLE = (r"^(        FIELDS\(HEARTH_MEMBER, record\)) +\\\n", rf"\1 {GROWTH} \\\n")
SIZE = r"sizeof\((?:[^()]|\([^()]*\))*\)"
# The templates, which tests/conformance/meson.build builds in the tree.
TESTS = """
foreach name : ['queue-mem', 'sync-mem']
  found = run_command('find', meson.project_source_root() / 'docs/templates' / name,
    '-name', '*.c', check: true)
  shared_module(name, found.stdout().split(),
    name_prefix: '', dependencies: [plugin_inc_dep, threads_dep], link_args: plugin_link_args)
endforeach
shared_module('storage-mem', storage_mem_sources, name_prefix: '',
  dependencies: [plugin_inc_dep, threads_dep], link_args: plugin_link_args)
"""


def substituted(pattern, replacement, text, least=0, flags=re.M):
    text, count = re.subn(pattern, replacement, text, flags=flags)
    if count < least:
        raise AssertionError(
            f"the headers have another form than tests/conformance/future.py knows: {pattern}")
    return text


def grown_header(name, text):
    text = substituted(*MADE_OF_A_TABLE, text, 1 if name == "records.h" else 0)
    text = re.sub(PLAIN, lambda m: m[0]
                  if m[2] == FROZEN else f"{m[1]}    {GROWTH}\n}};", text, flags=re.M)
    if name == "plugin.h":
        text = substituted(r"^(#include <stdio.h>\n)",
                           r"\1#define HEARTH_NOISE UINT64_C(0xdbdbdbdbdbdbdbdb)\n", text, 1)
    # the macros that are initialisers
    return substituted(r"(\{sizeof\(struct \w+\), [^{}]*)\}", rf"\1, {NOISE}}}", text)


def grown_source(name, text):
    # a plugin's own records, which it fills by the same macros
    text = substituted(*MADE_OF_A_TABLE, text)
    # .struct_size = sizeof(x) in an initialiser, also .inner.struct_size; then the assignment of
    # one
    text = re.sub(rf"(?<![\w\])>.])((?:\.\w+)*\.)struct_size = {SIZE}",
                  rf"\g<0>, \1future = {NOISE}", text)
    text = re.sub(rf"([\w\])](?:[\w.\[\]]|->)*(?:->|\.))struct_size = ({SIZE});",
                  r"\1struct_size = \2, \1future[0] = \1future[1] = HEARTH_NOISE;", text)
    if "#define LATER" in text:  # what whoever adds an operation does there
        text = substituted(r"^(static const char \*const \w+\[\] = \{[^}]*?),?\s*\};",
                           r'\1, LATER "future", LATER "future"};', text, 4)
    return text


def write_if_changed(path, data):
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def grown(path, text):
    return grown_header(
        path.name, text) if pathlib.Path("core/include/hearth") in path.parents else grown_source(
            path.name, text)


def make_tree(tree, change=grown, added=None):
    """A copy in which change(path, text) was done to each .c, .h; added: {path: text} of other
    files, as they are wanted. Writes what has changed since the last time, so that little is
    built again."""
    wanted = set()
    for top in COPIED:
        for file in [ROOT / top] if (ROOT / top).is_file() else sorted((ROOT / top).rglob("*")):
            if not file.is_file() or {"node_modules", "__pycache__", "screenshots"} & set(
                    file.parts):
                continue
            copy = tree / file.relative_to(ROOT)
            wanted.add(copy)
            data = file.read_bytes()
            if file.suffix in (".c", ".h"):
                data = change(file.relative_to(ROOT), data.decode()).encode()
            if str(file.relative_to(ROOT)) not in (added or {}):
                write_if_changed(copy, data)
    for path, text in {"tests/meson.build": TESTS, **(added or {})}.items():
        wanted.add(tree / path)
        write_if_changed(tree / path, text.encode())
    for old in [p for p in tree.rglob("*") if p.is_file() and p not in wanted]:
        old.unlink()


def build(folder, names, **changes):
    """{name: path} of the kit and of plugins, of tomorrow or as make_tree() was told."""
    tree, out = folder / "tree", folder / "build"
    make_tree(tree, **changes)
    environment = {
        k: v
        for k, v in os.environ.items()
        if k not in ("LD_LIBRARY_PATH", "MALLOC_PERTURB_", "DESTDIR")
    }
    if not (out / "build.ninja").exists():
        shutil.rmtree(out, ignore_errors=True)
        run("meson", "setup", out, tree, "-Dweb=false", environment=environment)
    built = {"plugin-check": out / "plugin-check"}
    for name in names:
        built[name] = out / ("tests" if name.endswith("-mem") else f"plugins/{name}") / f"{name}.so"
    run("ninja", "-C", out, *(path.relative_to(out) for path in built.values()),
        environment=environment)
    return built


def run(*words, environment=None):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=environment,
                          timeout=800)
    if done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, words[:3]))}: {done.stdout[-6000:]}{done.stderr[-3000:]}")
