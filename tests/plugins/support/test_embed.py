"""embed.py: C strings that hold the bytes of the files, in order;
a missing migration is refused."""
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

EMBED = pathlib.Path(__file__).resolve().parents[3] / "plugins/support/embed.py"


def embed(*args):
    return subprocess.run([sys.executable, EMBED, *map(str, args)], capture_output=True, text=True,
                          timeout=60)


def strings(c):
    texts = re.findall(r'^ +"((?:[^"\\]|\\.)*)"$', c, re.M)
    return "".join(texts).replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")


def main():
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        first, second, out = at / "0001-first.sql", at / "0002-more.sql", at / "out.c"
        first.write_text('CREATE TABLE "a" (b);\n-- c\n')
        second.write_text("INSERT INTO a VALUES ('ü');\n")
        assert embed("migrations", out, "--prefix=person_", second, first).returncode == 0
        c = out.read_text()
        assert strings(c) == first.read_text() + second.read_text(), c
        for said in ("person_migrations[] = {", "person_migration_count = 2;",
                     '{2, "0002-more.sql",'):
            assert said in c, c
        refused = embed("migrations", out, second)
        assert refused.returncode != 0 and "migration 1 is missing" in refused.stderr, refused
        common, script = at / "common.lua", at / "peek.lua"
        common.write_text("-- what all have\nlocal a = 'x'\n")
        script.write_text('return "\\n"\n')
        assert embed("scripts", out, common, script).returncode == 0
        text = "local a = 'x'\nreturn \"\\n\"\n"
        c = out.read_text()
        assert f'[SCRIPT_PEEK] = {{"{hashlib.sha1(text.encode()).hexdigest()}",' in c, c
        assert 'return \\"\\\\n\\"\\n' in c and "what all have" not in c, c
    print("ok")


main()
