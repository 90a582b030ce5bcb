"""keys_jwe: the sync key, encrypted to the key that a client has sent along. And small things of
JOSE."""
import base64
import hashlib
import json
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# Ways in which keys_jwe is wrong; README.md says what each means.
SPOILED = ("none", "tag", "other_key", "off_curve", "alg", "enc", "parts", "not_json",
           "other_scope", "short_key", "no_kid", "huge")


def b64u(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64u(text):
    if not isinstance(text, str) or "=" in text:
        raise ValueError("base64url without padding")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def jwk_of(public):
    numbers = public.public_numbers()
    return {
        "kty": "EC", "crv": "P-256", "x": b64u(numbers.x.to_bytes(32, "big")), "y":
        b64u(numbers.y.to_bytes(32, "big"))
    }


def public_of(jwk):
    """The key of a JWK; ValueError when it is none of P-256, or its point lies beside the curve."""
    if not isinstance(jwk,
                      dict) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
        raise ValueError("no public JWK of P-256")
    x, y = unb64u(jwk.get("x")), unb64u(jwk.get("y"))
    if len(x) != 32 or len(y) != 32:
        raise ValueError("length of a coordinate")
    return ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"),
                                         ec.SECP256R1()).public_key()


def private_of(jwk):
    public = public_of({k: v for k, v in jwk.items() if k != "d"}).public_numbers()
    return ec.EllipticCurvePrivateNumbers(int.from_bytes(unb64u(jwk["d"]), "big"),
                                          public).private_key()


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def content_key(z, header):
    """Concat-KDF of RFC 7518, for one block of SHA-256."""
    def sized(data):
        return struct.pack(">I", len(data)) + data

    apu, apv = (unb64u(header[name]) if name in header else b"" for name in ("apu", "apv"))
    return hashlib.sha256(
        struct.pack(">I", 1) + z + sized(header["enc"].encode()) + sized(apu) + sized(apv) +
        struct.pack(">I", 256)).digest()


def encrypt(public, clear, **header):
    """Compact JWE, ECDH-ES and A256GCM, with a key of its own."""
    own = new_key()
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "epk": jwk_of(own.public_key()), **header}
    return _seal(header, content_key(own.exchange(ec.ECDH(), public), header), clear)


def _seal(header, key, clear):
    first, nonce = b64u(json.dumps(header, separators=(",", ":")).encode()), os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, clear, first.encode())
    return ".".join((first, "", b64u(nonce), b64u(sealed[:-16]), b64u(sealed[-16:])))


def decrypt(private, text):
    """ValueError for whatever is wrong with it."""
    parts = text.split(".")
    if len(parts) != 5 or parts[1]:
        raise ValueError("five parts, the second empty")
    header = json.loads(unb64u(parts[0]))
    if header.get("alg") != "ECDH-ES" or header.get("enc") != "A256GCM":
        raise ValueError("algorithm")
    key = content_key(private.exchange(ec.ECDH(), public_of(header["epk"])), header)
    try:
        return AESGCM(key).decrypt(unb64u(parts[2]),
                                   unb64u(parts[3]) + unb64u(parts[4]), parts[0].encode())
    except InvalidTag:
        raise ValueError("tag") from None


def keys_jwe(public, scope, sync_key, kid, spoil=None):
    """What the sign-in page hands to the server together with the code. None: the person has no
    key to give."""
    if spoil == "none":
        return None
    scope = scope if spoil != "other_scope" else scope + "-not"
    entry = {
        "kty": "oct", "scope": scope, "k":
        b64u(sync_key[:63] if spoil == "short_key" else sync_key), "kid": kid
    }
    if spoil == "no_kid":
        del entry["kid"]
    if spoil == "huge":
        entry["padding"] = "x" * (1 << 20)
    clear = b"[not JSON" if spoil == "not_json" else json.dumps({scope: entry}).encode()
    text = encrypt(new_key().public_key() if spoil == "other_key" else public, clear)
    return _spoil(text, spoil)


def _spoil(text, spoil):
    parts = text.split(".")
    header = json.loads(unb64u(parts[0]))
    if spoil == "off_curve":
        header["epk"]["y"] = b64u(
            bytes([unb64u(header["epk"]["y"])[0] ^ 1]) + unb64u(header["epk"]["y"])[1:])
    elif spoil == "alg":
        header["alg"] = "dir"
    elif spoil == "enc":
        header["enc"] = "A128GCM"
    parts[0] = b64u(json.dumps(header, separators=(",", ":")).encode())
    if spoil == "tag":
        parts[4] = b64u(bytes(16))
    if spoil == "parts":
        parts.pop()
    return ".".join(parts)
