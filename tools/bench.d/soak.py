"""A steady load on the queue for a while; memory and descriptors of every process must stay. Called by `tools/soak`.

The rule: the samples fall into three thirds. The first is for warming up (lists of what has ended fill to their bounds).
A process fails when the median of its resident memory in the last third is more than 2 % and 1 MB above the median of
the middle third, or when it ever has more descriptors in the last third than in the middle one.
"""

import argparse
import statistics
import sys
import time

from parties import Stage


def verdict(name, samples):
    """What is wrong with one process's (MB, descriptors) samples; None when nothing is."""
    third = len(samples) // 3
    middle, last = samples[third:2 * third], samples[2 * third:]
    before, after = (statistics.median(size for size, _ in part) for part in (middle, last))
    if after > before * 1.02 + 1:
        return f"{name}: resident memory grew from {before:.1f} to {after:.1f} MB"
    before, after = (max(count for _, count in part) for part in (middle, last))
    if after > before:
        return f"{name}: descriptors grew from {before} to {after}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="the nova-bench program")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--every", type=float, default=10, help="seconds between samples")
    options = parser.parse_args()
    seconds = max(60, round(options.minutes * 60))
    failures = []
    with Stage(options.bench) as stage:
        stage.broker.role = "broker"
        for number in range(2):
            stage.add("worker").role = f"worker {number + 1}"
        callers = []
        for number in range(2):
            callers.append(stage.add("caller", "--instance", 100 + number))
            callers[-1].role = f"caller {number + 1}"
        samples = {party: [] for party in stage.parties}
        start = time.monotonic()
        for caller in callers:
            caller.tell(f"load {options.rate // len(callers)} {seconds}")
        while time.monotonic() < start + seconds:
            time.sleep(min(options.every, max(0.1, start + seconds - time.monotonic())))
            texts = []
            for party, values in samples.items():
                values.append((party.resident_mb(), party.descriptors()))
                texts.append(f"{party.role} {values[-1][0]:.1f} MB {values[-1][1]} fds")
            print(f"{time.monotonic() - start:6.0f} s  " + "   ".join(texts), flush=True)
        good = 0
        for caller in callers:
            result = caller.answer(120)
            good += result["good"]
            if result["bad"] or result["skipped"]:
                failures.append(f"{caller.role}: {result['bad']} failed (the last: {result['failure']}), "
                                f"{result['skipped']} not sent because 1,000 were under way")
        took = time.monotonic() - start
        cpu = sum(party.cpu() for party in stage.parties) / max(1, good) * 1e6
        print(f"{good} messages in {took:.0f} s, {good / took:.0f} a second, {cpu:.0f} us CPU each (all parties)")
        failures += [text for party, values in samples.items() if (text := verdict(party.role, values))]
    if failures:
        sys.exit("error: " + "; ".join(failures))
    print("memory flat, descriptors constant")


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, OSError) as error:
        sys.exit(f"error: {error}")
