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

    def trees(self):
        """The process ids of now, by the name of the daemon that they belong to."""
        children = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                fields = fields_of(name)
                if fields:
                    children.setdefault(int(fields[1]), []).append(int(name))
        found = {}
        for name, root in self.roots.items():
            found[name], waiting = [], [root]
            while waiting:
                pid = waiting.pop()
                found[name].append(pid)
                waiting += children.get(pid, [])
        return found

    def cpu(self):
        """User and system time in seconds by daemon.

        A live process has its clock in nanoseconds; what its children have used that have ended counts in ticks.
        """
        return {name: sum(map(self._seconds, pids)) for name, pids in self.trees().items()}

    def cpu_seconds(self):
        """User and system time of all."""
        return sum(self.cpu().values())

    @staticmethod
    def _seconds(pid):
        fields = fields_of(pid)
        try:
            own = time.clock_gettime((~pid << 3) | 2)
        except OSError:
            return 0.0
        return own + ((int(fields[13]) + int(fields[14])) / TICKS if fields else 0.0)

    def resident_mb(self):
        """Memory of all; pages that several share count once, in parts."""
        total = 0
        for pid in sum(self.trees().values(), []):
            try:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                    total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
            except OSError:
                continue
        return total * 1024 / 1e6
