#!/usr/bin/env python3
"""containers.py [--again] [CODENAME]: packaging/container, built and started: the image on a Debian that is
bootstrapped here (no registry is asked), by buildah; a single node and a fleet by podman, each
container with what the compose files say of it (read-only, without capabilities, as its own user),
both configured by their environment. PostgreSQL, Redis and the Sync double are the tests' own,
outside. Exit code 1 when something was not as it should be.

It has processes, mounts and images of its own, which end with it; containers share the host's
network, as tests of a machine without bridges must. When it failed the image stays, and --again
starts that one."""
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "doubles")]
from bootstrap import Refused, System, must_be_root  # noqa: E402
from client import SyncService  # noqa: E402
from servers import Postgres, Redis, free_port  # noqa: E402

LIMIT = 3600
PACKAGES = {"bookworm": "debootstrap buildah podman crun docker-compose python3-yaml",
            "trixie": "debootstrap buildah podman crun docker-compose python3-yaml"}
PATIENCE = 300  # seconds for a container to be healthy
FOLDER = os.path.join(ROOT, ".dev", "containers")
STORE = os.path.join(FOLDER, "store")
STORAGE = ["--root", STORE, "--runroot", os.path.join(FOLDER, "run"), "--storage-driver", "vfs"]
COMPOSE = os.path.join(ROOT, "packaging", "container")
BASE = "localhost/debian"
# Limits, cgroups and timers (of health checks) are the machine's, not Hearth's.
RUN = ["--network", "host", "--cgroups", "disabled", "--ulimit", "nofile=1024:1024", "--ulimit",
       "nproc=4000:4000", "--health-interval", "disable"]
ADA = "ada@example.org"


def command(*words, code=0, text=None, quiet=True):
    """What it prints on standard output; it must end as is said."""
    done = subprocess.run(words, input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT if quiet else subprocess.PIPE, text=True,
                          errors="replace")
    if code is not None and done.returncode != code:
        raise Refused(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout[-5000:]}"
                      f"{(done.stderr or '')[-5000:]}")
    return done.stdout


def podman(*words, **options):
    return command("podman", *STORAGE, "--cgroup-manager", "cgroupfs", *words, **options)


def buildah(*words, **options):
    return command("buildah", *STORAGE, *words, **options)


def check(what, found):
    if not found:
        raise Refused(what)


def make_base(codename):
    """An image of a bootstrapped Debian, which trusts whom this machine trusts."""
    system = System(codename, os.path.join(ROOT, ".dev", "machines", codename)).make()
    system = system.copy(os.path.join(FOLDER, "base"))
    system.use_network()
    archive = os.path.join(FOLDER, "base.tar")
    command("tar", "-C", system.folder, "-cf", archive, ".")
    container = buildah("from", "scratch").strip()
    buildah("add", container, archive, "/")
    if "NODE_EXTRA_CA_CERTS" in os.environ:
        buildah("config", "--env", "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
                container)
    buildah("commit", "--rm", container, BASE)
    shutil.rmtree(system.folder)
    os.unlink(archive)


def build():
    begun = time.monotonic()
    buildah("bud", "--isolation", "chroot", "--network", "host", "--format", "docker",
            "--build-arg", f"BASE={BASE}", "-t", "hearth", "-f",
            os.path.join(COMPOSE, "Containerfile"), ROOT)
    image, base = (json.loads(podman("image", "inspect", name))[0] for name in ("hearth", BASE))
    config = image["Config"]
    check(f"the image is not what it should be: {config}",
          config["User"] == "10001:10001" and list(config["Volumes"]) == ["/var/lib/hearth"]
          and list(config["ExposedPorts"]) == ["8080/tcp"])
    there = podman("run", "--rm", *RUN, "--entrypoint", "sh", "hearth", "-c",
                   "for p in cc gcc node npm meson ninja; do command -v $p; done; true",
                   quiet=False)
    check(f"what builds is left in the image: {there}", there == "")
    print(f"built in {time.monotonic() - begun:.0f} s: {image['Size'] / 1e6:.0f} MB, of which the "
          f"base has {base['Size'] / 1e6:.0f} MB", flush=True)


