"""A client of the storm: keeps a few servers, and creates, stops, starts and deletes them."""
import collections
import random
import threading
import time

STEADY = {"ACTIVE", "SHUTOFF", "ERROR", "PAUSED", "SUSPENDED", "RESCUE", "VERIFY_RESIZE", "SHELVED", "SHELVED_OFFLOADED"}


class Server:
    def __init__(self, name):
        self.name = name
        self.id = None
        self.was_active = False
        self.actions = 0
        self.fault = None
        self.is_deleting = False
        self.is_confirming = False
        self.is_gone = False
        # A delete was not answered: nobody knows whether it was accepted.
        self.may_be_deleting = False
        self.deleted_early = False


class Client(threading.Thread):
    def __init__(self, cloud, number, seed, until, image, keep=4):
        super().__init__(daemon=True)
        self.cloud, self.number, self.until, self.image, self.keep = cloud, number, until, image, keep
        self.random = random.Random(f"{seed}-{number}")
        self.servers = []
        self.answers = {}
        self.accepted = collections.Counter()
        self.wrong = []
        self.unanswered = 0
        self.requests = 0

    def run(self):
        created = 0
        while time.monotonic() < self.until:
            living = [server for server in self.servers if not server.is_gone]
            if len(living) < self.keep:
                created += 1
                self.create(f"storm-{self.number}-{created}")
            for server in living:
                if time.monotonic() < self.until:
                    self.look(server)
            time.sleep(0.02)

    def ask(self, method, path, body=None, allowed=()):
        """A request whose answer is judged: 2xx, 409, 429, 503 with Retry-After, and what else the caller expects."""
        self.requests += 1
        answer = self.cloud.request("compute", method, "/v2.1" + path, body)
        if answer is None:
            self.unanswered += 1
            time.sleep(0.25)
            return None
        self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
        fine = 200 <= answer.status < 300 or answer.status in (409, 429) or answer.status in allowed
        if answer.status == 503 and answer.headers.get("Retry-After"):
            fine = True
        if not fine:
            self.wrong.append(f"{method} {path}: {answer.status} {answer.body[:300].decode(errors='replace')}")
        return answer

    def create(self, name):
        server = Server(name)
        answer = self.ask("POST", "/servers", {"server": {
            "name": name, "flavorRef": "1", "imageRef": self.image, "networks": "auto"}})
        if answer is not None and answer.status == 202:
            server.id = answer.json()["server"]["id"]
            self.servers.append(server)

    def look(self, server):
        answer = self.ask("GET", f"/servers/{server.id}", allowed=(404,) if server.may_be_deleting or server.is_deleting else ())
        if answer is None:
            return
        if answer.status == 404:
            server.is_gone = True
            return
        if answer.status != 200:
            return
        entry = answer.json()["server"]
        status, task = entry["status"], entry["OS-EXT-STS:task_state"]
        if status == "ACTIVE":
            server.was_active = True
        if status == "ERROR":
            server.fault = entry.get("fault", {}).get("message", "")
        if server.is_deleting or task is not None:
            return
        if status == "BUILD":
            # Now and then somebody changes their mind.
            if self.random.random() < 0.002:
                self.delete(server)
        elif status == "ERROR" or server.actions >= self.patience():
            self.delete(server)
        else:
            body = self.choose(server, entry)
            if body:
                self.act(server, body)

    def patience(self):
        """How many actions a server gets before it is deleted."""
        return self.random.choice((0, 1, 2, 2))

    def choose(self, server, entry):
        """The body of an action that the server's state allows; None to leave it alone for now."""
        return {"os-start": None} if entry["status"] == "SHUTOFF" else {"os-stop": None}

    def act(self, server, body):
        answer = self.ask("POST", f"/servers/{server.id}/action", body)
        if answer is not None and 200 <= answer.status < 300:
            server.actions += 1
            self.accepted[next(iter(body))] += 1

    def delete(self, server):
        answer = self.ask("DELETE", f"/servers/{server.id}", allowed=(404,) if server.may_be_deleting else ())
        server.may_be_deleting = True
        if answer is not None and answer.status == 204:
            server.is_deleting = True
            server.deleted_early = not server.was_active and server.fault is None
