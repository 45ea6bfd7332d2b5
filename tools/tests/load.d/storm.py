#!/usr/bin/env python3
"""The storm: clients work while a seeded killer ends a daemon each second and starts it again; then all must be well.

storm.py --root REPOSITORY --dir CLOUD [--seconds 30] [--clients 16] [--seed N] [--mixed 1]

With --mixed the clients move their servers from host to host as well, and do to them what else the API offers.

On PostgreSQL its server is restarted twice as well: stopped in good order, then as if it had crashed.
"""
import collections
import random
import sys
import threading
import time

from client import STEADY, Client
from judge import begin
from mixed import ACTIONS, MixedClient

TRANSITION_LIMIT = 60


class Killer(threading.Thread):
    """Ends a random daemon each second, and the database server twice; starts each again at once."""

    def __init__(self, cloud, seed, until):
        super().__init__(daemon=True)
        self.cloud, self.until = cloud, until
        self.random = random.Random(seed)
        self.kills = collections.Counter()
        self.starting = {}
        self.failures = []
        # After a third and after two thirds of the time.
        began = time.monotonic()
        self.ends_of_database = []
        if cloud.settings["CLOUD_DATABASE"] == "postgresql":
            self.ends_of_database = [(began + (until - began) * part / 3, way) for part, way in ((1, "stop"), (2, "kill"))]

    def run(self):
        names = [name for name in self.cloud.names() if name.startswith("nova-")]
        while time.monotonic() < self.until:
            if self.ends_of_database and time.monotonic() >= self.ends_of_database[0][0]:
                _, way = self.ends_of_database.pop(0)
                self.kills["postgresql"] += 1
                self.revive("postgresql", way, "start")
            free = [name for name in names if not self.is_starting(name)]
            name = self.random.choice(free) if free else None
            if name and self.cloud.kill(name):
                self.kills[name.partition(".")[0]] += 1
                self.revive(name, "start")
            time.sleep(1)
        for thread in list(self.starting.values()):
            thread.join(60)

    def is_starting(self, name):
        return name in self.starting and self.starting[name].is_alive()

    def revive(self, name, *commands):
        def body():
            for command in commands:
                result = self.cloud.run(command, name)
                if result.returncode:
                    self.failures.append(f"{command} {name}: {result.stderr.strip()[-400:]}")
        self.starting[name] = threading.Thread(target=body, daemon=True)
        self.starting[name].start()


def unsettled(cloud):
    """Servers that are on their way, as id, status, task."""
    return [f"{entry['id']} {entry['status']} {entry['OS-EXT-STS:task_state']}"
            for entry in cloud.every("compute", "/v2.1/servers/detail?limit=1000", "servers")
            if entry["status"] not in STEADY or entry["OS-EXT-STS:task_state"]]


def wait(seconds, condition):
    """Until the condition gives nothing more; what is left at the end."""
    end = time.monotonic() + seconds
    while True:
        try:
            left = condition()
        except RuntimeError as error:
            left = [str(error)]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.25)


def moves(cloud):
    """The consumers of placement that stand for what a server keeps on the host that it leaves."""
    return {entry["uuid"] for entry in cloud.every("compute", "/v2.1/os-migrations?limit=1000", "migrations")
            if entry["status"] in ("finished", "confirming", "reverting")}


def differences(cloud):
    """Where placement and the network differ from the servers that are."""
    servers = {entry["id"]: entry for entry in cloud.every("compute", "/v2.1/servers/detail?limit=1000", "servers")}
    found = []
    used = collections.Counter()
    claims = set()
    moving = moves(cloud) if any(entry["status"] == "VERIFY_RESIZE" for entry in servers.values()) else set()
    for provider in cloud.every("placement", "/resource_providers", "resource_providers"):
        answer = cloud.request("placement", "GET", f"/resource_providers/{provider['uuid']}/allocations")
        if not answer or answer.status != 200:
            raise RuntimeError("allocations are not answered")
        total = collections.Counter()
        for consumer, claim in answer.json()["allocations"].items():
            claims.add(consumer)
            total.update(claim["resources"])
            if consumer not in servers and consumer not in moving:
                found.append(f"allocation of {consumer} on {provider['name']}, which is no server")
        usages = cloud.request("placement", "GET", f"/resource_providers/{provider['uuid']}/usages")
        stated = {name: count for name, count in usages.json()["usages"].items() if count} if usages else None
        if stated != dict(total):
            found.append(f"usage of {provider['name']} is {stated}, its allocations are {dict(total)}")
        used.update(total)
    for server, entry in servers.items():
        if entry["status"] not in ("ERROR", "SHELVED_OFFLOADED") and server not in claims:
            found.append(f"server {server} ({entry['status']}) has no allocation")
    owners = collections.Counter(
        port["device_id"] for port in cloud.every("network", "/v2.0/ports", "ports") if port["device_id"] and
        port.get("device_owner", "").startswith("compute:"))
    for server in owners:
        if server not in servers:
            found.append(f"port of {server}, which is no server")
    for server, entry in servers.items():
        if entry["status"] != "ERROR" and owners[server] != 1:
            found.append(f"server {server} ({entry['status']}) has {owners[server]} ports")
    answer = cloud.request("compute", "GET", "/v2.1/limits")
    limits = answer.json()["limits"]["absolute"] if answer and answer.status == 200 else {}
    if limits.get("totalInstancesUsed") != len(servers):
        found.append(f"the quota counts {limits.get('totalInstancesUsed')} servers of {len(servers)}")
    return found


