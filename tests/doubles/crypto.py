"""Record cryptography of Sync storage format 5, with the system's libcrypto for AES (the
standard library has none)."""
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import json

NAMESPACE = b"identity.mozilla.com/picl/v1/"

_crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
_crypto.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
_crypto.EVP_aes_256_cbc.restype = ctypes.c_void_p
_AES = ctypes.c_void_p(_crypto.EVP_aes_256_cbc())
_STEPS = {
    step:
    tuple(getattr(_crypto, f"EVP_{step}{part}")
          for part in ("Init_ex", "Update", "Final_ex"))
    for step in ("Encrypt", "Decrypt")
}


def _cipher(step, key, iv, data):
    """EVP_Encrypt… or EVP_Decrypt… over the whole of data; PKCS#7 padding."""
    if len(key) != 32 or len(iv) != 16:  # libcrypto would read beyond
        raise ValueError("length of key or IV")
    init, update, final = _STEPS[step]
    context = ctypes.c_void_p(_crypto.EVP_CIPHER_CTX_new())
    try:
        out, tail = ctypes.create_string_buffer(len(data) + 32), ctypes.create_string_buffer(32)
        n, m = ctypes.c_int(0), ctypes.c_int(0)
        if (init(context, _AES, None, key, iv) != 1
                or update(context, out, ctypes.byref(n), data, len(data)) != 1
                or final(context, tail, ctypes.byref(m)) != 1):
            raise ValueError("AES failed")
        return out.raw[:n.value] + tail.raw[:m.value]
    finally:
        _crypto.EVP_CIPHER_CTX_free(context)


def hkdf(secret, info, size, salt=b"\0" * 32):
    """RFC 5869, SHA-256."""
    key, block, out, n = hmac.digest(salt, secret, "sha256"), b"", b"", 1
    while len(out) < size:
        block = hmac.digest(key, block + info + bytes([n]), "sha256")
        out, n = out + block, n + 1
    return out[:size]


def sync_key_of(k_b):
    """kSync from an account's kB."""
    return hkdf(k_b, NAMESPACE + b"oldsync", 64)


def kid_of(k_b, changed_ms):
    """The key id of X-KeyID: when the keys changed, and the fingerprint of kB."""
    return f"{changed_ms}-" + base64.urlsafe_b64encode(
        hashlib.sha256(k_b).digest()[:16]).decode().rstrip("=")


class KeyBundle:
    """An AES key and an HMAC key, 32 bytes each."""
    def __init__(self, both):
        if len(both) != 64:
            raise ValueError("a key bundle has 64 bytes")
        self.aes, self.mac = both[:32], both[32:]

    def base64_pair(self):
        return [base64.b64encode(self.aes).decode(), base64.b64encode(self.mac).decode()]

    @classmethod
    def from_pair(cls, pair):
        return cls(b"".join(base64.b64decode(k) for k in pair))

    def seal(self, record, iv):
        """The payload string of a record: an object, or the cleartext as bytes. The HMAC is over
        the Base64 text, as every client does it."""
        clear = record if isinstance(record, bytes) else json.dumps(record, ensure_ascii=False,
                                                                    separators=(",", ":")).encode()
        text = base64.b64encode(_cipher("Encrypt", self.aes, iv, clear))
        mac = hmac.digest(self.mac, text, "sha256").hex()
        iv = base64.b64encode(iv).decode()
        return f'{{"ciphertext":"{text.decode()}","IV":"{iv}","hmac":"{mac}"}}'

    def open(self, payload):
        return json.loads(self.open_bytes(payload))

    def open_bytes(self, payload):
        sealed = json.loads(payload)
        mac = hmac.new(self.mac, sealed["ciphertext"].encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(mac, sealed["hmac"]):
            raise ValueError("HMAC")
        return _cipher("Decrypt", self.aes, base64.b64decode(sealed["IV"], validate=True),
                       base64.b64decode(sealed["ciphertext"], validate=True))
