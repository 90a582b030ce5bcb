"""The administration interface: how tests change data, set faults and look at what a client did.
README.md has its table."""
import json
import re
import urllib.parse

import fixtures
import onepw
import synthetic
from storage import centiseconds, decimal

OLD_NAMES = {"password-reset": "reset-password", "reset": "reset-password"}


class Refused(Exception):
    """A request that makes no sense; the text goes back to the caller."""


class Admin:
    def __init__(self, service):
        self.service = service

    def call(self, method, path, body):
        """(status, JSON value)."""
        url = urllib.parse.urlsplit(path.removeprefix("/__admin/"))
        name, query = urllib.parse.unquote(url.path), dict(urllib.parse.parse_qsl(url.query))
        try:
            if method == "GET":
                return 200, self.get(name, query)
            if method == "DELETE":
                return 200, self.clear(name)
            if method != "POST":
                return 405, {"error": "GET, POST or DELETE"}
            return 200, self.post(name, json.loads(body) if body else {})
        except Refused as refused:
            return 404, {"error": str(refused)}
        except (TypeError, KeyError, ValueError, re.error) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    def account(self, email):
        if email not in self.service.accounts:
            raise Refused(f"no account {email}")
        return self.service.accounts[email]

    # --- looking
    def get(self, name, query):
        service = self.service
        with service.lock:
            if name == "health":
                return {"status": "ok", "accounts": len(service.accounts)}
            if name == "log":
                return list(service.log)
            if name == "counters":
                return service.count()
            if name == "faults":
                return service.faults.state()
            if name == "settings":
                return service.settings
            if name == "accounts":
                return [a.describe() for a in service.accounts.values()]
            match = re.match(r"^(?:import/(?P<a>[^/]+)|accounts/(?P<b>[^/]+)/import)$", name)
            if match:
                return self.account(match["a"]
                                    or match["b"]).import_file(service.base,
                                                               query.get("auth", "access"))
            match = re.match(r"^(mails|devices|sessions|tokens|sign-in|totp)/([^/]+)$", name)
            if match:
                return getattr(self, "get_" + match[1].replace("-", "_"))(self.account(match[2]))
            match = re.match(r"^accounts/([^/]+)$", name)
            if match:
                return self.account(match[1]).describe()
        raise Refused(f"no {name}")

    def clear(self, name):
        if name == "faults":
            self.service.faults.set([])
        elif name in ("log", "counters"):
            self.service.clear()
        else:
            raise Refused(f"no {name}")
        return {}

    # --- looking at sign-ins
    def get_mails(self, account):
        return account.signin.mails

    def get_devices(self, account):
        kinds = {None: None, **dict.fromkeys(account.refreshes, "refresh")}
        return [{
            **{n: v
               for n, v in d.items()
               if n != "token"}, "of": kinds.get(d["token"], "session")
        }
                for d in account.devices.values()]

    def get_sessions(self, account):
        return [s.describe() for s in self.service.sessions.of(account)]

    def get_tokens(self, account):
        """Those that are good; not the ones of import files."""
        refresh = [{"token": t, **r._asdict()}
                   for t, r in account.refreshes.items()
                   if t not in account.dead and r.client_id]
        access = [{"token": t, **a._asdict()}
                  for t, a in account.access_tokens.items()
                  if account.accepts(t) and a.client_id]
        return {"refresh": refresh, "access": access}

    def get_sign_in(self, account):
        return account.signin.describe()

    def get_totp(self, account):
        return {"code": account.signin.settings["code"] or onepw.totp(account.signin.totp_secret)}

    # --- changing
    def post(self, name, data):
        name = OLD_NAMES.get(name, name)
        if name == "accounts":
            return self.make_account(**data)
        function = getattr(self, "post_" + name.replace("-", "_"), None)
        if function is None:
            raise Refused(f"no {name}")
        with self.service.lock:
            if "email" in data:
                data["account"] = self.account(data.pop("email"))
            result = function(**data)
        return {"modified": decimal(result)} if isinstance(result, int) else result or {}

    def make_account(self, email, auth="access", sign_in=None, **size):
        """Made outside the lock: a big one takes seconds,
        and other accounts are served meanwhile."""
        made = synthetic.make(email, self.service.take_uid(), **size)
        made.signin.change(**(sign_in or {}))
        return self.service.add(made).import_file(self.service.base, auth)

    def post_step(self, step, account=None):
        if not 0 <= step <= 7:
            raise ValueError("the recorded steps are 0 to 7")
        (account or self.account(fixtures.EMAIL)).load_step(step)

    def post_put(self, account, collection, records, modified=None):
        return account.put(collection, records,
                           None if modified is None else centiseconds(modified))

    def post_delete(self, account, collection, ids):
        return account.delete(collection, ids)

    def post_drop(self, account, collection):
        account.collections.pop(collection, None)

    def post_touch(self, account, collection):
        return account.touch(collection)

    def post_expire_records(self, account, at):
        return {"dropped": account.expire(int(at) * 100)}

    def post_meta(self, account, remove=False, payload=None, **changes):
        """Merges into meta/global: {"syncID": …}, {"engines": {"history":
        {"version": 2}, "forms": null}}."""
        if remove:
            return account.delete("meta", ["global"])
        if payload is not None:
            return account.put("meta", [{"id": "global", "payload": payload}])
        meta = account.meta()
        for name, engine in changes.pop("engines", {}).items():
            if engine is None:
                meta["engines"].pop(name, None)
            else:
                meta["engines"].setdefault(name, {}).update(engine)
        meta.update(changes)
        return account.put_meta(meta)

    def post_keys(self, account, rotate=False, collection=None, reseal=True, remove=False):
        """Without parameters: crypto/keys written again as they are."""
        if remove:
            return account.delete("crypto", ["keys"])
        if collection is not None:
            return account.own_key(collection, reseal)
        return account.rotate_keys(reseal) if rotate else account.put_keys()

    def post_rotate_keys(self, account, reseal=True):
        return account.rotate_keys(reseal)

    def post_reset_password(self, account, reupload=False, keep_tokens=False, keep_key=False,
                            password=None):
        password = password or account.signin.password
        if keep_key:
            account.change_password(password)
        else:
            account.reset_password(self.service.take_uid(), reupload, keep_tokens)
            account.signin.set_password(password)
        if not keep_tokens:
            self.service.sign_out(account)
        return account.describe()

    # --- signing in
    def post_sign_in(self, account, **settings):
        account.signin.change(**settings)
        return account.signin.describe()

    def post_change_password(self, account, password):
        account.change_password(password)
        self.service.sign_out(account)

    def post_confirm(self, account):
        self.service.confirm(account)

    def post_expire_codes(self, account):
        """The mailed ones and those of OAuth."""
        account.signin.expire_codes()
        self.service.oauth.expire_codes(account)

    def post_end_sessions(self, account):
        self.service.sign_out(account)

    def post_clients(self, **client):
        return self.service.clients.register(**client)

    def post_reassign(self, account, prefix="/node2", empty=False):
        account.prefix, account.storage_uid = prefix, self.service.take_uid()
        if empty:
            account.collections = {}
        return account.describe()

    def post_revoke(self, account, dead=True, errno=108):
        if dead:
            account.revoke(errno)
        else:
            account.dead = {}

    def post_expire(self, account, what="all"):
        """Lets tokens run out: "access", "hawk" or "all". The refresh token stays good; an
        import file of auth=access gets a new one."""
        if what not in ("access", "hawk", "all"):
            raise ValueError('what is "access", "hawk" or "all"')
        if what != "access":
            self.service.tokens.forget(account)
        if what != "hawk":
            account.access_tokens = {}

    def post_faults(self, rules):
        self.service.faults.set(rules)

    def post_add_fault(self, rule):
        self.service.faults.add(rule)

    def post_settings(self, **settings):
        unknown = set(settings) - set(self.service.settings)
        if unknown:
            raise ValueError(f"no setting {', '.join(sorted(unknown))}")
        self.service.settings.update(settings)
        return self.service.settings

    def post_clear(self):
        self.service.clear()
