"""What the installed headers are in binary: structs with their members' places, enums,
callbacks, extensions, fields of records.

Of DWARF by abidw, but for what no debugger knows: a program prints the tables of records.h, and
the extensions stand in the text.

Drafts (hearth/draft/*.h) are read as well, and kept apart: the rules of form hold for them, but
they are not recorded, and may change."""
import pathlib
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ET

HEADERS = pathlib.Path(__file__).resolve().parents[2] / "core" / "include"
INCLUDES = "".join(f'#include "hearth/{name}.h"\n' for name in ("plugin", "queue", "records",
                                                                "storage", "sync"))
DRAFT = "hearth/draft"
FIELDS = r"""
#include <stdio.h>
#define FIELD(T, role, kind, name, least, most, meaning) \
    printf("%%s\t%%s\t%%s\t%%s\t%%.20Lg\t%%.20Lg\t%%s\n", #T, #name, #role, #kind, \
           (long double)(least), (long double)(most), meaning);
#define RECORD(record, FIELDS) FIELDS(FIELD, record)
int main(void) { %s return 0; }
"""


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=300,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{words[0]}: {done.stdout}{done.stderr}")
    return done.stdout


class Types:
    """abidw's types, said as C says them."""
    def __init__(self, root):
        self.by_id = {node.get("id"): node for node in root.iter() if node.get("id")}

    def said(self, ident):
        node = self.by_id[ident]
        if node.tag in ("type-decl", "typedef-decl"):
            return node.get("name")
        if node.tag in ("class-decl", "union-decl", "enum-decl"):
            return f"{node.tag.removesuffix('-decl').replace('class', 'struct')} {node.get('name')}"
        if node.tag == "qualified-type-def":
            inner = self.said(node.get("type-id"))
            return f"{inner}const" if inner.endswith("*") else f"const {inner}"
        if node.tag == "array-type-def":
            return self.said(node.get("type-id")) + "".join(f"[{s.get('length')}]"
                                                            for s in node.iter("subrange"))
        if node.tag == "function-type":
            parameters = [
                "..." if p.get("is-variadic") else self.said(p.get("type-id"))
                for p in node.findall("parameter")
            ]
            return (f"{self.said(node.find('return').get('type-id'))} "
                    f"(%s)({', '.join(parameters) or 'void'})")
        inner = self.said(node.get("type-id"))  # a pointer
        if "(%s)" in inner:
            return inner.replace("(%s)", "(*)", 1)
        return inner + "*" if inner.endswith("*") else inner + " *"

    def below(self, ident):
        """The node behind names and const, and whether an array lies on the way."""
        node, array = self.by_id[ident], False
        while node.tag in ("typedef-decl", "qualified-type-def", "array-type-def"):
            array |= node.tag == "array-type-def"
            node = self.by_id[node.get("type-id")]
        return node, array

    def bytes(self, ident):
        node = self.by_id[ident]
        while node.get("size-in-bits") is None:
            node = self.by_id[node.get("type-id") or node.find("underlying-type").get("type-id")]
        return int(node.get("size-in-bits")) // 8


