"""Which ID tokens are accepted: a table of tokens that Python's cryptography has signed, right
ones and ones that are wrong in one way each. Usage: test_id_tokens.py TOOL [--list]. The tool
ends with its input."""
import hashlib
import hmac
import json
import pathlib
import subprocess
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/doubles"))
from jwe import b64u  # noqa: E402

NOW = 1795417404
CLAIMS = {
    "iss": "https://id.example.org", "aud": "hearth", "sub": "u1", "nonce": "n-0S6_WzA2Mj", "iat":
    NOW - 5, "exp": NOW + 300
}
RSA, RSA_OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
RSA_3, RSA_SMALL, RSA_SHORT = rsa.generate_private_key(3, 2048), rsa.generate_private_key(
    65537, 1024), rsa.generate_private_key(65537, 2040)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
SHA = hashes.SHA256()


def number(n, size=None):
    return b64u(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))


def rsa_jwk(key, **more):
    n = key.public_key().public_numbers()
    return {"kty": "RSA", "n": number(n.n), "e": number(n.e), "kid": "r", **more}


def ec_jwk(key, crv="P-256", size=32, **more):
    n = key.public_key().public_numbers()
    return {
        "kty": "EC", "crv": crv, "x": number(n.x, size), "y": number(n.y, size), "kid": "e", **more
    }


def without(mapping, *names):
    return {k: v for k, v in mapping.items() if k not in names}


def rs256(text, key=RSA):
    return key.sign(text, padding.PKCS1v15(), SHA)


def ps256(text, salt=32, key=RSA, mgf=None):
    return key.sign(text, padding.PSS(padding.MGF1(mgf or SHA), salt), SHA)


def es256(text, key=P256, size=32, digest=None):
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(digest or SHA)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def token(header, sign, claims=CLAIMS, change=lambda signature: signature):
    """header, claims: a mapping, or JSON text as it is."""
    first, second = (b64u((part if isinstance(part, str) else json.dumps(part)).encode())
                     for part in (header, claims))
    return f"{first}.{second}.{b64u(change(sign(f'{first}.{second}'.encode())))}"


HR, HP, HE = ({"alg": alg, "kid": kid}
              for alg, kid in (("RS256", "r"), ("PS256", "r"), ("ES256", "e")))
KR, KE = rsa_jwk(RSA), ec_jwk(P256)


def flip(signature):
    return bytes([signature[0] ^ 1]) + signature[1:]


def rs(header=None, keys=(KR, ), claims=CLAIMS, **more):
    return token(header or HR, rs256, claims, **more), list(keys)


def es(header=None, keys=(KE, ), claims=CLAIMS, **more):
    return token(header or HE, es256, claims, **more), list(keys)


def ps(header=None, keys=(KR, ), **more):
    return token(header or HP, ps256, **more), list(keys)


def loose_bits():
    """The same bytes, another last character."""
    text, keys = es()
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + digits[digits.index(text[-1]) ^ 1], keys


def unsigned(header):
    first, second = (b64u(json.dumps(part).encode()) for part in (header, CLAIMS))
    return f"{first}.{second}."


def with_claims(**claims):
    return rs(claims={**CLAIMS, **claims})


def standard_base64(text):
    return text.replace("-", "+").replace("_", "/")


def needs_urlsafe():
    for n in range(1000):
        text, keys = es(claims={**CLAIMS, "n": n})
        if "-" in text.split(".")[2] or "_" in text.split(".")[2]:
            head, _, signature = text.rpartition(".")
            return f"{head}.{standard_base64(signature)}", keys
    raise AssertionError("no signature with - or _")


def jwk_text(key, extra):
    """A key set as text, so that a member may stand in it twice."""
    return '{"keys":[' + json.dumps(key)[:-1] + extra + "}]}"


