"""A real Firefox for tests: Debian's firefox-esr, headless, driven over Marionette with the
standard library alone.

    with Firefox() as firefox:
        firefox.chrome("return Services.appinfo.version + arguments[0]", "!")

`chrome()` runs the body of an async function in the parent process: it may await, takes its
arguments from `arguments`, and what it returns comes back through JSON. `load("PlacesUtils")`
inside of it is the module of that name, wherever this release has it.

Nothing leaves the machine: the proxy is a dead one for all but 127.0.0.1, and what asks its makers
by itself is off. All that Firefox writes is in its folder, its home too. Every wait has a limit,
and with the test ends the whole process group, however the test ends (tests/lifeline.py)."""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.dirname(HERE))
import lifeline  # noqa: E402

PROGRAM = os.environ.get("HEARTH_FIREFOX", "firefox-esr")
# seconds that only a hang reaches
PATIENCE = int(os.environ.get("HEARTH_PATIENCE", 120))
GRACE = min(30, PATIENCE)
MAX_MESSAGE = 256 << 20  # bytes of one answer

PREFS = {
    "marionette.port": 0,  # a free one, which it writes into its profile
    "remote.prefs.recommended": False,  # they would change preferences that are synced
    # nothing leaves the machine
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1",
    "network.proxy.failover_direct": False,
    "network.trr.mode": 5,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "network.http.speculative-parallel-limit": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "app.update.enabled": False,
    "app.update.auto": False,
    "app.update.disabledForTesting": True,
    "app.normandy.enabled": False,
    "extensions.update.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.blocklist.enabled": False,
    "browser.search.update": False,
    "browser.region.network.url": "",
    "browser.region.update.enabled": False,
    "browser.safebrowsing.blockedURIs.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.topsites.contile.enabled": False,
    "browser.ml.enable": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.usage.uploadEnabled": False,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "data:,",
    "toolkit.telemetry.unified": False,
    "media.gmp-manager.url": "data:,",
    "media.gmp-manager.updateEnabled": False,
    "dom.push.connection.enabled": False,
    "identity.fxaccounts.allowHttp": True,
    # no page, question or work that nobody asked for
    "browser.startup.page": 0,
    "browser.startup.homepage_override.mstone": "ignore",
    "startup.homepage_welcome_url": "about:blank",
    "startup.homepage_welcome_url.additional": "",
    "trailhead.firstrun.didSeeAboutWelcome": True,
    "browser.aboutwelcome.enabled": False,
    "termsofuse.bypassNotification": True,
    "browser.newtabpage.enabled": False,
    "browser.newtab.preload": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.tabs.warnOnClose": False,
    "browser.warnOnQuit": False,
    "browser.bookmarks.addedImportButton": True,
    "browser.places.importBookmarksHTML": False,
    "browser.bookmarks.restore_default_bookmarks": False,
    "dom.ipc.processPrelaunch.enabled": False,
    "toolkit.startup.max_resumed_crashes": -1,
    # why it did what it did, in the log
    "browser.dom.window.dump.enabled": True,
    "marionette.log.level": "Warn",
}

# Where releases have what tests use; modules of the browser move.
MODULES = {
    "PlacesUtils": ["resource://gre/modules/PlacesUtils.sys.mjs"],
    "PlacesSyncUtils": ["resource://gre/modules/PlacesSyncUtils.sys.mjs"],
    "SyncedBookmarksMirror": ["resource://gre/modules/SyncedBookmarksMirror.sys.mjs"],
    "BookmarkHTMLUtils": ["resource://gre/modules/BookmarkHTMLUtils.sys.mjs"],
    "BookmarkJSONUtils": ["resource://gre/modules/BookmarkJSONUtils.sys.mjs"],
    "FxAccounts": ["resource://gre/modules/FxAccounts.sys.mjs"],
    "getFxAccountsSingleton": ["resource://gre/modules/FxAccounts.sys.mjs"],
    "Weave": ["resource://services-sync/main.sys.mjs"],
    "SessionStore": ["resource:///modules/sessionstore/SessionStore.sys.mjs"],
    "UrlbarUtils": [
        "resource:///modules/UrlbarUtils.sys.mjs",
        "moz-src:///browser/components/urlbar/UrlbarUtils.sys.mjs"
    ],
}

BODY = """
const args = Array.prototype.slice.call(arguments), done = args.pop(), places = args.pop();
const load = (name, ...more) => {
  let fault = new Error(`no module is known for ${name}`);
  for (const place of [...more, ...(places[name] ?? [])]) {
    try {
      const module = ChromeUtils.importESModule(place);
      if (name in module) return module[name];
      fault = new Error(`${place} has no ${name}`);
    } catch (error) { fault = error; }
  }
  throw fault;
};
(async function () {
%s
}).apply(null, args).then(
  value => done({ value: value === undefined ? null : value }),
  error => done({ error: String(error), stack: String(error?.stack ?? "") })
);
"""


class FirefoxError(Exception):
    """What Firefox says: its own exception, or the end of its log."""


