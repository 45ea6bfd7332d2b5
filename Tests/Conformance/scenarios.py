"""Plays the scenario files of Tests/Conformance/scenarios against the cloud that OS_* names (an administrator).

usage: scenarios.py [NAME...]

A file is one resource's life as steps (README.md beside the files says how to write one). Each is played at each of its
microversions, with requests through openstacksdk's session and then with python-novaclient. Prints `ok` or `NOT OK` for
each file and microversion, and `N passed, N failed`.
"""
import concurrent.futures
import os
import pathlib
import re
import string
import sys
import time
import uuid

import novaclient
import novaclient.client
import novaclient.exceptions
import openstack
import yaml

FOLDER = pathlib.Path(__file__).parent / "scenarios"
VERSIONS = ["2.1", "2.53", "2.72", "2.96", "latest"]
# How long a step with `retry` may take to come true.
PATIENCE = 30


class Loader(yaml.SafeLoader):
    """Without numbers that have a point: 2.10 is a microversion, and not 2.1."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":float")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Failed(Exception):
    """What is not as the scenario says."""


def number(version):
    """A microversion as what can be compared; `latest` is newer than all."""
    return (1 << 30, 0) if version in (None, "latest") else tuple(int(part) for part in version.split("."))


def within(version, span):
    """Whether a microversion is in a span: `2.5-`, `-2.4`, `2.5-2.9`."""
    first, _, last = span.partition("-")
    return (not first or number(version) >= number(first)) and (not last or number(version) <= number(last))


def choose(version, value):
    """A value, or what a mapping from spans to values has for the microversion."""
    if not isinstance(value, dict):
        return value
    return next(choice for span, choice in value.items() if within(version, span))


def fill(value, names):
    """The value with `$name` replaced; a text that is nothing else becomes what was saved, of whatever type."""
    if isinstance(value, dict):
        return {fill(key, names): fill(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"\$\w+", value):
        return names[value[1:]]
    return string.Template(value).substitute(names)


def find(value, path):
    """What lies at a path such as `servers[id=7].flavor.name`."""
    for name, index in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", path or ""):
        if name and (not isinstance(value, dict) or name not in value):
            raise Failed(f"there is no {name} of {path} in {str(value)[:300]}")
        if name:
            value = value[name]
        elif "=" in index:
            key, _, wanted = index.partition("=")
            value = next((item for item in value if str(item.get(key)) == wanted), None)
            if value is None:
                raise Failed(f"no item has {index} in {path}")
        else:
            value = value[int(index)]
    return value


def check_members(found, members, version, what):
    """An object has exactly the members that fit the microversion: `name`, `(name)` that may be there, `name 2.5-`."""
    wanted, free = set(), set()
    for member in members:
        name, _, span = member.partition(" ")
        if not span or within(version, span):
            (free if name.startswith("(") else wanted).add(name.strip("()"))
    missing, others = wanted - found, found - wanted - free
    if missing or others:
        raise Failed(f"{what} has no {sorted(missing)}" if missing else f"{what} has also {sorted(others)}")


def check_values(step, names, read):
    for path, wanted in (step.get("expect") or {}).items():
        wanted = fill(wanted, names)
        found = read(fill(path, names))
        if found != wanted:
            raise Failed(f"{path} is {found!r} instead of {wanted!r}")


class Player:
    """One scenario at one microversion."""

    def __init__(self, cloud, scenario, version):
        self.cloud, self.scenario, self.version = cloud, scenario, version
        self.names = dict(cloud.names, unique="s" + uuid.uuid4().hex[:10])
        self.clients = {}

    def play(self):
        for kind, perform in (("steps", self.request), ("novaclient", self.call)):
            if kind == "novaclient" and self.version == "latest":
                self.version = novaclient.API_MAX_VERSION.get_string()
            for step in self.scenario.get(kind) or []:
                if "only" in step and not within(self.version, step["only"]):
                    continue
                title = f"{kind}: {step.get('note') or fill(step['call'], self.names)}"
                try:
                    self.repeat(perform, step)
                except (Failed, KeyError, IndexError, TypeError) as why:
                    raise Failed(f"{title}: {why}") from None

    def repeat(self, perform, step):
        end = time.monotonic() + (PATIENCE if step.get("retry") else 0)
        while True:
            try:
                return perform(step)
            except Failed:
                if time.monotonic() >= end:
                    raise
            time.sleep(0.2)

    def request(self, step):
        verb, path = fill(step["call"], self.names).split(" ", 1)
        service = self.scenario.get("service", "compute")
        extra = {"json": fill(step["with"], self.names)} if "with" in step else {}
        if "data" in step:
            extra["data"] = fill(step["data"], self.names).encode()
        if "base" in self.scenario:
            extra["endpoint_override"] = self.cloud.session.get_endpoint(service_type=service).replace(
                "/v2.1", self.scenario["base"])
        elif self.version:
            extra["microversion"] = self.version
        answer = self.cloud.sessions[step.get("as", self.scenario.get("as", "member"))].request(
            path, verb, endpoint_filter={"service_type": service, "interface": "public"}, raise_exc=False,
            headers=step.get("headers") or {}, redirect=False, **extra)
        status = choose(self.version, step.get("status", 200))
        if answer.status_code != status:
            raise Failed(f"status {answer.status_code} instead of {status}: {answer.text[:300]}")
        is_json = "json" in answer.headers.get("Content-Type", "")
        body = answer.json() if is_json and answer.content else answer.text
        if "text" in step and body != step["text"]:
            raise Failed(f"the body is {str(body)[:200]!r}")
        if "members" in step:
            place = find(body, fill(step.get("at"), self.names) if step.get("at") else "")
            check_members(set(place), step["members"], self.version, step.get("at") or "the body")
        check_values(step, self.names, lambda path: find(body, path))
        for name, path in (step.get("save") or {}).items():
            self.names[name] = find(body, fill(path, self.names))

    def call(self, step):
        """`manager.method` of a client, or a method of what was saved."""
        role = step.get("as", self.scenario.get("as", "member"))
        if role not in self.clients:
            self.clients[role] = self.cloud.novaclient(role, self.version)
        target, method = step["call"].rsplit(".", 1)
        owner = self.names[target[1:]] if target.startswith("$") else getattr(self.clients[role], target)
        try:
            found = getattr(owner, method)(**fill(step.get("with") or {}, self.names))
        except novaclient.exceptions.ClientException as why:
            if type(why).__name__ == step.get("raises"):
                return
            raise Failed(f"{type(why).__name__}: {why}") from None
        if "raises" in step:
            raise Failed(f"did not raise {step['raises']}")
        if "contains" in step:
            wanted = fill(step["contains"], self.names)
            if not any(all(getattr(item, key, None) == value for key, value in wanted.items()) for item in found):
                raise Failed(f"no item has {wanted}")
        if "members" in step:
            check_members(set(found.to_dict()), step["members"], self.version, str(found))
        check_values(step, self.names, lambda path: find(found.to_dict(), path))
        if "save" in step:
            self.names[step["save"]] = found


class Cloud:
    """The sessions of an administrator and of a member of a project of their own, and what scenarios may name."""

    def __init__(self):
        admin = openstack.connect(load_envvars=True, load_yaml_config=False)
        mark = uuid.uuid4().hex[:10]
        domain = admin.identity.find_domain(os.environ.get("OS_USER_DOMAIN_NAME", "Default"))
        project = admin.identity.create_project(name=f"scenarios-{mark}", domain_id=domain.id)
        user = admin.identity.create_user(
            name=f"scenarios-{mark}", password=mark, domain_id=domain.id, default_project_id=project.id)
        role = admin.identity.find_role("member")
        admin.identity.assign_project_role_to_user(project, user, role)
        quota = {"quota_set": {"instances": -1, "cores": -1, "ram": -1, "key_pairs": -1, "server_groups": -1}}
        admin.compute.put(f"/os-quota-sets/{project.id}", json=quota)
        member = openstack.connect(
            auth={
                "auth_url": os.environ["OS_AUTH_URL"], "username": user.name, "password": mark,
                "project_id": project.id, "user_domain_id": domain.id,
            }, cacert=os.environ.get("OS_CACERT"), region_name=os.environ.get("OS_REGION_NAME"),
            load_envvars=False, load_yaml_config=False)
        self.session = admin.session
        self.sessions = {"admin": admin.session, "member": member.session}
        hosts = sorted(s.host for s in admin.compute.services() if s.binary == "nova-compute")
        self.names = {
            "project": project.id, "user": user.id, "admin_project": admin.current_project_id, "domain": domain.id,
            "image": next(admin.image.images(status="active")).id,
            "flavor": next(f.id for f in admin.compute.flavors() if f.name == "m1.tiny"),
            "network": next(admin.network.networks()).id, "host": hosts[-1],
        }

    def novaclient(self, role, version):
        return novaclient.client.Client(
            version, session=self.sessions[role], service_type="compute",
            endpoint_type="public")


def play(cloud, name, scenario):
    """The lines that a file's scenarios give."""
    service = scenario.get("service", "compute")
    for version in scenario.get("versions", VERSIONS if service == "compute" else [None]):
        start = time.monotonic()
        title = f"{name} {version}" if version else name
        try:
            Player(cloud, scenario, version).play()
            yield True, f"ok      {title} ({time.monotonic() - start:.1f} s)"
        except Failed as why:
            yield False, f"NOT OK  {title}\n        | {why}"


def main():
    files = sorted(FOLDER.glob("*.yaml"))
    if sys.argv[1:]:
        files = [file for file in files if file.stem in sys.argv[1:]]
    scenarios = {file.stem: yaml.load(file.read_text(), Loader) for file in files}
    cloud = Cloud()
    passed = failed = 0
    # Files side by side, the microversions of a file in turn: they may change the same thing.
    with concurrent.futures.ThreadPoolExecutor(max_workers=6) as pool:
        jobs = [pool.submit(lambda item=item: list(play(cloud, *item))) for item in scenarios.items()]
        for job in concurrent.futures.as_completed(jobs):
            for good, line in job.result():
                passed, failed = passed + good, failed + (not good)
                print(line, flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
