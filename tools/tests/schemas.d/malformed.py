"""Sends wrong requests over all routes of proto-spec/api to a running cloud, and looks at the answers."""

import argparse
import base64
import collections
import http.client
import json
import os
import sys
import time
import urllib.parse
import uuid

import documents

# No answer may take longer.
DEADLINE = 15
# Part of the names of everything that another project has; never part of a request.
MARKER = "zzforeign" + "marker"

BAD_IDS = [
    "00000000-0000-0000-0000-000000000000", "x", "-1", "0", "99999999999999999999999", "a" * 300, "a" * 5000, "%00",
    "%ff%fe", "%zz", "..%2f..%2fetc%2fpasswd", "%2e%2e", "%F0%9F%98%80", "'%20OR%201=1--", "detail", "null", "%0d%0aX:1",
    "%25s%25n", "*",
]
QUERIES = [
    "limit=-1", "limit=0", "limit=99999999999999999999", "limit=1.5", "limit=x", "limit=1&limit=2", "marker=x",
    "marker=00000000-0000-0000-0000-000000000000", "marker=%ff", "marker=%00", "sort_key=x", "sort_key=id;drop",
    "sort_key=__class__", "sort_dir=up", "all_tenants=1", "all_tenants=x", "name=%5B", "name=(((((", "name=%28a%2B%29%2B%24",
    "changes-since=x", "changes-since=99999-01-01T00:00:00Z", "changes-since=2020-02-30", "deleted=maybe", "status=%F0",
    "=", "&&&", "%=1", "a=" + "b" * 6000, "fields=id&fields=x", "ip=%5E%2A", "flavor=-1", "minRam=x", "is_public=x",
    "page_reverse=x", "sort=name:sideways", "visibility=x", "size_min=-99999999999999999999", "created_at=gt:x",
    "in_tree=x", "resources=VCPU:x", "resources=VCPU:99999999999999999999", "start=x&end=y", "detailed=1", "reserved=x",
    "user_id=%00", "name__contains=%ff", "name__regex=(", "effective=x&include_names=y", "enabled=maybe", "tags=,,,", "locked=x",
]
TYPES = [
    "text/xml", "text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "", "x" * 300,
    "application/octet-stream", "application/openstack-images-v2.1-json-patch", "application/x-www-form-urlencoded",
]
HUGE = [b"1e400", b"-1e400", b"1" * 400, b"9223372036854775808", b"-9223372036854775809", b"1.7976931348623157e308",
        b"9223372036854775807", b"-9223372036854775808", b"0.0000000001e-400", b"01", b"1."]
