"""Faults on demand: rules that match requests and spoil what happens to them.

README.md has the table of a rule's fields; those that nobody knows are refused, so that a typing
error does not make a test pass."""
import base64
import hmac
import json
import re
import threading

MATCHING = {"match", "method", "path", "account", "nth", "skip", "times"}
ACTIONS = {
    "status", "headers", "body", "add_headers", "token_error", "oauth_error", "auth_error", "extra",
    "pad", "delay", "delay_ms", "drop", "reset", "truncate", "drip", "chunked", "gzip", "damage",
    "bump", "wipe", "step", "skew", "duration", "without", "pass_over", "flood"
}
KINDS = {
    "hmac", "base64", "payload", "empty", "no_hmac", "iv", "padding", "id", "inner_id", "null",
    "short", "line", "not_json", "huge", "deep", "utf8", "nul", "list"
}


class Rule:
    def __init__(self, data):
        unknown = set(data) - MATCHING - ACTIONS
        if unknown:
            raise ValueError(f"a fault rule has no field {', '.join(sorted(unknown))}")
        if "damage" in data:
            check_damage(data["damage"])
        self.actions = {k: v for k, v in data.items() if k in ACTIONS}
        self.both = re.compile(data["match"]) if "match" in data else None
        self.path = re.compile(data["path"]) if "path" in data else None
        self.method, self.account = data.get("method"), data.get("account")
        nth = data.get("nth")
        self.nth = {nth} if isinstance(nth, int) else set(nth) if nth else None
        self.skip, self.times = data.get("skip", 0), data.get("times", -1)
        self.seen = self.struck = 0

    def strikes(self, method, path, account):
        if (self.both
                and not self.both.search(f"{method} {path}")) or (self.path
                                                                  and not self.path.search(path)):
            return False
        if (self.method and self.method != method) or (self.account and self.account != account):
            return False
        self.seen += 1
        if self.seen <= self.skip or 0 <= self.times <= self.struck or (self.nth and self.seen
                                                                        not in self.nth):
            return False
        self.struck += 1
        return True


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.rules = []

    def set(self, rules):
        fresh = [Rule(r) for r in rules]
        with self.lock:
            self.rules = fresh

    def add(self, rule):
        """One more; the others keep their counts."""
        with self.lock:
            self.rules = [*self.rules, Rule(rule)]

    def for_request(self, method, path, account):
        """The actions of all rules that strike this request; later rules win."""
        merged = {}
        with self.lock:
            for rule in self.rules:
                if rule.strikes(method, path, account):
                    merged.update(rule.actions)
        return merged

    def state(self):
        with self.lock:
            return [{"seen": r.seen, "struck": r.struck, "actions": sorted(r.actions)}
                    for r in self.rules]


def check_damage(rule):
    if rule.get("kind") not in KINDS:
        raise ValueError(f"damage: kind is one of {', '.join(sorted(KINDS))}")
    if not {"ids", "every", "nth", "percent"} & set(rule):
        raise ValueError('damage: say which lines with "ids", "every", "nth" or "percent"')


def spoiler(rule, account, collection):
    """A function over the lines of an answer that damages those which the rule names."""
    ids, every, nth = set(rule.get("ids", ())), rule.get("every", 0), set(_list(rule.get("nth",
                                                                                         ())))
    percent = rule.get("percent", 0)  # spread evenly, the first line always

    def hit(n, line):
        if n in nth or (every and n % every
                        == 0) or -(-n * percent // 100) != -(-(n - 1) * percent // 100):
            return True
        return bool(ids) and json.loads(line)["id"] in ids

    def spoil(lines):
        keys = account.keys_of(collection)
        return [
            damage(line, rule, keys, account.random.randbytes(16)) if hit(n, line) else line
            for n, line in enumerate(lines, 1)
        ]

    return spoil


def _list(value):
    return [value] if isinstance(value, int) else value


def damage(line, rule, keys, iv):
    """One BSO line, spoiled as real ones have been seen to be, or as somebody hostile would."""
    kind = rule["kind"]
    if kind == "line":
        return line[:len(line) // 2]
    if kind == "not_json":
        return b"<html>captive portal</html>"
    if kind == "deep":
        return b"[" * 100000 + b"]" * 100000
    if kind == "list":
        return b"[1,2,3]"
    if kind == "utf8":
        return line.replace(b'"payload":"', b'"payload":"\xff\xfe', 1)
    if kind == "nul":
        return line.replace(b'"payload":"', b'"payload":"\0', 1)
    bso = json.loads(line, parse_float=str)
    modified = bso["modified"]
    if kind == "id":
        bso["id"] = "AAAAAAAAAAAA"
    else:
        bso["payload"] = spoil_payload(bso["payload"], rule, keys, iv)
    bso["modified"] = None
    return json.dumps(bso).replace('"modified": null', f'"modified": {modified}', 1).encode()


def spoil_payload(payload, rule, keys, iv):
    kind = rule["kind"]
    if kind == "payload":
        return "not JSON"
    if kind == "empty":
        return ""
    if kind == "null":
        return None
    if kind == "huge":
        return "x" * rule.get("bytes", 8 << 20)
    if kind == "inner_id":
        return keys.seal({**keys.open(payload), "id": "AAAAAAAAAAAA"}, iv)
    sealed = json.loads(payload)
    if "hmac" not in sealed:  # meta/global is not sealed
        return "not JSON"
    if kind == "hmac":
        sealed["hmac"] = ("0" if sealed["hmac"][0] != "0" else "1") + sealed["hmac"][1:]
    elif kind == "no_hmac":
        del sealed["hmac"]
    elif kind == "iv":
        sealed["IV"] = sealed["IV"][:8]
    elif kind == "base64":
        sealed["ciphertext"] = "!" + sealed["ciphertext"][1:]
        sign(sealed, keys)
    elif kind == "short":  # less than a block
        sealed["ciphertext"] = base64.b64encode(base64.b64decode(sealed["ciphertext"])[:8]).decode()
        sign(sealed, keys)
    elif kind == "padding":  # without its last block: text stands where the padding should
        sealed["ciphertext"] = base64.b64encode(base64.b64decode(
            sealed["ciphertext"])[:-16]).decode()
        sign(sealed, keys)
    return json.dumps(sealed)


def sign(sealed, keys):
    """Makes the HMAC right, so that the damage is found only after it."""
    sealed["hmac"] = hmac.digest(keys.mac, sealed["ciphertext"].encode(), "sha256").hex()
