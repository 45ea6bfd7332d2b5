"""The processes of a measurement of the queue: brokers, workers, callers of nova-bench. Used by queue.py and soak.py."""

import json
import os
import select
import subprocess
import tempfile
import time


class Party:
    """One process: a line to it is a command, a line from it an answer in JSON."""

    def __init__(self, role, command, limit=120):
        self.role = role
        self.buffer = b""
        self.process = subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        self.hello = self.answer(limit)

    def answer(self, limit):
        end = time.monotonic() + limit
        descriptor = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise RuntimeError(f"{self.role} gave no answer within {limit} s")
            part = os.read(descriptor, 1 << 16)
            if not part:
                raise RuntimeError(f"{self.role} ended with status {self.process.wait(10)}")
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def tell(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, command, limit=120):
        self.tell(command)
        return self.answer(limit)

    def cpu(self):
        """CPU seconds of all its threads: the process's own clock, in nanoseconds inside."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def resident_mb(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def end(self, wait=15):
        try:
            self.process.stdin.close()
            self.process.wait(wait)
        except (subprocess.TimeoutExpired, OSError):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Stage:
    """A broker and those around it; all of them end with the stage."""

    def __init__(self, bench, curve=True, hosts=1):
        self.bench = bench
        self.parties = []
        self.folder = tempfile.TemporaryDirectory(prefix="nova-queue-bench-")
        self.common = []
        try:
            if curve:
                subprocess.run([bench, "keys", self.folder.name, "--hosts", str(hosts)], check=True, timeout=120)
                self.common = ["--keys", self.folder.name]
            self.broker = self.add("broker")
            self.common += ["--endpoint", self.broker.hello["endpoint"]]
        except BaseException:
            self.__exit__()
            raise

    def add(self, role, *arguments, limit=120):
        return self.run(role, [self.bench, role, *self.common, *arguments], limit)

    def run(self, role, command, limit=120):
        party = Party(role, command, limit)
        self.parties.append(party)
        return party

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for party in reversed(self.parties):
            party.end()
        self.folder.cleanup()
