"""The files of packaging/container say what hearthd understands: each variable of a compose file is
a key, the image's configuration is one, and both name what the Containerfile makes. That they
build and start, tests/long/containers.py tries."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml
from harness import HEARTHD, PATIENCE, ROOT

FOLDER = os.path.join(ROOT, "packaging", "container")
NAMED = ("storage", "node", "listen", "sync", "oidc")  # sections that have a name
PLAIN = ("queue", "web", "auth", "scheduler", "worker")  # and those without; else [hearth]


def read(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        return f.read()


def sections(environment, folder):
    """The configuration that variables are, as lines of a file. Secrets are files here."""
    lines = []
    for variable, value in environment.items():
        words = variable.lower().split("_")[1:]
        if words[0] in NAMED:
            section, key = " ".join(words[:2]), "_".join(words[2:])
        elif words[0] in PLAIN:
            section, key = words[0], "_".join(words[1:])
        else:
            section, key = "hearth", "_".join(words)
        if str(value).startswith("/run/secrets/"):
            value = os.path.join(folder, os.path.basename(value))
        lines.append(f"[{section}]\n{key} = {value}\n")
    return "".join(lines)


class ContainerFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hearth-container-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        secrets = {"dsn": "postgresql://hearth:x@postgres/alder", "redis-url": "redis://:x@redis/0"}
        for name, text in secrets.items():
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(text + "\n")
            os.chmod(f.name, 0o600)

    def config(self, text):
        conf = os.path.join(self.folder, "conf.d")
        os.makedirs(conf, exist_ok=True)
        with open(os.path.join(conf, "10.conf"), "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run([HEARTHD, "--config", conf, "config"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, text + done.stdout)
        return done.stdout

    def test_the_image(self):
        shown = self.config(read("conf.d/10-container.conf"))
        self.assertRegex(shown, r"listen main +address +0\.0\.0\.0:8080 ")
        text = read("Containerfile")
        self.assertIn("EXPOSE 8080\n", text)
        self.assertRegex(shown, r"state_dir +/var/lib/hearth ")
        self.assertEqual(re.findall(r"^VOLUME (.*)$", text, re.M), ["/var/lib/hearth"])
        self.assertNotRegex(text, r"amd64|arm64|x86_64|aarch64")

    def test_variables_are_keys(self):
        roles = set()
        for name in ("compose.yaml", "compose-fleet.yaml"):
            services = yaml.safe_load(read(name))["services"]
            for service in services.values():
                if service.get("image") != "hearth":
                    continue
                environment = {
                    key: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", str(value))
                    for key, value in service["environment"].items()
                }
                with self.subTest(name, roles=environment.get("HEARTH_ROLES")):
                    self.config(sections(environment, self.folder))
                roles.add(environment.get("HEARTH_ROLES"))
                self.assertIs(service["read_only"], True)
                self.assertEqual(service["cap_drop"], ["ALL"])
        self.assertLessEqual({"web", "worker", "scheduler"}, roles)


if __name__ == "__main__":
    unittest.main()
