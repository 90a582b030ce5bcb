"""./dev bench [search|sync|http|memory|jobs|fleet|storage|web]…: benchmarks that compare with a
peer or a floor in the same run. Prints Markdown tables for docs/performance.md. Absolute figures
belong to the machine; the ratios are what to look at."""
import concurrent.futures
import http.client
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1])
os.environ.setdefault("HEARTHD", os.path.join(BUILD, "hearthd"))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from harness import ADA, Node, SyncService, until  # noqa: E402

BIG = "big@example.org"
TYPED = ("river garden", "stone window", "bicycle", "übung", "source review", "news.exam", "zzzz",
         "castle orch", "compiler data")


def program(name, *words):
    return subprocess.run([os.path.join(BUILD, "tests", "bench", name), *words],
                          capture_output=True, text=True, check=True).stdout


def cpu_seconds(pids):
    """User and system time of processes."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            fields = f.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def table(*rows):
    print("| " + " | ".join(rows[0]) + " |")
    print("|" + "---|" * len(rows[0]))
    for row in rows[1:]:
        print("| " + " | ".join(str(c) for c in row) + " |")
    print(flush=True)


# --- search
def bench_search():
    print("### Search per keystroke, in the engine\n\n```")
    print(program("bench-search", "--sql", "10000", "100000", "1000000").strip())
    print("```\n", flush=True)


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p / 100))]


def bench_search_http():
    service, node = SyncService(load=False), Node()
    try:
        service.account(BIG, history=100000, bookmarks=1000, tabs=20)
        node.start()
        node.add_account(service, BIG)
        token = node.token(BIG)
        host = node.address.split("//")[1]
        connection = http.client.HTTPConnection(host)
        cold, times = None, []
        for typed in range(6):  # the first round loads the block and lets its filter be built
            times = times if typed > 1 else []
            for text in TYPED:
                for n in range(1, len(text) + 1):
                    # past the cache
                    path = "/api/v1/search?limit=20&q=" + "".join(
                        f"%{b:02x}" for b in text[:n].encode()) + f"&round={typed}"
                    begin = time.perf_counter()
                    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                    body = connection.getresponse().read()
                    times.append((time.perf_counter() - begin) * 1000)
                    assert body.startswith(b'{"results"'), body
                    cold = cold or times[0]
        print(
            "### Search through HTTP, 100,000 pages, limit 20 (a client in Python included; no "
            "answer from the cache)\n"
        )
        table(("first keystroke, cold", "warm p50", "warm p99", "keystrokes"),
              (f"{cold:.1f} ms", f"{statistics.median(times):.2f} ms",
               f"{percentile(times, 99):.2f} ms", len(times)))
    finally:
        node.close()
        service.stop()


# --- first sync
ROUNDS = 3


def read_once(service):
    """The records as the double sends them, read by floor_decode: its figures by name."""
    import reader  # tests/doubles
    client = reader.Reader(service.import_file(BIG))
    status, _, _ = client.sign_in()
    assert status == 200
    keys, asked = client.keys(), []
    for name in ("bookmarks", "history") * 2:
        path = f"/storage/{name}?full=1"
        asked += [client.endpoint._replace(path=client.endpoint.path + path).geturl(),
                  client.signed("GET", path)]
    client.close()
    out = program("floor-decode", (keys[""].aes + keys[""].mac).hex(), *asked)
    found = re.search(r"reader (\d+) records, (\d+) bytes: wall ([\d.]+) s, cpu ([\d.]+) s", out)
    rates = dict(re.findall(r"^(floor|plugin) +(\d+) records/s", out, flags=re.M))
    return {
        "records": int(found[1]), "bytes": int(found[2]), "wall": float(found[3]), "cpu":
        float(found[4]), "floor": int(rates["floor"]), "decode": int(rates["plugin"])
    }


def sync_once(service):
    """A first sync into an empty database: records, seconds of wall and CPU, peak, and the
    requests of a second one."""
    node = Node()
    try:
        node.start()
        before = cpu_seconds([node.process.pid])
        node.cli("account", "import", "-", text=json.dumps(service.import_file(BIG)))
        # by itself: `account sync --wait` would ask for a second one behind it
        until(lambda: "sync done" in node.log_text(), "the first sync", patience=600)
        cpu, peak = cpu_seconds([node.process.pid]) - before, node.memory("VmHWM")
        done = re.search(r"sync done .*records=(\d+).* ms=(\d+)", node.log_text())
        service.clear()
        node.sync(BIG)
        return {
            "records": int(done[1]), "wall": int(done[2]) / 1000, "cpu": cpu, "peak": peak / 1024,
            "unchanged": service.counters()["storage"]
        }
    finally:
        node.close()


def bench_sync():
    """In turn, so that what else the machine does strikes both; the ratios are of each round."""
    sys.path.insert(0, os.path.join(HERE, "..", "doubles"))
    service, rows = SyncService(load=False), []
    try:
        service.account(BIG, history=100000, bookmarks=10000, tabs=50)
        service.settings(max_page=10**6)  # a reader that asks once gets everything
        for _ in range(ROUNDS):
            peer, ours = read_once(service), sync_once(service)
            rate = ours["records"] / ours["wall"]
            rows.append((ours["records"], f"{ours['wall']:.2f} s", f"{rate:.0f}",
                         f"{peer['floor']}/s", f"{rate / peer['floor']:.2f}",
                         f"{peer['wall']:.2f} s / {peer['cpu']:.2f} s",
                         f"{ours['wall'] / peer['wall']:.2f} / {ours['cpu'] / peer['cpu']:.2f}",
                         f"{peer['decode']}/s", f"{ours['peak']:.0f} MB", ours["unchanged"]))
    finally:
        service.stop()
    print("### First sync: 100,000 history records, 10,000 bookmarks, from the double on the "
          "same machine\n")
    table(("records", "wall", "records/s", "floor: AES + HMAC + JSON alone", "share of the floor",
           "a reader that asks once and keeps nothing, wall / CPU", "ratio to it, wall / CPU",
           "the plugin's decoding on one thread", "peak memory",
           "requests of the next, unchanged sync"), *rows)


# --- HTTP
NGINX = """
daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  types {{ application/json json; }} keepalive_requests 10000000; open_file_cache max=100;
  server {{ listen 127.0.0.1:{port} http2; root {folder}/root; }} }}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def load(url, pids, *more):
    """CPU microseconds of the server for each request of an h2load run, and requests per second."""
    requests = 100000
    before = cpu_seconds(pids)
    out = subprocess.run(
        ["h2load", "-n",
         str(requests), "-c", "8", "-m", "32", "-t", "1", *more, url], capture_output=True,
        text=True, check=True).stdout
    after = cpu_seconds(pids)
    ok = int(re.search(r"(\d+) succeeded", out).group(1))
    assert ok == requests, out
    return (after - before) / requests * 1e6, float(re.search(r"([\d.]+) req/s", out).group(1))


