"""Load on a running cloud through its REST API. Called by tools/bench."""

import argparse
import http.client
import json
import statistics
import sys
import time

from api import Cloud, boot_many, cpu_per_boot, single_boots
from figures import Figure, show
from processes import Processes

# By mode and database: boots a second, and CPU of all processes per boot in ms.
GOALS = {("standalone", "sqlite"): (150, 8), ("daemons", "postgresql"): (60, 12)}


def known(mode, database):
    boots, cpu = GOALS.get((mode, database), (None, None))
    alone = mode == "standalone"
    return {
        "boots_per_second": Figure("boots a second (sustained)", "1/s", boots, more=True),
        "cpu_per_boot_load_ms": Figure("CPU per boot meanwhile, with the clients' polls, all processes", "ms", cpu),
        "boot_p50_ms": Figure("single boot, POST to ACTIVE, p50", "ms", 100),
        "detail_1000_ms": Figure("GET /servers/detail, 1,000 servers, p50", "ms", 60),
        "cpu_per_boot_empty_ms": Figure("CPU per boot, empty host, all processes", "ms", cpu),
        "cpu_per_boot_full_ms": Figure("CPU per boot, 1,000 servers on the host", "ms"),
        "cpu_per_boot_ratio": Figure("CPU per boot, full against empty", "x", 1.15),
        "ready_ms": Figure("all processes ready after start", "ms", 2000 if alone else None),
        "rss_idle_mb": Figure("resident memory, idle, all processes", "MB", 150 if alone else None),
        "rss_full_mb": Figure("resident memory, 1,000 servers, all processes", "MB"),
        "token_cached_us": Figure("token validation, cached", "us CPU", 20),
        "token_fresh_us": Figure("token validation, not cached", "us CPU", 150),
        "call_p50_us": Figure("call through the broker, p50", "us", 250),
        "call_p99_us": Figure("call through the broker, p99", "us"),
        "call_cpu_us": Figure("call through the broker, all parties", "us CPU"),
        "call_inproc_p50_us": Figure("call inside one process, p50", "us"),
        "anchor_call_p50_us": Figure("round trip through the anchor's broker in C, p50", "us"),
        "codec_ratio": Figure("build request, codec against its anchor", "x", 2),
        "codec_encode_ns": Figure("build request, encode", "ns CPU"),
        "codec_decode_ns": Figure("build request, decode", "ns CPU"),
    }


def measure(options):
    processes = Processes(options.dir)
    figures = {"ready_ms": options.ready_ms, "rss_idle_mb": processes.resident_mb()}
    cloud = Cloud()
    client = cloud.client()
    cloud.wait_active(client, cloud.boot(client, "warm-up"), 0.01)
    figures["cpu_per_boot_empty_ms"] = cpu_per_boot(cloud, processes, "empty", count=150)
    figures["boot_p50_ms"] = single_boots(cloud)
    before = processes.cpu()
    seconds = boot_many(cloud, options.servers, options.clients, "load")
    shares = {name: (now - before[name]) / options.servers * 1000 for name, now in processes.cpu().items()}
    figures["cpu_per_boot_load_ms"] = sum(shares.values())
    if len(shares) > 1:
        parts = ", ".join(f"{name} {share:.2f}" for name, share in sorted(shares.items(), key=lambda item: -item[1]))
        print(f"==> ms of CPU per boot: {parts}", file=sys.stderr)
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
    figures["cpu_per_boot_full_ms"] = cpu_per_boot(cloud, processes, "full", count=150)
    figures["cpu_per_boot_ratio"] = figures["cpu_per_boot_full_ms"] / max(figures["cpu_per_boot_empty_ms"], 0.001)
    figures["rss_full_mb"] = processes.resident_mb()
    if options.micro:
        figures.update(json.loads(options.micro))
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True, help="the cloud's folder")
    parser.add_argument("--mode", choices=["standalone", "daemons"], default="standalone")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
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
    show(known(options.mode, options.database), figures, options.json, servers=options.servers,
         clients=options.clients, mode=options.mode, database=options.database)


main()
