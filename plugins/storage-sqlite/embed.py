"""Turns FOLDER/NNNN-name.sql into a C table: embed.py OUT.c [--prefix=PREFIX] FILE.sql..."""
import os
import sys


def quoted(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def main(out, prefix, files):
    files = sorted(files)
    with open(out, "w", encoding="utf-8") as c:
        c.write(f'#include "migrations.h"\n\nconst struct migration {prefix}migrations[] = {{\n')
        for number, path in enumerate(files, 1):
            name = os.path.basename(path)
            if int(name.split("-")[0]) != number:
                sys.exit(f"{path}: migration {number} is missing")
            c.write(f'    {{{number}, "{name}",\n')
            with open(path, encoding="utf-8") as sql:
                for line in sql.read().splitlines():
                    c.write(f"     {quoted(line)}\n")
            c.write("    },\n")
        c.write(f"}};\nconst size_t {prefix}migration_count = {len(files)};\n")


out, *rest = sys.argv[1:]
main(out, "".join(a.removeprefix("--prefix=") for a in rest if a.startswith("--prefix=")), [a for a in rest if not a.startswith("--prefix=")])
