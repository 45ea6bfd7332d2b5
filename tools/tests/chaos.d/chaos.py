#!/usr/bin/env python3
"""The queue under faults, for real: 3 brokers, 4 workers, 8 senders, each a process in a network of its own.

First one fault at a time, then a minute with a random one each second: SIGKILL and a new start, SIGSTOP and SIGCONT, a
cut link. The members' logs are then judged by the rules of design/messaging.md, section 7.4.
"""

import argparse
import collections
import heapq
import os
import random
import shutil
import signal
import sys
import tempfile
import time

from cluster import WORKER_ROLES, Cluster, now
from history import History
from judge import Judge


class Chaos(Judge):
    def __init__(self, options):
        super().__init__()
        self.options = options
        self.random = random.Random(options.seed)
        self.folder = tempfile.mkdtemp(prefix="nova-chaos.", dir=options.folder)
        self.cluster = Cluster(self.folder, options.build)
        self.history = History(self.cluster)
        self.later = []
        self.order = 0
        self.began = now()
        self.faults = collections.Counter()
        self.faults_log = open(f"{self.folder}/faults.log", "w", buffering=1)

    # Time

    def after(self, milliseconds, action):
        self.order += 1
        heapq.heappush(self.later, (now() + milliseconds, self.order, action))

    def wait(self, milliseconds):
        """Waits, and does what is due meanwhile."""
        end = now() + milliseconds
        while True:
            due = min(end, self.later[0][0] if self.later else end)
            if due > now():
                time.sleep((due - now()) / 1000)
            while self.later and self.later[0][0] <= now():
                heapq.heappop(self.later)[2]()
            if now() >= end:
                return

    def wait_until(self, condition, milliseconds):
        end = now() + milliseconds
        while not condition():
            if now() >= end:
                return False
            self.wait(100)
        return True

    # Reports

    def say(self, text):
        print(f"{(now() - self.began) / 1000:6.1f}  {text}", flush=True)
        self.faults_log.write(f"{now()} {text}\n")

    def note(self, text):
        self.faults_log.write(f"{now()} {text}\n")

    # The parts

    def start(self):
        self.cluster.make_networks()
        self.cluster.make_keys()
        quiet = 0 if self.options.skip_quiet else 19_000
        self.cluster.traffic_until = now() + 6_000 + quiet + self.options.seconds * 1000
        self.cluster.rate = self.options.rate
        for member in self.cluster.of("broker") + self.cluster.of("worker"):
            member.start()
        def workers_ready():
            return all(" ready\n" in self.text(member) for member in self.cluster.of("worker"))
        if not self.wait_until(workers_ready, 15_000):
            raise SystemExit("the workers are not ready after 15 s")
        for member in self.cluster.of("sender"):
            member.start()
        self.wait(3_000)
        self.say(f"{len(self.cluster.members)} processes run")

    @staticmethod
    def text(member):
        try:
            with open(member.log) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def quiet(self):
        """One fault at a time."""
        parts = [self.worker_killed(), self.worker_cut(), self.broker_killed(), self.broker_drained()]
        self.history.read()
        calm = [m for m in self.history.messages.values()
                if m.is_call and m.submitted > self.calm - 2_000 and m.submitted + m.work + 500 < self.calm]
        usual = sorted(m.overhead for m in calm if m.outcome == "ok")
        usual = usual[int(len(usual) * 0.99)] if usual else 0
        self.check("calls succeed while all is well", [m for m in calm if m.outcome != "ok"],
                   f"{len(calm)} calls, 99 % within {usual} ms beyond their work")
        for judge in parts:
            judge(usual)

    def messages(self, span):
        """Those that were under way at some time between two."""
        return [m for m in self.history.messages.values()
                if m.submitted <= span[1] and (m.answered is None or m.answered >= span[0])]

    def running_at(self, worker, at):
        for message in self.history.messages.values():
            for name, begin, end in message.runs:
                # A fault is there some milliseconds later than it was ordered: what has its answer by then went well,
                # and of a cast that has ended by then nobody can tell.
                has_ended = end is not None and end <= at + 100
                answered = message.answered is not None and message.answered <= at + 100
                spared = has_ended and (answered or not message.is_call)
                if name == worker.name and begin <= at + 100 and (end is None or end > at) and not spared:
                    yield message

    def failover(self, message, worker, at):
        """How long after a fault somebody else began with the message."""
        return next((begin - at for name, begin, _ in message.runs if begin > at and name != worker.name), None)

    def worker_killed(self):
        worker = self.cluster.of("worker")[0]
        self.calm = at = now()
        worker.kill()
        self.say(f"{worker.name} is killed")
        self.wait(2_000)
        worker.start()
        self.wait(1_000)
        return lambda usual: self.judge_worker(worker, at, 1_300, 1_000, "killed", usual)

    def worker_cut(self):
        worker = self.cluster.of("worker")[1]
        at = now()
        self.cluster.cut(worker, None, 5_000)
        self.say(f"{worker.name} is cut off for 5 s")
        self.wait(6_000)
        return lambda usual: self.judge_worker(worker, at, 5_000, 4_000, "cut off", usual)

    def judge_worker(self, worker, at, span, limit, what, usual):
        victims = list(self.running_at(worker, at))
        # Some callers have not that much time.
        again = [m for m in victims if m.again and m.deadline > at + limit + usual]
        times = [(self.failover(m, worker, at), m) for m in again]
        slowest = max((t for t, _ in times if t is not None), default=None)
        self.check(f"what a {what} worker had is begun by another within {limit} ms",
                   [m for t, m in times if t is None or t > limit],
                   f"{len(again)} messages, the slowest after {slowest} ms")
        others = [m for m in self.messages((at, at + span)) if m.is_call and m not in victims
                  and (m.outcome == "ok" or m.deadline - m.submitted > limit + usual + m.work)]
        self.check(f"no other call waits longer for a {what} worker",
                   [m for m in others if m.outcome != "ok" or m.overhead > limit + usual],
                   f"{len(others)} calls, the slowest {max((m.overhead for m in others if m.answered), default=0)} ms")
        once = [m for m in victims if m.is_call and not m.again]
        if what == "killed":
            self.check("callers of what must not run twice hear of it at once",
                       [m for m in once if m.outcome != "workerLost" or m.answered > at + limit], f"{len(once)} calls")

    def broker_killed(self):
        broker = self.cluster.home("conductor")
        at = now()
        broker.kill()
        self.say(f"{broker.name} is killed")
        self.wait(1_500)
        broker.start()
        # Long enough that it knows all workers when the next one ends.
        self.wait(4_000)
        return lambda usual: self.judge_broker("a killed broker costs no call more than 1 s", at, at + 3_000, usual)

    def broker_drained(self):
        broker = next(b for b in map(self.cluster.home, WORKER_ROLES) if b is not self.cluster.home("conductor"))
        at = now()
        broker.drain()
        self.say(f"{broker.name} is drained in {now() - at} ms")
        self.wait(1_000)
        broker.start()
        self.wait(500)
        end = now()
        # What is under way ends before the next faults.
        self.wait(2_000)
        return lambda usual: self.judge_broker("no call fails when a broker is drained", at, end, usual)

    def judge_broker(self, name, at, end, usual):
        calls = [m for m in self.messages((at, end)) if m.is_call]
        self.check(name, [m for m in calls if m.outcome != "ok" or m.overhead > 1_000 + usual],
                   f"{len(calls)} calls, the slowest {max((m.overhead for m in calls if m.answered), default=0)} ms")

    def storm(self):
        """A random fault each second."""
        self.storm_began = now()
        end = now() + self.options.seconds * 1000
        while now() < end:
            begin = now()
            self.fault()
            self.wait(max(0, 1_000 - (now() - begin)))
        self.storm_ended = now()
        self.say("the storm is over: " + ", ".join(f"{count} {kind}" for kind, count in sorted(self.faults.items())))

    def fault(self):
        whole = [m for m in self.cluster.members if m.is_running and m.stopped_at is None]
        kind = self.random.choice(("kill", "stop", "cut"))
        victim = self.random.choice(whole)
        if kind == "kill":
            pause = self.random.randint(100, 3_000)
            self.note(f"kill {victim.name} for {pause}")
            victim.kill()
            self.after(pause, victim.start)
        elif kind == "stop":
            pause = self.random.randint(200, 5_000)
            self.note(f"stop {victim.name} for {pause}")
            victim.stop()
            self.after(pause, victim.go_on)
        else:
            pause = self.random.randint(500, 8_000)
            # Peers talk with brokers only.
            brokers = self.cluster.of("broker")
            other = None
            if self.random.random() < 0.5:
                if victim.kind == "broker":
                    other = self.random.choice(self.cluster.of("worker") + self.cluster.of("sender"))
                else:
                    other = self.random.choice(brokers)
            self.note(f"cut {victim.name} from {other.name if other else 'all'} for {pause}")
            self.cluster.cut(victim, other, pause)
        self.faults[f"{kind} {victim.kind}"] += 1

    def calm_down(self):
        self.cluster.heal()
        self.later = []
        for member in self.cluster.members:
            member.go_on()
            if not member.is_running:
                member.start()
        def is_over():
            self.history.read()
            return now() > self.cluster.traffic_until and not self.history.open()
        self.wait_until(is_over, 20_000)
        # What runs twice may do so late.
        self.wait(1_000)
        self.history.read()
        self.say("everything is quiet again")

    # Judgement

    def excuse(self, message):
        """Until when a sender that stood still at the deadline may take for the answer."""
        limit = message.deadline
        for begin, end in self.history.members[message.sender].stops:
            if begin <= limit + 1_000 and end >= limit:
                limit = end
        return limit

    def judge(self):
        messages = list(self.history.messages.values())
        # Of calls whose sender was killed those count that it had the answer of, or had waited too long for.
        calls = [m for m in messages if m.is_call and (
            m.answered is not None or self.history.lived(m) or self.history.death(m) > self.excuse(m) + 1_000)]
        stormy = [m for m in calls if self.storm_began <= m.submitted <= self.storm_ended]
        late = [m for m in calls if m.answered is None or m.answered > self.excuse(m) + 1_000]
        latest = max((m.answered - m.deadline for m in calls if m.answered is not None), default=0)
        self.check("every call is answered by its deadline and a second", late,
                   f"{len(calls)} calls, the latest {latest} ms after it")
        succeeded = [m for m in stormy if m.outcome == "ok"]
        share = 100 * len(succeeded) / max(1, len(stormy))
        outcomes = collections.Counter(m.outcome for m in stormy)
        shut_in = sum(m.outcome != "ok" and self.history.had_no_way(m) for m in stormy)
        self.check("at least 90 % of the calls succeed", [] if share >= 90 else [dict(outcomes)],
                   f"{share:.1f} % of {len(stormy)} ({', '.join(f'{n} {o}' for o, n in outcomes.most_common())}); "
                   f"{shut_in} of those that failed were of senders that were cut off until too late")
        self.check("what must not run twice does not",
                   [m for m in messages if not m.again and len(m.runs) > 1],
                   f"{sum(not m.again for m in messages)} messages; {sum(m.again and len(m.runs) > 1 for m in messages)}"
                   f" of {sum(m.again for m in messages)} others ran again")
        self.check("what is answered ran", [m for m in calls if m.outcome == "ok" and not m.runs])
        self.judge_casts([m for m in messages if not m.is_call and m.outcome == "ok"])
        casts = [m for m in messages if not m.is_call and self.history.lived(m)
                 and self.storm_began <= m.submitted <= self.storm_ended]
        outcomes = collections.Counter(m.outcome for m in casts)
        accepted = 100 * outcomes["ok"] / max(1, len(casts))
        self.check("at least 90 % of the casts are accepted", [] if accepted >= 90 else [f"{accepted:.1f} %"],
                   f"{accepted:.1f} % of {len(casts)} ({', '.join(f'{n} {o}' for o, n in outcomes.most_common())})")
        self.figures(stormy)

    def judge_casts(self, casts):
        deaths = [at for broker in self.cluster.of("broker") for at in broker.deaths]
        lost, excused, ambiguous = [], [], collections.Counter()
        for cast in (m for m in casts if not m.runs):
            if cast.letters and not cast.again and all(
                    reason == "worker lost" or reason.startswith("may have run") for reason in cast.letters):
                ambiguous[cast.letters[0]] += 1
            elif cast.letters and cast.again and "worker lost" in cast.letters:
                ambiguous["worker lost, three times"] += 1
            elif not self.history.lived(cast) and any(0 <= at - cast.answered < 15_000 for at in deaths):
                excused.append(cast)
            else:
                lost.append(cast)
        letters = collections.Counter(reason for m in casts for reason in m.letters)
        self.check("no accepted cast is lost", lost,
                   f"{len(casts)} casts, {len(excused)} whose sender and a broker died, "
                   f"{sum(ambiguous.values())} that nobody knows of and operators are told ({dict(ambiguous)}); "
                   f"dead letters {dict(letters)}")

    def figures(self, stormy):
        waits = sorted(m.overhead for m in stormy if m.outcome == "ok")
        if waits:
            at = lambda part: waits[min(len(waits) - 1, int(len(waits) * part))]
            print(f"        calls in the storm, beyond their work: median {at(0.5)} ms, 95 % {at(0.95)} ms, "
                  f"99 % {at(0.99)} ms, slowest {waits[-1]} ms")

    def run(self):
        print(f"seed {self.options.seed}, {self.folder}", flush=True)
        try:
            self.start()
            if not self.options.skip_quiet:
                self.quiet()
            self.storm()
            self.calm_down()
            self.judge()
        finally:
            self.cluster.remove()
        if self.failed:
            print(f"logs: {self.folder}")
        elif not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        return self.end() == 0


def main():
    # The network is removed then, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    root = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randint(1, 1_000_000), help="of the faults")
    parser.add_argument("--seconds", type=int, default=60, help="of random faults")
    parser.add_argument("--rate", type=float, default=8, help="messages a second of each sender")
    parser.add_argument("--skip-quiet", action="store_true", help="leave out the single faults")
    parser.add_argument("--keep", action="store_true", help="keep the logs of a good run too")
    parser.add_argument("--build", default=f"{root}/.build/debug", help="the folder of the programs")
    parser.add_argument("--folder", default=os.environ.get("NOVA_TEST_DIR", "/var/tmp"), help="where logs are kept")
    sys.exit(0 if Chaos(parser.parse_args()).run() else 1)


main()
