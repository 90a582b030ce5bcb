"""The password protocol of Mozilla accounts ("onepw"): stretching, what is derived from a server
token, the bundle of keys."""
import base64
import hashlib
import hmac
import secrets
import struct
import time
from typing import NamedTuple

from crypto import NAMESPACE, hkdf

V2_ROUNDS = 650000


class Stretched(NamedTuple):
    auth_pw: str  # hex, as the server is told
    unwrap_key: bytes


def _split(stretched):
    return Stretched(
        hkdf(stretched, NAMESPACE + b"authPW", 32).hex(),
        hkdf(stretched, NAMESPACE + b"unwrapBkey", 32))


def stretch_v1(email, password):
    """The e-mail exactly as the account knows it."""
    return _split(
        hashlib.pbkdf2_hmac("sha256", password.encode(),
                            NAMESPACE + b"quickStretch:" + email.encode(), 1000))


def stretch_v2(salt, password):
    """`salt`: the whole clientSalt string."""
    return _split(hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), V2_ROUNDS))


def new_salt():
    return f"{NAMESPACE.decode()}quickStretchV2:{secrets.token_hex(16)}"


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


class Derived:
    """What both sides make of a token of 32 bytes; `kind` is sessionToken or keyFetchToken."""
    PREFIX = {"sessionToken": "fxs", "keyFetchToken": "fxk"}

    def __init__(self, token, kind):
        all_three = hkdf(token, NAMESPACE + kind.encode(), 96)
        self.token, self.kind = token, kind
        self.id, self.hawk_key, self.bundle_key = all_three[:32].hex(
        ), all_three[32:64], all_three[64:]

    def bearer(self):
        return f"Bearer {self.PREFIX[self.kind]}_{self.id}"


def seal_keys(bundle_key, k_a, wrap_kb):
    """The answer of /account/keys, hex."""
    both = hkdf(bundle_key, NAMESPACE + b"account/keys", 96)
    text = xor(k_a + wrap_kb, both[32:])
    return (text + hmac.digest(both[:32], text, "sha256")).hex()


def open_keys(bundle_key, bundle):
    """(kA, wrapKB); ValueError when the MAC is wrong."""
    raw, both = bytes.fromhex(bundle), hkdf(bundle_key, NAMESPACE + b"account/keys", 96)
    if len(raw) != 96 or not hmac.compare_digest(hmac.digest(both[:32], raw[:64], "sha256"),
                                                 raw[64:]):
        raise ValueError("MAC")
    clear = xor(raw[:64], both[32:])
    return clear[:32], clear[32:]


def totp(secret, at=None):
    """RFC 6238: six digits, SHA-1, 30 seconds. `secret`: Base32."""
    count = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    mac = hmac.digest(base64.b32decode(secret), count, "sha1")
    number = struct.unpack(">I", mac[mac[-1] & 15:][:4])[0] & 0x7fffffff
    return f"{number % 1000000:06d}"
