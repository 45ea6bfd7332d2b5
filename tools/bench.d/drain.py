"""How fast a host is drained, on a cloud with the fake driver and three hosts. Called by tools/bench actions."""

import argparse
import json
import subprocess
import time

from actions import LIMIT, MICROVERSION, control_plane
from api import Cloud
from figures import Figure, show
from processes import Processes

AT_ONCE = 100
KNOWN = {
    "drain_per_second": Figure("servers that a drain moves live a second", "1/s", 50, more=True),
    "drain_cpu_ms": Figure("a move of the drain", "ms CPU", LIMIT),
}


def novactl(program, *arguments):
    done = subprocess.run([program, *arguments, "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"novactl {' '.join(arguments)}: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout)


def fill(cloud, client, host, count):
    """So many servers on a host."""
    for first in range(0, count, AT_ONCE):
        number = min(AT_ONCE, count - first)
        body = {"name": f"drain-{first}", "imageRef": cloud.image, "flavorRef": cloud.flavor, "networks": "auto",
                "min_count": number, "max_count": number, "availability_zone": f"nova:{host}"}
        client.request("POST", cloud.compute + "/servers", {"server": body}, MICROVERSION)
    end = time.monotonic() + 300
    while True:
        url = f"{cloud.compute}/servers?limit=1000&host={host}&status=ACTIVE"
        there = len(json.loads(client.request("GET", url, headers=MICROVERSION)[1])["servers"])
        if there >= count:
            return
        if time.monotonic() > end:
            raise RuntimeError(f"{there} of {count} servers are ACTIVE after 300 s")
        time.sleep(0.2)


def measure(options):
    processes = Processes(options.dir)
    cloud = Cloud()
    host = novactl(options.novactl, "host", "list")[-1]["host"]
    fill(cloud, cloud.client(), host, options.servers)
    before = control_plane(processes)
    drain = novactl(options.novactl, "host", "drain", host, "--yes")
    cost = control_plane(processes) - before
    if drain["state"] != "done" or drain["moved"] != options.servers:
        raise RuntimeError(f"the drain is {drain['state']}: {drain['moved']} of {options.servers} moved")
    return {"drain_per_second": drain["moved"] / drain["seconds"], "drain_cpu_ms": cost / drain["moved"] * 1000}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--novactl", required=True)
    parser.add_argument("--servers", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(KNOWN, measure(options), options.json)


if __name__ == "__main__":
    main()
