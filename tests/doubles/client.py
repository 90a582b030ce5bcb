"""Starts the double as a child process and talks to its administration interface."""
import json
import os
import subprocess
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "fixtures", "firefox-esr")


class SyncService:
    def __init__(self, load=True, step=7):
        command = [sys.executable, os.path.join(HERE, "sync_service.py"), "--step", str(step)]
        if load:
            command += ["--load", FIXTURES]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"the Sync double did not start: {line!r}")
        self.url = line.split()[1]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def _call(self, method, name, data=None):
        request = urllib.request.Request(f"{self.url}/__admin/{name}", method=method, data=None if data is None else json.dumps(data).encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as answer:
            return json.load(answer)

    def get(self, name):
        return self._call("GET", name)

    def post(self, name, **data):
        result = self._call("POST", name, data)
        if isinstance(result, dict) and "error" in result:
            raise RuntimeError(result["error"])
        return result

    def import_file(self, email="ada@example.org", auth="access"):
        return self.get(f"import/{email}?auth={auth}")

    def log(self, text=""):
        """Requests since the last clear() whose path has the text."""
        return [r for r in self.get("log") if text in r["path"]]

    def counters(self):
        return self.get("counters")

    def clear(self):
        self.post("clear")

    def faults(self, *rules):
        self.post("faults", rules=list(rules))
