#!/usr/bin/env python3
"""SIGKILL to nova-standalone under load, again and again: nothing that was accepted is lost, the databases stay sound.

kills.py --root REPOSITORY --dir CLOUD [--rounds 10]
"""
import glob
import os
import random
import sqlite3
import sys
import threading
import time

from judge import begin
from storm import unsettled, wait


class Creator(threading.Thread):
    """Creates servers, and deletes every other one, until it is told to stop."""

    def __init__(self, cloud, number, image):
        super().__init__(daemon=True)
        self.cloud, self.number, self.image = cloud, number, image
        self.accepted, self.deleted = [], set()
        self.stop = threading.Event()

    def run(self):
        count = 0
        while not self.stop.is_set():
            count += 1
            answer = self.cloud.request("compute", "POST", "/v2.1/servers", {"server": {
                "name": f"kill-{self.number}-{count}", "flavorRef": "1", "imageRef": self.image, "networks": "auto"}})
            if answer is None or answer.status != 202:
                time.sleep(0.05)
                continue
            server = answer.json()["server"]["id"]
            self.accepted.append(server)
            if count % 2:
                answer = self.cloud.request("compute", "DELETE", f"/v2.1/servers/{server}")
                if answer is None:
                    # Nobody knows whether it was accepted.
                    self.accepted.remove(server)
                elif answer.status == 204:
                    self.deleted.add(server)


def unsound(folder):
    """What SQLite says of each database, when it is not that all is well."""
    found = []
    for path in glob.glob(os.path.join(folder, "state", "*.sqlite*")) + glob.glob(os.path.join(folder, "state", "*.db")):
        if path.endswith(("-wal", "-shm")) or ".lock" in path:
            continue
        connection = sqlite3.connect(path, timeout=30)
        try:
            answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        finally:
            connection.close()
        if answer != "ok" or broken:
            found.append(f"{path}: {answer}, {len(broken)} dangling references")
    return found


def main():
    options, judge, cloud, image = begin(__doc__, rounds=10)
    chance = random.Random(1)
    accepted, deleted, faults, opening = set(), set(), [], []
    for number in range(options.rounds):
        creators = [Creator(cloud, f"{number}-{lane}", image) for lane in range(4)]
        for creator in creators:
            creator.start()
        # Wherever it is in its work: that is the test.
        time.sleep(0.2 + chance.random() * 0.6)
        if not cloud.kill("nova-standalone"):
            faults.append(f"round {number}: there was nothing to kill")
        for creator in creators:
            creator.stop.set()
        for creator in creators:
            creator.join(30)
            accepted.update(creator.accepted)
            deleted |= creator.deleted
        faults += [f"round {number}: {what}" for what in unsound(options.dir)]
        began = time.monotonic()
        result = cloud.run("start", "nova-standalone")
        opening.append(time.monotonic() - began)
        if result.returncode:
            faults.append(f"round {number}: {result.stderr[-400:]}")
            break
    judge.check(f"{options.rounds} times SIGKILL: the databases are sound and the service comes back, after at most "
                f"{max(opening):.1f} s", faults)
    judge.check("every server reaches a steady state", wait(60, lambda: unsettled(cloud)))
    there = {entry["id"] for entry in cloud.every("compute", "/v2.1/servers?limit=1000", "servers")}
    judge.check(f"none of {len(accepted)} accepted creates is lost", sorted(accepted - deleted - there))
    judge.check(f"none of {len(deleted)} accepted deletes is lost", sorted(deleted & there))
    judge.check("there was a load", [] if len(accepted) >= 5 * options.rounds else [len(accepted)])
    for server in there:
        cloud.request("compute", "DELETE", f"/v2.1/servers/{server}")
    judge.check("all are deleted", wait(60, lambda: cloud.every("compute", "/v2.1/servers?limit=1000", "servers")))
    return judge.end()


if __name__ == "__main__":
    sys.exit(main())
