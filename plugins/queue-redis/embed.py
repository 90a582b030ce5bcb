"""Makes C strings of the scripts, each behind common.lua, with the SHA-1 by which the server knows them.
Arguments: output, common.lua, scripts."""
import hashlib
import os
import sys


def lines_of(path):
    with open(path, encoding="utf-8") as f:
        return [line for line in f.read().splitlines() if not line.startswith("--")]


def quoted(line):
    return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"'


def main(out, common, files):
    with open(out, "w", encoding="utf-8") as c:
        c.write('#include "script.h"\n\nconst struct script scripts[] = {\n')
        for path in files:
            lines = lines_of(common) + lines_of(path)
            name = os.path.basename(path).removesuffix(".lua").upper()
            sha1 = hashlib.sha1("".join(line + "\n" for line in lines).encode()).hexdigest()
            c.write(f'    [SCRIPT_{name}] = {{"{sha1}",\n')
            c.writelines(f"        {quoted(line)}\n" for line in lines)
            c.write("    },\n")
        c.write("};\n")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
