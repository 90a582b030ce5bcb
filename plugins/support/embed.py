"""Turns texts of a plugin into C strings.
    embed.py migrations OUT.c [--prefix=PREFIX] NNNN-name.sql...   a table of struct migration
    embed.py scripts OUT.c common.lua NAME.lua...                  a table of struct script: each
        behind common.lua, with the SHA-1 by which Redis knows it"""
import hashlib
import os
import sys


def quoted(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def migrations(c, args):
    prefix = "".join(a.removeprefix("--prefix=") for a in args if a.startswith("--prefix="))
    files = sorted(a for a in args if not a.startswith("--prefix="))
    c.write(
        f'#include "storage-sql/migrations.h"\n\nconst struct migration {prefix}migrations[] = {{\n'
    )
    for number, path in enumerate(files, 1):
        name = os.path.basename(path)
        if int(name.split("-")[0]) != number:
            sys.exit(f"{path}: migration {number} is missing")
        c.write(f'    {{{number}, "{name}",\n')
        c.writelines(f"     {quoted(line)}\n" for line in read(path))
        c.write("    },\n")
    c.write(f"}};\nconst size_t {prefix}migration_count = {len(files)};\n")


def scripts(c, args):
    common, *files = args
    c.write('#include "script.h"\n\nconst struct script redis_scripts[] = {\n')
    for path in files:
        lines = [line for line in read(common) + read(path) if not line.startswith("--")]
        name = os.path.basename(path).removesuffix(".lua").upper()
        sha1 = hashlib.sha1("".join(line + "\n" for line in lines).encode()).hexdigest()
        c.write(f'    [SCRIPT_{name}] = {{"{sha1}",\n')
        c.writelines(f"        {quoted(line)}\n" for line in lines)
        c.write("    },\n")
    c.write("};\n")


if __name__ == "__main__":
    kind, out, *rest = sys.argv[1:]
    with open(out, "w", encoding="utf-8") as target:
        {"migrations": migrations, "scripts": scripts}[kind](target, rest)
