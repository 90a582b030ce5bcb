"""Hawk request signatures: making them (for tests) and checking them as a strict server does."""
import base64
import hashlib
import hmac
import re
import threading
import time

FIELD = re.compile(r'(\w+)="([^"\\]*)"')


def mac(key, ts, nonce, method, path, host, port, payload_hash="", ext=""):
    lines = [
        "hawk.1.header", ts, nonce,
        method.upper(), path,
        host.lower(),
        str(port), payload_hash, ext
    ]
    text = "".join(f"{line}\n" for line in lines)
    return base64.b64encode(
        hmac.digest(key.encode() if isinstance(key, str) else key, text.encode(),
                    "sha256")).decode()


def payload_hash(media_type, body):
    text = b"hawk.1.payload\n" + media_type.split(
        ";")[0].strip().lower().encode() + b"\n" + body + b"\n"
    return base64.b64encode(hashlib.sha256(text).digest()).decode()


def header(token_id, key, ts, nonce, method, path, host, port, body_hash=""):
    """The value of an Authorization header; without payload hash, as Sync clients send it,
    unless it is given."""
    said = f'hash="{body_hash}", ' if body_hash else ""
    return (f'Hawk id="{token_id}", ts="{ts}", nonce="{nonce}", '
            f'{said}mac="{mac(key, ts, nonce, method, path, host, port, body_hash)}"')


def fields_of(text):
    """The fields of an Authorization header; {} if it is none of Hawk's."""
    return dict(FIELD.findall(text)) if text and text.startswith("Hawk ") else {}


class Nonces:
    """Which (id, nonce) were seen lately. Two generations, so that memory stays bounded: a nonce
    is remembered for at least twice the window in which its time stamp would be accepted."""
    def __init__(self):
        self.lock = threading.Lock()
        self.young, self.old, self.turned = set(), set(), time.monotonic()

    def replayed(self, token_id, nonce, window):
        with self.lock:
            if time.monotonic() - self.turned > 2 * window:
                self.young, self.old, self.turned = set(), self.young, time.monotonic()
            key = (token_id, nonce)
            if key in self.young or key in self.old:
                return True
            self.young.add(key)
            return False


class Verifier:
    def __init__(self):
        self.nonces = Nonces()

    def refusal(self, fields, key, method, path, host_header, now, window):
        """Why a request is refused, in a word; None: it is good."""
        ts, nonce = fields.get("ts", ""), fields.get("nonce", "")
        if not ts.isdigit() or not nonce or "mac" not in fields:
            return "incomplete"
        host, _, port = host_header.partition(":")
        right = mac(key, ts, nonce, method, path, host, port or "80", fields.get("hash", ""),
                    fields.get("ext", ""))
        if not hmac.compare_digest(right, fields["mac"]):
            return "mac"
        if abs(int(ts) - now) > window:
            return "stale"
        if self.nonces.replayed(fields["id"], nonce, window):
            return "replay"
        return None