def bench_http():
    service, node = SyncService(), Node("[web]\nmax_connections_per_address = 100000\n")
    folder, port = tempfile.mkdtemp(), free_port()
    os.mkdir(os.path.join(folder, "root"))
    os.chmod(folder, 0o755)
    try:
        node.start()
        token = node.add_account(service)
        body = node.request("/api/v1/devices").body
        with open(os.path.join(folder, "root", "devices.json"), "wb") as f:
            f.write(body)
        with open(os.path.join(folder, "nginx.conf"), "w", encoding="utf-8") as f:
            f.write(NGINX.format(folder=folder, port=port))
        nginx = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", folder, "-c",
             os.path.join(folder, "nginx.conf")], stderr=subprocess.DEVNULL)
        until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "nginx listens")
        workers = [
            int(p) for p in subprocess.run(["pgrep", "-P", str(nginx.pid)], capture_output=True,
                                           text=True).stdout.split()
        ]
        auth = ("-H", f"Authorization: Bearer {token}")
        rows = [("answer", "CPU per request", "requests/s", "ratio to nginx")]
        peer, peer_rate = load(f"http://127.0.0.1:{port}/devices.json", workers)
        rows.append(
            (f"nginx, a file of {len(body)} bytes", f"{peer:.1f} µs", f"{peer_rate:.0f}", "1"))
        pid = [node.process.pid]
        for name, path in (("hearthd /healthz", "/healthz"),
                           ("hearthd /devices, from the cache, authenticated",
                            "/api/v1/devices"), ("hearthd /me, from the storage", "/api/v1/me")):
            cost, rate = load(node.address + path, pid, *auth)
            rows.append((name, f"{cost:.1f} µs", f"{rate:.0f}", f"{cost / peer:.2f}"))
        print("### Small JSON over HTTP/2 (h2c), 8 connections, 32 streams each\n")
        table(*rows)
        nginx.terminate()
        nginx.wait()
    finally:
        node.close()
        service.stop()


# --- memory
def bench_memory():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    service, node = SyncService(), Node(
        "[web]\nmax_connections = 20000\nmax_connections_per_address = 100000\nidle_timeout = "
        "10min\nrequest_timeout = 10min\n"
    )
    rows = [("hearthd", "resident")]
    try:
        node.start()
        rows.append(("idle, no account", f"{node.memory() / 1024:.1f} MB"))
        node.add_account(service)
        node.stop()
        begin = time.perf_counter()
        node.start()
        ready = (time.perf_counter() - begin) * 1000
        rows.append((f"restarted, Ada's account (ready in {ready:.0f} ms)",
                     f"{node.memory() / 1024:.1f} MB"))
        node.api("/me")
        node.api("/search", q="river")
        rows.append(("after a first search", f"{node.memory() / 1024:.1f} MB"))
        host, port = node.address.split("//")[1].split(":")
        count = min(10000, hard - 500)

        def connect(_):
            s = socket.create_connection((host, int(port)))
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            s.recv(4096)
            return s

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            sockets = list(pool.map(connect, range(count)))
        rows.append((f"and {count} idle HTTP/1.1 connections", f"{node.memory() / 1024:.1f} MB"))
        for s in sockets:
            s.close()
        print("### Memory\n")
        table(*rows)
    finally:
        node.close()
        service.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- scheduler and queue