def resolved(name):
    """The services of a compose file, as docker-compose understands it."""
    folder = os.path.join(FOLDER, "compose")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "secrets"))
    shutil.copy(os.path.join(COMPOSE, name), folder)
    return yaml.safe_load(
        command("docker-compose", "-f", os.path.join(folder, name), "config", quiet=False))


def as_said(service, **environment):
    """Options and words of podman run for a service of a compose file. Ports are published on the
    network that a container has of its own; here each gets an address."""
    words = []
    for key, value in {**service.get("environment", {}), **environment}.items():
        words += ["-e", f"{key}={value}"]
    for path in service["tmpfs"]:
        words += ["--tmpfs", path.replace("uid=10001,gid=10001,mode=0700", "mode=1777")]
    for volume in service.get("volumes", []):
        words += ["-v", volume.removesuffix(":rw")]
    for what in service["cap_drop"]:
        words += ["--cap-drop", what]
    for what in service["security_opt"]:
        words += ["--security-opt", what.replace("no-new-privileges:true", "no-new-privileges")]
    for secret in service.get("secrets", []):
        name = secret["source"] if isinstance(secret, dict) else secret
        words += ["-v", f"{FOLDER}/compose/secrets/{name}:/run/secrets/{name}:ro"]
    check("the file system can be written", service["read_only"])
    if "entrypoint" in service:
        words += ["--entrypoint", json.dumps(service["entrypoint"])]
    return [*RUN, "--read-only", *words, "hearth"]


