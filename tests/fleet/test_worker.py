"""One worker process with 500 accounts on one Sync service: a handful of connections, one
request for an unchanged account, little memory."""
import json
import os
import re
import socket
import subprocess
import time
import unittest
import urllib.parse

from fleet import Fleet, HEARTHD, TestCase, until

ACCOUNTS = int(os.environ.get("FLEET_ACCOUNTS", 500))


def connections_to(pid, port):
    """Established TCP connections of a process to a port of this machine."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            inodes.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            continue  # closed meanwhile
    count = 0
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        for line in list(table)[1:]:
            fields = line.split()
            count += fields[3] == "01" and int(fields[2].split(":")[1],
                                               16) == port and f"socket:[{fields[9]}]" in inodes
    return count


class Worker(TestCase):
    def test_many_accounts_on_one_service(self):
        fleet = Fleet(self, workers=1, schedulers=1,
                      config="[scheduler]\ninterval = 2s\ntick = 100ms\n")
        worker, service = fleet.workers[0], urllib.parse.urlparse(fleet.service.url)
        for i in range(ACCOUNTS):
            data = fleet.service.account(f"person{i}@example.org", history=5, bookmarks=2, tabs=1,
                                         seed=i)
            fleet.operator.cli("account", "import", "-", text=json.dumps(data))
        until(lambda: all(row["last_sync_at"] for row in fleet.rows()), "everybody synced")
        fleet.service.clear()
        most = 0

        def watched():
            nonlocal most
            most = max(most, connections_to(worker.process.pid, service.port))
            return fleet.service.counters()["requests"] > ACCOUNTS * 3

        until(watched, "three rounds of unchanged accounts")
        log = fleet.service.log()
        self.assertEqual({r["path"].rpartition("/")[2]
                          for r in log}, {"collections"}, "an unchanged account takes one request")
        self.assertGreater(most, 0)
        self.assertLessEqual(most, 4)
        if "FLEET_SANITIZED" not in os.environ:  # a sanitizer's own memory is much more
            self.assertLess(worker.memory("VmHWM"), 100 * 1024)
        self.assertEqual({row["state"] for row in fleet.rows()}, {"ok"})

    def test_reading_after_a_sync(self):
        """Each web process's very next answers have what another process stored, whatever it has
        in memory of before."""
        fleet = Fleet(self, workers=1, schedulers=1, seconds=True,
                      config="[scheduler]\ninterval = 1h\ntick = 100ms\n")
        fleet.settle(1)
        email = fleet.emails[0]
        until(lambda: fleet.rows()[0]["last_sync_at"], "the first sync")
        at = list(fleet.webs).index(fleet.rows()[0]["node"])
        webs = [list(fleet.webs.values())[at], fleet.seconds[at]]
        device, paths = "person0phone", ("/bookmarks?folder=unfiled", "/history", "/tabs",
                                         "/search?q=person0.example", "/search?q=round")

        def titles(web, path, headers=None):
            """Which rounds the answer tells of, and its validator."""
            answer = web.request("/api/v1" + path, email=None, token=fleet.tokens[email],
                                 headers=headers)
            self.assertEqual(answer.status, 200, (path, answer.body))
            return set(re.findall(rb"round ([0-9]+)", answer.body)), answer.headers["ETag"]

        for turn in range(10):
            known = {(web, path): titles(web, path)[1] for web in webs for path in paths}
            fleet.next_round(email)
            number = fleet.rounds[email]
            fleet.service.put_clear("tabs", {"id": device, "clientName": "Phone", "tabs": [
                {"title": f"{email} round {number}", "urlHistory": ["https://person0.example/tab"],
                 "lastUsed": 1795432000}]}, email=email)
            webs[turn % 2].cli("account", "sync", email, "--wait")
            for web in webs:
                for path in paths:
                    validator = {"If-None-Match": known[web, path]} if turn % 4 < 2 else None
                    rounds, _ = titles(web, path, validator)
                    self.assertEqual(rounds, {b"%d" % number}, (turn, web.address, path))

    def test_takes_no_job_before_it_listens(self):
        """A worker whose port is taken ends, and has taken no job: else each start of a crash
        loop would interrupt somebody's sync."""
        fleet = Fleet(self, workers=1, schedulers=1,
                      config="[scheduler]\ninterval = 1h\ntick = 100ms\n")
        fleet.settle(1)
        worker, email = fleet.workers[0], fleet.emails[0]
        until(lambda: fleet.rows()[0]["last_sync_at"], "the first sync")
        until(lambda: not fleet.operator.cli_json("queue", "show"), "the end of its job")
        worker.stop()
        self.assertEqual(
            fleet.webs[fleet.rows()[0]["node"]].request("/api/v1/sync", "POST", email=None,
                                                        token=fleet.tokens[email]).status, 202)
        before = fleet.operator.cli_json("queue", "show")
        self.assertEqual([(job["state"], job["attempt"]) for job in before],
                         [("ready", before[0]["attempt"])])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            worker.configure("70-port",
                             f"[listen metrics]\naddress = 127.0.0.1:{taken.getsockname()[1]}\n")
            for _ in range(3):
                done = subprocess.run([HEARTHD, "--config", worker.conf, "serve"],
                                      capture_output=True, text=True, env=worker.environment,
                                      timeout=60)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("Address already in use", done.stderr)
        after = fleet.operator.cli_json("queue", "show")
        self.assertEqual([(job["state"], job["attempt"]) for job in after],
                         [("ready", before[0]["attempt"])])

    def test_asked_for_while_one_runs(self):
        """What runs on another machine may have read the server before: it is asked again."""
        fleet = Fleet(self, workers=1, schedulers=1,
                      config="[scheduler]\ninterval = 1h\ntick = 100ms\n")
        fleet.settle(1)
        until(lambda: fleet.rows()[0]["last_sync_at"], "the first sync")
        until(lambda: not fleet.operator.cli_json("queue", "show"), "the end of its job")
        fleet.service.faults({"match": "info/collections", "delay": 2, "times": 1})
        fleet.service.clear()
        fleet.operator.cli("account", "sync", fleet.emails[0])
        until(lambda: fleet.service.log("info/collections"), "it is under way")
        web, token = fleet.webs[fleet.rows()[0]["node"]], fleet.tokens[fleet.emails[0]]
        answer = web.request("/api/v1/sync", "POST", email=None, token=token)
        self.assertEqual(answer.status, 202)
        until(lambda: len(fleet.service.log("info/collections")) >= 2, "one of its own")
        until(lambda: not fleet.operator.cli_json("queue", "show"), "the end of its job")
        account = fleet.operator.cli_json("account", "show", fleet.emails[0])
        self.assertGreater(account["next_sync_at"], 1)

    def test_waiting_for_a_worker_of_an_older_release(self):
        """It does not count requests: that an attempt has ended is an answer when no job of the
        account is left."""
        fleet = Fleet(self, workers=1, schedulers=1,
                      config="[scheduler]\ninterval = 1h\ntick = 100ms\n")
        fleet.settle(1)
        until(lambda: fleet.rows()[0]["last_sync_at"], "the first sync")
        until(lambda: not fleet.operator.cli_json("queue", "show"), "the end of its job")
        for daemon in (*fleet.workers, *fleet.schedulers):
            daemon.stop()
        account = fleet.operator.cli_json("account", "show", fleet.emails[0])
        redis = fleet.redis.command
        key, node, web = f"sync:{account['id']}", account["node"], fleet.webs[account["node"]]

        def sql(text):
            return fleet.databases[node].sql(node, text + f" WHERE id = '{account['id']}'").strip()

        def attempt_ends():
            """What it writes then."""
            sql("UPDATE accounts SET last_attempt = last_attempt + 1, next_sync = last_attempt + "
                "3600000")

        asked = int(sql("SELECT asked FROM accounts"))
        with open(os.path.join(web.folder, "said"), "w+", encoding="utf-8") as said:
            command = subprocess.Popen(
                [HEARTHD, "--config", web.conf, "account", "sync", fleet.emails[0], "--wait"],
                stdout=said, stderr=subprocess.STDOUT, env=web.environment)
            self.addCleanup(command.wait)
            self.addCleanup(command.kill)

            def says(words):
                said.seek(0)
                return words in said.read()

            until(lambda: int(sql("SELECT asked FROM accounts")) > asked, "the request")
            redis("HSET", f"{{hearth}}:job:{key}", "p", "0", "d", node, "a", "0")
            redis("ZADD", "{hearth}:ready", "1", key)
            until(lambda: says("Queued; 0 other accounts"), "it sees the job")
            attempt_ends()  # of an attempt that had begun before the request
            # at no moment there is none
            redis("ZADD", "{hearth}:leased", str(int(time.time() + 600) * 1000), key)
            redis("ZREM", "{hearth}:ready", key)
            until(lambda: says("The sync is running."), "it sees that it is worked on")
            self.assertIsNone(command.poll())
            redis("ZREM", "{hearth}:leased", key)
            redis("DEL", f"{{hearth}}:job:{key}")
            until(lambda: command.poll() is not None, "the end of the waiting")
            self.assertEqual(command.returncode, 0)
            self.assertTrue(says(f"{fleet.emails[0]}: ok\n"))
        self.assertEqual(int(sql("SELECT answered FROM accounts")), asked)

    def test_kinds_of_jobs(self):
        """A job of a kind that this release does not know is given up, in words. A move of an
        account that stays is a sync."""
        fleet = Fleet(self, workers=1, schedulers=1,
                      config="[scheduler]\ninterval = 1h\ntick = 100ms\n")
        fleet.settle(1)
        worker = fleet.workers[0]
        until(lambda: fleet.rows()[0]["last_sync_at"], "the first sync")
        until(lambda: not fleet.operator.cli_json("queue", "show"), "the end of its job")
        worker.stop()
        account = fleet.operator.cli_json("account", "show", fleet.emails[0])
        for kind in ("icon", "move"):
            fleet.redis.command("HSET", f"{{hearth}}:job:{kind}:{account['id']}", "p", "0", "d",
                                account["node"], "a", "0")
            fleet.redis.command("ZADD", "{hearth}:ready", "1", f"{kind}:{account['id']}")
        shown = fleet.operator.cli_json("queue", "show")
        self.assertEqual([(job["account"], job["kind"], job["state"]) for job in shown],
                         [(account["id"], "icon", "ready"), (account["id"], "move", "ready")])
        fleet.service.clear()
        worker.start()
        until(lambda: not fleet.operator.cli_json("queue", "show"), "the end of all jobs")
        self.assertIn(f'"job kind unknown","account":"{account["id"]}","kind":"icon",',
                      worker.log_text())
        self.assertEqual(fleet.redis.command("GET", "{hearth}:dead"), "1")
        self.assertGreater(fleet.service.counters()["requests"], 0)
        self.assertEqual((fleet.rows()[0]["node"], fleet.rows()[0]["state"]),
                         (account["node"], "ok"))


if __name__ == "__main__":
    unittest.main()