OK, NO, NONE = "accepted", "refused", "no-key"
CASES = [
    # --- right
    ("RS256", OK, rs()),
    ("PS256", OK, ps()),
    ("ES256", OK, es()),
    ("exponent 3", OK, (token(HR, lambda t: rs256(t, RSA_3)), [rsa_jwk(RSA_3)])),
    ("no kid, several keys", OK,
     es({"alg": "ES256"}, [KR, ec_jwk(ec.generate_private_key(ec.SECP256R1())), KE])),
    ("kid among others", OK, rs(keys=[rsa_jwk(RSA_OTHER, kid="x"), KE, KR])),
    ("kid among a hundred others", OK,
     rs(keys=[rsa_jwk(RSA_OTHER, kid=f"x{n}") for n in range(100)] + [KR])),
    ("typ JWT", OK, rs({**HR, "typ": "JWT"})),
    ("typ jwt, as a media type", OK, rs({**HR, "typ": "application/jwt"})),
    ("members nobody knows", OK, rs({**HR, "x": [1, {"y": None}]})),
    ("key in the header is no key", OK,
     rs({**HR, "jwk": rsa_jwk(RSA_OTHER), "jku": "http://127.0.0.1/", "x5u": "http://127.0.0.1/"})),
    ("use sig", OK, rs(keys=[rsa_jwk(RSA, use="sig")])),
    ("key_ops verify", OK, rs(keys=[rsa_jwk(RSA, key_ops=["sign", "verify"])])),
    ("alg of the key", OK, rs(keys=[rsa_jwk(RSA, alg="RS256")])),
    ("zero before the modulus", OK,
     rs(keys=[{**KR, "n": b64u(b"\0" +
                               RSA.public_key().public_numbers().n.to_bytes(256, "big"))}])),
    ("audience as a list of one", OK, with_claims(aud=["hearth"])),
    ("several audiences, authorized party", OK, with_claims(aud=["hearth", "x"], azp="hearth")),
    # --- extensions
    ("crit, unknown", NO, rs({**HR, "crit": ["http://example.org/x"], "http://example.org/x": 1})),
    ("crit, b64", NO, rs({**HR, "crit": ["b64"], "b64": True})),
    ("crit, empty", NO, rs({**HR, "crit": []})),
    ("crit, exp", NO, rs({**HR, "crit": ["exp"], "exp": NOW})),
    ("crit, no list", NO, rs({**HR, "crit": None})),
    ("b64 false", NO, rs({**HR, "b64": False})),
    ("b64 true", NO, rs({**HR, "b64": True})),
    # --- header
    ("alg twice", NO, rs('{"alg":"RS256","kid":"r","alg":"RS256"}')),
    ("alg twice, none first", NO, rs('{"alg":"none","kid":"r","alg":"RS256"}')),
    ("kid twice", NO, rs('{"alg":"RS256","kid":"x","kid":"r"}')),
    ("member nobody knows twice", NO, rs('{"alg":"RS256","kid":"r","x":1,"x":2}')),
    ("member twice inside", NO, rs('{"alg":"RS256","kid":"r","x":{"y":1,"y":2}}')),
    ("escaped name twice", NO, rs(r'{"alg":"RS256","kid":"r","\u0061lg":"none"}')),
    ("no alg", NO, rs({"kid": "r"})),
    ("alg is a number", NO, rs({**HR, "alg": 256})),
    ("alg in lower case", NO, rs({**HR, "alg": "rs256"})),
    ("alg with a NUL", NO, rs('{"alg":"RS256\\u0000","kid":"r"}')),
    ("kid is a number", NO, rs({**HR, "kid": 1})),
    ("header is a list", NO, rs('["RS256"]')),
    ("header with something behind it", NO, rs('{"alg":"RS256","kid":"r"} x')),
    ("header is no UTF-8", NO, ("_" + rs()[0], [KR])),
    ("header of 3 KB", NO, rs({**HR, "x": "x" * 3000})),
    ("header nested 1000 deep", NO,
     rs('{"alg":"RS256","kid":"r","x":' + "[" * 700 + "]" * 700 + "}x")),
    ("typ of an access token", NO, rs({**HR, "typ": "at+jwt"})),
    ("typ of a logout token", NO, rs({**HR, "typ": "logout+jwt"})),
    ("typ is a number", NO, rs({**HR, "typ": 1})),
    # --- algorithms
    ("none", NO, (unsigned({"alg": "none"}), [KR])),
    ("none with the kid of a key", NO, (unsigned({"alg": "none", "kid": "r"}), [KR])),
    ("RS256 without a signature", NO, (unsigned(HR), [KR])),
    ("HS256 with the modulus as the secret", NO,
     (token({"alg": "HS256", "kid": "r"},
            lambda t: hmac.digest(KR["n"].encode(), t, hashlib.sha256)), [KR])),
    ("HS256 with a published secret", NO,
     (token({"alg": "HS256", "kid": "o"}, lambda t: hmac.digest(b"k" * 32, t, hashlib.sha256)),
      [{"kty": "oct", "k": b64u(b"k" * 32), "kid": "o"}])),
    ("RS512", NO, (token({"alg": "RS512", "kid": "r"},
                         lambda t: RSA.sign(t, padding.PKCS1v15(), hashes.SHA512())), [KR])),
    ("ES384", NO, (token({"alg": "ES384", "kid": "e"},
                         lambda t: es256(t, P384, 48, hashes.SHA384())),
                   [ec_jwk(P384, "P-384", 48)])),
    # --- keys
    ("RSA of 1024 bits", NO, (token(HR, lambda t: rs256(t, RSA_SMALL)), [rsa_jwk(RSA_SMALL)])),
    ("RSA of 2040 bits", NO, (token(HR, lambda t: rs256(t, RSA_SHORT)), [rsa_jwk(RSA_SHORT)])),
    ("RSA of 1024 bits, filled with zeros", NO,
     (token(HR, lambda t: rs256(t, RSA_SMALL)),
      [{**rsa_jwk(RSA_SMALL), "n": number(RSA_SMALL.public_key().public_numbers().n, 256)}])),
    ("RSA of 32768 bits", NO, rs(keys=[{**KR, "n": b64u(b"\xff" * 4096)}])),
    ("exponent 1", NO, rs(keys=[{**KR, "e": "AQ"}])),
    ("exponent 0", NO, rs(keys=[{**KR, "e": "AA"}])),
    ("exponent even", NO, rs(keys=[{**KR, "e": "BA"}])),
    ("exponent of 2048 bits", NO, rs(keys=[{**KR, "e": KR["n"]}])),
    ("modulus missing", NO, rs(keys=[without(KR, "n")])),
    ("modulus is a number", NO, rs(keys=[{**KR, "n": 5}])),
    ("modulus padded", NO, rs(keys=[{**KR, "n": KR["n"] + "=="}])),
    ("modulus 0", NO, rs(keys=[{**KR, "n": "AA"}])),
    ("ES256 with a key of P-384", NO, (token(HE, lambda t: es256(t, P384, 48)),
                                       [ec_jwk(P384, "P-384", 48)])),
    ("ES256 with a key of P-384 that says P-256", NO, (token(HE, lambda t: es256(t, P384, 48)),
                                                       [ec_jwk(P384, "P-256", 48)])),
    ("point beside the curve", NO, es(keys=[{**KE, "y": KE["x"]}])),
    ("point at infinity", NO, es(keys=[{**KE, "x": b64u(bytes(32)), "y": b64u(bytes(32))}])),
    ("coordinate with a zero before it", NO,
     es(keys=[{**KE, "x": b64u(b"\0" +
                               P256.public_key().public_numbers().x.to_bytes(32, "big"))}])),
    ("coordinate too short", NO, es(keys=[{**KE, "x": KE["x"][:-2]}])),
    ("crv missing", NO, es(keys=[without(KE, "crv")])),
    ("alg suits another kind of key", NONE, (token({"alg": "ES256", "kid": "r"}, es256), [KR])),
    ("kty says another kind", NONE, rs(keys=[{**KR, "kty": "EC"}])),
    ("kty missing", NONE, rs(keys=[without(KR, "kty")])),
    ("use enc", NONE, rs(keys=[rsa_jwk(RSA, use="enc")])),
    ("use is a number", NONE, rs(keys=[rsa_jwk(RSA, use=1)])),
    ("key_ops without verify", NONE, rs(keys=[rsa_jwk(RSA, key_ops=["encrypt"])])),
    ("key_ops empty", NONE, rs(keys=[rsa_jwk(RSA, key_ops=[])])),
    ("key_ops with verify twice", NONE, rs(keys=[rsa_jwk(RSA, key_ops=["verify", "verify"])])),
    ("key_ops is a text", NONE, rs(keys=[rsa_jwk(RSA, key_ops="verify")])),
    ("alg of the key is another", NONE, rs(keys=[rsa_jwk(RSA, alg="PS256")])),
    ("alg of the key is for encryption", NONE, rs(keys=[rsa_jwk(RSA, alg="RSA-OAEP")])),
    ("private key published", NONE, rs(keys=[rsa_jwk(RSA, d=number(RSA.private_numbers().d))])),
    ("other kid", NONE, rs(keys=[rsa_jwk(RSA, kid="x")])),
    ("kid of the key is a number", NONE, rs({"alg": "RS256", "kid": "1"}, [rsa_jwk(RSA, kid=1)])),
    ("key without kid, token with one", NONE, rs(keys=[without(KR, "kid")])),
    ("no keys", NONE, rs(keys=[])),
    ("keys are no objects", NONE, rs(keys=[1, "x", None, [], {}])),
    ("key set has a member twice", NONE, (rs()[0],
                                          jwk_text(rsa_jwk(RSA_OTHER), ',"n":"' + KR["n"] + '"'))),
    # --- signatures
    ("signed by another", NO, (token(HR, lambda t: rs256(t, RSA_OTHER)), [KR])),
    ("one bit of the signature", NO, rs(change=flip)),
    ("one bit of the signature, ES256", NO, es(change=flip)),
    ("signature too long", NO, rs(change=lambda s: s + b"\0")),
    ("zero before the signature", NO, rs(change=lambda s: b"\0" + s)),
    ("signature too short", NO, rs(change=lambda s: s[:-1])),
    ("ES256 in DER", NO, (token(HE, lambda t: P256.sign(t, ec.ECDSA(SHA))), [KE])),
    ("ES256 of zeros", NO, es(change=lambda s: bytes(64))),
    ("ES256 with S of zeros", NO, es(change=lambda s: s[:32] + bytes(32))),
    ("ES256 with R of the order and more", NO, es(change=lambda s: b"\xff" * 32 + s[32:])),
    ("ES256 too long", NO, es(change=lambda s: s[:32] + b"\0" + s[32:] + b"\0")),
    ("ES256 with another hash", NO, (token(HE, lambda t: es256(t, digest=hashes.SHA384())), [KE])),
    ("PS256 with a salt of 20", NO, (token(HP, lambda t: ps256(t, 20)), [KR])),
    ("PS256 without salt", NO, (token(HP, lambda t: ps256(t, 0)), [KR])),
    ("PS256 with another hash in its mask", NO, (token(HP, lambda t: ps256(t, mgf=hashes.SHA1())),
                                                 [KR])),
    ("PS256 called RS256", NO, (token(HR, ps256), [KR])),
    ("RS256 called PS256", NO, (token(HP, rs256), [KR])),
    ("payload of another token", NO, (".".join(
        [rs()[0].split(".")[0],
         with_claims(sub="u2")[0].split(".")[1],
         rs()[0].split(".")[2]]), [KR])),
    # --- form
    ("loose bits at the end", NO, loose_bits()),
    ("padded", NO, (rs()[0] + "==", [KR])),
    ("standard Base64", NO, needs_urlsafe()),
    ("line break at the end", NO, (rs()[0] + "\n", [KR])),
    ("blank before it", NO, (" " + rs()[0], [KR])),
    ("two parts", NO, (rs()[0].rpartition(".")[0], [KR])),
    ("four parts", NO, (rs()[0] + ".x", [KR])),
    ("five parts", NO, (rs()[0] + ".x.x", [KR])),
    ("empty", NO, ("", [KR])),
    ("dots", NO, ("..", [KR])),
    ("40 KB", NO, with_claims(x="x" * 40000)),
    # --- claims
    ("claims are a list", NO, rs(claims="[]")),
    ("claims are empty", NO, rs(claims="{}")),
    ("sub twice", NO, rs(claims=json.dumps(CLAIMS)[:-1] + ',"sub":"u2"}')),
    ("other issuer", NO, with_claims(iss="https://id.example.org/")),
    ("other audience", NO, with_claims(aud="other")),
    ("several audiences, no authorized party", NO, with_claims(aud=["hearth", "x"])),
    ("other authorized party", NO, with_claims(azp="x")),
    ("expired", NO, with_claims(exp=NOW - 61)),
    ("expires as a text", NO, with_claims(exp=str(NOW + 300))),
    ("expiry missing", NO, rs(claims=without(CLAIMS, "exp"))),
    ("issued in the future", NO, with_claims(iat=NOW + 61)),
    ("issued the day before yesterday", NO, with_claims(iat=NOW - 2 * 86400)),
    ("not valid yet", NO, with_claims(nbf=NOW + 61)),
    ("other nonce", NO, with_claims(nonce="n-0S6_WzA2Mk")),
    ("nonce missing", NO, rs(claims=without(CLAIMS, "nonce"))),
    ("subject missing", NO, rs(claims=without(CLAIMS, "sub"))),
    ("subject empty", NO, with_claims(sub="")),
]


def main():
    wrong = 0
    tool = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for name, expected, (text, keys) in CASES:
        asked = {
            "token": text, "keys": keys if isinstance(keys, str) else json.dumps({"keys": keys})
        }
        tool.stdin.write(json.dumps(asked) + "\n")
        tool.stdin.flush()
        answer = tool.stdout.readline().strip()
        if "--list" in sys.argv:
            print(f"{name}: {answer}")
        if answer.split(" ")[0] != expected:
            wrong += 1
            print(f"FAILED {name}: {expected} was expected, but: {answer or 'the tool ended'}")
            if not answer:
                break
    tool.stdin.close()
    status = tool.wait(timeout=30)
    print(f"{len(CASES)} tokens, {wrong} wrong; the tool ended with {status}")
    return 1 if wrong or status else 0


if __name__ == "__main__":
    sys.exit(main())
