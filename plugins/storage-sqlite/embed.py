"""Turns migrations/NNNN-name.sql into a C table: embed.py OUT.c FILE.sql..."""
import os
import sys


def quoted(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def main(out, files):
    files = sorted(files)
    with open(out, "w", encoding="utf-8") as c:
        c.write('#include "migrations.h"\n\nconst struct migration migrations[] = {\n')
        for number, path in enumerate(files, 1):
            name = os.path.basename(path)
            if int(name.split("-")[0]) != number:
                sys.exit(f"{path}: migration {number} is missing")
            c.write(f'    {{{number}, "{name}",\n')
            with open(path, encoding="utf-8") as sql:
                for line in sql.read().splitlines():
                    c.write(f"     {quoted(line)}\n")
            c.write("    },\n")
        c.write(f"}};\nconst size_t migration_count = {len(files)};\n")


main(sys.argv[1], sys.argv[2:])
