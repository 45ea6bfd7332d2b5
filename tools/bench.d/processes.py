"""What the processes of a cloud cost: its daemons, and PostgreSQL with its backends, those included that have ended."""

import os
import time

TICKS = os.sysconf("SC_CLK_TCK")


def fields_of(pid):
    """The fields of /proc/PID/stat behind the name; none when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


class Processes:
    """The processes that a cloud's folder names, and all that they have started."""

    def __init__(self, folder):
        self.roots = {}
        run = os.path.join(folder, "run")
        for name in sorted(os.listdir(run)):
            if name.endswith(".pid"):
                with open(os.path.join(run, name), encoding="ascii") as file:
                    self.roots[name[:-4]] = int(file.read())
        server = os.path.join(folder, "postgresql", "data", "postmaster.pid")
        if os.path.exists(server):
            with open(server, encoding="utf-8") as file:
                self.roots["postgresql"] = int(file.readline())

    def all(self):
        """The process ids of now."""
        children = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                fields = fields_of(name)
                if fields:
                    children.setdefault(int(fields[1]), []).append(int(name))
        found, waiting = [], list(self.roots.values())
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += children.get(pid, [])
        return found

    def cpu_seconds(self):
        """User and system time of all.

        A live process has its clock in nanoseconds; what its children have used that have ended counts in ticks.
        """
        total = 0.0
        for pid in self.all():
            fields = fields_of(pid)
            try:
                total += time.clock_gettime((~pid << 3) | 2)
            except OSError:
                continue
            if fields:
                total += (int(fields[13]) + int(fields[14])) / TICKS
        return total

    def resident_mb(self):
        """Memory of all; pages that several share count once, in parts."""
        total = 0
        for pid in self.all():
            try:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                    total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
            except OSError:
                continue
        return total * 1024 / 1e6
