"""Load on a running cloud through its REST API, with the standard library only. Called by tools/bench."""

import argparse
import http.client
import json
import os
import statistics
import sys
import threading
import time
import urllib.parse

# name: (label, unit, target, whether more is better)
TARGETS = {
    "boots_per_second": ("boots a second (sustained)", "1/s", 60, True),
    "boot_p50_ms": ("single boot, POST to ACTIVE, p50", "ms", 100, False),
    "detail_1000_ms": ("GET /servers/detail, 1,000 servers, p50", "ms", 60, False),
    "cpu_per_boot_empty_ms": ("CPU per boot, empty host", "ms", None, False),
    "cpu_per_boot_full_ms": ("CPU per boot, 1,000 servers on the host", "ms", None, False),
    "cpu_per_boot_ratio": ("CPU per boot, full against empty", "x", 1.15, False),
    "ready_ms": ("process ready after start", "ms", 2000, False),
    "rss_idle_mb": ("resident memory, idle", "MB", 150, False),
    "rss_full_mb": ("resident memory, 1,000 servers", "MB", None, False),
    "token_cached_us": ("token validation, cached", "us CPU", 20, False),
    "token_fresh_us": ("token validation, not cached", "us CPU", 150, False),
    "call_p50_us": ("call through the broker, p50", "us", 250, False),
    "call_p99_us": ("call through the broker, p99", "us", None, False),
    "call_cpu_us": ("call through the broker, all parties", "us CPU", None, False),
    "call_inproc_p50_us": ("call inside one process, p50", "us", None, False),
    "anchor_call_p50_us": ("round trip through the anchor's broker in C, p50", "us", None, False),
    "codec_ratio": ("build request, codec against its anchor", "x", 2, False),
    "codec_encode_ns": ("build request, encode", "ns CPU", None, False),
    "codec_decode_ns": ("build request, decode", "ns CPU", None, False),
}


class Client:
    """One kept-alive connection per service, for one thread."""

    def __init__(self, token=None):
        self.connections = {}
        self.token = token

    def request(self, verb, url, body=None, headers=None):
        parts = urllib.parse.urlsplit(url)
        connection = self.connections.get(parts.netloc)
        if connection is None:
            connection = http.client.HTTPConnection(parts.netloc, timeout=60)
            self.connections[parts.netloc] = connection
        all_headers = {"Accept": "application/json", "OpenStack-API-Version": "compute 2.37"}
        if self.token:
            all_headers["X-Auth-Token"] = self.token
        if body is not None:
            all_headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        all_headers.update(headers or {})
        path = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(verb, path, body, all_headers)
        response = connection.getresponse()
        data = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{verb} {url}: {response.status} {data[:300]!r}")
        return response, data

    def get(self, url):
        return json.loads(self.request("GET", url)[1])


class Cloud:
    def __init__(self):
        env = os.environ
        body = {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {
                            "name": env["OS_USERNAME"],
                            "domain": {"name": env["OS_USER_DOMAIN_NAME"]},
                            "password": env["OS_PASSWORD"],
                        }
                    },
                },
                "scope": {
                    "project": {
                        "name": env["OS_PROJECT_NAME"],
                        "domain": {"name": env["OS_PROJECT_DOMAIN_NAME"]},
                    }
                },
            }
        }
        response, data = Client().request("POST", env["OS_AUTH_URL"] + "/auth/tokens", body)
        self.token = response.getheader("X-Subject-Token")
        catalog = json.loads(data)["token"]["catalog"]
        urls = {
            entry["type"]: next(e["url"] for e in entry["endpoints"] if e["interface"] == "public") for entry in catalog
        }
        self.compute = urls["compute"].rstrip("/")
        client = self.client()
        images = client.get(urls["image"].rstrip("/").removesuffix("/v2") + "/v2/images?name=tiny-guest")["images"]
        self.image = images[0]["id"]
        flavors = client.get(self.compute + "/flavors")["flavors"]
        self.flavor = next(flavor["id"] for flavor in flavors if flavor["name"] == "m1.tiny")
        self.created = []

    def client(self):
        return Client(self.token)

    def boot(self, client, name):
        server = {"name": name, "imageRef": self.image, "flavorRef": self.flavor, "networks": "auto"}
        data = client.request("POST", self.compute + "/servers", {"server": server})[1]
        identity = json.loads(data)["server"]["id"]
        self.created.append(identity)
        return identity

    def status(self, client, identity):
        server = client.get(f"{self.compute}/servers/{identity}")["server"]
        if server["status"] == "ERROR":
            raise RuntimeError(f"server {identity}: {server.get('fault')}")
        return server["status"]

    def wait_active(self, client, identity, pause, limit=120):
        end = time.monotonic() + limit
        while self.status(client, identity) != "ACTIVE":
            if time.monotonic() > end:
                raise RuntimeError(f"server {identity} is not ACTIVE after {limit} s")
            time.sleep(pause)

    def wait_all_active(self, client, identities, limit=600):
        """Waits with little load of its own: looks at one server after the other."""
        end = time.monotonic() + limit
        for identity in identities:
            self.wait_active(client, identity, 0.02, max(1, end - time.monotonic()))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def boot_many(cloud, count, clients, prefix):
    """Each client asks for its share, one after the other, and sees each ACTIVE; returns the seconds for all."""
    failures = []

    def work(number):
        try:
            client = cloud.client()
            for index in range(number, count, clients):
                cloud.wait_active(client, cloud.boot(client, f"{prefix}-{index}"), 0.01)
        except Exception as error:  # reported below, from the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.monotonic() - start


