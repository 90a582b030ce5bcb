"""How one account lets people in: its password and second factor, what the server puts in the
way, the codes it has mailed."""
import base64
import hashlib
import hmac
import re
import secrets
import time

import onepw
from errors import Failure
from jwe import SPOILED

PASSWORD = "a password"  # of accounts for which a test says nothing else
FACTORS = ("none", "totp", "email-2fa", "email-otp", "email", "asked")
CODE_LIFE = 15 * 60
DEFAULTS = {
    "version": "v2", "second_factor": "none", "code": None, "verified": True,
    "must_change_password": False, "blocked": False, "throttled": 0, "unblock": False, "anti_bot":
    False, "code_errno": 183, "jwe": None, "both_fetch_tokens": False
}
ALLOWED = {
    "version": ("v1", "v2"), "second_factor": FACTORS, "anti_bot": (False, True, "all"), "jwe":
    (None, *SPOILED)
}


class SignIn:
    """Belongs to an Account, whose kB it wraps. README.md has the settings."""
    def __init__(self, account, password=PASSWORD):
        self.account, self.settings = account, dict(DEFAULTS)
        seed = hashlib.sha256(b"sign-in" + account.email.encode()).digest()
        self.k_a = hashlib.sha256(b"kA" + seed).digest()
        self.totp_secret = base64.b32encode(seed[:20]).decode()
        self.recovery_codes = [hashlib.sha256(seed + bytes([n])).hexdigest()[:10] for n in range(3)]
        self.mails, self.codes = [], {}
        self.set_password(password)

    def set_password(self, password):
        """None: an account that was made through somebody else's sign-in."""
        self.password, self.salt, self.cache = password, onepw.new_salt(), {}

    def change(self, **settings):
        """Settings that are given; `password` and `totp_secret` too."""
        for name in set(settings) - set(DEFAULTS) - {"password", "totp_secret"}:
            raise ValueError(f"no sign-in setting {name}")
        for name, allowed in ALLOWED.items():
            if name in settings and settings[name] not in allowed:
                raise ValueError(f"{name} is one of {', '.join(map(str, allowed))}")
        if "password" in settings:
            self.set_password(settings.pop("password"))
        self.totp_secret = settings.pop("totp_secret", self.totp_secret)
        self.settings.update(settings)

    def describe(self):
        return {
            **self.settings, "email": self.account.email, "password": self.password, "totp_secret":
            self.totp_secret, "recovery_codes": list(self.recovery_codes), "client_salt": self.salt
        }

    # --- the password
    def stretched(self, version):
        """What the right password gives; version 2 takes a third of a second the first time."""
        if version not in self.cache:
            self.cache[version] = (onepw.stretch_v1(self.account.email, self.password) if version
                                   == "v1" else onepw.stretch_v2(self.salt, self.password))
        return self.cache[version]

    def versions(self):
        """A v2 account keeps both verifiers."""
        return ("v1", "v2") if self.settings["version"] == "v2" else ("v1", )

    def prepare(self):
        """Does the slow part, for callers who hold no lock yet."""
        if self.password is not None:
            for version in self.versions():
                self.stretched(version)

    def matching(self, auth_pw):
        """The version whose verifier this is; None: the password is wrong."""
        return next(
            (v for v in self.versions() if hmac.compare_digest(self.stretched(v).auth_pw, auth_pw)),
            None)

    def wrap_kb(self, version):
        return onepw.xor(self.account.k_b, self.stretched(version).unwrap_key)

    # --- what stands in the way
    def check_way(self, unblock_code):
        """Throttling and blocking, as they come before the password is looked at."""
        settings = self.settings
        if not settings["throttled"] and not settings["blocked"]:
            return
        if unblock_code is not None and settings["unblock"]:
            self.take_code("unblock", unblock_code, 127)
            return
        extra = {"verificationMethod": "email-captcha", "verificationReason": "login"
                 } if settings["unblock"] else {}
        if settings["throttled"]:
            seconds = settings["throttled"]
            raise Failure(114, headers={"Retry-After": str(seconds)}, retryAfter=seconds, **extra)
        raise Failure(125, **extra)

    def open_question(self, asked):
        """(verificationMethod, verificationReason) of what a new session still lacks;
        None: nothing."""
        settings, factor = self.settings, self.settings["second_factor"]
        if not settings["verified"]:
            return "email", "signup"
        if settings["must_change_password"]:
            return "email", "change_password"
        if factor == "none":
            return None
        if factor == "totp":
            return "totp-2fa", "login"
        if factor == "asked":
            factor = asked if asked in ("email-2fa", "email-otp") else "email"
        return factor, "login"

    # --- codes
    def mail(self, kind):
        """Sends a new code; the one before is worthless from now on.
        Kinds: login, unblock, link."""
        if kind == "login":
            code = self.settings["code"] or f"{secrets.randbelow(1000000):06d}"
        else:
            code = secrets.token_hex(16) if kind == "link" else secrets.token_hex(4).upper()
        self.codes[kind] = (code, time.time() + CODE_LIFE)
        self.mails.append(
            {"to": self.account.email, "kind": kind, "code": code, "time": time.time()})
        return code

    def take_code(self, kind, given, errno):
        """A mailed code works once, and not for ever."""
        code, until = self.codes.get(kind, ("", 0))
        if not code or not hmac.compare_digest(code.encode(),
                                               str(given).encode()) or time.time() > until:
            raise Failure(errno)
        del self.codes[kind]

    def expire_codes(self):
        self.codes = {kind: (code, 0) for kind, (code, _) in self.codes.items()}

    def totp_right(self, given):
        """The setting `code`, or what an authenticator shows now, a step earlier or later."""
        if self.settings["code"] is not None:
            return given == self.settings["code"]
        now = time.time()
        return re.match(r"^\d{6}$", str(given)) is not None and given in {
            onepw.totp(self.totp_secret, now + d)
            for d in (-30, 0, 30)
        }

    def take_recovery_code(self, given):
        if given not in self.recovery_codes:
            raise Failure(156)
        self.recovery_codes.remove(given)
        return len(self.recovery_codes)
