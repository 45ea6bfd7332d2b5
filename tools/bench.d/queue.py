"""What the queue costs, each party a process of its own, beside a bare broker in C. Called by `tools/bench queue`."""

import argparse
import heapq
import json
import os
import statistics
import subprocess
import sys
import time

from parties import Stage

# key: (label, unit, target, whether more is better, the anchor's key). A target "1.5 x" is that many times the anchor.
FIGURES = {
    "call_p50_us": ("call that may run again, p50", "us", "1.5 x", False, "broker.p50"),
    "call_p99_us": ("the same, p99", "us", None, False, "broker.p99"),
    "call_cpu_us": ("the same, CPU of all parties", "us", 130, False, "broker.cpu"),
    "call_broker_cpu_us": ("the same, CPU of the broker", "us", 35, False, "broker.broker_cpu"),
    "once_p50_us": ("call that runs once, p50", "us", "1.5 x", False, "once.p50"),
    "once_cpu_us": ("the same, CPU of all parties", "us", None, False, "once.cpu"),
    "calls_per_second": ("calls with 64 in flight", "1/s", 20_000, True, "broker.rate"),
    "call64_cpu_us": ("the same, CPU of all parties", "us", 80, False, "broker.cpu_64"),
    "call64_broker_cpu_us": ("the same, CPU of the broker", "us", 35, False, "broker.broker_cpu_64"),
    "once_per_second": ("calls that run once, 64 in flight", "1/s", None, True, "once.rate"),
    "once64_cpu_us": ("the same, CPU of all parties", "us", None, False, "once.cpu_64"),
    "once64_broker_cpu_us": ("the same, CPU of the broker", "us", 35, False, "once.broker_cpu_64"),
    "casts_per_second": ("settled casts", "1/s", 20_000, True, None),
    "cast_cpu_us": ("the same, CPU of all parties", "us", None, False, None),
    "casts_plain_per_second": ("settled casts without CURVE", "1/s", 50_000, True, None),
    "cast_plain_cpu_us": ("the same, CPU of all parties", "us", None, False, None),
    "fanout_100_ms": ("fanout, until the last of 100 has it, p50", "ms", 5, False, None),
    "fanout_100_worst_ms": ("the same, worst", "ms", None, False, None),
    "peers_mb": ("broker with 5,000 peers, resident", "MB", 200, False, "peers.start"),
    "peers_minute_mb": ("the same, after a minute", "MB", 200, False, "peers.minute"),
    "codec_encode_us": ("build request, encode", "us CPU", 0.5, False, None),
    "codec_decode_us": ("build request, decode", "us CPU", 2.5, False, None),
    "codec_bytes": ("build request, size", "B", 600, False, None),
    "wait_50_ms": ("mean wait for the first of 6 workers, 50 % load", "ms", "1.1 x", False, "simulated.wait_50"),
    "wait_80_ms": ("the same, 80 % load", "ms", "1.1 x", False, "simulated.wait_80"),
}
WORKERS = 6
# 90 % of the jobs take 20 ms, 10 % take 400 ms.
MEAN_JOB = 0.058


class Clock:
    """CPU of some parties since it was made."""

    def __init__(self, stage, *parties):
        self.broker = stage.broker
        self.parties = [stage.broker, *parties]
        self.start = [party.cpu() for party in self.parties]

    def per(self, count):
        """Microseconds for one of so many: of all, of the broker."""
        used = [party.cpu() - start for party, start in zip(self.parties, self.start)]
        return sum(used) / count * 1e6, used[0] / count * 1e6


def anchor(folder, shape, calls):
    result = subprocess.run(
        [os.path.join(folder, "queue-anchor"), shape, str(calls), str(calls * 4)], check=True, timeout=120, stdout=subprocess.PIPE)
    return json.loads(result.stdout)


class Rounds:
    """Figures of several rounds; the median of each counts.

    Not the best: a round trip takes half the time where another program keeps the processors awake, and the anchor and we
    must be judged on the same machine.
    """

    def __init__(self):
        self.values = {}

    def add(self, figures):
        for key, value in figures.items():
            self.values.setdefault(key, []).append(value)

    def medians(self):
        return {key: statistics.median(values) for key, values in self.values.items()}


