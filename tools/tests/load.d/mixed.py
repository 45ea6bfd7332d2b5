"""A client of the mixed storm: besides it moves servers, and does to them what else the API offers."""
from client import Client

# What each state of a server allows; what is named twice is asked for twice as often.
CHOICES = {
    "ACTIVE": ("os-stop", "reboot", "pause", "suspend", "rescue", "rebuild", "createImage", "shelve",
               "resize", "resize", "migrate", "migrate", "os-migrateLive", "os-migrateLive"),
    "SHUTOFF": ("os-start", "os-start", "resize", "migrate"),
    "PAUSED": ("unpause",),
    "SUSPENDED": ("resume",),
    "RESCUE": ("unrescue",),
    "VERIFY_RESIZE": ("confirmResize", "revertResize"),
    "SHELVED": ("unshelve",),
    "SHELVED_OFFLOADED": ("unshelve",),
}
# From each flavor to one with larger disks: smaller ones are refused.
LARGER = {"m1.tiny": "2", "m1.small": "3", "m1.medium": "4"}
ACTIONS = {name for names in CHOICES.values() for name in names}


class MixedClient(Client):
    def patience(self):
        return self.random.choice((1, 3, 6))

    def choose(self, server, entry):
        # A confirmation shows no task while it is under way.
        if entry["status"] != "VERIFY_RESIZE":
            server.is_confirming = False
        elif server.is_confirming:
            return None
        larger = LARGER.get(entry["flavor"]["original_name"])
        name = self.random.choice([name for name in CHOICES[entry["status"]] if name != "resize" or larger])
        server.is_confirming = name in ("confirmResize", "revertResize")
        bodies = {
            "reboot": lambda: {"type": self.random.choice(("SOFT", "HARD"))},
            "rescue": lambda: {},
            "rebuild": lambda: {"imageRef": self.image},
            "createImage": lambda: {"name": "storm"},
            "resize": lambda: {"flavorRef": larger},
            "os-migrateLive": lambda: {"host": None, "block_migration": "auto"},
        }
        return {name: bodies[name]() if name in bodies else None}
