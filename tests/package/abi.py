"""The binary interface of plugins: what abidiff sees of the four public headers.

`python3 tests/package/abi.py record` writes tests/package/hearth.abi anew. Do that in the commit that changes the interface on purpose, after reading
docs/plugins.md ("Growing the interface") before."""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RECORDED = HERE / "hearth.abi"
HEADERS = HERE.parents[1] / "core" / "include"

def build(headers, folder):
    """A shared object whose functions mention every struct and enum of the headers."""
    text = "".join((headers / "hearth" / f"{name}.h").read_text(encoding="utf-8") for name in ("plugin", "queue", "storage", "sync"))
    source = "".join(f'#include "hearth/{name}.h"\n' for name in ("queue", "storage", "sync"))
    for kind in ("struct", "enum"):
        for name in re.findall(rf"^{kind} (\w+) \{{", text, re.M):
            source += f"void abi_{name}({kind} {name} *p);\nvoid abi_{name}({kind} {name} *p) {{ (void)p; }}\n"
    c, library = pathlib.Path(folder, "abi.c"), pathlib.Path(folder, "libhearth-abi.so")
    c.write_text(source, encoding="utf-8")
    subprocess.run(["cc", "-g", "-O0", "-shared", "-fPIC", "-I", str(headers), str(c), "-o", str(library)], check=True, timeout=300)
    return library


def dump(library):
    return subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", str(library)], check=True, capture_output=True, text=True, timeout=300).stdout


def compare(headers=HEADERS):
    """abidiff's words for what is not as it was recorded; "" for nothing. Additions too: they are recorded by whoever makes them."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["abidiff", "--no-show-locs", str(RECORDED), str(build(headers, folder))], capture_output=True, text=True, timeout=300)
        if done.returncode & 3:  # of abidiff itself: a file it cannot read, wrong usage
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout if done.returncode != 0 else ""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as where:
        if sys.argv[1:] != ["record"]:
            sys.exit(__doc__)
        RECORDED.write_text(dump(build(HEADERS, where)), encoding="utf-8")
