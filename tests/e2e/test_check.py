"""`hearthd check`: says everything that keeps `serve` from being ready, and changes nothing."""
import contextlib
import datetime
import json
import os
import pwd
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness import HEARTHD, PATIENCE, TestCase


def certificate(folder, name, days=90):
    """A certificate of its own, with its key, for `days` from now; below 0: it has ended."""
    pem, key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
    private = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "home.example")])
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days)
    made = x509.CertificateBuilder(who, who, private.public_key(), x509.random_serial_number(),
                                   end - datetime.timedelta(90), end).sign(private, hashes.SHA256())
    with open(pem, "wb") as f:
        f.write(made.public_bytes(serialization.Encoding.PEM))
    with open(key, "wb") as f:
        f.write(
            private.private_bytes(serialization.Encoding.PEM,
                                  serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption()))
    os.chmod(key, 0o600)
    return pem, key


def tree(*folders):
    """Everything in the folders as it is: names, sizes, modes, owners, times of change."""
    found = {}
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in [path] + [os.path.join(path, n) for n in names]:
                st = os.lstat(name)
                found[name] = (st.st_mode, st.st_uid, st.st_size, st.st_mtime_ns)
    return found


class Check(TestCase):
    maxDiff = None

    def run_check(self, node, *words, user=None):
        """Exit code, standard output, standard error; whatever it finds, nothing has changed."""
        before = tree(node.folder)
        done = subprocess.run([HEARTHD, "--config", node.conf, *words, "check"],
                              capture_output=True, text=True, env=node.environment,
                              timeout=PATIENCE, user=user)
        after = tree(node.folder)
        self.assertEqual(
            {
                n: (before.get(n), after.get(n))
                for n in {*before, *after}
                if before.get(n) != after.get(n)
            }, {})
        return done.returncode, done.stdout, done.stderr

    def good(self, node, *expected, user=None):
        code, said, wrong = self.run_check(node, user=user)
        self.assertEqual((code, wrong), (0, ""), said)
        self.assertIn("The configuration is good.", said)
        for words in expected:
            self.assertIn(words, said)

    def refused(self, node, *expected, code=None):
        got, said, wrong = self.run_check(node)
        self.assertNotEqual(got, 0, said)
        if code is not None:
            self.assertEqual(got, code, wrong)
        for words in expected:
            self.assertIn(words, wrong)
        self.assertNotIn("is good", said)
        return got, wrong

    def serve_says(self, node, *before):
        """The exit code of a start that fails, and what it says."""
        done = subprocess.run([*before, HEARTHD, "--config", node.conf, "serve"],
                              capture_output=True, text=True, env=node.environment,
                              timeout=PATIENCE)
        self.assertNotIn("ready", done.stdout)
        return done.returncode, re.sub(r"(?m)^\d{4}-\S+ warning pages web app missing .*\n", "",
                                       done.stderr)

    def serve_refuses(self, node):
        """The exit code and last line of a start that fails."""
        code, said = self.serve_says(node)
        return code, said.strip().split("\n")[-1]

    def test_a_new_machine(self):
        """Nothing is there yet, and nothing is afterwards; the first start then makes it."""
        node = self.node(start=False)
        self.good(node, "has no database yet: it will be made at the first start",
                  "hearth.key will be made")
        os.rmdir(node.state)
        self.good(node, f"the state directory {node.state} will be made at the first start")
        self.assertFalse(os.path.exists(node.state))
        node.start()
        self.good_beside(node)
        node.stop()
        self.good(node)

    def good_beside(self, node):
        done = subprocess.run([HEARTHD, "--config", node.conf, "check"], capture_output=True,
                              text=True, env=node.environment, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn(f"a hearthd runs on {node.state}", done.stdout)
        self.assertIn("the addresses were not tried", done.stdout)

    def test_a_database_that_a_crash_left(self):
        node, service = self.node(), self.service()
        node.add_account(service)
        node.kill()
        self.assertTrue(os.path.exists(os.path.join(node.state, "hearth.db-shm")))
        self.good(node, "accounts 1")
        node.start()
        self.good_beside(node)
        node.stop()
        self.good(node, "accounts 1")

    def test_what_a_first_start_left_that_was_killed(self):
        """An empty database, the header of a log, and its index, which nobody has filled."""
        node = self.node(start=False)
        database = os.path.join(node.state, "hearth.db")
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA user_version = 0")
            db.execute("CREATE TABLE x (y)")
            with open(database + "-wal", "rb") as f:
                header = f.read(32)
            self.assertEqual(len(header), 32)
            db.execute("DROP TABLE x")
        os.unlink(database)
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = WAL")
        self.assertEqual(os.path.getsize(database), 4096)
        for log in (header, b""):
            for index in (bytes(32768), b""):
                for name, content in (("-wal", log), ("-shm", index)):
                    with open(database + name, "wb") as f:
                        f.write(content)
                with self.subTest(log=len(log), index=len(index)):
                    self.good(node, "has no database yet: it will be made at the first start")
        os.unlink(database + "-wal")
        self.good(node, "has no database yet")  # and makes no log
        with open(database + "-wal", "wb") as f:
            f.write(header)
        with open(database + "-shm", "wb") as f:
            f.write(bytes(32768))
        node.start()

    def test_a_restore_that_was_interrupted(self):
        """At any of its renames: it is said,
        and what is checked is what the next start finishes."""
        node, service = self.node(start=False), self.service()
        node.prepare()
        node.cli("account", "import", "-", text=json.dumps(service.import_file()))
        database, accounts = os.path.join(node.state,
                                          "hearth.db"), os.path.join(node.state, "accounts")
        ready = database + ".restored-20261129T120000Z-0001"
        aside = database + ".replaced-20261129T120000Z-0001"
        shutil.copytree(node.state, node.state + ".sound")
        with open(os.path.join(accounts, "x.db"), "w", encoding="utf-8"):
            pass
        for name in ("accounts", "hearth.db"):
            shutil.copytree(node.state, node.state + ".old", dirs_exist_ok=True)
        steps = (None, (database, aside), (accounts, aside + "-accounts"),
                 (os.path.join(ready, "accounts"), accounts), (os.path.join(ready,
                                                                            "hearth.db"), database))
        for last in range(len(steps)):
            with self.subTest(last):
                shutil.rmtree(node.state)
                shutil.copytree(node.state + ".old", node.state)
                os.mkdir(ready, 0o700)
                shutil.copy(os.path.join(node.state + ".sound", "hearth.db"), ready)
                shutil.copytree(os.path.join(node.state + ".sound", "accounts"),
                                os.path.join(ready, "accounts"))
                for step in steps[1:last + 1]:
                    os.rename(*step)
                code, said, wrong = self.run_check(node)
                self.assertEqual(code, 0, wrong)
                self.assertIn("a restore was interrupted, and the next start finishes it", wrong)
                self.assertIn("accounts 1", said)
                node.start()
                node.stop()
                self.assertFalse(os.path.exists(ready))
                self.assertIn("sound", node.cli("verify"))
                self.good(node, "accounts 1")

    def test_check_and_serve_agree(self):
        """Whatever one refuses, the other one refuses with the same exit code,
        and check has said why."""
        node, service = self.node(start=False), self.service()
        node.prepare()
        node.cli("account", "import", "-", text=json.dumps(service.import_file()))
        pem, key = certificate(node.folder, "one")
        other_key = certificate(node.folder, "other")[1]
        listener = "[listen main]\naddress = 127.0.0.1:0\n"
        with open(os.path.join(node.folder, "no.pem"), "w", encoding="utf-8") as f:
            f.write("Dear Hearth")
        with open(key, encoding="utf-8") as f, open(os.path.join(node.folder, "open.key"), "w",
                                                    encoding="utf-8") as out:
            out.write(f.read())
        os.chmod(os.path.join(node.folder, "open.key"), 0o644)
        with open(os.path.join(node.folder, "large"), "wb") as f:
            os.fchmod(f.fileno(), 0o600)
            f.truncate(3 << 30)
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        cases = [
            ("[hearth]\nroles = web wroker\n", "\"wroker\" is not one of: web worker scheduler",
             True), ("[listen main]\naddress = 8080\n", "host:port", True),
            ("[listen main]\naddress = 127.0.0.1:99999\n", "from 0 to 65535", True),
            ("[listen main]\naddress = nosuchhost.invalid:8080\n", "nosuchhost.invalid", True),
            (f"[listen main]\naddress = 127.0.0.1:{taken.getsockname()[1]}\n",
             "Address already in use", True),
            (f"{listener}tls_certificate = {pem}\ntls_key = {node.folder}/large\n",
             "large has 3221225472 bytes, and is not read: 1048576 are the most", True),
            (f"{listener}tls_certificate = {node.folder}/large\ntls_key = {key}\n",
             "large has 3221225472 bytes, and is not read", True),
            (f"[worker]\nca_file = {node.folder}/large\n",
             "large has 3221225472 bytes, and is not read", True),
            ("[oidc sso]\nissuer = https://sso.example.org\nclient_id =\n",
             "[oidc sso] needs client_id", True),
            ("[oidc sso]\nissuer = https://sso.example.org\nclient_id = x\n[sync sso]\n",
             "[oidc sso] has the name of [sync sso]", True),
            ("[web]\ntrusted_proxies = 10.0.0.0/99\n", "is not a network", True),
            ("[web]\nbase_url = https://h/he%20arth/\n", "single slashes", True),
            ("[web]\nbase_url = ftp://x\n", "https://", True),
            ("[auth]\nallow = ada@@x\n", "more than one @", True),
            ("[auth]\nproxy_header = Remote-Email\n", "trusted_proxies", True),
            (f"{listener}tls_certificate = {node.folder}/missing.pem\ntls_key = {key}\n",
             "missing.pem: No such file", True),
            (f"{listener}tls_certificate = {node.folder}/no.pem\ntls_key = {key}\n",
             "is no PEM file with a certificate", True),
            (f"{listener}tls_certificate = {pem}\n", "needs tls_key", True),
            (f"{listener}tls_certificate = {pem}\ntls_key = {other_key}\n",
             "is not the key of the certificate", True),
            (f"{listener}tls_certificate = {pem}\ntls_key = {node.folder}/open.key\n",
             "can be read by others (mode 0644)", True),
            ("[hearth]\nroles = web\n", "cannot be shared by several processes", True),
            ("[storage main]\nplugin = oracle\n", "there is no storage-oracle.so", True),
            ("[storage main]\npaht = x\n", "has no key paht; did you mean path?", True),
            ("[sync firefox]\ntoken_server = http://sync.example.org/1.0/sync/1.5\n",
             "plain http to another machine", True),
            ("[sync firefox]\ndevice_name = " + 300 * "x" + "\n",
             "device_name is longer than 255 bytes", True),
            ("[sync firefox]\nscopes = https://identity.mozilla.com/apps/oldsync " + 300 * "x" +
             "\n", "scopes is longer than 255 bytes", True),
            ("[oidc sso]\nissuer = http://sso.example.org\nclient_id = x\n",
             "must be an https address", True),
            ("[oidc sso]\nissuer = https://sso.example.org\nclient_id = x\nclient_secret_file = "
             "${HEARTH_UNSET}/x\n",
             "HEARTH_UNSET is not set", True),
            (f"[worker]\nca_file = {node.folder}/no.pem\n", "is no PEM file with certificates",
             True),
            ("[worker]\nca_file = /nonexistent/ca.pem\n",
             "cannot read /nonexistent/ca.pem: No such file", True),
            ("[web]\napp_dir = /nonexistent/app\n", "/nonexistent/app", True),
            (f"[hearth]\nstate_dir = {node.folder}/no.pem\n", "is not a folder", False),
            ("[storage main]\npath = /nonexistent/x.db\n", "the directory does not exist", True),
            ("[storage main]\npath = /dev/null\n", "/dev/null: is not a file", True),
            (f"[storage main]\npath = {node.folder}\n", f"{node.folder}: is not a file", True),
            (f"[storage main]\npath = {node.conf}/00-test.conf/x.db\n",
             "the directory does not exist", True),
            ("[sync firefox]\naccounts_url = https://ada:s3cret@accounts.example.org\n",
             "accounts_url: names and passwords do not belong", True),
            ("[node alder]\nstorage = main\n[node birch]\nstorage = main\nurl = "
             "https://birch.example.org\n",
             "[node alder] needs url", True),
            ("[hearth]\nstate_dir = /nonexistent/a/b\n", "cannot make the state directory", False),
        ]
        for text, words, same in cases:
            node.configure("90-case", text)
            code, wrong = self.refused(node, words)
            self.assertRegex(wrong, r"90-case\.conf:\d+: ", text)
            served, line = self.serve_refuses(node)
            self.assertEqual(served, code, f"{text}\n{wrong}\n{line}")
            if same:  # a sentence of serve's is one of check's, but for where it stands
                self.assertIn(
                    re.sub(r"^hearthd: ", "", line).split(".conf:")[-1].lstrip(
                        "0123456789: ").removeprefix("[listen main]: "), wrong, text)
        node.configure("90-case", "")
        self.good(node, "accounts 1")

    def agree(self, node, *words, code):
        """Both refuse, with the same exit code, and check has said why."""
        self.refused(node, *words, code=code)
        served, said = self.serve_says(node)
        self.assertEqual(served, code, said)
        self.assertTrue(all(w in said for w in words), said)

    def test_what_is_no_file(self):
        """A pipe, a folder or a device in the place of a file: nobody waits for who writes into
        it, and nobody takes it for anything else."""
        node = self.node(start=False).prepare()
        pem, key = certificate(node.folder, "one")
        pipe, plugins = os.path.join(node.folder, "pipe"), os.path.join(node.folder, "plugins")
        os.mkfifo(pipe, 0o600)
        os.mkdir(plugins)
        os.mkfifo(os.path.join(plugins, "storage-pipe.so"))
        with open(os.path.join(node.folder, "a-file"), "w", encoding="utf-8"):
            pass
        listener = "[listen main]\naddress = 127.0.0.1:0\n"
        secret = ("[oidc sso]\nissuer = https://sso.example.org\nclient_id = x\n"
                  "client_secret_file = ")
        for what, kind in ((pipe, "pipe"), ("/dev/zero", "device"), (node.folder, "folder")):
            said = f"{what} is a {kind}, and not a file"
            for text in (f"[hearth]\nkey_file = {what}\n",
                         f"{listener}tls_certificate = {what}\ntls_key = {key}\n",
                         f"{listener}tls_certificate = {pem}\ntls_key = {what}\n",
                         f"[worker]\nca_file = {what}\n", f"{secret}{what}\n"):
                with self.subTest(text):
                    node.configure("90-case", text)
                    self.agree(node, said, code=2)
        node.configure("90-case", "")
        for words in (["restore", pipe], ["key", "add", pipe]):
            self.assertIn("pipe is a pipe, and not a file", node.cli(*words, code=2))
        node.configure("90-case",
                       f"[hearth]\nplugin_dir = {plugins}\n[storage main]\nplugin = pipe\n")
        self.agree(node, "storage-pipe.so is a pipe, and not a file", code=2)
        node.configure("90-case", f"[storage main]\npath = {pipe}\n")
        self.agree(node, f"{pipe}: is not a file", code=2)
        os.unlink(os.path.join(node.conf, "90-case.conf"))
        os.mkfifo(os.path.join(node.conf, "90-case.conf"))
        self.agree(node, "90-case.conf is a pipe, and not a file", code=2)
        os.unlink(os.path.join(node.conf, "90-case.conf"))
        for name in ("hearthd.lock", "hearth.db-lock"):
            if os.path.exists(os.path.join(node.state, name)):
                os.unlink(os.path.join(node.state, name))
            os.mkfifo(os.path.join(node.state, name))
        self.good(node)
        node.start()

    def test_a_damaged_state_directory(self):
        node = self.node(start=False).prepare()
        database, accounts = os.path.join(node.state,
                                          "hearth.db"), os.path.join(node.state, "accounts")
        os.rmdir(accounts)
        with open(accounts, "w", encoding="utf-8"):
            pass
        self.agree(node, f"{accounts}: is not a directory", code=2)
        os.unlink(accounts)
        os.symlink("/nonexistent/accounts", accounts)
        self.agree(node, f"{accounts}: is not a directory", code=2)
        os.unlink(accounts)
        os.mkdir(accounts)
        for end in ("-wal", "-shm", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(database + end)
            os.mkdir(database + end)
            self.agree(node, f"{database}{end}: is not a file", code=2)
            os.rmdir(database + end)
            os.symlink("/nonexistent/x", database + end)
            self.agree(node, f"{database}{end}: is a link to a file that is not there", code=2)
            os.unlink(database + end)
        with open(database + "-shm", "wb") as f:
            f.write(bytes(32768))
        self.good(node)
        os.rename(database, database + ".away")
        os.mkdir(database)
        self.agree(node, f"{database}: is not a file", code=2)
        os.rmdir(database)
        with open(os.path.join(accounts, "x.db"), "w", encoding="utf-8"):
            pass
        self.agree(node, "the database file is missing, but there are persons' files", code=1)
        os.rename(node.state, node.state + ".away")
        with open(node.state, "w", encoding="utf-8"):
            pass
        self.agree(node, f"the state directory {node.state} is not a folder: move that file away",
                   code=1)
        self.assertIn("is not a folder", node.cli("account", "list", code=1))

    @unittest.skipIf(os.geteuid() != 0, "only root can mount a small disk")
    def test_a_full_disk(self):
        """At a first start, and over a database."""
        node = self.node(start=False)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", node.state],
                       check=True, timeout=PATIENCE)
        self.addCleanup(subprocess.run, ["umount", "-l", node.state], check=True, timeout=PATIENCE)
        full = os.path.join(node.state, "full")

        def fill(left):
            """So many bytes are left."""
            with open(full, "wb") as f:
                f.truncate(0)
                disk = os.statvfs(node.state)
                f.write(b"x" * (disk.f_bavail * disk.f_frsize - left))

        fill(0)
        self.agree(node, "the disk is full", code=1)
        for name in os.listdir(node.state):  # what the refused start has made
            if name != "full":
                path = os.path.join(node.state, name)
                os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
        os.unlink(full)
        node.prepare()
        for left in (0, 8192):
            fill(left)
            self.agree(node, "the disk is full", code=1)
        fill(128 * 1024)  # it starts, and is not ready
        code, _, wrong = self.run_check(node)
        self.assertEqual(code, 0, wrong)
        self.assertRegex(
            wrong,
            "warning: the storage answers, but cannot be used in full: .*hearth.db: the disk is "
            "full"
        )
        node.start()
        node.stop()

    @unittest.skipIf(os.geteuid() != 0, "only root can be two people")
    def test_a_read_only_database(self):
        node = self.node(start=False).prepare()
        os.chmod(node.folder, 0o755)
        nobody = pwd.getpwnam("nobody")
        for folder, names, files in os.walk(node.folder):
            for name in [folder] + [os.path.join(folder, n) for n in names + files]:
                os.chown(name, nobody.pw_uid, nobody.pw_gid)
        self.good(node, user="nobody")
        for path, mode in ((os.path.join(node.state, "hearth.db"), 0o400),
                           (os.path.join(node.state, "accounts"), 0o500)):
            before = os.stat(path).st_mode
            os.chmod(path, mode)
            code, _, wrong = self.run_check(node, user="nobody")
            self.assertEqual(code, 0, wrong)
            self.assertRegex(
                wrong,
                "warning: the storage answers, but cannot be used in full: .*hearth.db: the "
                "database is read-only .Permission denied."
            )
            os.chmod(path, before)

    def test_networks_that_may_mean_less(self):
        node = self.node(
            "[web]\ntrusted_proxies = 10.0.0.1/8, 127.0.0.1, 2001:db8::1/32, 192.0.2.0/24\n",
            start=False).prepare()
        code, _, wrong = self.run_check(node)
        self.assertEqual((code, wrong.count("warning")), (0, 2), wrong)
        self.assertRegex(
            wrong,
            r"warning: .*50-test\.conf:2: trusted_proxies: 10\.0\.0\.1/8 means the whole network "
            r"10\.0\.0\.0/8: write that, or 10\.0\.0\.1/32"
        )
        self.assertIn(
            "2001:db8::1/32 means the whole network 2001:db8::/32: write that, or 2001:db8::1/128",
            wrong)
        for everybody in ("0.0.0.0/0", "127.0.0.1 ::/0"):
            node.configure(
                "50-test",
                f"[web]\ntrusted_proxies = {everybody}\n[auth]\nproxy_header = Remote-Email\n")
            code, _, wrong = self.run_check(node)
            self.assertEqual(code, 0, wrong)
            self.assertRegex(
                wrong,
                r"warning: .*50-test\.conf:2: trusted_proxies lets everybody .* say in "
                r"remote-email who they are"
            )
        node.start()

    def test_everything_at_once(self):
        node = self.node(start=False)
        pem, key = certificate(node.folder, "one")
        node.configure("80-a", "[worker]\nparallell = 3\n[nonsense]\n[web]\ntrusted_proxies = x\n")
        node.configure("90-b", "[auth]\nallow = bob\n")
        _, wrong = self.refused(node, "80-a.conf:2: [worker] has no key parallell",
                                "80-a.conf:3: there is no section [nonsense]",
                                "80-a.conf:5: trusted_proxies", "90-b.conf:2: allow", code=2)
        self.assertEqual(len(wrong.strip().split("\n")), 4)
        for command in (("account", "list"), ("serve", ),
                        ("config", )):  # and so does every command
            done = subprocess.run([HEARTHD, "--config", node.conf, *command], capture_output=True,
                                  text=True, env=node.environment, timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (2, wrong))
        with socket.create_server(("127.0.0.1", 0)) as taken:
            node.configure(
                "80-a",
                f"[listen main]\naddress = 127.0.0.1:{taken.getsockname()[1]}\n[listen b]\naddress "
                "= 127.0.0.1:0\n"
                f"tls_certificate = {pem}\ntls_key = {key}x\n[storage main]\npath = "
                "/nonexistent/a/x.db\n"
            )
            node.configure(
                "90-b",
                "[worker]\nca_file = /nonexistent\n[web]\napp_dir = /nonexistent\n[sync firefox]\n"
                "client_id = a b\n"
                "[sync other]\nplugin = oracle\nhistory = no\n")
            with open(os.path.join(node.state, "hearth.key"), "w", encoding="utf-8") as f:
                f.write("Dear Hearth")
            os.chmod(os.path.join(node.state, "hearth.key"), 0o600)
            _, wrong = self.refused(node, "80-a.conf:2: ", "Address already in use",
                                    "80-a.conf:6: cannot read", "one.keyx: No such file",
                                    "90-b.conf:2: ", "90-b.conf:4: ",
                                    "90-b.conf:6: sync-fx: client_id is not an OAuth client id",
                                    "90-b.conf:8: there is no sync-oracle.so",
                                    "hearth.key:1: a line must be")
            self.assertEqual(self.serve_says(node), (2, wrong))  # all of it, and nothing twice

    def test_addresses_that_overlap(self):
        """What cannot be had together by one process, and sockets where something else is."""
        node = self.node(start=False).prepare()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        sockets = os.path.join(node.folder, "sockets")
        os.mkdir(sockets)
        pairs = [(f"0.0.0.0:{port}", f"127.0.0.1:{port}"), (f"[::]:{port}", f"0.0.0.0:{port}"),
                 (f"localhost:{port}", f"127.0.0.1:{port}"),
                 (f"[::ffff:127.0.0.1]:{port}", f"127.0.0.1:{port}"),
                 (f"unix:{sockets}/n.sock", f"unix:{sockets}/./n.sock"),
                 ("127.0.0.1:0", f"unix:{node.state}/hearthd.sock")]
        for one, other in pairs:
            with self.subTest(f"{one} {other}"):
                node.configure(
                    "90-case",
                    f"[listen main]\naddress = {one}\n[listen more]\naddress = {other}\n")
                self.refused(
                    node, "cannot listen on " +
                    other.removeprefix("unix:") if "hearthd.sock" not in other else "hearthd.sock",
                    code=1)
                self.assertEqual(self.serve_says(node)[0], 1)
        os.unlink(os.path.join(node.conf, "90-case.conf"))
        path = os.path.join(node.state, "hearthd.sock")
        makes = (lambda: open(path, "w", encoding="utf-8").close(), lambda: os.mkdir(path),
                 lambda: os.mkfifo(path), lambda: os.symlink("/nowhere", path))
        for make in makes:
            make()
            self.agree(node, f"cannot listen on {path}: there is a file that is no socket", code=1)
            os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
        self.good(node)
        node.start()

    def test_before_the_first_start(self):
        """What the roles need is known before there is a database."""
        node = self.node(
            "[storage a]\npath = a.db\n[storage b]\npath = b.db\n[node a]\nurl = "
            "https://a.example\n[node b]\nurl = https://b.example\n",
            start=False)
        self.agree(
            node,
            "there are 2 nodes: say which one's people this process serves, in [web] node = NAME",
            code=2)
        node = self.node("[hearth]\nroles = web\n", start=False)
        self.agree(node, "cannot be shared by several processes", code=2)

    def test_too_few_open_files(self):
        node = self.node(start=False).prepare()
        for few in (20, 24, 64):
            before = ("prlimit", f"--nofile={few}")
            done = subprocess.run([*before, HEARTHD, "--config", node.conf, "check"],
                                  capture_output=True, text=True, env=node.environment,
                                  timeout=PATIENCE)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(f"this process may have {few} files open, and needs ", done.stderr)
            code, said = self.serve_says(node, *before)
            self.assertEqual(code, 1, said)
            self.assertIn(f"this process may have {few} files open, and needs ", said)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        done = subprocess.run(
            ["prlimit", f"--nofile=20:{hard}", HEARTHD, "--config", node.conf, "check"],
            capture_output=True, text=True, env=node.environment, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))  # the soft limit is raised

    def test_closed_descriptors(self):
        """A command that is started without standard input, output, error: no library ends it,
        and no file gets their numbers."""
        for node in (self.node(start=False), self.node(start=False).prepare()):
            # nobody has got what was to be said
            for closed, expected in (("<&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 1)):
                for command in ("check", "account list")[:1 if node.is_new() else 2]:
                    done = subprocess.run([
                        "sh", "-c", f'exec "$0" --config "$1" {command} {closed}', HEARTHD,
                        node.conf
                    ], env=node.environment, timeout=PATIENCE, stdout=subprocess.DEVNULL)
                    self.assertEqual(done.returncode, expected, (command, closed))

    def test_when_certificates_end(self):
        node = self.node(start=False)
        pem, key = certificate(node.folder, "good")
        text = "[listen main]\naddress = 127.0.0.1:0\ntls_certificate = {}\ntls_key = {}\n"
        node.configure("90-tls", text.format(pem, key))
        self.good(node, "good.pem: the certificate ends on 20")
        pem, key = certificate(node.folder, "soon", 5)
        node.configure("90-tls", text.format(pem, key))
        code, said, wrong = self.run_check(node)
        self.assertEqual(code, 0)
        self.assertRegex(
            wrong,
            r"warning: .*90-tls\.conf:3: .*soon\.pem: the certificate ends on 20\d\d-\d\d-\d\d")
        self.assertIn("good, but for the warnings", said)
        pem, key = certificate(node.folder, "over", -10)
        node.configure("90-tls", text.format(pem, key))
        self.refused(node, "90-tls.conf:3: ", "over.pem: the certificate has ended on", code=1)
        node.start()  # a restart is not the moment to be gone altogether
        self.assertIn("over.pem: the certificate has ended on", node.log_text())

    def test_keys(self):
        """One that others can read, another machine's, none at all."""
        node, service = self.node(start=False), self.service()
        node.prepare()
        node.cli("account", "import", "-", text=json.dumps(service.import_file()))
        path = os.path.join(node.state, "hearth.key")
        os.chmod(path, 0o644)
        self.refused(
            node, "hearth.key holds secrets and can be read by others (mode 0644): run chmod 600")
        os.chmod(path, 0o640)
        self.good(node)
        with open(path, encoding="utf-8") as f:
            key = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write("1:" + "ab" * 32 + "\n")
        self.refused(node, f"was sealed with key 1 (", f"but {path} has key 1 (", code=1)
        os.unlink(path)
        self.refused(node, f"there is no key file {path}", code=1)
        self.assertFalse(os.path.exists(path))
        with open(path, "w", encoding="utf-8") as f:
            f.write(key)
        os.chmod(path, 0o600)
        self.good(node, "accounts 1")

    def test_schemas(self):
        node = self.node(start=False)
        node.cli("migrate")
        with sqlite3.connect(os.path.join(node.state, "hearth.db")) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        self.refused(node, "newer than this plugin")

    @unittest.skipIf(os.geteuid() != 0, "only root can be two people")
    def test_another_user(self):
        """As root nothing is left that the daemon's user could not use;
        and whose directory it is, is said."""
        nobody = pwd.getpwnam("nobody")
        node = self.node(start=False)
        os.chown(node.state, nobody.pw_uid, nobody.pw_gid)
        self.good(node, f"the state directory {node.state} belongs to user nobody")
        self.assertEqual(os.listdir(node.state), [])
        os.chown(node.state, 0, 0)
        os.chmod(node.folder, 0o755)
        os.chmod(os.path.join(node.conf, "00-test.conf"), 0o644)  # no secret in it
        code, _, wrong = self.run_check(node, user="nobody")
        self.assertEqual(code, 1)
        self.assertIn("Permission denied; it belongs to user root", wrong)

    def test_a_secret_of_the_unit(self):
        """Commands that do not need it work where systemd's credentials are not; serve and check
        say what is missing."""
        node = self.node(start=False)
        node.environment.pop("CREDENTIALS_DIRECTORY", None)
        node.configure(
            "90-sso",
            "[oidc sso]\nissuer = https://sso.example.org\nclient_id = x\nclient_secret_file = "
            "${CREDENTIALS_DIRECTORY}/secret\n"
        )
        node.cli("migrate")
        self.assertEqual(node.cli_json("account", "list"), [])
        shown = {(e["section"], e["key"]): e["value"] for e in node.cli_json("config")}
        self.assertEqual(shown[("oidc sso", "client_secret")], "(cannot be read here)")
        self.refused(
            node,
            "90-sso.conf:4: client_secret_file: the environment variable CREDENTIALS_DIRECTORY is "
            "not set",
            code=2)
        secret = os.path.join(node.folder, "credentials")
        os.mkdir(secret)
        with open(os.path.join(secret, "secret"), "w", encoding="utf-8") as f:
            f.write("hunter2\n")
        node.environment["CREDENTIALS_DIRECTORY"] = secret
        for mode in (0o400, 0o440):
            os.chmod(os.path.join(secret, "secret"), mode)
            self.good(node)
        os.chmod(os.path.join(secret, "secret"), 0o444)
        self.refused(node, "90-sso.conf:4: ", "can be read by others (mode 0444)", code=2)

    def test_roles_of_the_command_line(self):
        node = self.node(start=False)
        self.assertIn("cannot be shared", self.run_check(node, "--role", "web")[2])
        self.assertIn('--role: roles: "wroker" is not one of',
                      self.run_check(node, "--role", "wroker")[2])


if __name__ == "__main__":
    unittest.main()
