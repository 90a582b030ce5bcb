"""A filled home without an account: starts the Sync double with Ada's recorded data and a
hearthd, imports and syncs her account, and opens it, signed in. Ends with Ctrl-C."""
import argparse
import http.server
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import webbrowser

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]
from browser import Browser  # noqa: E402
from client import SyncService  # noqa: E402

EMAIL, PASSWORD = "ada@example.org", "demo-password"


def run(hearthd, *words, text=None):
    done = subprocess.run([*hearthd, *words], input=text, capture_output=True, text=True,
                          timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def start(hearthd):
    """Starts the daemon and waits for its `ready` line;
    returns the process and the first address."""
    daemon = subprocess.Popen([*hearthd, "serve"], stdout=subprocess.PIPE, text=True)
    line = daemon.stdout.readline()
    if not line.startswith("ready "):
        raise SystemExit("hearthd did not start; its message is above")
    return daemon, line.split()[1]


def configure(home, service):
    """Signing in leads to the double instead of Mozilla's accounts."""
    with open(os.path.join(home, "conf.d", "40-demo.conf"), "w", encoding="utf-8") as f:
        f.write(
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = 3c49430b43dfba77\n"
        )


def open_door(address, link):
    """A page that leads to the home, signed in: browsers keep cookies by host, whatever the
    port, so this process can hand one over that it got by signing in itself. Its address is
    known to whoever reads this terminal alone."""
    browser = Browser(address)
    browser.open(f"{address}/auth/link?t={link['url'].partition('?t=')[2]}")
    browser.submit("Sign in")
    cookies, path = browser.cookies(), "/" + secrets.token_urlsafe(12)

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(303 if self.path == path else 404)
            if self.path == path:
                self.send_header("Location", address + "/")
                for name, value in cookies.items():
                    self.send_header("Set-Cookie",
                                     f"{name}={value}; Path=/; HttpOnly; SameSite=Lax")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((address.partition("//")[2].rpartition(":")[0], 0),
                                             Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"{address.rpartition(':')[0]}:{server.server_address[1]}{path}"


def tell(address, door, token, counts, service):
    print(
        f"""
Ada's home, signed in:  {door}
  {counts['devices']} devices, {counts['tabs']} tabs, {counts['bookmarks']} bookmarks,
  {counts['pages']} pages, {counts['visits']} visits

API token:  {token}

Search as the address bar does:
  curl -s -H 'Authorization: Bearer {token}' '{address}/api/v1/search?q=quiet+river&limit=5'

Or sign in as she would, at  {address}/auth/signin
  {EMAIL}, password: {PASSWORD}
Her account lives on  {service.url}  (an accounts server that is made up, like her).

Ctrl-C ends the demo.""", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hearthd", required=True)
    parser.add_argument("--home", required=True)
    parser.add_argument("--once", action="store_true", help="end as soon as everything was shown")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    hearthd = [options.hearthd, "--config", os.path.join(options.home, "conf.d")]
    service, daemon = SyncService(), None
    try:
        service.sign_in(EMAIL, password=PASSWORD)
        configure(options.home, service)
        daemon, address = start(hearthd)
        run(hearthd, "account", "import", "-", text=json.dumps(service.import_file()))
        run(hearthd, "account", "sync", EMAIL, "--wait")
        counts = json.loads(run(hearthd, "account", "show", EMAIL, "--json"))["counts"]
        door = open_door(address, json.loads(run(hearthd, "link", EMAIL, "--json")))
        tell(address, door, run(hearthd, "token", "new", EMAIL, "--name", "demo"), counts, service)
        if not options.once and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(door)
        if not options.once:
            daemon.wait()
    except KeyboardInterrupt:
        pass
    finally:
        if daemon is not None:
            daemon.terminate()
            daemon.wait()
        service.stop()


if __name__ == "__main__":
    main()
