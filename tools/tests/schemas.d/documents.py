"""The documents of proto-spec/api as tests use them: operations, schemas, and values that schemas accept."""

import json
import pathlib
import random

import jsonschema
import jsonschema.validators
import regex

ROOT = pathlib.Path(__file__).resolve().parents[3]
NAMES = ["compute", "identity", "image", "network", "placement"]

# What generated strings are taken from: some that a rule wants, and some that it nearly wants.
STRINGS = [
    "", "a", "a" * 255, "a" * 256, "name", " lead", "trail ", "with space", "two\nlines", "line\n", "tab\t", "\x00", "a\x00b", "\x7f",
    "é", "ünï-cödé", "日本語", "😀", "\u200b", "\u00a0x", "x\u2028y", "\ue000", "a,b", "a/b", "a:b", "a-b.c_d", "-", "-a", "a-",
    "0", "1", "-1", "-0", "00", "007", "5\n", "+5", "1.0", "1.5", ".5", "5.", "1e3", "½", "٣", "2147483647", "2147483648",
    "-2147483648", "9223372036854775807", "9223372036854775808", "99999999999999999999999999", "0x10", "NaN",
    "true", "True", "TRUE", "tRue", "on", "off", "yes", "no", "None", "null",
    "6f70656e-7374-6163-6b20-342065766572", "6f70656e737461636b20342065766572", "6F70656E-7374-6163-6B20-342065766572",
    "6f70656e-7374-6163-6b20-34206576657", "6f70656e-7374-6163-6b20-3420657665722", "6f70656e-7374-6163-6b20-34206576657g",
    "-6f70656e737461636b20342065766572-", "6f70656e--7374-6163-6b20-342065766572", "{6f70656e-7374-6163-6b20-342065766572}",
    "127.0.0.1", "127.0.0.01", "127.0.0", "256.1.1.1", "1.2.3.4\n", "1.2.3.4\x00", "::1", "fe80::1%eth0", "::ffff:1.2.3.4",
    "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "12345::", "2001:db8::",
    "YWJj", "YWI=", "YQ==", "YQ=", "YQ", "Y", "YW Jj", "YW\nJj", "YWJj\r\n", "=", "====", "YQ==YQ==", "YWJ_", "not base64!",
    "ssh", "x509", "AUTO", "MANUAL", "auto", "none", "volume", "image", "blank", "affinity", "HARD", "SOFT",
]


def load():
    """Each document by name."""
    return {name: json.loads((ROOT / f"proto-spec/api/{name}.json").read_text()) for name in NAMES}


def ecma(pattern):
    """A pattern in the words of the regex module: there "$" would also match before a last newline."""
    out, in_class, at = [], False, 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            out.append(pattern[at : at + 2])
            at += 2
            continue
        if character == "[":
            in_class = True
        elif character == "]":
            in_class = False
        out.append(r"\Z" if character == "$" and not in_class else character)
        at += 1
    return regex.compile("".join(out))


patterns = {}


def matches(pattern, text):
    if pattern not in patterns:
        patterns[pattern] = ecma(pattern)
    return patterns[pattern].search(text) is not None


def check_pattern(validator, pattern, instance, schema):
    if isinstance(instance, str) and not matches(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


# JSON Schema 2020-12 with patterns as ECMAScript has them, and with integers as Draft 4 (and Nova) has them: 1.0 is none.
Reference = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": check_pattern}, type_checker=jsonschema.Draft4Validator.TYPE_CHECKER
)
FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER


def reference(schema):
    # Patterns are compiled when they are used: those of Unicode classes are none for python's own module.
    Reference.check_schema(schema, format_checker=jsonschema.FormatChecker(formats=()))
    return Reference(schema, format_checker=FORMATS)


