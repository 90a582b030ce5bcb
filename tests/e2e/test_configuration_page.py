"""docs/configuration.md has every key with its default, as `hearthd config` knows them; and the
examples in conf.d are right."""
import os
import re
import unittest

from harness import ROOT, TestCase


class ConfigurationPage(TestCase):
    def test_page_and_program_agree(self):
        with open(os.path.join(ROOT, "docs", "configuration.md"), encoding="utf-8") as f:
            page = f.read()
        written = {}
        for section, plugin, body in re.findall(
                r"^### \[(\w+)[^\n]*?(?: with plugin = (\w+))?\n(.*?)(?=^#|\Z)", page, re.M | re.S):
            for row in re.findall(r"^\| `(\w+)` \|(.*)\|$", body, re.M):
                cells = [c.strip() for c in row[1].split("|")]
                default = next(c for c in reversed(cells[:-1]))
                written[(section, plugin, row[0])] = {"none": "", "empty":
                                                      ""}.get(default, default.strip("`"))
        single, fleet = self.node(start=False), self.node(
            "[storage main]\nplugin = pg\ndsn = dbname=x\n[queue]\nplugin = redis\n", start=False)
        known = {}
        for node, plugins in ((single, {"storage": "sqlite", "queue": "inproc", "sync": "fx"}),
                              (fleet, {"storage": "pg", "queue": "redis", "sync": "fx"})):
            node.configure(
                "50-node" if node is single else "55-node",
                "[node main]\n[oidc main]\nissuer = https://sso.example.org\nclient_id = hearth\n")
            for entry in node.cli_json("config"):
                section = entry["section"].split()[0]
                if entry["from"] == "default" and entry["value"] != "(secret)":
                    known[(section, plugins.get(section, ""),
                           entry["key"])] = entry["value"].removeprefix(node.state + "/")
        self.assertEqual({k: written.get(k) for k in known}, known)
        # what the harness sets
        explicit = {("hearth", "", "state_dir"), ("listen", "", "address"),
                    ("scheduler", "", "tick"), ("oidc", "", "issuer"), ("oidc", "", "client_id"),
                    ("storage", "pg", "plugin"), ("storage", "pg", "dsn"),
                    ("queue", "redis", "plugin"), ("queue", "redis", "url")}
        self.assertEqual(set(written) - set(known), explicit)

    def test_examples(self):
        """As shipped they change nothing; with every comment taken
        as a setting they are still accepted."""
        node, plain = self.node(start=False), self.node(start=False)
        defaults = {(e["section"], e["key"]): e["value"] for e in plain.cli_json("config")}
        for name in sorted(os.listdir(os.path.join(ROOT, "conf.d"))):
            with open(os.path.join(ROOT, "conf.d", name), encoding="utf-8") as f:
                text = f.read()
            node.configure(name.removesuffix(".conf"),
                           re.sub(r"^# (\w+ = )", r"\1", text, flags=re.M))
        shown = {(e["section"], e["key"]): e["value"] for e in node.cli_json("config")}
        self.assertEqual(shown.keys(), defaults.keys())
        for key in (("scheduler", "interval"), ("worker", "parallel"), ("storage main", "plugin"),
                    ("sync firefox", "token_server")):
            self.assertEqual(shown[key], defaults[key])


if __name__ == "__main__":
    unittest.main()
