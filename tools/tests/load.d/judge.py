"""Counted checks of the test programs, and what each program of load.d begins with."""
import argparse

from cloud import Cloud


class Judge:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, faults, figure=""):
        """Passes when the list of faults is empty."""
        faults = list(faults)
        if faults:
            self.failed += 1
            print(f"NOT OK  {name}: {len(faults)}{' ' + figure if figure else ''}")
            for fault in faults[:6]:
                print(f"        | {fault}")
        else:
            self.passed += 1
            print(f"ok      {name}{': ' + figure if figure else ''}", flush=True)

    def end(self):
        """Prints the counts; the exit status."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed else 0


def begin(doc, **numbers):
    """Reads the arguments --root, --dir and the given ones with their defaults.

    Gives them, a judge, the cloud with a token, and the image that servers boot from.
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--root", required=True)
    parser.add_argument("--dir", required=True)
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    options = parser.parse_args()
    cloud = Cloud(options.root, options.dir)
    cloud.login()
    return options, Judge(), cloud, cloud.every("image", "/v2/images", "images")[0]["id"]