def cpu_per_boot(cloud, pid, prefix, count=60):
    """CPU of the process per boot in ms, with as few polls as can be."""
    client = cloud.client()
    before = cpu_seconds(pid)
    identities = [cloud.boot(client, f"{prefix}-{index}") for index in range(count)]
    cloud.wait_all_active(client, identities)
    return (cpu_seconds(pid) - before) / count * 1000


def single_boots(cloud, count=40):
    client = cloud.client()
    times = []
    for index in range(count):
        start = time.monotonic()
        cloud.wait_active(client, cloud.boot(client, f"single-{index}"), 0.002)
        times.append((time.monotonic() - start) * 1000)
    return statistics.median(times)


def measure(options):
    pid = options.pid
    figures = {"ready_ms": options.ready_ms, "rss_idle_mb": resident_mb(pid)}
    cloud = Cloud()
    client = cloud.client()
    cloud.wait_active(client, cloud.boot(client, "warm-up"), 0.01)
    figures["cpu_per_boot_empty_ms"] = cpu_per_boot(cloud, pid, "empty")
    figures["boot_p50_ms"] = single_boots(cloud)
    seconds = boot_many(cloud, options.servers, options.clients, "load")
    figures["boots_per_second"] = options.servers / seconds
    missing = 1000 - len(cloud.created)
    if missing > 0:
        boot_many(cloud, missing, options.clients, "fill")
    times = []
    for _ in range(15):
        start = time.monotonic()
        shown = client.get(cloud.compute + "/servers/detail?limit=1000")["servers"]
        times.append((time.monotonic() - start) * 1000)
        if len(shown) != 1000:
            raise RuntimeError(f"/servers/detail shows {len(shown)} servers, not 1000")
    figures["detail_1000_ms"] = statistics.median(times)
    figures["cpu_per_boot_full_ms"] = cpu_per_boot(cloud, pid, "full")
    figures["cpu_per_boot_ratio"] = figures["cpu_per_boot_full_ms"] / max(figures["cpu_per_boot_empty_ms"], 0.001)
    figures["rss_full_mb"] = resident_mb(pid)
    if options.micro:
        figures.update(json.loads(options.micro))
    return figures


def table(figures):
    rows = [("figure", "measured", "target", "")]
    for key, (label, unit, target, more) in TARGETS.items():
        value = figures.get(key)
        verdict = ""
        if value is not None and target is not None:
            verdict = "ok" if (value >= target if more else value <= target) else "MISSED"
        goal = "" if target is None else f"{'>=' if more else '<='} {target:g} {unit}"
        rows.append((label, "not measured" if value is None else f"{value:.2f} {unit}", goal, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--servers", type=int, default=500)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--ready-ms", type=float)
    parser.add_argument("--micro", default="")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        figures = measure(options)
    except (RuntimeError, OSError, http.client.HTTPException) as error:
        sys.exit(f"error: {error}")
    if options.json:
        targets = {key: target for key, (_, _, target, _) in TARGETS.items() if target is not None}
        print(json.dumps({"figures": figures, "targets": targets, "servers": options.servers,
                          "clients": options.clients}))
    else:
        table(figures)


main()
