"""Signing keys of the OpenID Connect double, and ID tokens that are right or wrong in all ways
known."""
import hashlib
import hmac
import json
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature, encode_dss_signature)

from jwe import b64u, jwk_of, public_of, unb64u

# "forged": RS256 by a key that nobody published. "HS256": the published key as the secret.
# "broken": a bit of the signature is wrong.
ALGORITHMS = ("RS256", "ES256", "none", "HS256", "forged", "broken", "malformed")


def _number(n):
    return b64u(n.to_bytes((n.bit_length() + 7) // 8, "big"))


def _rsa():
    return rsa.generate_private_key(65537, 2048)


class Keys:
    def __init__(self):
        self.old = []
        self._fresh()

    def _fresh(self):
        self.rsa, self.ec, suffix = _rsa(), ec.generate_private_key(
            ec.SECP256R1()), secrets.token_hex(4)
        self.kids = {"RS256": "rsa-" + suffix, "ES256": "ec-" + suffix}

    def rotate(self, keep_old):
        """New keys; `keep_old`: the ones before are still published."""
        self.old = [*self.old, *self._public()] if keep_old else []
        self._fresh()

    def _public(self):
        numbers = self.rsa.public_key().public_numbers()
        return [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kids["RS256"], "n":
            _number(numbers.n), "e": _number(numbers.e)
        }, {
            **jwk_of(self.ec.public_key()), "use": "sig", "alg": "ES256", "kid": self.kids["ES256"]
        }]

    def jwks(self):
        return {"keys": [*self._public(), *self.old]}

    def public_pem(self):
        return self.rsa.public_key().public_bytes(serialization.Encoding.PEM,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, algorithm, text):
        if algorithm == "ES256":
            r, s = decode_dss_signature(self.ec.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if algorithm == "HS256":
            return hmac.digest(self.public_pem(), text, hashlib.sha256)
        if algorithm == "none":
            return b""
        key = _rsa() if algorithm == "forged" else self.rsa
        signature = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return bytes([signature[0] ^ 1]) + signature[1:] if algorithm == "broken" else signature


def id_token(keys, claims, algorithm, kid=None):
    """`kid`: another than the key's own; "" leaves it out."""
    if algorithm == "malformed":
        return "not.a.token"
    named = algorithm if algorithm in ("ES256", "none", "HS256") else "RS256"
    header = {
        "alg": named, "typ": "JWT", "kid":
        keys.kids.get(named, keys.kids["RS256"]) if kid is None else kid
    }
    if kid == "":
        del header["kid"]
    text = ".".join(b64u(json.dumps(part).encode()) for part in (header, claims)).encode()
    return f"{text.decode()}.{b64u(keys.sign(algorithm, text))}"


def verified(token, jwks):
    """The claims of a token that one of these keys has signed; ValueError for all others. For
    the double's own tests."""
    first, second, third = token.split(".")
    header, text, signature = json.loads(unb64u(first)), f"{first}.{second}".encode(), unb64u(third)
    key = next((k for k in jwks["keys"]
                if k["kid"] == header.get("kid") and k["alg"] == header.get("alg")), None)
    if key is None:
        raise ValueError("no such key")
    try:
        if key["kty"] == "RSA":
            public = rsa.RSAPublicNumbers(int.from_bytes(unb64u(key["e"]), "big"),
                                          int.from_bytes(unb64u(key["n"]), "big")).public_key()
            public.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
        else:
            _check_ec(key, signature, text)
    except InvalidSignature:
        raise ValueError("signature") from None
    return json.loads(unb64u(second))


def _check_ec(key, signature, text):
    if len(signature) != 64:
        raise ValueError("length of the signature")
    numbers = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    public_of(key).verify(encode_dss_signature(*numbers), text, ec.ECDSA(hashes.SHA256()))
