"""A fleet on loopback: two web nodes with a PostgreSQL database each, Redis, workers,
schedulers, HAProxy with the package's own configuration, and a Sync service with many accounts.
Each process has a folder and a configuration of its own, as machines have."""
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "e2e")]
from harness import Answer, HEARTHD, Node, PATIENCE, TestCase, until  # noqa: E402, F401
from servers import HAProxy, Hole, Postgres, Redis, free_port  # noqa: E402

NODES = ("alder", "birch")
BOOKMARKS, VISITS = 8, 5  # of each round of an account


class KeepRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class PostgresCase(TestCase):
    """A PostgreSQL server for all tests of the class."""
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.postgres.start()
        cls.count = 0

    def new_database(self):
        """(name, address)"""
        type(self).count += 1
        name = f"db{self.count}"
        return name, self.postgres.create(name)


class Fleet:
    def __init__(self, case, workers=3, schedulers=2, config="", apart=False, hole=None,
                 seconds=False, turns=False):
        """seconds: each node has a second web process, by the lines of HAProxy's file that are
        comments. turns: they take turns with each request, whoever asks. In `config` SERVICE is the
        address of the Sync double. apart: each node has a PostgreSQL of its own. hole: the name of
        a node whose database is reached through a Hole."""
        self.case = case
        self.postgres = self.server(Postgres())
        self.databases = {
            name: self.server(Postgres()) if apart and name != NODES[0] else self.postgres
            for name in NODES
        }
        self.hole = None
        self.redis = self.server(Redis())
        self.service = case.service(load=False)
        self.folder = tempfile.TemporaryDirectory(prefix="hearth-fleet-")
        case.addCleanup(self.folder.cleanup)
        self.ports = {name: free_port() for name in NODES}
        addresses = {
            f"HEARTH_{name.upper()}": f"127.0.0.1:{port}"
            for name, port in self.ports.items()
        }
        self.second_ports = {name: free_port() for name in NODES if seconds}
        addresses.update({
            f"HEARTH_{name.upper()}2": f"127.0.0.1:{port}"
            for name, port in self.second_ports.items()
        })
        self.haproxy = HAProxy(self.front(seconds, turns), **addresses)
        case.addCleanup(self.haproxy.close)
        self.common = (f"[hearth]\nkey_file = {self.folder.name}/hearth.key\nlog = json\n"
                       "[listen metrics]\naddress = 127.0.0.1:0\nserves = metrics\n")
        self.common += f"[queue]\nplugin = redis\nurl = {self.redis.url}\n"
        for name in NODES:
            dsn = self.databases[name].create(name)
            if name == hole:
                self.hole = Hole(os.path.join(self.databases[name].folder, ".s.PGSQL.5432"))
                case.addCleanup(self.hole.close)
                dsn = f"postgresql://postgres@127.0.0.1:{self.hole.port}/{name}"
            self.common += (f"[storage {name}]\nplugin = pg\ndsn = {dsn}\n[node {name}]\n"
                            f"url = {self.haproxy.url}\n")
        self.common += config.replace("SERVICE", self.service.url)
        self.operator = self.process("")
        self.operator.cli("migrate")
        self.webs = {
            name:
            self.process(
                f"[hearth]\nroles = web\n[web]\nnode = {name}\ntrusted_proxies = 127.0.0.1/32\n"
                f"[listen main]\naddress = 127.0.0.1:{port}\n")
            for name, port in self.ports.items()
        }
        self.seconds = [
            self.process(
                f"[hearth]\nroles = web\n[web]\nnode = {name}\ntrusted_proxies = 127.0.0.1/32\n"
                f"[listen main]\naddress = 127.0.0.1:{port}\n")
            for name, port in self.second_ports.items()
        ]
        self.workers = [self.process("[hearth]\nroles = worker\n") for _ in range(workers)]
        self.schedulers = [self.process("[hearth]\nroles = scheduler\n") for _ in range(schedulers)]
        for node in self.daemons():
            node.start()
        self.haproxy.start()
        self.context = ssl.create_default_context(cafile=self.haproxy.certificate)
        self.accounts, self.tokens, self.rounds, self.emails = {}, {}, {}, []

    def front(self, seconds, turns):
        path = os.path.join(ROOT, "packaging", "haproxy", "haproxy.cfg")
        if not seconds:
            return path
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(self.folder.name, "haproxy.cfg"), "w", encoding="utf-8") as f:
            text = text.replace("#server ", "server ")
            if turns:
                text = re.sub(r"^ *cookie hearth_web.*\n| cookie (?:alder|birch)[12]$", "", text,
                              flags=re.M)
            f.write(text)
        return f.name

    def server(self, server):
        self.case.addCleanup(server.close)
        return server.start()

    def process(self, text):
        node = self.case.node(self.common, start=False)
        node.configure("60-role", text)
        return node

    def daemons(self):
        return [*self.webs.values(), *self.seconds, *self.workers, *self.schedulers]

    # --- people
    def settle(self, count):
        """Makes the accounts, their tokens and their first round."""
        for i in range(count):
            email = f"person{i}@example.org"
            data = self.service.account(email, history=10, bookmarks=0, tabs=2, seed=i)
            self.emails.append(email)
            self.next_round(email)
            self.operator.cli("account", "import", "-", text=json.dumps(data))
            self.tokens[email] = self.operator.token(email)
        self.accounts = {row["email"]: row for row in self.rows()}

    def rows(self):
        return self.operator.cli_json("account", "list")

    def next_round(self, email):
        """Changes all bookmarks of a person and adds visits, each collection in one upload:
        readers must see all of a round or nothing."""
        number = self.rounds[email] = self.rounds.get(email, 0) + 1
        title = f"{email} round {number}"
        items = [{
            "id": f"{i:02}__________", "type": "bookmark", "parentid": "unfiled", "parentName": "",
            "dateAdded": 1700000000000 + i, "hasDupe": True, "title": title, "bmkUri":
            f"https://{email.split('@')[0]}.example/{i}", "tags": []
        } for i in range(BOOKMARKS)]
        root = {
            "id": "unfiled", "type": "folder", "parentid": "places", "parentName": "", "dateAdded":
            1700000000000, "hasDupe": True, "title": "unfiled", "children":
            [i["id"] for i in items]
        }
        self.service.put_clear("bookmarks", *items, root, email=email)
        self.service.put_clear(
            "history",
            *({
                "id": f"{i:02}_visit_____", "histUri":
                f"https://{email.split('@')[0]}.example/visited/{i}", "title": title, "visits":
                [{"date": 1700000000000000 + number * 60000000 + i, "type": 1}]
            } for i in range(VISITS)), email=email)

    # --- readers
    def ask(self, email, path, headers=None, follow=True):
        """Through HAProxy, as a program that asked GET /api/v1/node once."""
        headers = {
            "Authorization": f"Bearer {self.tokens[email]}", "Hearth-Node":
            self.accounts[email]["node"], **(headers or {})
        }
        handlers = [
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self.context)
        ] + ([] if follow else [KeepRedirects()])
        try:
            with urllib.request.build_opener(*handlers).open(
                    urllib.request.Request(self.haproxy.url + path, headers=headers),
                    timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def rounds_seen(self, email, answer):
        """The rounds of a listing's titles, after checking whose they are."""
        rounds = set()
        for item in answer.json.get("items") or answer.json.get("visits") or []:
            if "round" in (item["title"] or ""):
                owner, number = item["title"].split(" round ")
                self.case.assertEqual(owner, email, "a row of somebody else")
                rounds.add(int(number))
        return rounds
