"""Published vectors of the password protocol and of the JWE that carries the sync key."""
import json
import unittest

import jwe
import onepw
from clients import OLDSYNC
from crypto import KeyBundle, kid_of

EMAIL, PASSWORD = "andré@example.org", "pässwörd"
FETCH, SESSION = bytes(range(0x80, 0xa0)), bytes(range(0xa0, 0xc0))


class PasswordVectors(unittest.TestCase):
    """Of the protocol's reference: both versions, the derived tokens, the bundle."""
    def test_stretching(self):
        one = onepw.stretch_v1(EMAIL, PASSWORD)
        self.assertEqual((one.auth_pw, one.unwrap_key.hex()),
                         ("247b675ffb4c46310bc87e26d712153abe5e1c90ef00a4784594f97ef54f2375",
                          "de6a2648b78284fcb9ffa81ba95803309cfba7af583c01a8a1a63e567234dd28"))
        two = onepw.stretch_v2(
            "identity.mozilla.com/picl/v1/quickStretchV2:00112233445566778899aabbccddeeff",
            PASSWORD)
        self.assertEqual((two.auth_pw, two.unwrap_key.hex()),
                         ("e776849875b400e27ee5b325e769855d8ba30a214aa5f0204364ac08cb502222",
                          "c77b3578b0e68d1212aaf6ad6766c971a2ea09f7c93f63746e5ee491386ff3ea"))

    def test_tokens(self):
        fetch_token, session = onepw.Derived(FETCH, "keyFetchToken"), onepw.Derived(
            SESSION, "sessionToken")
        self.assertEqual((fetch_token.id, fetch_token.hawk_key.hex(), fetch_token.bundle_key.hex()),
                         ("3d0a7c02a15a62a2882f76e39b6494b500c022a8816e048625a495718998ba60",
                          "87b8937f61d38d0e29cd2d5600b3f4da0aa48ac41de36a0efe84bb4a9872ceb7",
                          "14f338a9e8c6324d9e102d4e6ee83b209796d5c74bb734a410e729e014a4a546"))
        self.assertEqual((session.id, session.hawk_key.hex()),
                         ("c0a29dcf46174973da1378696e4c82ae10f723cf4f4d9f75e39f4ae3851595ab",
                          "9d8f22998ee7f5798b887042466b72d53e56ab0c094388bf65831f702d2febc0"))
        self.assertEqual(
            onepw.Derived(b"\x0f" * 32, "sessionToken").bearer(),
            "Bearer fxs_923ee512d6153af6796ecb3aaddb1e8a48a713ef79cf0dbcfcc124456fd3ed6a")

    def test_bundle(self):
        key, k_a = onepw.Derived(FETCH, "keyFetchToken").bundle_key, bytes(range(0x20, 0x40))
        wrapped = bytes.fromhex("7effe354abecbcb234a8dfc2d7644b4ad339b525589738f2d27341bb8622ecd8")
        bundle = onepw.seal_keys(key, k_a, wrapped)
        self.assertEqual(
            bundle,
            "ee5c58845c7c9412b11bbd20920c2fddd83c33c9cd2c2de2d66b222613364636fc7e59d854d599f10e212801de3a47c34333f3b838ee3471e0f285649c332bbb"
            "4c17f42a0b319bbba327d2b326ad23e937219b4de32e3ec7b3e3f740522ad6ef")
        self.assertEqual(onepw.open_keys(key, bundle), (k_a, wrapped))
        self.assertEqual(
            onepw.xor(wrapped,
                      onepw.stretch_v1(EMAIL, PASSWORD).unwrap_key).hex(),
            "a095c51c1c6e384e8d5777d97e3c487a4fc2128a00ab395a73d57fedf41631f0")
        with self.assertRaises(ValueError):
            onepw.open_keys(key, bundle[:-1] + "0")

    def test_totp(self):
        """RFC 6238, SHA-1, the last six of its eight digits."""
        secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.assertEqual([onepw.totp(secret, t) for t in (59, 1111111109, 20000000000)],
                         ["287082", "081804", "353130"])


