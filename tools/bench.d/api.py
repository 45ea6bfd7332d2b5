"""A cloud through its REST API, with the standard library only: what clients do. Used by load.py and scale.py."""

import http.client
import json
import os
import statistics
import threading
import time
import urllib.parse


class Refused(RuntimeError):
    """An answer of 400 or above."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Client:
    """One kept-alive connection per service, for one thread."""

    def __init__(self, token=None):
        self.connections = {}
        self.token = token

    def request(self, verb, url, body=None, headers=None):
        parts = urllib.parse.urlsplit(url)
        connection = self.connections.get(parts.netloc)
        if connection is None:
            connection = http.client.HTTPConnection(parts.netloc, timeout=60)
            self.connections[parts.netloc] = connection
        all_headers = {"Accept": "application/json", "OpenStack-API-Version": "compute 2.37"}
        if self.token:
            all_headers["X-Auth-Token"] = self.token
        if body is not None:
            all_headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        all_headers.update(headers or {})
        path = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(verb, path, body, all_headers)
        response = connection.getresponse()
        data = response.read()
        if response.status >= 400:
            raise Refused(response.status, f"{verb} {url}: {response.status} {data[:300]!r}")
        return response, data

    def get(self, url):
        return json.loads(self.request("GET", url)[1])


class Cloud:
    def __init__(self, env=os.environ):
        body = {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {
                            "name": env["OS_USERNAME"],
                            "domain": {"name": env["OS_USER_DOMAIN_NAME"]},
                            "password": env["OS_PASSWORD"],
                        }
                    },
                },
                "scope": {
                    "project": {
                        "name": env["OS_PROJECT_NAME"],
                        "domain": {"name": env["OS_PROJECT_DOMAIN_NAME"]},
                    }
                },
            }
        }
        response, data = Client().request("POST", env["OS_AUTH_URL"] + "/auth/tokens", body)
        self.token = response.getheader("X-Subject-Token")
        catalog = json.loads(data)["token"]["catalog"]
        urls = {
            entry["type"]: next(e["url"] for e in entry["endpoints"] if e["interface"] == "public") for entry in catalog
        }
        self.compute = urls["compute"].rstrip("/")
        self.identity = env["OS_AUTH_URL"].rstrip("/")
        client = self.client()
        images = client.get(urls["image"].rstrip("/").removesuffix("/v2") + "/v2/images?name=tiny-guest")["images"]
        self.image = images[0]["id"]
        flavors = client.get(self.compute + "/flavors")["flavors"]
        self.flavor = next(flavor["id"] for flavor in flavors if flavor["name"] == "m1.tiny")
        self.created = []

    def client(self):
        return Client(self.token)

    def boot(self, client, name):
        server = {"name": name, "imageRef": self.image, "flavorRef": self.flavor, "networks": "auto"}
        data = client.request("POST", self.compute + "/servers", {"server": server})[1]
        identity = json.loads(data)["server"]["id"]
        self.created.append(identity)
        return identity

    def status(self, client, identity):
        server = client.get(f"{self.compute}/servers/{identity}")["server"]
        if server["status"] == "ERROR":
            raise RuntimeError(f"server {identity}: {server.get('fault')}")
        return server["status"]

    def wait_active(self, client, identity, pause, limit=120, growth=1):
        """Looks again after a pause, each time longer by `growth`."""
        end = time.monotonic() + limit
        while self.status(client, identity) != "ACTIVE":
            if time.monotonic() > end:
                raise RuntimeError(f"server {identity} is not ACTIVE after {limit} s")
            time.sleep(pause)
            pause = min(pause * growth, 0.2)

    def wait_gone(self, client, identity, limit=120):
        """Until a deleted server is unknown."""
        end, pause = time.monotonic() + limit, 0.01
        while True:
            try:
                self.status(client, identity)
            except Refused as error:
                if error.status == 404:
                    return
                raise
            if time.monotonic() > end:
                raise RuntimeError(f"server {identity} is not gone after {limit} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)

    def delete(self, client, identity):
        client.request("DELETE", f"{self.compute}/servers/{identity}")
        self.created.remove(identity)

    def wait_all_active(self, client, identities, limit=600):
        """Waits with little load of its own: looks at one server after the other."""
        end = time.monotonic() + limit
        for identity in identities:
            self.wait_active(client, identity, 0.02, max(1, end - time.monotonic()))


def in_parallel(clients, work):
    """Runs work(number) in so many threads; returns the seconds until all have ended, raises what one raised."""
    failures = []

    def run(number):
        try:
            work(number)
        except Exception as error:  # raised below, from the main thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.monotonic() - start


def boot_many(cloud, count, clients, prefix):
    """Each client asks for its share, one after the other, and sees each ACTIVE; returns the seconds for all."""

    def work(number):
        client = cloud.client()
        for index in range(number, count, clients):
            cloud.wait_active(client, cloud.boot(client, f"{prefix}-{index}"), 0.02, growth=1.5)

    return in_parallel(clients, work)


def churn(cloud, count, clients, prefix):
    """Each client makes its share of servers and deletes each; returns the seconds for all."""

    def work(number):
        client = cloud.client()
        for index in range(number, count, clients):
            identity = cloud.boot(client, f"{prefix}-{index}")
            cloud.wait_active(client, identity, 0.02, growth=1.5)
            cloud.delete(client, identity)
            cloud.wait_gone(client, identity)

    return in_parallel(clients, work)


def cpu_per_boot(cloud, processes, prefix, count=60):
    """CPU of all processes of the cloud per boot in ms, with as few polls as can be."""
    client = cloud.client()
    before = processes.cpu_seconds()
    identities = [cloud.boot(client, f"{prefix}-{index}") for index in range(count)]
    cloud.wait_all_active(client, identities)
    return (processes.cpu_seconds() - before) / count * 1000


def single_boots(cloud, prefix="single", count=40):
    """The median time in ms from a request to the server's being ACTIVE, while nothing else is going on."""
    client = cloud.client()
    times = []
    for index in range(count):
        start = time.monotonic()
        cloud.wait_active(client, cloud.boot(client, f"{prefix}-{index}"), 0.002)
        times.append((time.monotonic() - start) * 1000)
    return statistics.median(times)