def simulation(*words):
    """The values that a run of the simulation printed; a list, one for each line that begins
    with accounts=."""
    plugins = os.path.join(BUILD, "plugins")
    env = dict(os.environ, STORAGE_SQLITE=os.path.join(plugins, "storage-sqlite",
                                                       "storage-sqlite.so"),
               QUEUE_INPROC=os.path.join(plugins, "queue-inproc", "queue-inproc.so"))
    out = subprocess.run([os.path.join(BUILD, "tests", "sim", "sim"), *words], env=env,
                         capture_output=True, text=True, check=True).stdout
    return [
        dict(re.findall(r"(\w+)=(-?[\d.]+)", run))
        for run in re.split(r"^(?=accounts=)", out, flags=re.M)[1:]
    ]


def bench_jobs():
    # Six hours, in which nearly everybody who is awake is synced several times: a day takes a
    # quarter of an hour, because it is twelve million commits of four or five pages each, and two
    # thirds of each is system calls.
    run = simulation("--accounts", "1000000", "--seed", "1", "--hours", "6")[0]
    print("### A million accounts, six simulated hours\n")
    table(("leases", "syncs per minute, mean / max", "longest lateness", "longest queue",
           "workers busy, mean / all", "commits/s", "CPU per million leases",
           "CPU per million syncs, leases included"),
          (run["leases"], f"{run['syncs_per_minute_mean']} / {run['syncs_per_minute_max']}",
           f"{int(run['lateness_max_ms']) / 1000:.1f} s", run["queue_max"],
           f"{run['workers_busy_mean']} / {run['workers']}", run["commits_per_second"],
           f"{run['cpu_s_per_million_leases']} s", f"{run['cpu_s_per_million_syncs']} s"))


def bench_looks():
    runs = simulation("--looks", "10000", "100000", "1000000")
    print("### CPU of one look of the scheduler\n")
    table(("accounts", "nothing due", "100 due: leased and queued",
           "nothing due, 5,000 leased ones wait for workers"),
          *((r["accounts"], f"{r['idle_us']} µs", f"{r['due_100_us']} µs",
             f"{r['leased_5000_us']} µs") for r in runs))


# --- fleet
def bench_fleet():
    sys.path.insert(0, os.path.join(HERE, "..", "fleet"))
    import bench_fleet as fleet
    print("### The same requests on SQLite and on PostgreSQL\n")
    table(("request", "SQLite, p50 / p95", "PostgreSQL, p50 / p95", "ratio"), *fleet.latencies())
    print("### First sync on both\n")
    table(("storage", "records", "seconds", "ratio"), *fleet.first_sync())
    print("### A worker with 500 unchanged accounts\n")
    table(("checked per minute", "CPU of the worker per check", "checks per minute and core",
           "connections to the Sync service", "peak memory"), *fleet.unchanged())


# --- storages
def bench_storage():
    import bench_storages as storages
    print("### First sync of 100,000 history records and 10,000 bookmarks, in turn on both\n")
    table(("storage", "records", "seconds", "CPU of hearthd", "CPU of the server", "peak memory",
           "ratio"), *storages.first_sync())
    print("### The same requests on both: cold, the first one after a start; warm, p50\n")
    table(("request", "SQLite, cold", "PostgreSQL, cold", "SQLite, warm", "PostgreSQL, warm",
           "ratio, warm"), *storages.requests())


# --- web app
def bench_web():
    """In Chromium: tests/web/measure.mjs, with the recorded account and with 100,000 pages."""
    web = [sys.executable, os.path.join(HERE, "..", "web", "run.py")]
    subprocess.run([*web, "measure.mjs", "bytes", "typing", "scrolling", "copy", "lighthouse"],
                   check=True)
    subprocess.run([*web, "--pages", "100000", "measure.mjs", "typing", "scrolling", "copy"],
                   check=True)


STAGES = {
    "search": (bench_search, bench_search_http), "sync": (bench_sync, ), "http": (bench_http, ),
    "memory": (bench_memory, ), "jobs": (bench_jobs, bench_looks), "fleet": (bench_fleet, ),
    "storage": (bench_storage, ), "web": (bench_web, )
}

for stage in sys.argv[2:] or STAGES:
    for run in STAGES[stage]:
        run()