class KeyWrapping(unittest.TestCase):
    """The JWE of application-services, and every way to spoil one."""
    KEY = {
        "kty": "EC", "crv": "P-256", "d": "UayD4kn_4QHvLvLLSSaANfDUp9AcQndQu_TohQKoyn8", "x":
        "ARvGIPJ5eIFdp6YTM-INVDqwfun2R9FfCUvXbH7QCIU", "y":
        "hk8gP0Po8nBh-WSiTsvsyesC5c1L6fGOEVuX8FHsvTs"
    }
    JWE = (
        "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoiNFBKTTl5dGVGeUtsb21ILWd2UUtyWGZ0a0N3ak9HNHRfTmpYVXhLM1VqSSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6"
        "IlB3eG9Na1RjSVZ2TFlKWU4wM2R0Y3o2TEJrR0FHaU1hZWlNQ3lTZXEzb2MiLCJ5IjoiLUYtTllRRDZwNUdSQ2ZoYm1hN3NvNkhxdExhVlNub012S0pFcjFBeWlaSSJ9LCJlbmMiOiJB"
        "MjU2R0NNIn0..b9FPhjjpmAmo_rP8.ur9jTry21Y2trvtcanSFmAtiRfF6s6qqyg6ruRal7PCwa7PxDzAuMN6DZW5BiK8UREOH08-FyRcIgdDOm5Zq8KwVAn56PGfcH30aNDGQNkA_mpfj"
        "x5Tj2z8kI6ryLWew4PGZb-PsL1g-_eyXhktq7dAhetjNYttKwSREWQFokv7N3nJGpukBqnwL1ost-MjDXlINZLVJKAiMHDcu-q7Epitwid2c2JVGOSCJjbZ4-zbxVmZ4o9xhFb2lbvdiaM"
        "ygH6bPlrjEK99uT6XKtaIZmyDwftbD6G3x4On-CqA2TNL6ILRaJMtmyX--ctL0IrngUIHg_F0Wz94v.zBD8NACkUcZTPLH0tceGnA"
    )

    def test_vector(self):
        keys = json.loads(jwe.decrypt(jwe.private_of(self.KEY), self.JWE))[OLDSYNC]
        self.assertEqual((keys["k"], keys["kid"]), (
            "8ek1VNk4sjrNP0DhGC4crzQtwmpoR64zHuFMHb4Tw-exR70Z2SSIfMSrJDTLEZid9lD05-hbA3n2Q4Esjlu1tA",
            "1526414944666-zgTjf5oXmPmBjxwXWFsDWg"))

    def test_there_and_back(self):
        key, sync_key = jwe.new_key(), bytes(range(64))
        clear = json.loads(
            jwe.decrypt(key, jwe.keys_jwe(key.public_key(), OLDSYNC, sync_key, kid_of(b"b" * 32,
                                                                                      5))))
        self.assertEqual((KeyBundle(jwe.unb64u(clear[OLDSYNC]["k"])).aes, clear[OLDSYNC]["kid"]),
                         (sync_key[:32], kid_of(b"b" * 32, 5)))
        with_party = jwe.encrypt(key.public_key(), b"x", apu=jwe.b64u(b"me"), apv=jwe.b64u(b"you"),
                                 kid="k")
        self.assertEqual(jwe.decrypt(key, with_party), b"x")

    def test_spoiled(self):
        key = jwe.new_key()
        for spoil in set(jwe.SPOILED) - {"none"}:
            text = jwe.keys_jwe(key.public_key(), OLDSYNC, bytes(64), "1-kid", spoil)
            with self.subTest(spoil):
                # opens, and then is wrong inside
                if spoil in ("not_json", "other_scope", "short_key", "no_kid", "huge"):
                    self.assertNotEqual(jwe.decrypt(key, text), b"")
                else:
                    self.assertRaises(ValueError, jwe.decrypt, key, text)
        self.assertIsNone(jwe.keys_jwe(key.public_key(), OLDSYNC, bytes(64), "1-kid", "none"))


if __name__ == "__main__":
    unittest.main()
