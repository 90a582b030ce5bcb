"""Faults on demand. A rule is a dictionary:

  match     regular expression over "METHOD path?query"; required
  times     how often it strikes (default: always); `skip`: let so many pass first
  then one or more of
  status, headers, body     answer with this instead
  add_headers               answer as usual, with these headers too
  delay                     seconds before the answer
  drop                      close the connection without an answer
  truncate                  cut the answer's body after so many bytes and close
  damage                    {"kind": KIND, "ids": […] or "every": n}: spoil lines of a collection (see damage())
  bump                      change this collection before answering (a 412 for later pages)
  step                      {"email", "step"}: load a step before answering
"""
import json
import re
import time


class Rule:
    def __init__(self, data):
        self.data = data
        self.match = re.compile(data["match"])
        self.left = data.get("times", -1)
        self.skip = data.get("skip", 0)

    def strikes(self, text):
        if not self.match.search(text) or self.left == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.left -= 1
        return True


class Faults:
    def __init__(self):
        self.rules = []

    def set(self, rules):
        self.rules = [Rule(r) for r in rules]

    def for_request(self, method, path):
        """All faults that strike this request, merged."""
        merged = {}
        for rule in self.rules:
            if rule.strikes(f"{method} {path}"):
                merged.update(rule.data)
        if "delay" in merged:
            time.sleep(merged["delay"])
        return merged


def damage(line, kind):
    """A BSO line, spoiled as real ones have been seen to be."""
    bso = json.loads(line, parse_float=str)
    modified = bso["modified"]
    if kind == "hmac":
        sealed = json.loads(bso["payload"])
        sealed["hmac"] = ("0" if sealed["hmac"][0] != "0" else "1") + sealed["hmac"][1:]
        bso["payload"] = json.dumps(sealed)
    elif kind == "base64":
        sealed = json.loads(bso["payload"])
        sealed["ciphertext"] = "!" + sealed["ciphertext"][1:]
        bso["payload"] = json.dumps(sealed)
    elif kind == "payload":
        bso["payload"] = "not JSON"
    elif kind == "id":
        bso["id"] = "AAAAAAAAAAAA"
    elif kind == "line":
        return line[: len(line) // 2]
    elif kind == "huge":
        bso["payload"] = "x" * (8 << 20)
    elif kind == "deep":
        return b"[" * 100000 + b"]" * 100000
    bso["modified"] = None
    return json.dumps(bso).replace('"modified": null', f'"modified": {modified}', 1).encode()