class Maker:
    """Makes values up, the same ones for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.fitting = {}
        # How often a string, a number or a list is near what its schema allows instead of within.
        self.looseness = 0.0

    def valid(self, schema, depth=0):
        """A value that the schema accepts, as far as strings are known that do."""
        pick = self.random
        if schema is True or schema == {}:
            return self.anything(2)
        if "anyOf" in schema:
            return self.valid(pick.choice(schema["anyOf"]), depth)
        if "enum" in schema:
            return pick.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self.object(schema, depth)
        if kind == "array":
            low = schema.get("minItems", 0)
            high = max(low, min(schema.get("maxItems", low + 3), low + 3))
            if self.is_loose():
                low = high = pick.choice([max(low - 1, 0), low, schema.get("maxItems", high), schema.get("maxItems", high) + 1])
            return [self.valid(schema.get("items", {}), depth + 1) for _ in range(pick.randint(low, high))]
        if kind in ("integer", "number"):
            low = int(schema.get("minimum", -5))
            high = int(min(schema.get("maximum", low + 1000), 2**63 - 1))
            if self.is_loose():
                near = pick.choice([low - 1, low, high, high + 1, 0])
                return pick.choice([near, float(near), str(near)]) if -(2**63) <= near < 2**63 else str(near)
            value = pick.choice([low, high, min(low + 1, high), pick.randint(low, high)])
            return value if kind == "integer" or pick.random() < 0.5 else value + 0.5 if value + 1 < high else float(value)
        if kind == "string":
            return self.string(schema)
        if kind == "boolean":
            return pick.random() < 0.5
        return None

    def is_loose(self):
        return self.random.random() < self.looseness

    def nearly(self, schema):
        """A value that the schema may accept or not."""
        self.looseness = 0.25
        value = self.valid(schema)
        self.looseness = 0.0
        return value

    def string(self, schema):
        low, high = schema.get("minLength", 0), schema.get("maxLength")
        if high and high > 5000 and self.random.random() < 0.9:
            high = None  # now and then is enough: what is so long is slow
        pattern = schema.get("pattern")
        if self.is_loose():
            lengths = [max(low - 1, 0), low] + ([high, high + 1] if high and high <= 70_000 else [])
            bound = self.random.choice("a1é/,\n") * self.random.choice(lengths)
            at = self.random.randint(0, 3)
            inner = "ab12"[:at] + self.random.choice(",/:;. \t\n\x00-_=+é\u00a0") + "ab12"[at:]
            numbers = regex.findall(r"\d{2,}", pattern or "") or [bound]
            return self.random.choice([self.random.choice(STRINGS), self.random.choice(numbers), bound, inner, inner])
        key = json.dumps(schema)
        if key not in self.fitting:
            checker = reference(schema)
            self.fitting[key] = [text for text in STRINGS if checker.is_valid(text)]
        fitting = self.fitting[key]
        if self.random.random() < 0.2:
            # At the bounds, of characters that most rules take.
            long = self.random.choice(["a", "1", "YWJj"])
            for length in (high, low):
                if length and length <= 70_000:
                    text = (long * length)[:length]
                    if pattern is None or matches(pattern, text):
                        return text
        return self.random.choice(fitting) if fitting else self.random.choice(STRINGS)

    def object(self, schema, depth):
        members = {}
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        names = [name for name in properties if name in required or self.random.random() < (0.35 if depth else 0.6)]
        for name in names:
            members[name] = self.valid(properties[name], depth + 1)
        others = schema.get("additionalProperties", {})
        low = schema.get("minProperties", 0)
        if others is not False:
            keys = schema.get("propertyNames")
            for _ in range(max(low - len(members), self.random.randint(0, 2))):
                name = self.string(keys | {"type": "string"}) if keys else self.random.choice(STRINGS)
                members[name] = self.valid(others, depth + 1)
            for name in list(members)[schema.get("maxProperties", len(members)) :]:
                del members[name]
        elif len(members) < low and properties:
            name = self.random.choice(list(properties))
            members[name] = self.valid(properties[name], depth + 1)
        return members

    def anything(self, depth):
        """Any JSON."""
        kinds = ["null", "bool", "integer", "number", "string", "string"] + (["array", "object"] if depth else [])
        match self.random.choice(kinds):
            case "null":
                return None
            case "bool":
                return self.random.random() < 0.5
            case "integer":
                return self.random.choice([0, 1, -1, 255, 256, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, -(2**63)])
            case "number":
                return self.random.choice([0.5, -0.5, 1.0, 1e300, -1e-300, 3.5e38])
            case "string":
                return self.random.choice(STRINGS)
            case "array":
                return [self.anything(depth - 1) for _ in range(self.random.randint(0, 3))]
            case _:
                return {self.random.choice(STRINGS): self.anything(depth - 1) for _ in range(self.random.randint(0, 3))}

    def spoiled(self, value):
        """The value with one change somewhere inside."""
        places = []

        def walk(inner, path):
            places.append(path)
            if isinstance(inner, dict):
                for name in inner:
                    walk(inner[name], path + [name])
            elif isinstance(inner, list):
                for index in range(len(inner)):
                    walk(inner[index], path + [index])

        walk(value, [])
        # What lies deep is spoiled as often as what does not.
        depth = self.random.choice(sorted({len(path) for path in places}))
        path = self.random.choice([path for path in places if len(path) == depth])
        return self.changed(value, path)

    def changed(self, value, path):
        if path:
            copy = dict(value) if isinstance(value, dict) else list(value)
            if len(path) == 1 and self.random.random() < 0.15:
                del copy[path[0]]
            else:
                copy[path[0]] = self.changed(value[path[0]], path[1:])
            return copy
        if isinstance(value, dict) and self.random.random() < 0.6:
            return value | {self.random.choice(["x", "", "name", "id", "extra"]): self.anything(1)}
        if isinstance(value, list) and self.random.random() < 0.6:
            return value + (self.random.choice([value, [self.anything(1)], value * 60]) or [None])
        if isinstance(value, str) and self.random.random() < 0.5:
            return self.random.choice([value + "\n", value + "x", " " + value, value * 300, value[:-1], value.upper()])
        if isinstance(value, (int, float)) and not isinstance(value, bool) and self.random.random() < 0.5:
            near = self.random.choice([value + 1, value - 1, -value, str(value), float(value), value + 0.5])
            return near if isinstance(near, str) or -(2**63) <= near < 2**63 else str(value)
        return self.anything(2)