def measure_calls(options, figures, anchors):
    """Takes turns with the anchor, so that both see the same machine."""
    ours, bare = Rounds(), Rounds()
    with Stage(options.bench) as stage:
        worker, caller = stage.add("worker"), stage.add("caller")
        for kind in ("echo", "once"):
            caller.ask(f"calls {kind} 1 500")
        for _ in range(options.rounds):
            for shape in ("broker", "once"):
                if options.anchors:
                    result = anchor(options.anchors, shape, options.calls)
                    bare.add({f"{shape}.{key}": value for key, value in result.items()})
            for kind, name in (("echo", "call"), ("once", "once")):
                clock = Clock(stage, worker, caller)
                times = caller.ask(f"calls {kind} 1 {options.calls}")
                cpu, broker = clock.per(options.calls)
                new = {f"{name}_p50_us": times["p50"], f"{name}_p99_us": times["p99"], f"{name}_cpu_us": cpu,
                       f"{name}_broker_cpu_us": broker}
                clock = Clock(stage, worker, caller)
                times = caller.ask(f"calls {kind} 64 {options.calls * 8}")
                cpu, broker = clock.per(options.calls * 8)
                new |= {f"{name}64_cpu_us": cpu, f"{name}64_broker_cpu_us": broker,
                        f"{name}s_per_second".replace("onces", "once"): times["count"] / times["seconds"]}
                ours.add({key: value for key, value in new.items() if key in FIGURES})
    figures |= ours.medians()
    anchors |= bare.medians()


def measure_casts(options, figures, curve):
    rounds = Rounds()
    with Stage(options.bench, curve=curve) as stage:
        worker, caller = stage.add("worker"), stage.add("caller")
        caller.ask("casts 64 2000")
        worker.ask("notes 2000")
        for _ in range(options.rounds):
            clock = Clock(stage, worker, caller)
            sent = caller.ask(f"casts 256 {options.casts}")
            got = worker.ask(f"notes {options.casts}")
            if got["count"] != options.casts:
                raise RuntimeError(f"of {options.casts} casts {got['count']} ran")
            name = "cast" if curve else "cast_plain"
            rate = options.casts / (got["at"] - sent["start"])
            rounds.add({"casts_per_second" if curve else "casts_plain_per_second": rate,
                        f"{name}_cpu_us": clock.per(options.casts)[0]})
    figures |= rounds.medians()


def measure_fanout(options, figures):
    count = options.fanouts
    with Stage(options.bench) as stage:
        groups = [stage.add("subscribers", "--first", 1 + 50 * number) for number in range(2)]
        sender = stage.add("caller", "--role", "conductor")
        sender.ask(f"fanout {count} 20")
        last = {}
        end = time.monotonic() + 10
        while True:
            heard = [entry for group in groups for entry in group.ask("heard")["heard"]]
            if sum(entry[1] for entry in heard) == count * 100:
                break
            if time.monotonic() > end:
                raise RuntimeError("not all subscribers heard all")
            time.sleep(0.05)
        for number, _, age in heard:
            last[number] = max(last.get(number, 0), age)
        # The first few find cold caches.
        ages = [age for number, age in last.items() if number >= 5]
        figures["fanout_100_ms"] = statistics.median(ages)
        figures["fanout_100_worst_ms"] = max(ages)


def peers_memory(options, stage, broker):
    """Resident memory of a broker with many peers, after some seconds and after a minute."""
    share = options.peers // 4
    program = os.path.join(options.anchors, "queue-peers")
    peers = [stage.run("queue-peers", [program, broker.hello["endpoint"], stage.folder.name, 1 + number * share, share],
                       limit=300) for number in range(4)]
    sizes = []
    for seconds in (3, 60):
        time.sleep(seconds)
        sizes.append(broker.resident_mb())
    if broker.descriptors() < options.peers:
        raise RuntimeError(f"the broker has {broker.descriptors()} descriptors, so not {options.peers} peers")
    for party in peers:
        party.end()
    return sizes


def measure_peers(options, figures, anchors):
    if not options.anchors:
        return
    with Stage(options.bench, hosts=options.peers) as stage:
        figures["peers_mb"], figures["peers_minute_mb"] = peers_memory(options, stage, stage.broker)
    with Stage(options.bench, hosts=options.peers) as stage:
        bare = stage.run("peers", [os.path.join(options.anchors, "queue-anchor"), "peers", stage.folder.name])
        anchors["peers.start"], anchors["peers.minute"] = peers_memory(options, stage, bare)


