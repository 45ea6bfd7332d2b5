"""What actions on servers cost the control plane, on a cloud with the fake driver and two hosts. Called by tools/bench."""

import argparse
import json
import statistics
import time

from api import Cloud, Refused, boot_many
from figures import Figure, show
from processes import Processes

LIMIT = 15  # ms
MICROVERSION = {"OpenStack-API-Version": "compute 2.79"}


class Server:
    """One server of the cloud, and one client that acts on it."""

    def __init__(self, cloud, client, identity, flavors):
        self.cloud, self.client, self.identity, self.flavors = cloud, client, identity, flavors
        self.url = f"{cloud.compute}/servers/{identity}"

    def act(self, body):
        return self.client.request("POST", self.url + "/action", body, MICROVERSION)

    def entry(self):
        return json.loads(self.client.request("GET", self.url, headers=MICROVERSION)[1])["server"]

    def wait(self, status, limit=60):
        """Until no task is under way; looks seldom and not at once, as that costs, too."""
        end, pause = time.monotonic() + limit, 0.03
        while True:
            time.sleep(pause)
            entry = self.entry()
            if entry["OS-EXT-STS:task_state"] is None and entry["status"] in (status, "ERROR"):
                if entry["status"] != status:
                    raise RuntimeError(f"server {self.identity}: {entry.get('fault')}, not {status}")
                return entry
            if time.monotonic() > end:
                raise RuntimeError(f"server {self.identity} is {entry['status']} ({entry['OS-EXT-STS:task_state']}) "
                                   f"after {limit} s, not {status}")
            pause = min(pause * 1.5, 0.2)

    def attach(self):
        self.port = json.loads(self.client.request(
            "POST", self.url + "/os-interface", {"interfaceAttachment": {}}, MICROVERSION)[1]
        )["interfaceAttachment"]["port_id"]

    def detach(self):
        self.client.request("DELETE", f"{self.url}/os-interface/{self.port}", headers=MICROVERSION)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                self.client.request("GET", f"{self.url}/os-interface/{self.port}", headers=MICROVERSION)
            except Refused as error:
                if error.status == 404:
                    return
                raise
            time.sleep(0.03)
        raise RuntimeError(f"interface {self.port} is not detached after 60 s")

    def rebuild(self):
        self.act({"rebuild": {"imageRef": self.cloud.image}})

    def snapshot(self):
        self.act({"createImage": {"name": "bench"}})

    def resize(self):
        """To the other of two flavors."""
        small, large = self.flavors
        now = self.entry()["flavor"]["original_name"]
        self.act({"resize": {"flavorRef": large["id"] if now == small["name"] else small["id"]}})

    def delete(self):
        self.client.request("DELETE", self.url)
        self.cloud.wait_gone(self.client, self.identity)


def plain(body):
    return lambda server: server.act(body)


# What is asked for, and what the server is afterwards: in an order in which each is possible, the last as the first found it.
ACTIONS = [
    ("stop", plain({"os-stop": None}), "SHUTOFF"),
    ("start", plain({"os-start": None}), "ACTIVE"),
    ("reboot, soft", plain({"reboot": {"type": "SOFT"}}), "ACTIVE"),
    ("reboot, hard", plain({"reboot": {"type": "HARD"}}), "ACTIVE"),
    ("pause", plain({"pause": None}), "PAUSED"),
    ("unpause", plain({"unpause": None}), "ACTIVE"),
    ("suspend", plain({"suspend": None}), "SUSPENDED"),
    ("resume", plain({"resume": None}), "ACTIVE"),
    ("rescue", plain({"rescue": {}}), "RESCUE"),
    ("unrescue", plain({"unrescue": None}), "ACTIVE"),
    ("rebuild", Server.rebuild, "ACTIVE"),
    ("createImage", Server.snapshot, "ACTIVE"),
    ("attach interface", Server.attach, "ACTIVE"),
    ("detach interface", Server.detach, "ACTIVE"),
    ("resize", Server.resize, "VERIFY_RESIZE"),
    ("confirmResize", plain({"confirmResize": None}), "ACTIVE"),
    ("migrate", plain({"migrate": None}), "VERIFY_RESIZE"),
    ("revertResize", plain({"revertResize": None}), "ACTIVE"),
    ("os-migrateLive", plain({"os-migrateLive": {"host": None, "block_migration": "auto"}}), "ACTIVE"),
    ("shelve", plain({"shelve": None}), "SHELVED_OFFLOADED"),
    ("unshelve", plain({"unshelve": None}), "ACTIVE"),
    ("delete", Server.delete, None),
]

KNOWN = {name: Figure(name, "ms CPU", LIMIT) for name, _, _ in ACTIONS}


def control_plane(processes):
    """CPU seconds of all that is not on a compute host."""
    return sum(seconds for name, seconds in processes.cpu().items() if not name.startswith("nova-compute"))


def measure(options):
    processes = Processes(options.dir)
    cloud = Cloud()
    flavors = cloud.client().get(cloud.compute + "/flavors/detail")["flavors"]
    pair = [next(flavor for flavor in flavors if flavor["name"] == name) for name in ("m1.tiny", "m1.small")]
    costs = {name: [] for name, _, _ in ACTIONS}
    boot_many(cloud, options.servers, 4, "action")
    for identity in list(cloud.created):
        server = Server(cloud, cloud.client(), identity, pair)
        for name, action, status in ACTIONS:
            before = control_plane(processes)
            action(server)
            if status:
                server.wait(status)
            costs[name].append((control_plane(processes) - before) * 1000)
    return {name: statistics.median(values) for name, values in costs.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--servers", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(KNOWN, measure(options), options.json)


if __name__ == "__main__":
    main()
