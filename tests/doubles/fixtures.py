"""The recorded account: what a real Firefox put on the server, step by step."""
import gzip
import json
import os

from account import Account
from crypto import KeyBundle
from storage import centiseconds

EMAIL = "ada@example.org"
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "firefox-esr")


class Ada(Account):
    def __init__(self, folder, storage_uid):
        with open(os.path.join(folder, "account.json"), encoding="utf-8") as f:
            data = json.load(f)
        super().__init__(data["email"], data["uid"], bytes.fromhex(data["kB"]), data["kid"],
                         storage_uid, "Ada")
        self.set_tokens("ada-refresh-token", "ada-access-token")
        self.signin.set_password(data["password"])
        self.devices = {
            d["id"]: {**d, "availableCommands": {}, "token": None}
            for d in data["devices"]
        }
        self.folder, self.step, self.recorded = folder, -1, 0

    def load_step(self, step):
        """Applies the recorded changes up to and including `step`; going back starts anew, and
        forgets what was put on top."""
        if step < self.step:
            self.collections, self.per_collection, self.step, self.clock, self.recorded = {}, {}, -1, 0, 0
        for name in sorted(os.listdir(os.path.join(self.folder, "server"))):
            number = int(name[:2])
            if not self.step < number <= step or (name.endswith(".full.jsonl.gz") and number != 0):
                continue
            self._apply(os.path.join(self.folder, "server", name))
            self.step = number
        keys = KeyBundle(self.sync_key).open(self.collections["crypto"].bsos["keys"].payload)
        self.bulk = KeyBundle.from_pair(keys["default"])

    def _apply(self, path):
        """Where a test has written on top of the recording, the times of later steps are moved
        behind that: server time never goes back."""
        shift = max(0, self.clock - self.recorded)
        with gzip.open(path, "rt", encoding="utf-8") as f:
            entries = [json.loads(line, parse_float=str) for line in f if line.strip()]
        for entry in entries:
            collection = self.collection(entry["collection"])
            for i in entry.get("deleted_ids", ()):
                collection.discard(i)
            if "id" in entry:
                collection.put(entry["id"], self._time(entry["modified"], shift), entry["payload"],
                               entry["sortindex"], entry["ttl"])
            if "collection_modified" in entry:
                collection.modified = self._time(entry["collection_modified"], shift)
        self.clock = max(self.clock, self.latest())
        self.recorded = self.clock - shift

    def _time(self, text, shift):
        """The recorded time; what is new in this step is moved by `shift`."""
        cs = centiseconds(text)
        return cs + shift if cs > self.recorded else cs
