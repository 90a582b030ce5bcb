#!/usr/bin/env python3
"""source.py FOLDER: the source of the commit that is checked out as FOLDER/hearth-VERSION.tar.xz,
with the web app built (web/built) and the licences of what is in it, and prints that path. The
same commit gives the same bytes. Needs nodejs, npm and their registry, as ./dev build does."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


def said(*words, **options):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, **options).stdout


def git(*words):
    return said("git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *words).strip()


def version_of(meson):
    """A release's number; of a commit between releases with its day and hash."""
    number = re.search(r"^  version: '([^']+)'", meson, re.M)[1]
    if f"v{number}" in git("tag", "--points-at", "HEAD").split():
        return number
    day = git("log", "-1", "--format=%cd", "--date=format-local:%Y%m%d%H%M%S")
    return f"{number}+git{day}.{git('rev-parse', '--short=8', 'HEAD')}"


def write_licences(web):
    """Of each package that ends up in the app."""
    packages = json.loads((web / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    with open(web / "built.licences", "w", encoding="utf-8") as out:
        for path, package in sorted(packages.items()):
            if path == "" or package.get("dev"):
                continue
            name = path.rpartition("node_modules/")[2]
            texts = sorted(p for p in (web / path).iterdir()
                           if re.match(r"(licen[cs]e|copying)", p.name, re.I))
            out.write(f"{name} {package['version']}: {package['license']}\n\n")
            for text in texts:
                out.write(text.read_text(encoding="utf-8").strip() + "\n\n")
            out.write("-" * 72 + "\n\n")


def build_app(tree):
    """Outside of the tree, so that it is found as made and not as to be made."""
    web = tree / "web"
    made = tree.parent / "app"
    subprocess.run(["sh", str(web / "build.sh"), str(made)], check=True, stdout=sys.stderr)
    write_licences(web)
    shutil.rmtree(web / "node_modules")
    made.rename(web / "built")


def main(folder):
    os.environ["TZ"] = "UTC"
    os.umask(0o022)
    if git("status", "--porcelain", "--untracked-files=no"):
        print("source.py: what is not committed is not in it", file=sys.stderr)
    epoch = git("log", "-1", "--format=%ct")
    with tempfile.TemporaryDirectory(prefix="hearth-source-") as work:
        version = version_of((ROOT / "meson.build").read_text(encoding="utf-8"))
        tree = pathlib.Path(work, f"hearth-{version}")
        tree.mkdir()
        archive = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "-C",
             str(ROOT), "archive", "HEAD"], stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)
        build_app(tree)
        (tree / "packaging" / "stamp").write_text(f"{version} {epoch}\n", encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        out = folder.resolve() / f"hearth-{version}.tar.xz"
        subprocess.run([
            "tar", "--create", "--xz", f"--file={out}", f"--directory={work}", "--sort=name",
            f"--mtime=@{epoch}", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu",
            "--mode=u+rw,go=rX", tree.name
        ], check=True, env={**os.environ, "XZ_OPT": "-6 -T1"})
    print(out)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