def read_structs(types, root, wanted):
    structs = {}
    for node in root.iter("class-decl"):
        if node.get("name") not in wanted or node.get("is-declaration-only"):
            continue
        members = []
        for data in node.findall("data-member"):
            var = data.find("var-decl")
            below, array = types.below(var.get("type-id"))
            what = "struct" if below.tag in (
                "class-decl", "union-decl") else "bool" if below.get("name") in ("bool",
                                                                                 "_Bool") else ""
            members.append({
                "name": var.get("name"), "type": types.said(var.get("type-id")), "offset":
                int(data.get("layout-offset-in-bits")) // 8, "size":
                types.bytes(var.get("type-id")), "array": array, "what": what
            })
        structs[node.get("name")] = {"size": int(node.get("size-in-bits")) // 8, "members": members}
    return structs


def read_extensions(text):
    """[(name, its struct)]: the define, then the struct. A list, as a name that comes twice is
    what somebody looks for."""
    return [
        (name, re.search(r"^struct (\w+) \{", text[at:], re.M)[1] if re.search(
            r"^struct (\w+) \{", text[at:], re.M) else "")
        for name, at in ((m[1], m.end())
                         for m in re.finditer(r'^#define HEARTH_\w+ "(hearth\.[^"]*)"', text, re.M))
    ]


def text_of(folder):
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.h")))


def split(found, names):
    """(what has these names, the others)"""
    return {n: v
            for n, v in found.items()
            if n in names}, {n: v
                             for n, v in found.items()
                             if n not in names}


def read(headers=HEADERS):
    text, drafts = text_of(headers / "hearth"), text_of(headers / DRAFT)
    includes = INCLUDES + "".join(f'#include "{DRAFT}/{path.name}"\n'
                                  for path in sorted((headers / DRAFT).glob("*.h")))
    with tempfile.TemporaryDirectory() as folder:
        source, library, program = (pathlib.Path(folder, name)
                                    for name in ("abi.c", "libabi.so", "fields"))
        source.write_text(INCLUDES, encoding="utf-8")
        settled = run("cc", "-E", "-P", "-I", headers, source)
        source.write_text(includes, encoding="utf-8")
        plain = run("cc", "-E", "-P", "-I", headers, source)
        defines = run("cc", "-E", "-dM", "-I", headers, source)
        macros = dict(re.findall(r"^#define (HEARTH_\w+) +(\d+)$", defines, re.M))
        names = {
            kind: sorted(set(re.findall(rf"\b{kind} (hearth_\w+) *\{{", plain)))
            for kind in ("struct", "enum")
        }
        callbacks = sorted(set(re.findall(r"typedef [^;]*?\(\*(hearth_\w+)\)\(", plain)))
        pointers = [f"{kind} {name} *" for kind in names
                    for name in names[kind]] + [f"{name} *" for name in callbacks]
        source.write_text(
            includes + "".join(f"void abi_{n}({p}p);\nvoid abi_{n}({p}p) {{ (void)p; }}\n"
                               for n, p in enumerate(pointers)), encoding="utf-8")
        run("cc", "-g", "-O0", "-shared", "-fPIC", "-I", headers, source, "-o", library)
        root = ET.fromstring(
            run("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", library))
        tables = re.findall(r"^#define (HEARTH_\w*RECORDS)\(", defines, re.M)
        source.write_text(
            includes + FIELDS % " ".join(f"{table}(RECORD)" for table in sorted(tables)),
            encoding="utf-8")
        run("cc", "-O0", "-w", "-I", headers, source, "-o", program)
        rows = [line.split("\t") for line in run(program).splitlines()]
    types = Types(root)
    fields = {}
    for record, name, *rest in rows:
        fields.setdefault(record, {})[name] = rest  # role, kind, least, most, meaning
    everything = {
        "structs": read_structs(types, root, set(names["struct"])), "enums": {
            e.get("name"): {v.get("name"): int(v.get("value"))
                            for v in e.findall("enumerator")}
            for e in root.iter("enum-decl")
            if e.get("name") in names["enum"]
        }, "callbacks": {
            t.get("name"): types.said(t.get("type-id"))
            for t in root.iter("typedef-decl")
            if t.get("name") in callbacks
        }, "fields": fields,
    }
    words = set(re.findall(r"\bhearth_\w+", settled))
    records = {name for name in fields if f"hearth_{name}" in words}
    apart = {
        kind: split(values, records if kind == "fields" else words)
        for kind, values in everything.items()
    }
    return {
        "epoch":
        int(macros["HEARTH_ABI_EPOCH"]), "version":
        int(macros["HEARTH_ABI_VERSION"]), **{kind: values[0]
                                              for kind, values in apart.items()}, "extensions":
        read_extensions(text), "drafts": {
            **{kind: values[1]
               for kind, values in apart.items()}, "extensions": read_extensions(drafts)
        }, "leaning":
        sorted(path.name
               for path in (headers / "hearth").glob("*.h")
               if f'"{DRAFT}/' in path.read_text(encoding="utf-8")),
    }


def write(found):
    """As the file in which it is recorded: what a person can read in a diff."""
    out = [f"epoch {found['epoch']}", f"version {found['version']}"]
    for name, struct in sorted(found["structs"].items()):
        out += [
            "", f"struct {name} {struct['size']}",
            *(f"    {m['offset']} {m['size']} {m['name']}: {m['type']}" for m in struct["members"])
        ]
    for name, values in sorted(found["enums"].items()):
        out += ["", f"enum {name}", *(f"    {number} {value}" for value, number in values.items())]
    for record, fields in sorted(found["fields"].items()):
        out += [
            "", f"fields {record}",
            *(f"    {name} {' '.join(rest[:4])}" for name, rest in fields.items())
        ]
    out += ["", *(f"callback {name}: {said}" for name, said in sorted(found["callbacks"].items()))]
    out += ["", *(f"extension {name} {struct}" for name, struct in found["extensions"])]
    return "\n".join(out) + "\n"


def parse(text):
    """The other way round, as far as it was written."""
    found = {"structs": {}, "enums": {}, "callbacks": {}, "extensions": [], "fields": {}}
    for line in filter(None, text.split("\n")):
        word, _, rest = line.strip().partition(" ")
        if not line.startswith(" "):
            kind, names = word, rest.split(" ")
            if kind in ("epoch", "version"):
                found[kind] = int(rest)
            elif kind == "struct":
                found["structs"][names[0]] = {"size": int(names[1]), "members": []}
            elif kind == "callback":
                found["callbacks"][names[0][:-1]] = rest.split(": ", 1)[1]
            elif kind == "extension":
                found["extensions"].append(tuple(names))
            else:
                found[kind + ("s" if kind == "enum" else "")][names[0]] = {}
        elif kind == "struct":
            size, name = rest.split(": ")[0].split(" ")
            found["structs"][names[0]]["members"].append({
                "name": name, "type": rest.split(": ", 1)[1], "offset": int(word), "size": int(size)
            })
        elif kind == "enum":
            found["enums"][names[0]][rest] = int(word)
        else:
            found["fields"][names[0]][word] = rest.split(" ")
    return found
