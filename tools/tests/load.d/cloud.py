"""A running cloud of tools/cloud: its daemons as processes, and its APIs."""
import http.client
import json
import os
import select
import signal
import subprocess
import time
import urllib.parse


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body) if self.body else {}


class Cloud:
    def __init__(self, root, folder):
        self.tool = os.path.join(root, "tools", "cloud")
        self.folder = folder
        self.settings = {}
        with open(os.path.join(folder, "cloud.env"), encoding="utf-8") as lines:
            for line in lines:
                name, found, value = line.strip().partition("=")
                if found and not line.startswith("#"):
                    self.settings[name] = value.strip("'")
        base = int(self.settings["CLOUD_PORT_BASE"])
        self.ports = {"identity": base, "image": base + 1, "compute": base + 2, "placement": base + 3,
                      "network": base + 4}
        self.token = None

    # Daemons

    def names(self):
        return sorted(name[:-4] for name in os.listdir(os.path.join(self.folder, "run")) if name.endswith(".pid"))

    def kill(self, name):
        """SIGKILL; true when there was something to kill. Returns when it has ended: until then it looks alive."""
        try:
            with open(os.path.join(self.folder, "run", name + ".pid"), encoding="utf-8") as file:
                pid = int(file.read())
            process = os.pidfd_open(pid)
        except (OSError, ValueError):
            return False
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if self.folder.encode() not in file.read():
                    return False
            signal.pidfd_send_signal(process, signal.SIGKILL)
            return bool(select.select([process], [], [], 10)[0])
        except OSError:
            return False
        finally:
            os.close(process)

    def run(self, *arguments):
        return subprocess.run([self.tool, *arguments, "--dir", self.folder], capture_output=True, text=True,
                              check=False)

    # APIs

    def request(self, service, method, path, body=None, timeout=20):
        """One request; None when nobody answered."""
        headers = {"Content-Type": "application/json", "OpenStack-API-Version": "compute 2.79"}
        if self.token:
            headers["X-Auth-Token"] = self.token
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service], timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def login(self):
        body = {"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": "admin", "domain": {"id": "default"}, "password": self.settings["CLOUD_PASSWORD"]}}},
            "scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}}
        for _ in range(100):
            answer = self.request("identity", "POST", "/v3/auth/tokens", body)
            if answer and answer.status == 201:
                self.token = answer.headers["X-Subject-Token"]
                return
            time.sleep(0.2)
        raise SystemExit("no token")

    def every(self, service, path, key):
        """A whole list, page after page."""
        entries = []
        while path:
            answer = self.request(service, "GET", path)
            if not answer or answer.status != 200:
                raise RuntimeError(f"{service} {path}: {answer.status if answer else 'no answer'}")
            page = answer.json()
            entries += page[key]
            links = {link["rel"]: link["href"] for link in page.get(key + "_links", [])}
            path = None
            if "next" in links:
                parts = urllib.parse.urlsplit(links["next"])
                path = parts.path + "?" + parts.query
        return entries
