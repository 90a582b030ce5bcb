"""embed.py NAME FILE: prints a C file that holds FILE as the text NAME."""
import sys

name, path = sys.argv[1:]
print(f"extern const char {name}[];\nconst char {name}[] =")
with open(path, encoding="utf-8") as f:
    for line in f:
        print('    "' + line.rstrip("\n").replace("\\", "\\\\").replace('"', '\\"') + '\\n"')
print("    ;")
