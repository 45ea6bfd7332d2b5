"""How long a live migration takes, on a cloud of two libvirt hosts. Called by tools/bench actions."""

import argparse
import json
import statistics
import time

from actions import MICROVERSION, Server
from api import Cloud
from figures import Figure, show

KNOWN = {"live_s": Figure("live migration of a 128 MB guest with its disk, request to ACTIVE", "s", 15)}


def console(server):
    body = {"os-getConsoleOutput": {"length": 50}}
    return json.loads(server.act(body)[1])["output"]


def host(server):
    return server.entry()["OS-EXT-SRV-ATTR:host"]


def measure(rounds):
    cloud = Cloud()
    client = cloud.client()
    flavor = {"name": "bench-128", "ram": 128, "vcpus": 1, "disk": 1}
    body = client.request("POST", cloud.compute + "/flavors", {"flavor": flavor})[1]
    cloud.flavor = json.loads(body)["flavor"]["id"]
    server = Server(cloud, client, cloud.boot(client, "bench-live"), ())
    server.wait("ACTIVE", 120)
    end = time.monotonic() + 180
    # A guest that still boots changes more of its memory than one that runs.
    while "login:" not in console(server):
        if time.monotonic() > end:
            raise RuntimeError("the guest shows no login prompt after 180 s")
        time.sleep(0.5)
    times = []
    for _ in range(rounds):
        before, start = host(server), time.monotonic()
        server.act({"os-migrateLive": {"host": None, "block_migration": "auto"}})
        server.wait("ACTIVE", 120)
        times.append(time.monotonic() - start)
        if host(server) == before:
            raise RuntimeError(f"the guest is still on {before}")
    server.delete()
    return {"live_s": statistics.median(times)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(KNOWN, measure(options.rounds), options.json)


if __name__ == "__main__":
    main()