def simulated_wait(jobs):
    """Mean wait when each job goes to the first free worker at once, in ms: the same arrivals, the same times."""
    free = [0.0] * WORKERS
    waits = []
    for came, began, ended in sorted(jobs):
        start = max(came, heapq.heappop(free))
        heapq.heappush(free, start + ended - began)
        waits.append(start - came)
    return statistics.mean(waits) * 1e3


def measure_waits(options, figures, anchors):
    with Stage(options.bench) as stage:
        stage.add("worker", "--count", WORKERS, "--slots", 1)
        caller = stage.add("caller")
        caller.ask("calls once 1 200")
        for load in (50, 80):
            rate = round(load / 100 * WORKERS / MEAN_JOB)
            answer = caller.ask(f"jobs 11 {rate * options.seconds} {rate}", limit=options.seconds * 3 + 60)
            jobs = answer["jobs"]
            figures[f"wait_{load}_ms"] = statistics.mean(began - came for came, began, _ in jobs) * 1e3
            anchors[f"simulated.wait_{load}"] = simulated_wait(jobs)


def measure_codec(options, figures):
    result = json.loads(subprocess.run(
        [options.bench, "codec"], check=True, timeout=120, stdout=subprocess.PIPE).stdout)
    figures["codec_encode_us"] = result["encode_ns"] / 1e3
    figures["codec_decode_us"] = result["decode_ns"] / 1e3
    figures["codec_bytes"] = result["bytes"]


PARTS = {
    "calls": lambda options, figures, anchors: measure_calls(options, figures, anchors),
    "casts": lambda options, figures, _: (
        measure_casts(options, figures, True), measure_casts(options, figures, False)),
    "fanout": lambda options, figures, _: measure_fanout(options, figures),
    "peers": lambda options, figures, anchors: measure_peers(options, figures, anchors),
    "codec": lambda options, figures, _: measure_codec(options, figures),
    "waits": lambda options, figures, anchors: measure_waits(options, figures, anchors),
}


def limit_of(key, anchors):
    """A target as a number; nil where it depends on an anchor that was not measured."""
    _, _, target, _, beside = FIGURES[key]
    if not isinstance(target, str):
        return target
    return float(target.split()[0]) * anchors[beside] if beside in anchors else None


def table(figures, anchors):
    rows = [("figure", "measured", "target", "", "beside it")]
    for key, (label, unit, target, more, beside) in FIGURES.items():
        if key not in figures:
            continue
        value, limit = figures[key], limit_of(key, anchors)
        verdict = ""
        if limit is not None:
            verdict = "ok" if (value >= limit if more else value <= limit) else "MISSED"
        goal = "" if target is None else f"{'>=' if more else '<='} " + (
            target if limit is None else f"{limit:,.1f}".rstrip("0").rstrip(".")) + f" {unit}"
        other = ""
        if beside in anchors:
            what = "simulated" if beside.startswith("simulated") else "C"
            other = f"{what} {anchors[beside]:,.1f} {unit} ({value / max(anchors[beside], 1e-9):.2f} x)"
        rows.append((label, f"{value:,.2f} {unit}", goal, verdict, other))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", required=True, help="the nova-bench program")
    parser.add_argument("--anchors", help="a folder with the programs of tools/Benchmarks")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=3_000)
    parser.add_argument("--casts", type=int, default=50_000)
    parser.add_argument("--fanouts", type=int, default=100)
    parser.add_argument("--peers", type=int, default=5_000)
    parser.add_argument("--seconds", type=int, default=60, help="how long jobs come at each load")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures, anchors, failures = {}, {}, []
    for part in options.parts.split(","):
        print(f"    {part}", file=sys.stderr, flush=True)
        try:
            PARTS[part](options, figures, anchors)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            failures.append(f"{part}: {error}")
    if options.json:
        targets = {key: limit_of(key, anchors) for key in figures if limit_of(key, anchors) is not None}
        print(json.dumps({"figures": figures, "targets": targets, "beside": anchors}))
    else:
        table(figures, anchors)
    if failures:
        sys.exit("error: " + "; ".join(failures))


if __name__ == "__main__":
    main()
