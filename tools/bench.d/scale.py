"""What must not grow: tools/bench scale. Starts the clouds that it needs, one after the other."""

import argparse
import http.client
import os
import shlex
import statistics
import subprocess
import sys
import time
import urllib.request

from api import Cloud, boot_many, churn, cpu_per_boot, single_boots
from figures import Figure, show
from processes import Processes

# Projects have limits here, so that each create adds up what its project uses.
LIMITED = ["quota.unlimited_projects=", "quota.instances=1000000", "quota.cores=10000000", "quota.ram=100000000000"]
# What a standalone cloud listens on are fewer.
PORTS = 50
FIGURES = {
    "cpu_per_boot_0_ms": Figure("CPU per boot, almost empty cloud", "ms"),
    "cpu_per_boot_tenth_ms": Figure("CPU per boot, a tenth of the servers", "ms"),
    "cpu_per_boot_all_ms": Figure("CPU per boot, all servers", "ms"),
    "cpu_ratio": Figure("CPU per boot, all servers against few", "x", 1.25),
    "p50_0_ms": Figure("single boot p50, almost empty cloud", "ms"),
    "p50_tenth_ms": Figure("single boot p50, a tenth of the servers", "ms"),
    "p50_all_ms": Figure("single boot p50, all servers", "ms"),
    "p50_ratio": Figure("single boot p50, all servers against few", "x", 1.25),
    "restart_s": Figure("restart with all servers, until a list is answered", "s", 3),
    "crash_restart_s": Figure("the same after SIGKILL", "s", 3),
    "first_boot_s": Figure("after that, until a new server is ACTIVE", "s"),
    "cycles_per_second": Figure("creates and deletes", "1/s"),
    "churn_second_mb": Figure("all databases, at most in the second quarter of the cycles", "MB"),
    "churn_last_mb": Figure("all databases, at most in the last quarter", "MB"),
    "churn_ratio": Figure("databases, last quarter against second", "x", 1.1),
    "churn_logs_mb": Figure("write-ahead logs of SQLite, at most", "MB"),
    "writers": Figure("daemons that write one SQLite file", ""),
    "writers_cycles_per_second": Figure("creates and deletes meanwhile", "1/s"),
    "longest_write_s": Figure("longest write of any of them", "s", 1),
}


class LocalCloud:
    """A cloud of tools/cloud in a folder of its own; it ends with the block."""

    def __init__(self, options, *arguments, sets=(), name="cloud", port_offset=0):
        self.tool = os.path.join(options.root, "tools", "cloud")
        self.novactl = os.path.join(options.root, ".build", options.build, "novactl")
        self.folder = os.path.join(options.folder, name)
        self.up = ["up", "--driver", "fake", f"--{options.build}", "--port-base", str(options.port_base + port_offset),
                   *arguments]
        for setting in sets:
            self.up += ["--set", setting]

    def run(self, *arguments, output=None):
        result = subprocess.run([self.tool, *arguments, "--dir", self.folder], stdout=output or sys.stderr, text=True,
                                check=True)
        return result.stdout

    def __enter__(self):
        try:
            self.run(*self.up)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run([self.tool, "down", "--wipe", "--dir", self.folder], stdout=sys.stderr, check=False)

    def client(self):
        """Logs in."""
        lines = self.run("env", output=subprocess.PIPE).splitlines()
        words = [shlex.split(line.removeprefix("export "))[0] for line in lines if line.startswith("export ")]
        return Cloud(dict(word.split("=", 1) for word in words))

    def daemons(self):
        """Monitoring ports by name."""
        lines = self.run("status", output=subprocess.PIPE).splitlines()[1:]
        rows = [line.split() for line in lines]
        return {row[0]: row[2] for row in rows if row[2] != "-"}

    def archive(self):
        """Takes what was deleted out of the database."""
        command = [self.novactl, "db", "archive", "--config-file", os.path.join(self.folder, "nova.conf"), "--before", "0",
                   "--discard", "--json"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    def database_mb(self, postgresql):
        """The size of all databases, and of SQLite's write-ahead logs, which grow up to a limit and stay."""
        if postgresql:
            command = ["psql", "-h", os.path.join(self.folder, "postgresql"), "-U", "nova", "-d", "nova", "-Atqc",
                       "SELECT pg_database_size('nova')"]
            return int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout) / 1e6, 0.0
        state = os.path.join(self.folder, "state")
        return tuple(
            sum(os.path.getsize(os.path.join(state, name)) for name in os.listdir(state) if name.endswith(end)) / 1e6
            for end in (".sqlite", ".sqlite-wal"))


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