def healthy(name):
    return subprocess.run(["podman", *STORAGE, "--cgroup-manager", "cgroupfs", "healthcheck",
                           "run", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def wait_until_healthy(name):
    end = time.monotonic() + PATIENCE
    while not healthy(name):
        running = podman("inspect", "--format", "{{.State.Running}}", name).strip()
        if running != "true" or time.monotonic() > end:
            raise Refused(f"{name} is not healthy\n{podman('logs', name)[-3000:]}")
        time.sleep(0.2)


def answers(url, status=200):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=60) as answer:
            found, body = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        found, body = error.code, ""
    check(f"{url}: {found} instead of {status}", found == status)
    return body


def bring_ada(container, service):
    """Her account, synced there; how many pages of history it has then."""
    podman("exec", "-i", container, "hearthd", "account", "import", "-",
           text=json.dumps(service.import_file()))
    podman("exec", container, "hearthd", "account", "sync", ADA, "--wait")
    return pages_of_ada(container)


def pages_of_ada(container):
    return json.loads(podman("exec", container, "hearthd", "account", "show", ADA,
                             "--json"))["counts"]["pages"]


def of_double(service):
    return {
        "HEARTH_SYNC_FIREFOX_ACCOUNTS_URL": service.url,
        "HEARTH_SYNC_FIREFOX_TOKEN_SERVER": f"{service.url}/1.0/sync/1.5",
        "HEARTH_SYNC_FIREFOX_CLIENT_ID": "3c49430b43dfba77"
    }


def single_node(service):
    said = resolved("compose.yaml")["services"]["hearth"]
    port = free_port()
    address = f"127.0.0.1:{port}"
    begun = time.monotonic()
    podman("run", "-d", "--name", "node",
           *as_said(said, HEARTH_LISTEN_MAIN_ADDRESS=address, **of_double(service)))
    wait_until_healthy("node")
    took = time.monotonic() - begun
    check("no app", "<title>" in answers(f"http://{address}/auth/signin"))
    check("it is not the user of the image", podman("exec", "node", "id", "-u").strip() == "10001")
    pages = bring_ada("node", service)
    check("nothing was synced", pages > 1000)
    podman("exec", "node", "hearthd", "backup", "/var/lib/hearth/backup.tar")
    begun = time.monotonic()
    podman("stop", "-t", "60", "node")
    stopped = time.monotonic() - begun
    code = podman("inspect", "--format", "{{.State.ExitCode}}", "node").strip()
    check(f"it ended with {code}", code == "0")
    podman("start", "node")
    wait_until_healthy("node")
    check("the volume kept nothing", pages_of_ada("node") == pages)
    podman("kill", "-s", "STOP", "node")
    check("a daemon that hangs is called healthy", not healthy("node"))
    podman("kill", "-s", "CONT", "node")
    podman("rm", "-f", "node")
    print(f"a single node: healthy after {took:.1f} s, {pages} pages synced and kept, stopped in "
          f"{stopped:.1f} s", flush=True)


def fleet(service):
    services = resolved("compose-fleet.yaml")["services"]
    postgres, redis = Postgres().start(), Redis().start()
    os.chmod(redis.socket, 0o777)
    secrets = {"dsn": postgres.create("alder"), "redis-url": redis.url}
    for name, text in secrets.items():
        path = os.path.join(FOLDER, "compose", "secrets", name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text + "\n")
        os.chmod(path, 0o444)
    sockets = ["-v", f"{postgres.folder}:{postgres.folder}", "-v",
               f"{redis.folder}:{redis.folder}"]
    for _ in range(2):  # the second time as after an upgrade
        podman("run", "--rm", *sockets, *as_said(services["setup"]))
    ports = {}
    for role in ("web", "worker", "scheduler"):
        ports[role] = free_port()
        podman("run", "-d", "--name", role, *sockets,
               *as_said(services[role], HEARTH_LISTEN_MAIN_ADDRESS=f"127.0.0.1:{ports[role]}",
                        **of_double(service)))
    for role in ports:
        wait_until_healthy(role)
    check("no sign-in", "<title>" in answers(f"http://127.0.0.1:{ports['web']}/auth/signin"))
    answers(f"http://127.0.0.1:{ports['worker']}/metrics")
    answers(f"http://127.0.0.1:{ports['worker']}/auth/signin", 404)
    pages = bring_ada("web", service)
    check("nothing was synced", pages > 1000)
    podman("stop", "-t", "60", *ports)
    podman("rm", "-f", *ports)
    redis.close()
    postgres.close()
    print(f"a fleet: set up, {len(ports)} roles healthy, {pages} pages synced by the worker",
          flush=True)


def inside():
    """In mounts and processes of its own."""
    if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):  # crun wants cgroups of version 2
        command("mount", "-t", "cgroup2", "none", "/sys/fs/cgroup")
    os.makedirs(FOLDER, exist_ok=True)
    shutil.rmtree(os.path.join(FOLDER, "run"), ignore_errors=True)
    words = sys.argv[2:]
    if "--again" in words:
        podman("rm", "--force", "--all", "--volumes")
        podman("volume", "prune", "--force")
    else:
        shutil.rmtree(STORE, ignore_errors=True)
        make_base(next((word for word in words if word != "--again"), "trixie"))
        build()
    service = SyncService()
    try:
        single_node(service)
        fleet(service)
    finally:
        service.stop()


def main():
    must_be_root("containers")
    lacking = [name for name in ("buildah", "podman", "docker-compose") if not shutil.which(name)]
    if lacking:
        raise Refused(f"not installed: {' '.join(lacking)}; ./dev test --long containers installs "
                      "them. Nothing was tested.")
    done = subprocess.run([
        "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable,
        "-u", os.path.abspath(__file__), "--inside", *sys.argv[1:]
    ])
    if done.returncode == 0:
        shutil.rmtree(STORE, ignore_errors=True)
    sys.exit(done.returncode)


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["--inside"]:
            inside()
        else:
            main()
    except Refused as why:
        print(f"containers: {why}")
        sys.exit(1)
