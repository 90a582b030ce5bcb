"""Record cryptography of Sync storage format 5, with the system's libcrypto for AES."""
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import json

_crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
_crypto.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
_crypto.EVP_aes_256_cbc.restype = ctypes.c_void_p


def _cipher(step, key, iv, data):
    """EVP_Encrypt… or EVP_Decrypt… over the whole of data; PKCS#7 padding."""
    context = ctypes.c_void_p(_crypto.EVP_CIPHER_CTX_new())
    try:
        out, tail = ctypes.create_string_buffer(len(data) + 32), ctypes.create_string_buffer(32)
        n, m = ctypes.c_int(0), ctypes.c_int(0)
        init, update, final = (getattr(_crypto, f"EVP_{step}{part}") for part in ("Init_ex", "Update", "Final_ex"))
        if (init(context, ctypes.c_void_p(_crypto.EVP_aes_256_cbc()), None, key, iv) != 1
                or update(context, out, ctypes.byref(n), data, len(data)) != 1
                or final(context, tail, ctypes.byref(m)) != 1):
            raise ValueError("AES failed")
        return out.raw[:n.value] + tail.raw[:m.value]
    finally:
        _crypto.EVP_CIPHER_CTX_free(context)


class KeyBundle:
    """An AES key and an HMAC key, 32 bytes each."""

    def __init__(self, both):
        assert len(both) == 64
        self.aes, self.mac = both[:32], both[32:]

    def base64_pair(self):
        return [base64.b64encode(self.aes).decode(), base64.b64encode(self.mac).decode()]

    def seal(self, record, iv):
        """The payload string of a record."""
        clear = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() if not isinstance(record, bytes) else record
        text = base64.b64encode(_cipher("Encrypt", self.aes, iv, clear)).decode()
        mac = hmac.new(self.mac, text.encode(), hashlib.sha256).hexdigest()
        return json.dumps({"ciphertext": text, "IV": base64.b64encode(iv).decode(), "hmac": mac})

    def open(self, payload):
        sealed = json.loads(payload)
        mac = hmac.new(self.mac, sealed["ciphertext"].encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(mac, sealed["hmac"]):
            raise ValueError("HMAC")
        return json.loads(_cipher("Decrypt", self.aes, base64.b64decode(sealed["IV"]), base64.b64decode(sealed["ciphertext"])))


def hawk_mac(key, ts, nonce, method, path, host, port, payload_hash="", ext=""):
    lines = ["hawk.1.header", ts, nonce, method.upper(), path, host.lower(), str(port), payload_hash, ext]
    text = "".join(line + "\n" for line in lines)
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()
