"""The pages of the manual and the completions have every command, option and key, and are
well-formed for the programs that read them."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
DOCUMENTATION = sys.argv.pop(1) if len(
    sys.argv) > 1 else ROOT / "build" / "tools" / "documentation" / "documentation"
PAGES = ("hearthd.1", "hearth.conf.5", "hearth-plugin.7")
SHELLS = ("bash", "zsh", "fish")
LIMIT = 60


def made(name):
    return subprocess.run([DOCUMENTATION, name], capture_output=True, text=True, check=True,
                          timeout=LIMIT).stdout


def commands():
    """Name, words and ids of options of each; a group has no words."""
    table = (ROOT / "core" / "main" / "commands.c").read_text()
    return re.findall(r'^    \{"([a-z]+(?: [a-z]+)?)",\s+(NULL|"[^"]*"),\s+"([a-z -]*)",', table,
                      re.M)


def options():
    """Id: name."""
    table = (ROOT / "core" / "main" / "commands.c").read_text()
    found = re.findall(r'^    \{"([a-z-]+)", (?:NULL|"([a-z-]+)"), (?:NULL|"[A-Z]+"),', table, re.M)
    return {id_: name or id_ for id_, name in found}


class Manual(unittest.TestCase):
    def test_every_command(self):
        page = made("hearthd.1").replace("\\-", "-")
        self.assertGreater(len(commands()), 45)
        for name, _, ids in commands():
            head, _, rest = page.partition(f"\n.SS hearthd {name}")
            self.assertTrue(rest, name)
            part = rest.partition("\n.SS ")[0]
            for option in ids.split():
                self.assertIn(f"--{options()[option]}", part, name)
        for heading in ("EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"):
            self.assertIn(f"\n.SH {heading}\n", page)

    def test_every_key(self):
        """docs/configuration.md has all of them: another test holds it against the program."""
        page = made("hearth.conf.5")
        text = (ROOT / "docs" / "configuration.md").read_text()
        count = 0
        for section, plugin, body in re.findall(
                r"^### \[(\w+)[^\n]*?(?: with plugin = (\w+))?\n(.*?)(?=^#|\Z)", text, re.M | re.S):
            part = re.search(rf"\n\.SS \[{section}(?: NAME)?\]\n(.*?)(?=\n\.S[SH] )", page, re.S)[1]
            if plugin:
                part = part.partition(f"\\fBplugin = {plugin}\\fR")[2].partition("\\fBplugin =")[0]
            for key in re.findall(r"^\| `(\w+)` \|", body, re.M):
                if key != "plugin":
                    self.assertIn(f"\\fB{key}\\fR = ", part, f"[{section}] {plugin}")
                    count += 1
        self.assertGreater(count, 90)

    def test_pages_are_well_formed(self):
        """For groff, and for mandoc where there is one."""
        for name in PAGES:
            with tempfile.TemporaryDirectory(prefix="hearth-manual-") as folder:
                path = pathlib.Path(folder) / name
                path.write_text(made(name))
                for checker in (["groff", "-ww", "-man", "-Tutf8",
                                 "-z"], ["mandoc", "-Tlint", "-W", "style"]):
                    if shutil.which(checker[0]):
                        said = subprocess.run([*checker, path], capture_output=True, text=True,
                                              timeout=LIMIT)
                        self.assertEqual((said.stdout, said.stderr), ("", ""), checker)


class Completions(unittest.TestCase):
    def test_every_command_and_option(self):
        for shell in SHELLS:
            text = made(shell)
            for name, _, ids in commands():
                self.assertRegex(text, rf"\b{name.split()[-1]}\b", shell)
                for option in ids.split():
                    self.assertRegex(text, rf"(--|-l ){options()[option]}\b", shell)

    def test_shells_read_them(self):
        for shell in SHELLS:
            if shutil.which(shell):
                said = subprocess.run([shell, "-n"], input=made(shell), capture_output=True,
                                      text=True, timeout=LIMIT)
                self.assertEqual((said.returncode, said.stdout, said.stderr), (0, "", ""), shell)

    def complete(self, *words):
        """What bash offers for the last word."""
        script = made("bash") + """
compopt() { :; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hearthd; printf '%s\\n' "${COMPREPLY[@]}"
"""
        done = subprocess.run(["bash", "-c", script, "bash", "hearthd", *words], check=True,
                              capture_output=True, text=True, timeout=LIMIT, cwd=ROOT / "conf.d")
        return done.stdout.split()

    def test_bash(self):
        for words, offered in ((["acc"], ["account"]),
                               (["account", "re"],
                                ["resync", "resume", "remove", "restore", "remember"]),
                               (["--config", "x", "account", "list", "--j"], ["--json"]),
                               (["--role", "web", "serve", "--ro"], ["--role"]),
                               (["check", "--role", "sch"], ["scheduler"]),
                               (["export", "ada@example.org", "book"],
                                ["bookmarks.html", "bookmarks.json"]),
                               (["plugin", "new", "q"], ["queue"]),
                               (["restore", "00"], ["00-hearth.conf"]),
                               (["help", "ver"], ["verify", "version"]), (["pause", ""], [])):
            with self.subTest(words):
                self.assertEqual(self.complete(*words), offered)


if __name__ == "__main__":
    unittest.main()
