"""What the members' logs say: every message, who ran it when, and how it ended."""

import re


class Message:
    """A call or a cast."""

    def __init__(self, sender, life, at, words):
        self.sender = sender
        # The number of its sender's process among those that the sender had.
        self.life = life
        self.submitted = at
        self.id, self.kind, self.again, self.deadline, self.topic, self.work = (
            words[0], words[1], words[2] == "again", int(words[3]), words[4], int(words[5]))
        self.answered = None
        self.outcome = None
        # Worker, begin, end (or None), in the order of the begins.
        self.runs = []
        self.letters = []

    @property
    def is_call(self):
        return self.kind == "call"

    @property
    def overhead(self):
        """What the answer took beyond the work itself."""
        return self.answered - self.submitted - self.work

    def __str__(self):
        runs = ", ".join(f"{name} {begin}-{end or '?'}" for name, begin, end in self.runs) or "never"
        return (f"{self.kind} {'again' if self.again else 'once'} {self.id} of {self.sender} to {self.topic}: submitted"
                f" {self.submitted}, deadline {self.deadline}, answered {self.answered} {self.outcome}, ran {runs}"
                f"{', dead letter: ' + ', '.join(self.letters) if self.letters else ''}")


class History:
    """All messages by id; read as far as the logs are written."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.members = {member.name: member for member in cluster.members}
        self.messages = {}
        self.files = {}
        self.lives = {}
        self.waiting = []

    def read(self):
        waiting, self.waiting = self.waiting, []
        for item in waiting:
            self.apply(*item)
        for member in self.cluster.of("sender") + self.cluster.of("worker") + self.cluster.of("broker"):
            for line in self.lines(member.log):
                if member.kind == "broker":
                    self.letter(line)
                else:
                    self.apply(member.name, line)

    def lines(self, path):
        if path not in self.files:
            try:
                self.files[path] = open(path, errors="replace")
            except FileNotFoundError:
                return
        while line := self.files[path].readline():
            yield line

    def apply(self, name, line):
        at, event, *words = line.split()
        at = int(at)
        if event == "started":
            self.lives[name] = self.lives.get(name, 0) + 1
        elif event == "submitted":
            self.messages[words[0]] = Message(name, self.lives[name], at, words)
        elif event in ("answered", "run", "end"):
            message = self.messages.get(words[0])
            if message is None:
                # Its sender's log was read before this worker's.
                self.waiting.append((name, line))
            elif event == "answered":
                message.answered, message.outcome = at, words[1]
            elif event == "run":
                message.runs.append((name, at, None))
                message.runs.sort(key=lambda run: run[1])
            else:
                for index, (worker, begin, end) in enumerate(message.runs):
                    if worker == name and end is None:
                        message.runs[index] = (worker, begin, at)
                        break

    def letter(self, line):
        if "dead letter:" not in line:
            return
        trace = re.search(r"trace: \"?([0-9a-f-]{36})", line)
        reason = re.search(r"reason: \"?([^\"}]*?)\"?(?:, \w+:|\}|\)|$)", line)
        message = self.messages.get(trace.group(1)) if trace else None
        if message is not None:
            message.letters.append(reason.group(1) if reason else "?")
        else:
            raise SystemExit(f"a dead letter of nobody: {line}")

    # Questions

    def death(self, message):
        """When the process that had submitted the message was killed, or None."""
        deaths = self.members[message.sender].deaths
        return deaths[message.life - 1] if message.life <= len(deaths) else None

    def lived(self, message):
        return self.death(message) is None

    def had_no_way(self, message):
        """Whether its sender was cut off until there was less time left than the work itself takes."""
        latest = message.deadline - message.work
        at = message.submitted
        for begin, end in sorted(self.members[message.sender].cuts):
            if begin <= at:
                at = max(at, end)
        return at >= latest

    def open(self):
        """Messages of living senders that are not at their end."""
        return [message for message in self.messages.values() if self.lived(message) and self.is_open(message)]

    @staticmethod
    def is_open(message):
        """Whether it is not at its end; a cast that was refused is."""
        if message.answered is None:
            return True
        return not message.is_call and message.outcome == "ok" and not message.runs and not message.letters
