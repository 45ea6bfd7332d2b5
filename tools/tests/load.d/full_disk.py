#!/usr/bin/env python3
"""The disk under a cloud fills up: its APIs say so, nothing breaks, and they go on when there is space again.

full_disk.py --root REPOSITORY --dir CLOUD
"""
import os
import sys
import time

from judge import begin
from kills import unsound
from storm import unsettled, wait


def fill(path):
    """Takes all space that is left."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass


def create(cloud, image, name):
    return cloud.request("compute", "POST", "/v2.1/servers", {"server": {
        "name": name, "flavorRef": "1", "imageRef": image, "networks": "auto"}})


def main():
    options, judge, cloud, image = begin(__doc__)
    before = [create(cloud, image, f"before-{number}") for number in range(3)]
    judge.check("creates are accepted before", [answer for answer in before if answer is None or answer.status != 202])
    judge.check("they become steady", wait(30, lambda: unsettled(cloud)))
    ballast = os.path.join(options.dir, "ballast")
    fill(ballast)
    accepted = [answer.json()["server"]["id"] for answer in before]
    refusals = []
    end = time.monotonic() + 20
    while time.monotonic() < end and len(refusals) < 5:
        answer = create(cloud, image, "meanwhile")
        if answer is not None and answer.status == 202:
            # SQLite may still have room inside its files.
            accepted.append(answer.json()["server"]["id"])
            fill(ballast + ".more")
        else:
            refusals.append((answer.status, answer.body.decode(errors="replace")) if answer else (0, "no answer"))
    judge.check("a full disk is answered by 503 or 507 that name it",
                [refusal for refusal in refusals if refusal[0] not in (503, 507) or "space" not in refusal[1].lower()]
                or ([] if refusals else ["every create was accepted"]))
    if refusals:
        print(f"        {refusals[0][0]}: {refusals[0][1][:200]}")
    answer = cloud.request("compute", "GET", "/v2.1/servers")
    judge.check("reading goes on", [] if answer and answer.status == 200 else [answer.status if answer else None])
    for path in (ballast, ballast + ".more"):
        if os.path.exists(path):
            os.remove(path)
    answers = []

    def is_refused():
        answers.append(create(cloud, image, "after"))
        return [] if answers[-1] is not None and answers[-1].status == 202 else ["refused"]
    judge.check("creates are accepted again when there is space", wait(20, is_refused))
    judge.check("every server becomes steady", wait(60, lambda: unsettled(cloud)))
    there = {entry["id"] for entry in cloud.every("compute", "/v2.1/servers", "servers")}
    judge.check("nothing that was accepted is lost", sorted(set(accepted) - there))
    judge.check("the databases are sound", unsound(options.dir))
    for server in there:
        cloud.request("compute", "DELETE", f"/v2.1/servers/{server}")
    judge.check("all are deleted", wait(60, lambda: cloud.every("compute", "/v2.1/servers", "servers")))
    return judge.end()


if __name__ == "__main__":
    sys.exit(main())
