"""OAuth clients that the accounts double knows: public ids seen in the wild (data), and those
that a test registers."""
import re
from typing import NamedTuple

OLDSYNC = "https://identity.mozilla.com/apps/oldsync"
SESSION = "https://identity.mozilla.com/tokens/session"
PROFILE = ("profile", "profile:uid", "profile:email", "profile:display_name", "openid", "email")
MOZILLA = "https://accounts.firefox.com"
ID = re.compile(r"^[0-9a-f]{16}$")


class Client(NamedTuple):
    """`redirects`: exact addresses; a leading slash means a path of this server. `keys`: its
    redirects may receive keys_jwe."""
    id: str
    name: str
    redirects: tuple = ()
    scopes: tuple = (OLDSYNC, SESSION, *PROFILE)
    public: bool = True
    can_grant: bool = True
    keys: bool = True
    jwt: bool = False  # its access tokens are long


def _success(client_id):
    return (f"{MOZILLA}/oauth/success/{client_id}", f"/oauth/success/{client_id}")


KNOWN = (Client("3c49430b43dfba77", "Android Components Reference Browser",
                _success("3c49430b43dfba77")),
         Client("a2270f727f45f648", "Firefox for Android", _success("a2270f727f45f648")),
         Client("e7ce535d93522896", "Lockwise for Android",
                ("https://lockbox.firefox.com/fxa/android-redirect.html", )),
         Client("5882386c6d801776", "Firefox",
                ("urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel", ),
                jwt=True), Client("1b1a3e44c54fbb58", "Firefox for iOS"),
         Client("85da77264642d6a1",
                "Firefox for Fire TV"), Client("8269bacd7bbc7f80", "Thunderbird", scopes=PROFILE),
         Client("7f368c6886429f19", "Firefox Notes", scopes=PROFILE, can_grant=False),
         Client("98e6508e88680e1a", "Account settings", scopes=PROFILE, public=False))


class Clients:
    def __init__(self, service):
        self.service, self.known = service, {c.id: c for c in KNOWN}

    def register(self, id="00c0ffee00c0ffee", redirect=None, name="A test", **more):
        """A client of a test; the same id again replaces it."""
        if not ID.match(id):
            raise ValueError("a client's id has 16 hex digits")
        redirects = (redirect, ) if isinstance(redirect, str) else tuple(redirect or ())
        if "scopes" in more:
            more["scopes"] = tuple(more["scopes"])
        self.known[id] = Client(id, name, redirects, **more)
        return {"client_id": id, "redirects": list(redirects)}

    def get(self, client_id):
        return self.known.get(client_id) if isinstance(client_id, str) else None

    def redirect(self, client, asked):
        """The address to go back to: exactly one that is registered, or the client's own page
        when none was asked for; None: refused."""
        known = [self.service.base + r if r.startswith("/") else r for r in client.redirects]
        return asked if asked in known else known[-1] if asked is None and known else None
