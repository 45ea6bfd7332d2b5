"""The processes of the chaos test, each in a network namespace of its own, and what can be done to them.

A hub namespace routes between them all, so that a link can be cut without a reset: the packets of a pair, or of one
process, are dropped for a time. Nothing of it is in the host's own network.
"""

import os
import signal
import subprocess
import time

PORT = 5550
WORKER_ROLES = ("conductor", "scheduler", "network")
WORD = (1 << 64) - 1


def now():
    """Milliseconds of CLOCK_MONOTONIC, as in the logs."""
    return time.monotonic_ns() // 1_000_000


def run(*command, text=None, quiet=False):
    return subprocess.run(
        command, input=text, text=True, check=not quiet, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None).stdout


class Member:
    """A broker, a worker or a sender: its process, and what was done to it when."""

    def __init__(self, cluster, kind, number):
        self.cluster = cluster
        self.kind = kind
        self.name = f"{kind}-{number}"
        self.number = len(cluster.members)
        self.namespace = f"{cluster.prefix}-{self.number}"
        self.address = f"10.231.{self.number}.2"
        self.log = f"{cluster.folder}/{self.name}.log"
        self.process = None
        self.stopped_at = None
        self.deaths = []
        self.stops = []
        # When nobody could be reached.
        self.cuts = []

    def start(self):
        command = ["ip", "netns", "exec", self.namespace, *self.cluster.command(self)]
        with open(f"{self.cluster.folder}/{self.name}.out", "ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.is_running:
            self.process.kill()
        if self.process is not None:
            self.process.wait()
            self.deaths.append(now())
        self.stopped_at = None
        self.process = None

    def drain(self, limit=10):
        self.process.terminate()
        self.process.wait(limit)
        self.deaths.append(now())
        self.process = None

    def stop(self):
        if self.is_running:
            self.process.send_signal(signal.SIGSTOP)
            self.stopped_at = now()

    def go_on(self):
        if self.is_running and self.stopped_at is not None:
            self.stops.append((self.stopped_at, now()))
            self.process.send_signal(signal.SIGCONT)
        self.stopped_at = None


class Cluster:
    """Namespaces, keys, and the members."""

    def __init__(self, folder, build, brokers=3, workers=4, senders=8):
        self.folder = folder
        self.build = build
        self.prefix = f"nvx{os.getpid()}"
        self.hub = f"{self.prefix}-hub"
        self.members = []
        self.made = []
        # Set by the test: until when senders send, and how much.
        self.traffic_until = 0
        self.rate = 8
        for kind, count in (("broker", brokers), ("worker", workers), ("sender", senders)):
            for number in range(count):
                self.members.append(Member(self, kind, number))

    def of(self, kind):
        return [member for member in self.members if member.kind == kind]

    # Networks

    def make_networks(self):
        for name in [self.hub] + [member.namespace for member in self.members]:
            run("ip", "netns", "add", name)
            self.made.append(name)
        lines = []
        for member in self.members:
            # The hub has an end of each link.
            lines.append(f"link add name h{member.number} type veth peer name up0 netns {member.namespace}")
            lines.append(f"addr add 10.231.{member.number}.1/24 dev h{member.number}")
            lines.append(f"link set h{member.number} up")
            run("ip", "-n", member.namespace, "link", "set", "lo", "up")
        run("ip", "-n", self.hub, "-batch", "-", text="\n".join(lines))
        for member in self.members:
            batch = f"addr add {member.address}/24 dev up0\nlink set up0 up\nroute add default via 10.231.{member.number}.1\n"
            run("ip", "-n", member.namespace, "-batch", "-", text=batch)
        run("ip", "netns", "exec", self.hub, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.nft("""table ip chaos {
            set pairs { type ipv4_addr . ipv4_addr; flags timeout; }
            set hosts { type ipv4_addr; flags timeout; }
            chain forward {
                type filter hook forward priority 0
                ip saddr . ip daddr @pairs drop
                ip saddr @hosts drop
                ip daddr @hosts drop
            }
        }""")

    def nft(self, text):
        run("ip", "netns", "exec", self.hub, "nft", "-f", "-", text=text + "\n")

    def cut(self, one, other, milliseconds):
        """Drops what goes between two, or all of one when there is no other, for a time."""
        if other is None:
            one.cuts.append((now(), now() + milliseconds))
            self.nft(f"add element ip chaos hosts {{ {one.address} timeout {milliseconds}ms }}")
        else:
            for here, there in ((one, other), (other, one)):
                self.nft(
                    f"add element ip chaos pairs {{ {here.address} . {there.address} timeout {milliseconds}ms }}")

    def heal(self):
        self.nft("flush set ip chaos pairs\nflush set ip chaos hosts")

    def home(self, topic):
        """The broker that all peers choose for a topic when all brokers live: RendezvousHash of the library."""
        def weight(broker):
            value = 0xCBF29CE484222325
            for text in (topic, "", f"tcp://{broker.address}:{PORT}"):
                for byte in text.encode():
                    value = (value ^ byte) * 0x100000001B3 & WORD
                value = (value ^ 0xFF) * 0x100000001B3 & WORD
            return (value ^ value >> 29) * 0x9E3779B97F4A7C15 & WORD
        return max(self.of("broker"), key=weight)

    # Keys and commands

    def make_keys(self):
        novactl = f"{self.build}/novactl"
        authorized = f"{self.folder}/authorized_keys"
        open(authorized, "w").close()
        for broker in self.of("broker"):
            run(novactl, "queue", "keygen", f"{self.folder}/{broker.name}.key")
        for role in WORKER_ROLES + ("api",):
            key = f"{self.folder}/{role}.key"
            run(novactl, "queue", "keygen", "--role", role, "--host", "chaos", key)
            run(novactl, "queue", "authorize", key, "--file", authorized)
        self.addresses = [
            f"tcp://{broker.address}:{PORT}={self.public_key(f'{self.folder}/{broker.name}.key')}"
            for broker in self.of("broker")]
        with open(f"{self.folder}/nova.conf", "w") as config:
            config.write(f"""[DEFAULT]
state_path = {self.folder}
[queue]
brokers = {", ".join(self.addresses)}
authorized_keys = {authorized}
[monitoring]
enabled = false
""")

    @staticmethod
    def public_key(path):
        with open(path) as file:
            return next(line.split(" = ", 1)[1].strip() for line in file if line.startswith("public = "))

    def command(self, member):
        if member.kind == "broker":
            return [
                f"{self.build}/nova-queue", "--config-file", f"{self.folder}/nova.conf", "--set",
                f"queue.listen=tcp://{member.address}:{PORT}", "--set",
                f"queue.key_file={self.folder}/{member.name}.key", "--log-file", member.log]
        command = [f"{self.build}/nova-queue-peer", "--role", member.kind, "--name", member.name, "--log", member.log]
        for address in self.addresses:
            command += ["--broker", address]
        for role in WORKER_ROLES:
            command += ["--topic", role if member.kind == "sender" else f"{role}={self.folder}/{role}.key"]
        if member.kind == "sender":
            left = max(0, self.traffic_until - now()) / 1000
            command += ["--keys", f"{self.folder}/api.key", "--seconds", f"{left:.1f}", "--rate", str(self.rate)]
        return command

    def remove(self):
        for member in self.members:
            member.kill()
        for name in self.made:
            run("ip", "netns", "del", name, quiet=True)