# Attributes that services read themselves, where the schema of a body says no more than "an object".
ATTRIBUTES = {
    "identity": {
        "name": ["x", "admin", "Default"], "domain_id": ["default", None], "enabled": [True, False, "false"], "id": ["x", "default"],
        "description": ["x", None], "parent_id": [None], "is_domain": [True, False], "password": ["secret-password", ""],
        "original_password": ["x"], "default_project_id": [None], "options": [{"immutable": True}, {"lock_password": "x"}],
        "tags": [["a", "b"], ["a", "a"]], "type": ["ec2", "cert", "compute"], "blob": ['{"access": "a", "secret": "b"}', "{"],
        "user_id": [None], "project_id": [None], "url": ["http://x/%(tenant_id)s", "x"], "interface": ["public", "x"],
        "service_id": [None], "region_id": ["RegionOne", None], "parent_region_id": ["RegionOne", "x"], "secret": ["x"],
        "roles": [[{"name": "member"}], [{"id": "x"}], [{}]], "expires_at": ["2030-01-01T00:00:00Z", "x", "0000-00-00"],
        "unrestricted": [True], "access_rules": [[{"service": "compute", "method": "GET", "path": "/v2.1/servers"}], [{}], ["x"]],
        "resource_name": ["x"], "default_limit": [10, -2], "resource_limit": [10, -2], "tenant_id": [None], "email": ["x"],
        "credentials": [{"access": "x", "signature": "y", "host": "h", "verb": "GET", "path": "/", "params": {}}, {}],
        "identity": [
            {"methods": ["password"], "password": {"user": {"name": "x", "domain": {"id": "default"}, "password": "y"}}},
            {"methods": ["password"], "password": {"user": {"id": "x", "password": 1}}},
            {"methods": ["token"], "token": {"id": "x"}}, {"methods": ["token", "password"]}, {"methods": [1]}, {"methods": "x"},
            {"methods": ["application_credential"], "application_credential": {"id": "x", "secret": "y"}}, {"methods": []},
        ],
        "scope": ["unscoped", {"project": {"id": "x"}}, {"domain": {"id": "default"}}, {"system": {"all": True}}, {}, []],
    },
    "image": {
        "name": ["x", None], "visibility": ["private", "shared", "community", "public", "x"], "disk_format": ["raw", "qcow2", "x"],
        "container_format": ["bare", "x"], "min_disk": [0, -1, 2**31], "min_ram": [0, -1], "tags": [["a"], ["a", "a"], "x"],
        "protected": [True, "x"], "os_hidden": [False], "id": ["x"], "owner": ["x"], "status": ["active"], "os_hash_algo": ["md5"],
        "locations": [[], [{"url": "file:///etc/passwd", "metadata": {}}]], "member": ["x"], "size": [-1],
        "method": [{"name": "glance-direct"}, {"name": "web-download", "uri": "http://127.0.0.1:1/x"}, {"name": "x"}, {}, "x",
                   {"name": "web-download", "uri": "file:///etc/passwd"}, {"name": "copy-image"}],
        "type": ["import"], "input": [{"import_from": "http://127.0.0.1:1/x", "import_from_format": "raw", "image_properties": {}}],
        "kernel_id": ["x"], "custom": ["x"],
    },
    "network": {
        "name": ["x", ""], "network_id": ["x"], "cidr": ["10.1.0.0/24", "10.1.0.0/33", "::/0", "0.0.0.0/0", "10.1.0.5/24", "x"],
        "ip_version": [4, 6, 5], "gateway_ip": ["10.1.0.1", None, "x", "10.2.0.1"], "enable_dhcp": [True, False],
        "allocation_pools": [[{"start": "10.1.0.2", "end": "10.1.0.9"}], [{"start": "10.1.0.9", "end": "10.1.0.2"}], [{}], "x"],
        "fixed_ips": [[{"ip_address": "10.1.0.5"}], [{"subnet_id": "x"}], [{}], "x"], "mac_address": ["fa:16:3e:00:00:01", "x"],
        "device_id": ["x"], "device_owner": ["compute:nova", "network:dhcp"], "security_groups": [["x"]], "mtu": [68, 0, -1, 2**31],
        "admin_state_up": [True, "x"], "shared": [True], "dns_nameservers": [["8.8.8.8"], ["x"], ["8.8.8.8"] * 50], "tenant_id": ["x"],
        "host_routes": [[{"destination": "10.3.0.0/24", "nexthop": "10.1.0.1"}], [{}]], "project_id": ["x"], "description": ["x"],
        "provider:network_type": ["vlan"], "router:external": [True], "binding:host_id": ["x"], "port_security_enabled": [False],
    },
}


