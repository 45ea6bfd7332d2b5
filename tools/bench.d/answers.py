"""What answers of the REST API cost. Called by tools/bench api, on a standalone cloud with the fake driver."""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import time

from api import Client, Cloud, Refused, boot_many, in_parallel
from figures import Figure, show
from processes import Processes

KNOWN = {
    "rss_idle_mb": Figure("resident memory, idle", "MB", 120),
    "detail_cpu_ms": Figure("GET /servers/detail, 1,000 servers", "ms CPU", 8),
    "detail_extra_mb": Figure("memory on top while it is answered", "MB", 5),
    "page_p95_ms": Figure("limit=1000 of all servers, clients at once, p95", "ms", 50),
    "flavors_cpu_us": Figure("GET /flavors/detail", "us CPU", 100),
    "flavors_busy_cpu_us": Figure("the same with four clients at once", "us CPU", 100),
    "anchor_cpu_us": Figure("as many bytes from a bare server in C", "us CPU"),
    "server_cpu_us": Figure("GET /servers/ID", "us CPU"),
    "token_cpu_ms": Figure("token issue, without the password hash", "ms CPU", 15),
    "revoked_ms": Figure("a revoked token is refused by the Compute API after", "ms", 1000),
    "token_cached_us": Figure("token validation, cached", "us CPU", 20),
    "token_fresh_us": Figure("token validation, not cached", "us CPU", 150),
}


ROUNDS = 5


def cpu_of(processes, count, action):
    """CPU seconds of the cloud for one of several actions, after some that warm up: the median of some rounds."""
    costs = []
    for _ in range(5):
        action()
    for _ in range(ROUNDS):
        before = processes.cpu_seconds()
        for _ in range(count // ROUNDS):
            action()
        costs.append((processes.cpu_seconds() - before) / (count // ROUNDS))
    return statistics.median(costs)


def cpu_at_once(processes, cloud, url, clients, count):
    """CPU seconds of the cloud for one of many requests by several clients at once: the median of some rounds."""
    costs = []

    def work(_):
        client = cloud.client()
        for _ in range(count // ROUNDS // clients):
            client.request("GET", url)

    in_parallel(clients, work)
    for _ in range(ROUNDS):
        before = processes.cpu_seconds()
        in_parallel(clients, work)
        costs.append((processes.cpu_seconds() - before) / (count // ROUNDS // clients * clients))
    return statistics.median(costs)


def bare_server(program, size, count):
    """CPU seconds of a server in C for one answer of so many bytes, asked as the cloud is."""
    with subprocess.Popen([program, str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        url = f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}/v2.1/flavors/detail"
        client = Client("x" * 180)
        clock = (~server.pid << 3) | 2
        costs = []
        for _ in range(ROUNDS):
            client.request("GET", url)
            before = time.clock_gettime(clock)
            for _ in range(count // ROUNDS):
                client.request("GET", url)
            costs.append((time.clock_gettime(clock) - before) / (count // ROUNDS))
        server.stdin.close()
    return statistics.median(costs)


def memory(pid, name):
    """A line of /proc/PID/status in MB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name + ":")) * 1024 / 1e6


def extra_memory(processes, action):
    """How far resident memory rises above what it was, in MB; the most of several times."""
    pid = processes.roots["nova-standalone"]
    rises = []
    for _ in range(5):
        before = memory(pid, "VmRSS")
        # From now on VmHWM is the most since now.
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        action()
        rises.append(memory(pid, "VmHWM") - before)
    return max(rises)


def pages(cloud, clients, count):
    """The 95th percentile in ms of a page of 1,000 servers, with several clients."""
    times = []

    def work(_):
        client = cloud.client()
        for _ in range(count):
            start = time.monotonic()
            client.request("GET", cloud.compute + "/servers/detail?limit=1000")
            times.append((time.monotonic() - start) * 1000)

    in_parallel(clients, work)
    return statistics.quantiles(times, n=20)[-1]


def another_token(cloud, client):
    """A new token, for an old one."""
    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": cloud.token}}}}
    return client.request("POST", cloud.identity + "/auth/tokens", body)[0].getheader("X-Subject-Token")


def revocation(cloud):
    """How long a token is accepted after it was revoked, in ms."""
    token = another_token(cloud, cloud.client())
    holder = cloud.client()
    holder.token = token
    holder.get(cloud.compute + "/flavors")
    cloud.client().request("DELETE", cloud.identity + "/auth/tokens", headers={"X-Subject-Token": token})
    start = time.monotonic()
    while time.monotonic() - start < 30:
        try:
            holder.get(cloud.compute + "/flavors")
        except Refused as error:
            if error.status == 401:
                return (time.monotonic() - start) * 1000
            raise
    raise RuntimeError("a revoked token is accepted after 30 s")


def measure(options):
    processes = Processes(options.dir)
    figures = {"rss_idle_mb": processes.resident_mb()}
    cloud = Cloud()
    client = cloud.client()
    boot_many(cloud, 1000, options.clients, "first")
    detail = cloud.compute + "/servers/detail?limit=1000"
    figures["detail_cpu_ms"] = cpu_of(processes, 40, lambda: client.request("GET", detail)) * 1000
    figures["detail_extra_mb"] = extra_memory(processes, lambda: client.request("GET", detail))
    for key, path, count in (("flavors", "/flavors/detail", 2500), ("server", "/servers/" + cloud.created[0], 2500)):
        url = cloud.compute + path
        figures[f"{key}_cpu_us"] = cpu_of(processes, count, lambda: client.request("GET", url)) * 1e6
    url = cloud.compute + "/flavors/detail"
    figures["flavors_busy_cpu_us"] = cpu_at_once(processes, cloud, url, 4, 5000) * 1e6
    if options.anchor:
        size = len(client.request("GET", url)[1])
        figures["anchor_cpu_us"] = bare_server(options.anchor, size, 2500) * 1e6
    figures["token_cpu_ms"] = cpu_of(processes, 200, lambda: another_token(cloud, client)) * 1000
    figures["revoked_ms"] = revocation(cloud)
    if options.servers > len(cloud.created):
        boot_many(cloud, options.servers - len(cloud.created), options.clients, "more")
    figures["page_p95_ms"] = pages(cloud, 4, 25)
    micro = json.loads(options.micro) if options.micro else {}
    return figures | {key: micro[key] for key in ("token_cached_us", "token_fresh_us") if key in micro}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True, help="the cloud's folder")
    parser.add_argument("--servers", type=int, default=10000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--micro", default="", help="what nova-bench printed")
    parser.add_argument("--anchor", help="the bare server in C")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        figures = measure(options)
    except (RuntimeError, OSError, http.client.HTTPException) as error:
        sys.exit(f"error: {error}")
    show(KNOWN, figures, options.json, servers=options.servers)


main()