def unfinished_images(cloud):
    """Images that nobody will ever fill."""
    return [f"{entry['id']} {entry['status']}" for entry in cloud.every("image", "/v2/images", "images")
            if entry["status"] != "active"]


def main():
    options, judge, cloud, image = begin(
        __doc__, seconds=30.0, clients=16, seed=random.randrange(1 << 31), mixed=0)
    print(f"seed {options.seed}")
    until = time.monotonic() + options.seconds
    killer = Killer(cloud, options.seed, until)
    kind = MixedClient if options.mixed else Client
    clients = [kind(cloud, number, options.seed, until, image) for number in range(options.clients)]
    for thread in [killer, *clients]:
        thread.start()
    for thread in [*clients, killer]:
        thread.join(options.seconds + 90)
    left = cloud.run("start", *[name for name in cloud.names() if name.startswith("nova-")])
    ended = time.monotonic()
    print(f"        killed: {', '.join(f'{count} {name}' for name, count in sorted(killer.kills.items()))}")
    judge.check("every daemon comes back", killer.failures + ([left.stderr[-400:]] if left.returncode else []))

    servers = [server for client in clients for server in client.servers]
    answers = collections.Counter()
    for client in clients:
        answers.update(client.answers)
    requests = sum(client.requests for client in clients)
    unanswered = sum(client.unanswered for client in clients)
    print(f"        {requests} requests, {unanswered} without an answer, "
          f"answers {dict(sorted(answers.items()))}; {len(servers)} creates accepted")
    judge.check("no answer is other than 2xx, 409, 429, or 503 with Retry-After",
                [fault for client in clients for fault in client.wrong])
    accepted = sum((client.accepted for client in clients), collections.Counter())
    print(f"        accepted: {', '.join(f'{count} {name}' for name, count in sorted(accepted.items()))}")
    if options.mixed:
        judge.check("each action was accepted", [name for name in sorted(ACTIONS) if not accepted[name]])
    else:
        wanted = int(1000 * options.seconds / 120)
        judge.check(f"at least {wanted} creates are accepted", [] if len(servers) >= wanted else [len(servers)])
    good = requests - unanswered - answers[503]
    judge.check(f"at least 90 % of the requests are answered other than 503: {100 * good / max(1, requests):.1f} %",
                [] if good >= 0.9 * requests else [f"{good} of {requests}"])

    left = wait(TRANSITION_LIMIT, lambda: unsettled(cloud))
    judge.check(f"no server is on its way after {time.monotonic() - ended:.0f} s", left)
    judge.check("allocations, ports and usage are those of the servers", wait(
        max(1, TRANSITION_LIMIT - (time.monotonic() - ended)), lambda: differences(cloud)))

    now = {entry["id"]: entry
           for entry in cloud.every("compute", "/v2.1/servers/detail?limit=1000", "servers")}
    lost, causeless = [], []
    for server in servers:
        entry = now.get(server.id)
        if entry is None:
            if not server.may_be_deleting:
                lost.append(f"{server.name} {server.id}")
            continue
        if server.is_deleting:
            lost.append(f"{server.name} {server.id} was to be deleted and is {entry['status']}")
        if entry["status"] == "ERROR":
            server.fault = entry.get("fault", {}).get("message", "")
            if not server.fault:
                causeless.append(server.id)
        else:
            server.was_active = True
    judge.check("every accepted create and delete was done", lost)
    judge.check("every ERROR has a cause", causeless)
    faults = collections.Counter(server.fault for server in servers if server.fault)
    for fault, count in faults.most_common(5):
        print(f"        {count} in ERROR: {fault[:200]}")
    kept = [server for server in servers if not server.deleted_early]
    active = sum(server.was_active for server in kept)
    judge.check(f"at least 95 % were ACTIVE before their deletion: {100 * active / max(1, len(kept)):.1f} %",
                [] if active >= 0.95 * len(kept) else [f"{active} of {len(kept)}"])

    if options.mixed:
        judge.check("no snapshot is left half made", wait(10, lambda: unfinished_images(cloud)))
        failed = sum(server.fault is not None for server in servers)
        judge.check(f"at most 2 % came to ERROR: {100 * failed / max(1, len(servers)):.1f} %",
                    [] if failed <= 0.02 * len(servers) else [f"{failed} of {len(servers)}"])
    for entry in now:
        cloud.request("compute", "DELETE", f"/v2.1/servers/{entry}")
    judge.check("all are deleted", wait(60, lambda: cloud.every("compute", "/v2.1/servers?limit=1000", "servers")))
    judge.check("nothing is left", wait(30, lambda: differences(cloud)))
    return judge.end()


if __name__ == "__main__":
    sys.exit(main())
