"""Configured by environment: every key of every section, a single node, a fleet's roles, secrets in
files; and what is said of slips."""
import json
import os
import subprocess
import unittest

from harness import HEARTHD, PATIENCE, TestCase

PG = "postgresql://hearth@db.example.org/hearth"


def variable(section, key):
    """The name that docs/configuration.md gives it."""
    kind, _, name = section.partition(" ")
    name = name.replace("_", "___").replace("-", "__")
    return "_".join(["HEARTH"] + [part for part in ("" if kind == "hearth" else kind, name, key)
                                  if part]).upper()


class Configuration(TestCase):
    def run_alone(self, *words, code=0, **environment):
        """A command without any file. What it says: standard output, or when it fails the
        other."""
        plain = {k: v for k, v in os.environ.items() if not k.startswith("HEARTH_")}
        folder = self.node(start=False)
        os.remove(f"{folder.conf}/00-test.conf")
        done = subprocess.run([HEARTHD, "--config", folder.conf, *words], capture_output=True,
                              text=True, env={**plain, **environment}, timeout=PATIENCE)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr if code else done.stdout

    def test_every_key_of_every_section(self):
        """What `config` shows, given back by environment: the same values, each from its
        variable."""
        node = self.node(
            "[storage main]\nplugin = sqlite\n[storage oak-2]\nplugin = pg\n"
            f"dsn = {PG}\n[storage elm_x]\nplugin = pg\ndsn = {PG}\n[node main]\nurl = http://a\n"
            "[node oak-2]\nurl = http://b\n[node elm_x]\nurl = http://c\n"
            "[queue]\nplugin = redis\n[oidc sso]\nissuer = https://sso.example.org\n"
            "client_id = hearth\n[sync firefox]\nplugin = fx\n[sync a-b_c]\nplugin = fx\n",
            start=False)
        shown = node.cli_json("config")
        environment, expected = {}, {}
        for entry in shown:
            name = variable(entry["section"], entry["key"])
            self.assertNotIn(name, environment)
            value = PG if entry["key"] == "dsn" else entry["value"]
            if value not in ("", "(secret)"):
                environment[name] = value
                expected[(entry["section"], entry["key"])] = (entry["value"],
                                                              f"environment {name}")
        environment["HEARTH_QUEUE_URL"] = "redis://127.0.0.1:6379/0"
        again = {(e["section"], e["key"]): (e["value"], e["from"])
                 for e in self.config_alone(**environment)}
        self.assertEqual({k: again[k] for k in expected}, expected)
        self.assertGreater(len(expected), 100)
        self.assertNotIn("hearth@db", str(again))

    def config_alone(self, **environment):
        return json.loads(self.run_alone("config", "--json", **environment))

    def test_a_node_by_environment_alone(self):
        node = self.node(start=False)
        os.remove(f"{node.conf}/00-test.conf")
        node.environment |= {"HEARTH_STATE_DIR": node.state, "HEARTH_SCHEDULER_TICK": "100ms",
                             "HEARTH_LISTEN_PEOPLE_ADDRESS": "127.0.0.1:0",
                             "HEARTH_LISTEN_WATCH_ADDRESS": "127.0.0.1:0",
                             "HEARTH_LISTEN_WATCH_SERVES": "metrics",
                             "HEARTH_AUTH_PASSWORD": "no"}
        node.cli("check")
        node.start()
        self.assertEqual(len(node.ready.split()), 3)
        node.add_account(self.service())
        self.assertGreater(len(node.api("/devices")["devices"]), 0)
        node.stop()
        node.environment["HEARTH_AUTH_PASSWORT"] = "no"
        self.assertIn("environment HEARTH_AUTH_PASSWORT: [auth] has no key passwort; did you mean "
                      "HEARTH_AUTH_PASSWORD?", node.cli("serve", code=2))

    def test_fleet_roles_by_environment_alone(self):
        """One image, one environment, and what differs for each role; the command line wins."""
        secret = self.node(start=False).folder + "/dsn"
        with open(secret, "w", encoding="utf-8") as f:
            f.write("postgresql://hearth:hunter2@127.0.0.1:1/alder\n")
        os.chmod(secret, 0o600)
        common = {"HEARTH_NODE_ALDER_STORAGE": "alder", "HEARTH_STORAGE_ALDER_PLUGIN": "pg",
                  "HEARTH_STORAGE_ALDER_DSN_FILE": secret, "HEARTH_QUEUE_PLUGIN": "redis",
                  "HEARTH_QUEUE_URL": "redis://:hunter3@127.0.0.1:1/0"}
        for role in ("web", "worker", "scheduler"):
            shown = {(e["section"], e["key"]): (e["value"], e["from"])
                     for e in self.config_alone(HEARTH_ROLES=role, **common)}
            self.assertEqual(shown["hearth", "roles"], (role, "environment HEARTH_ROLES"))
            self.assertEqual(shown["storage alder", "dsn"],
                             ("(secret)", "environment HEARTH_STORAGE_ALDER_DSN_FILE"))
            self.assertNotIn("hunter", str(shown))
            self.assertFalse(any(section == "storage main" for section, _ in shown))
        said = self.run_alone("--role", "wroker", "check", code=2, HEARTH_ROLES="web", **common)
        self.assertIn('--role: roles: "wroker" is not one of: web worker scheduler', said)
        # a file that only the daemon's unit has: whoever does not need it is not stopped by it
        common["HEARTH_STORAGE_ALDER_DSN_FILE"] = "/nonexistent/dsn"
        shown = {(e["section"], e["key"]): e["value"] for e in self.config_alone(**common)}
        self.assertEqual(shown["storage alder", "dsn"], "(cannot be read here)")
        said = self.run_alone("check", code=2, **common)
        self.assertEqual(said.count("environment HEARTH_STORAGE_ALDER_DSN_FILE: dsn_file: cannot "
                                    "read /nonexistent/dsn: No such file"), 1, said)


if __name__ == "__main__":
    unittest.main()