class Firefox:
    def __init__(self, folder=None, prefs=None):
        """`folder`: an empty one, or one that a Firefox of this class had: it finds its data
        again. Without, it has one of its own, which goes with it."""
        self.own = folder is None
        self.folder = os.path.abspath(folder or tempfile.mkdtemp(prefix="hearth-firefox-"))
        if self.own:
            lifeline.folder(self.folder)
        self.profile = os.path.join(self.folder, "profile")
        for name in ("profile", "home", "tmp"):
            os.makedirs(os.path.join(self.folder, name), mode=0o700, exist_ok=True)
        self.prefs = dict(prefs or {})
        self.process = self.log = self.wire = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()

    # --- life
    def environment(self):
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "MOZ_", "DBUS_", "LC_", "WAYLAND_", "http", "HTTP"))
            and name not in ("DISPLAY", "LANGUAGE")
        }
        return {
            **kept, "HOME": os.path.join(self.folder, "home"), "TMPDIR":
            os.path.join(self.folder, "tmp"), "TZ": "UTC", "LANG": "C.UTF-8", "MOZ_HEADLESS": "1",
            "MOZ_CRASHREPORTER_DISABLE": "1",
            "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"  # else it ignores the settings server of above
        }

    def start(self):
        port_file = os.path.join(self.profile, "MarionetteActivePort")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(port_file)
        with open(os.path.join(self.profile, "user.js"), "w", encoding="utf-8") as f:
            for name, value in {**PREFS, **self.prefs}.items():
                f.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.log = open(os.path.join(self.folder, "log"), "ab")
        try:
            self.process = subprocess.Popen([
                PROGRAM, "-headless", "-no-remote", "-marionette", "-remote-allow-system-access",
                "-profile", self.profile
            ], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=self.environment(),
                                            start_new_session=True)
        except FileNotFoundError:
            self.gone()
            raise FirefoxError(f"{PROGRAM} is not installed (./dev setup installs it)") from None
        lifeline.hold(self.process.pid)
        try:
            self.connect(port_file)
        except BaseException:
            self.kill()
            raise

    def connect(self, port_file):
        end, port = time.monotonic() + PATIENCE, None
        while port is None:
            if self.process.poll() is not None:
                raise FirefoxError(f"it ended with {self.process.returncode}\n{self.log_text()}")
            if time.monotonic() > end:
                raise FirefoxError(f"no port after {PATIENCE} s\n{self.log_text()}")
            with contextlib.suppress(FileNotFoundError, ValueError), open(port_file,
                                                                          encoding="ascii") as f:
                port = int(f.read())
            time.sleep(0.02)
        self.wire = Wire(port)
        self.wire.call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self.wire.call("Marionette:SetContext", {"value": "chrome"})

    def quit(self):
        """As a person ends it, so that all is written; by force when it does not."""
        if self.process is None:
            return
        try:
            with contextlib.suppress(OSError, FirefoxError):
                self.wire.call("Marionette:Quit", {"flags": ["eAttemptQuit"]}, GRACE)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE)
        finally:
            self.kill()

    def kill(self):
        process, self.process = self.process, None
        if process is not None:
            lifeline.kill_group(process.pid, signal.SIGKILL)
            process.wait()
            lifeline.release(process.pid)
        self.gone()

    def gone(self):
        for thing in (self.wire, self.log):
            if thing is not None:
                thing.close()
        self.wire = self.log = None
        if self.own and not self.again:
            shutil.rmtree(self.folder, ignore_errors=True)

    again = False  # while it restarts

    def restart(self, prefs=None):
        """Ends and starts again with the same profile. `prefs` are added to the others."""
        self.again = True
        try:
            self.quit()
        finally:
            self.again = False
        self.prefs.update(prefs or {})
        self.start()

    def log_text(self, size=6000):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
                return f.read()[-size:]
        except FileNotFoundError:
            return ""

    # --- what tests ask
    def chrome(self, script, *args, limit=None):
        """What the body `script` of an async function returns, run in the parent process.
        FirefoxError with its exception and stack when it throws, or after `limit` seconds; one
        that is silent for GRACE more is ended."""
        limit = PATIENCE if limit is None else limit
        if self.process is None:
            raise FirefoxError("it has ended")
        try:
            self.wire.call("WebDriver:SetTimeouts", {"script": int(limit * 1000)},
                           limit + GRACE)
            answer = self.wire.call("WebDriver:ExecuteAsyncScript", {
                "script": BODY % script, "args": [*args, MODULES], "newSandbox": False,
                "sandbox": None
            }, limit + GRACE)["value"]
        except OSError as error:
            text = self.log_text()
            self.kill()
            raise FirefoxError(f"{error or type(error).__name__}\n{text}") from None
        if "error" in answer:
            raise FirefoxError(f"{answer['error']}\n{answer['stack']}")
        return answer["value"]


class Wire:
    """Marionette: each message is LENGTH:JSON, a command [0, id, name, parameters], its answer
    [1, id, error, value]."""
    def __init__(self, port):
        self.last, self.rest = 0, b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        greeting = self.message(time.monotonic() + PATIENCE)
        if greeting.get("marionetteProtocol") != 3:
            raise FirefoxError(f"an unknown greeting: {greeting}")

    def close(self):
        self.socket.close()

    def message(self, end):
        """OSError when it does not come before `end`."""
        size = None
        while size is None or len(self.rest) < size:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("Firefox does not answer")
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                continue
            if not data:
                raise ConnectionError("Firefox has closed the connection")
            self.rest += data
            if size is None and b":" in self.rest:
                number, _, self.rest = self.rest.partition(b":")
                size = int(number)
                if size > MAX_MESSAGE:
                    raise ConnectionError(f"an answer of {size} bytes")
        message, self.rest = self.rest[:size], self.rest[size:]
        return json.loads(message)

    def call(self, name, parameters, limit=PATIENCE):
        self.last += 1
        data, end = json.dumps([0, self.last, name, parameters]).encode(), time.monotonic() + limit
        self.socket.settimeout(limit)
        self.socket.sendall(b"%d:%s" % (len(data), data))
        _, number, error, value = self.message(end)
        if number != self.last:
            raise ConnectionError(f"answer {number} to command {self.last}")
        if error:
            raise FirefoxError(
                f"{name}: {error.get('error')}: {error.get('message')}\n{error.get('stacktrace')}")
        return value