class Boots:
    """A cloud in which boots are measured."""

    def __init__(self, local):
        self.cloud = local.client()
        self.processes = Processes(local.folder)
        self.cloud.wait_active(self.cloud.client(), self.cloud.boot(self.cloud.client(), "warm-up"), 0.01)
        self.rounds = 0

    def fill(self, size, clients):
        missing = size - len(self.cloud.created)
        if missing > 0:
            seconds = boot_many(self.cloud, missing, clients, f"fill-{size}")
            say(f"{len(self.cloud.created)} servers: {missing / seconds:.0f} boots a second")

    def round(self):
        """CPU and median time of a boot, in ms, by a few dozen of them."""
        self.rounds += 1
        return (cpu_per_boot(self.cloud, self.processes, f"cpu-{self.rounds}", 25),
                single_boots(self.cloud, f"single-{self.rounds}", 8))


def flat(options, local, beside):
    """CPU and time of a boot with a tenth of the servers, and with all, in turns with an almost empty cloud's.

    What the machine has to spare changes from second to second: only what was measured side by side is compared.
    """
    empty, full = Boots(beside), Boots(local)
    figures = {}
    for name, size in (("tenth", options.servers // 10), ("all", options.servers)):
        full.fill(size, options.clients)
        # The reconcilers run once a minute: medians leave out the time in which they do.
        rounds = [(empty.round(), full.round()) for _ in range(9)]
        for figure, index in (("cpu_per_boot", 0), ("p50", 1)):
            figures[f"{figure}_0_ms"] = statistics.median(few[index] for few, _ in rounds)
            figures[f"{figure}_{name}_ms"] = statistics.median(many[index] for _, many in rounds)
        figures["cpu_ratio"] = statistics.median(many[0] / few[0] for few, many in rounds)
        figures["p50_ratio"] = statistics.median(many[1] / few[1] for few, many in rounds)
        say(f"{len(full.cloud.created)} servers beside {len(empty.cloud.created)}: CPU per boot "
            f"{figures[f'cpu_per_boot_{name}_ms']:.2f} ms beside {figures['cpu_per_boot_0_ms']:.2f}, "
            f"{figures['cpu_ratio']:.2f} x; p50 {figures[f'p50_{name}_ms']:.1f} ms, {figures['p50_ratio']:.2f} x")
    return figures


def restart(options, local):
    """How long a process that is started again needs until it serves; fills the cloud when it is empty."""
    cloud = local.client()
    count = len(cloud.client().get(cloud.compute + "/servers?limit=1000")["servers"])
    if count < min(1000, options.servers):
        boot_many(cloud, options.servers - count, options.clients, "fill")
    figures = {}
    for name, end in (("restart_s", "stop"), ("crash_restart_s", "kill")):
        local.run(end, "nova-standalone")
        start = time.monotonic()
        local.run("start", "nova-standalone")
        cloud = local.client()
        cloud.client().get(cloud.compute + "/servers/detail?limit=1")
        figures[name] = time.monotonic() - start
    client = cloud.client()
    start = time.monotonic()
    cloud.wait_active(client, cloud.boot(client, "after-restart"), 0.01)
    figures["first_boot_s"] = time.monotonic() - start
    return figures


def sizes(options, local):
    """The size of the databases while servers come and go; what was deleted is archived after every step."""
    cloud = local.client()
    step = max(1, min(1000, options.cycles // 20))
    done, seconds, seen = 0, 0.0, []
    while done < options.cycles:
        count = min(step, options.cycles - done)
        seconds += churn(cloud, count, options.clients, f"cycle-{done}")
        done += count
        local.archive()
        size, log = local.database_mb(options.database == "postgresql")
        seen.append((done, size, log))
        if len(seen) % max(1, options.cycles // step // 10) == 0:
            say(f"{done} cycles: {size:.1f} MB" + (f" and {log:.1f} MB of logs" if log else ""))

    # What a service forgets once a minute makes waves: their crests are compared.
    def crest(quarter):
        sizes = [size for cycles, size, _ in seen if quarter - 1 < 4 * cycles / options.cycles <= quarter]
        return max(sizes, default=seen[-1][1])

    return {"cycles_per_second": done / seconds, "churn_second_mb": crest(2), "churn_last_mb": crest(4),
            "churn_ratio": crest(4) / crest(2), "churn_logs_mb": max(log for _, _, log in seen)}


def longest_writes(port):
    """The longest write to each database of a daemon, by service."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    name = "nova_database_longest_write_seconds{"
    return {line.split('"')[1]: float(line.split()[-1]) for line in lines if line.startswith(name)}


def writers(options, local):
    """The longest write while an api and five conductors write one file."""
    cloud = local.client()
    end, cycles, seconds = time.monotonic() + options.seconds, 0, 0.0
    while time.monotonic() < end:
        seconds += churn(cloud, 100, options.clients, f"write-{cycles}")
        cycles += 100
    longest = {}
    for name, port in local.daemons().items():
        for service, wait in longest_writes(port).items():
            if service in ("nova-api", "nova-conductor"):
                longest[name] = wait
    say("longest writes: " + ", ".join(f"{name} {wait:.3f} s" for name, wait in sorted(longest.items())))
    return {"writers": len(longest), "writers_cycles_per_second": cycles / seconds,
            "longest_write_s": max(longest.values())}


def measure(options):
    figures = {}
    if {"flat", "restart"} & set(options.parts):
        with LocalCloud(options, "--standalone", sets=LIMITED) as local:
            if "flat" in options.parts:
                say(f"Boots in a cloud of up to {options.servers} servers, and in an empty one beside it")
                with LocalCloud(options, "--standalone", sets=LIMITED, name="empty", port_offset=PORTS) as beside:
                    figures.update(flat(options, local, beside))
            if "restart" in options.parts:
                say(f"Restarts with {options.servers} servers")
                figures.update(restart(options, local))
    if "churn" in options.parts:
        say(f"{options.cycles} creates and deletes on {options.database}")
        with LocalCloud(options, "--standalone", "--database", options.database, sets=LIMITED) as local:
            figures.update(sizes(options, local))
    if "writers" in options.parts:
        say(f"Six daemons that write one SQLite file, for {options.seconds} s")
        with LocalCloud(options, "--daemons", "--controllers", "5", sets=LIMITED) as local:
            figures.update(writers(options, local))
    return figures


def main():
    parts = ["flat", "restart", "churn", "writers"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="the repository")
    parser.add_argument("--folder", required=True, help="an empty folder for the clouds")
    parser.add_argument("--build", choices=["release", "debug"], default="release")
    parser.add_argument("--port-base", type=int, default=28700)
    parser.add_argument("--parts", default=",".join(parts))
    parser.add_argument("--servers", type=int, default=10_000)
    parser.add_argument("--cycles", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.parts = options.parts.split(",")
    if set(options.parts) - set(parts):
        parser.error(f"--parts: of {', '.join(parts)}")
    try:
        figures = measure(options)
    except (RuntimeError, OSError, http.client.HTTPException, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
    show(FIGURES, figures, options.json, servers=options.servers, cycles=options.cycles, clients=options.clients,
         database=options.database)


main()