class Cloud:
    def __init__(self, bases):
        self.bases = bases

    def send(self, api, verb, target, headers, body=None):
        """Status, headers and body of an answer."""
        base = urllib.parse.urlsplit(self.bases[api])
        connection = http.client.HTTPConnection(base.hostname, base.port, timeout=DEADLINE)
        try:
            connection.putrequest(verb, target, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, str(answer.headers), answer.read()
        finally:
            connection.close()

    def json(self, api, verb, target, token, value=None, version="2.96"):
        headers = {"X-Auth-Token": token, "Content-Type": "application/json", "OpenStack-API-Version": f"compute {version}"}
        body = None if value is None else json.dumps(value).encode()
        status, _, text = self.send(api, verb, target, headers, body)
        if status >= 300:
            raise SystemExit(f"{verb} {target}: {status} {text[:500]}")
        return json.loads(text) if text else {}

    def login(self, name, password, project):
        domain = {"id": "default"}
        auth = {"identity": {"methods": ["password"],
                             "password": {"user": {"name": name, "password": password, "domain": domain}}},
                "scope": {"project": {"name": project, "domain": domain}}}
        body = json.dumps({"auth": auth}).encode()
        status, headers, text = self.send("identity", "POST", "/v3/auth/tokens", {"Content-Type": "application/json"}, body)
        if status != 201:
            raise SystemExit(f"login of {name}: {status} {text[:500]}")
        return next(line.split(": ", 1)[1] for line in headers.splitlines() if line.lower().startswith("x-subject-token:"))


def objects(cloud, token, mark, is_admin):
    """What a project has, each with the mark in it: ids by the word before them in paths."""
    ids = collections.defaultdict(list)

    def make(api, path, word, **members):
        return cloud.json(api, "POST", path, token, {word: members})[word]

    def named(api, path, word, **members):
        ids[path.rsplit("/", 1)[1]].append(str(make(api, path, word, name=f"{mark}-{word}", **members)["id"]))
        return ids[path.rsplit("/", 1)[1]][-1]

    flavor = "1"
    if is_admin:
        named("identity", "/v3/projects", "project", domain_id="default")
        named("identity", "/v3/groups", "group", domain_id="default")
        user = named("identity", "/v3/users", "user", domain_id="default", password="secret-password")
        named("identity", "/v3/domains", "domain")
        ids["credentials"] += [make("identity", "/v3/credentials", "credential", type="cert", blob=mark, user_id=user)["id"]]
        named("compute", "/v2.1/os-aggregates", "aggregate")
        flavor = named("compute", "/v2.1/flavors", "flavor", ram=64, vcpus=1, disk=1, **{"os-flavor-access:is_public": False})
    ids["images"] += [cloud.json("image", "POST", "/v2/images", token, {
        "name": f"{mark}-image", "disk_format": "raw", "container_format": "bare", "visibility": "private"})["id"]
        for _ in range(3)]
    network = named("network", "/v2.0/networks", "network")
    named("network", "/v2.0/subnets", "subnet", network_id=network, ip_version=4, cidr="10.99.0.0/24" if is_admin else "10.98.0.0/24")
    named("network", "/v2.0/ports", "port", network_id=network)
    named("compute", "/v2.1/os-server-groups", "server_group", policy="affinity")
    group = cloud.json("compute", "POST", "/v2.1/os-security-groups", token,
                       {"security_group": {"name": f"{mark}-group", "description": mark}}, "2.1")["security_group"]["id"]
    ids["os-security-groups"] += [str(group)]
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHV0f1yQh9j2m3x3x2fYw0bq1mA7g3a9Z2zN6s1N0b6H " + mark
    key_name = "foreign-key" if is_admin else "own-key"
    make("compute", "/v2.1/os-keypairs", "keypair", name=key_name, public_key=key)
    ids["os-keypairs"] += [key_name]
    guest = cloud.json("image", "GET", "/v2/images?name=tiny-guest", token)["images"][0]["id"]
    shared = cloud.json("network", "GET", "/v2.0/networks?shared=true", token)["networks"][0]["id"]
    for number in range(3):
        ids["servers"] += [make(
            "compute", "/v2.1/servers", "server", name=f"{mark}-server-{number}", imageRef=guest, flavorRef=flavor,
            networks=[{"uuid": shared}], description=mark, metadata={"key": mark}, tags=[mark], key_name=key_name,
            user_data=base64.b64encode(mark.encode()).decode(), hostname=f"{mark}-host")["id"]]
    end = time.monotonic() + 60
    for server in ids["servers"]:
        while cloud.json("compute", "GET", f"/v2.1/servers/{server}", token)["server"]["status"] != "ACTIVE":
            if time.monotonic() > end:
                raise SystemExit(f"server {server} is not ACTIVE")
            time.sleep(0.2)
    shown = cloud.json("compute", "GET", f"/v2.1/servers/{ids['servers'][0]}", token)["server"]
    actions = cloud.json("compute", "GET", f"/v2.1/servers/{ids['servers'][0]}/os-instance-actions", token)
    ids["os-instance-actions"] += [action["request_id"] for action in actions["instanceActions"]]
    for word in ("os-quota-sets", "os-simple-tenant-usage", "tenants", "projects"):
        ids[word] += [shown["tenant_id"]]
    ids["users"] += [shown["user_id"]]
    ids["allocations"] = ids["servers"]
    if not is_admin:
        ids["guests"], ids["os-flavors"] = [guest], ["1"]
    return ids


def normal_user(cloud, token):
    """A token of a member of a project of his own."""
    project = cloud.json("identity", "POST", "/v3/projects", token, {"project": {"name": "plain", "domain_id": "default"}})
    user = cloud.json("identity", "POST", "/v3/users", token, {
        "user": {"name": "plain", "domain_id": "default", "password": "plain-password"}})
    role = cloud.json("identity", "GET", "/v3/roles?name=member", token)["roles"][0]["id"]
    place = f"/v3/projects/{project['project']['id']}/users/{user['user']['id']}/roles/{role}"
    cloud.json("identity", "PUT", place, token)
    return cloud.login("plain", "plain-password", "plain")


class Requests:
    """Wrong requests, the same ones for the same seed."""

    def __init__(self, seed, foreign, own):
        self.maker = documents.Maker(seed)
        self.random = self.maker.random
        self.documents = documents.load()
        self.ids = foreign
        self.own = own
        self.foreign = [text for list in foreign.values() for text in list]
        # What the administrator must not do to himself, or the cloud is his no more.
        self.vital = {foreign["projects"][-1], foreign["users"][-1]}
        self.routes = [
            (api, path, verb, operation, declared)
            for api, document in self.documents.items()
            for path, verbs in document["paths"].items()
            for verb, operation in verbs.items()
            for declared in operation["x-openstack-operations"]
        ]

    def pick(self, *choices):
        return self.random.choice(choices)

    def make(self, route, is_admin):
        """API, verb, target, headers and body; what is wrong with it."""
        api, path, verb, operation, declared = route
        wrong = self.pick("json", "types", "types", "nesting", "numbers", "utf8", "content type", "ids", "foreign", "foreign",
                          "foreign", "query", "query", "version", "token", "no body")
        target = self.target(path, verb, wrong, is_admin)
        if wrong == "query" or self.random.random() < 0.15:
            target += "?" + "&".join(self.random.choices(self.queries(operation), k=self.pick(1, 1, 3)))
        headers = {"Content-Type": "application/json", "Accept": self.pick("application/json", "*/*")}
        headers |= self.version(api, declared, wrong)
        if wrong == "content type":
            headers["Content-Type"] = self.pick(*TYPES)
        elif "requestBody" in operation and self.random.random() < 0.8:
            headers["Content-Type"] = self.pick(*operation["requestBody"]["content"])
        body = None
        if wrong != "no body" and ("requestBody" in operation or self.random.random() < 0.1):
            body = self.body(api, declared, wrong)
        return api, verb.upper(), target, headers, body, wrong

    def target(self, path, verb, wrong, is_admin):
        words = path.split("/")
        for index, word in enumerate(words):
            if not word.startswith("{"):
                continue
            known = [text for text in self.ids.get(words[index - 1], []) if not is_admin or text not in self.vital]
            foreign = [text for text in self.foreign if not is_admin or text not in self.vital]
            mine = self.own.get(words[index - 1], [])
            # What was deleted is of no more use.
            share = 0.02 if verb == "delete" else 0.2 if wrong == "foreign" else 0.8
            if mine and not is_admin and wrong != "ids" and self.random.random() < share:
                words[index] = urllib.parse.quote(self.random.choice(mine), safe="")
            elif known and (wrong == "foreign" or wrong != "ids" and self.random.random() < 0.4):
                words[index] = urllib.parse.quote(self.random.choice(known), safe="")
            elif wrong == "foreign" and self.random.random() < 0.7:
                words[index] = urllib.parse.quote(self.random.choice(foreign), safe="")
            else:
                words[index] = self.pick(str(uuid.UUID(int=self.random.getrandbits(128))), *BAD_IDS)
        return "/".join(words) or "/"

    def queries(self, operation):
        names = [item["name"] for item in operation.get("parameters", []) if item.get("in") == "query"]
        values = ["x", "-1", "", "%ff", "%00", "99999999999999999999", "a" * 300, "%5B", self.random.choice(self.foreign)]
        own = [f"{name}={urllib.parse.quote(self.random.choice(values), safe='%')}" for name in names]
        return QUERIES + own * 3 + [f"{name}={self.random.choice(self.foreign)}"
                                    for name in ("marker", "project_id", "tenant_id", "user_id", "owner", "device_id", "member_of")]

    def version(self, api, declared, wrong):
        if api not in ("compute", "placement"):
            return {}
        info = self.documents[api]["info"]
        low, high = info["x-openstack-min-version"], info["x-openstack-max-version"]
        low, high = declared.get("x-openstack-min-version", low), declared.get("x-openstack-max-version", high)
        major = low.split(".")[0]
        if wrong == "version":
            text = self.pick("0.0", "x", "2.", "99.99", "2.1.1", "-1", "2.99999999999999999999", " ", "latest latest", "2.0", "1")
        else:
            text = f"{major}.{self.random.randint(int(low.split('.')[1]), int(high.split('.')[1]))}"
        return {"OpenStack-API-Version": f"{api} {text}"}

    def body(self, api, declared, wrong):
        names = declared.get("bodies", [])
        schema = self.documents[api]["components"]["schemas"][self.random.choice(names).split("/")[-1]] if names else {}
        value = self.filled(api, schema, self.maker.valid(schema))
        value = self.with_ids(value, self.pick(0.1, 0.3) if wrong == "foreign" else self.pick(0, 0.1))
        if "action" in declared and not names:
            value = {declared["action"]: self.pick(None, {}, [], "x", self.maker.anything(2))}
        if wrong == "types":
            value = self.maker.nearly(schema) if names and self.random.random() < 0.4 else self.maker.spoiled(value)
        text = json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode()
        match wrong:
            case "json":
                at = self.random.randrange(len(text))
                return self.pick(text[:at], text[:at] + b"\x01" + text[at:], text + text, text[:at] + b"}" + text[at:], b"{", b"\x00",
                                 b"nul", b"'a'", b'{"a":1,}', b'{"a":1,"a":2}', b"\xef\xbb\xbf" + text, b"NaN", b"[Infinity]")
            case "nesting":
                deep = self.pick(60, 63, 64, 65, 1000, 30_000)
                opener, closer = self.pick((b"[", b"]"), (b'{"a":', b"}"))
                nested = opener * deep + b"1" + closer * deep
                return self.pick(nested, self.replaced(value, nested))
            case "numbers":
                return self.replaced(value, self.random.choice(HUGE))
            case "utf8":
                bad = self.pick(b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\\ud800", b"\\u0000", b"\xe2\x82")
                return self.replaced(value, b'"' + bad + b'"')
        return text

    def filled(self, api, schema, value):
        """The value with attributes that the service knows, where the schema takes any."""
        if api not in ATTRIBUTES or self.random.random() < 0.1:
            return value
        if isinstance(value, dict) and "properties" in schema:
            return {name: self.filled(api, schema["properties"].get(name, {}), member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.filled(api, schema.get("items", {}), element) for element in value]
        if schema != {} and "properties" not in schema and schema.get("type") != "object":
            return value
        known = ATTRIBUTES[api]
        chosen = {name: self.pick(*known[name]) for name in self.random.sample(list(known), k=self.pick(1, 2, 4, 8))}
        if api == "network" and self.random.random() < 0.8:
            mine = self.random.choice(self.ids["networks"] + self.own["networks"] * 3)
            chosen |= {"network_id": mine, "cidr": f"10.{self.random.randint(100, 250)}.0.0/24", "ip_version": 4}
        if api == "image" and schema == {} and self.random.random() < 0.7:
            return [{"op": self.pick("add", "replace", "remove", "x"), "path": "/" + self.pick(name, name, "", "a/b", "~2"),
                     "value": member} for name, member in chosen.items()]
        return chosen

    def replaced(self, value, text):
        """The value as JSON with one of its inner values replaced by bytes."""
        places = []

        def walk(inner, path):
            places.append(path)
            for key in inner if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else []:
                walk(inner[key], path + [key])

        def put(inner, path):
            if not path:
                return "@@here@@"
            copy = dict(inner) if isinstance(inner, dict) else list(inner)
            copy[path[0]] = put(inner[path[0]], path[1:])
            return copy

        walk(value, [])
        return json.dumps(put(value, self.random.choice(places))).encode().replace(b'"@@here@@"', text)

    def with_ids(self, value, share):
        """The value with some of its strings replaced by ids of the other project."""
        if isinstance(value, dict):
            known = {"imageRef": "guests", "flavorRef": "os-flavors", "key_name": "os-keypairs", "network_id": "networks"}
            return {name: self.random.choice(self.own[known[name]]) if name in known and self.random.random() < 0.8
                    else self.with_ids(member, share) for name, member in value.items()}
        if isinstance(value, list):
            return [self.with_ids(element, share) for element in value]
        if not isinstance(value, str) or self.random.random() >= share:
            return value
        return self.random.choice(self.foreign if self.random.random() < 0.7 else [text for list in self.own.values() for text in list])


def main():
    parser = argparse.ArgumentParser()
    for name in documents.NAMES:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    arguments = parser.parse_args()
    cloud = Cloud({name: getattr(arguments, name) for name in documents.NAMES})
    admin = cloud.login(os.environ["OS_USERNAME"], os.environ["OS_PASSWORD"], os.environ["OS_PROJECT_NAME"])
    foreign = objects(cloud, admin, MARKER, is_admin=True)
    user = normal_user(cloud, admin)
    requests = Requests(arguments.seed, foreign, objects(cloud, user, "own", is_admin=False))
    statuses = collections.Counter()
    problems = collections.defaultdict(list)
    slowest = 0.0
    # Everything first as the other user, while all is there; the administrator may delete what he likes.
    routes = [(route, False) for route in requests.routes]
    while len(routes) < arguments.count * 2 // 3:
        routes.append((requests.random.choice(requests.routes), False))
    routes += [(requests.random.choice(requests.routes), True) for _ in range(max(arguments.count // 3, arguments.count - len(routes)))]
    reached = set()
    # The marker must be where it could leak from: the administrator sees it.
    _, _, text = cloud.send("compute", "GET", "/v2.1/servers/detail?all_tenants=1", {"X-Auth-Token": admin})
    if MARKER.encode() not in text:
        problems["no answer has anything of another project"].append("the administrator does not see the marker either")
    for route, is_admin in routes:
        api, verb, target, headers, body, wrong = requests.make(route, is_admin)
        if wrong == "token":
            headers["X-Auth-Token"] = requests.pick("", "x", "é".encode().decode("latin-1"), user[:-3], user + "A", "a" * 3000)
        else:
            headers["X-Auth-Token"] = admin if is_admin else user
        who = "admin" if is_admin else "user"
        shown = f"{who} {wrong}: {verb} {api} {target[:200]} {headers.get('OpenStack-API-Version', '')} {(body or b'')[:300]!r}"
        start = time.monotonic()
        try:
            status, answered, text = cloud.send(api, verb, target, headers, body)
        except (OSError, http.client.HTTPException) as error:
            problems["every request is answered in time"].append(f"{shown}: {error!r}")
            continue
        slowest = max(slowest, time.monotonic() - start)
        statuses[status] += 1
        reached.add((api, route[1], route[2], route[4].get("action")))
        # 501 is a refusal that Nova has, too: what the host's driver cannot do.
        if status >= 500 and status != 501:
            problems["no request meets a 5xx"].append(f"{shown}: {status} {text[:200]!r}")
        if not is_admin and (MARKER.encode() in text or MARKER in answered):
            at = max(text.find(MARKER.encode()) - 150, 0)
            problems["no answer has anything of another project"].append(f"{shown}: {status} {text[at : at + 300]!r}")
    for token, name in ((user, "the user"), (admin, "the administrator")):
        status, _, _ = cloud.send("compute", "GET", "/v2.1/servers", {"X-Auth-Token": token})
        if status != 200:
            problems["both tokens are still good"].append(f"{name}: {status}")
    kinds = {(api, path, verb, declared.get("action")) for api, path, verb, _, declared in requests.routes}
    if reached != kinds:
        problems["all routes are reached"] += [str(kind) for kind in sorted(kinds - reached, key=str)]
    for check in ("every request is answered in time", "no request meets a 5xx", "no answer has anything of another project",
                  "both tokens are still good", "all routes are reached"):
        found = problems.get(check, [])
        print(f"{'NOT OK' if found else 'ok    '}  {check}" + (f": {len(found)} times" if found else ""))
        for line in found[:25]:
            print(f"        | {line}")
    shown = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    print(f"requests: {len(routes)} over {len(kinds)} routes, slowest {slowest * 1000:.0f} ms; {shown}")
    return 1 if problems else 0


sys.exit(main())
