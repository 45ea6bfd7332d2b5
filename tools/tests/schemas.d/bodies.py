"""Made-up bodies for every schema of proto-spec/api, and the comparison of two judgements of them."""

import argparse
import collections
import json
import sys

import documents


def make(arguments):
    maker = documents.Maker(arguments.seed)
    with open(arguments.cases, "w", encoding="utf-8") as out:
        for name, document in documents.load().items():
            for schema_name, schema in document["components"]["schemas"].items():
                for index in range(arguments.count):
                    match index % 10:
                        case 0 | 1 | 2:
                            value = maker.valid(schema)
                        case 3 | 4 | 5:
                            value = maker.nearly(schema)
                        case 9:
                            value = maker.anything(4)
                        case _:
                            value = maker.valid(schema)
                            for _ in range(maker.random.choice([1, 1, 2])):
                                value = maker.spoiled(value)
                    text = json.dumps(value, ensure_ascii=maker.random.random() < 0.5)
                    out.write(f"{name}\t{schema_name}\t{text}\n")


def compare(arguments):
    schemas = {
        (name, schema_name): documents.reference(schema)
        for name, document in documents.load().items()
        for schema_name, schema in document["components"]["schemas"].items()
    }
    counts = collections.Counter()
    seen = set()
    with open(arguments.cases, encoding="utf-8") as cases, open(arguments.verdicts, encoding="utf-8") as verdicts:
        for case, verdict in zip(cases, verdicts, strict=True):
            name, schema_name, text = case.rstrip("\n").split("\t", 2)
            verdict = verdict.strip()
            seen.add((name, schema_name))
            if verdict == "malformed":
                counts["malformed"] += 1
                continue
            error = jsonschema_error(schemas[name, schema_name], json.loads(text))
            counts["refused" if error else "accepted"] += 1
            if (error is None) != (verdict == "1"):
                counts["differ"] += 1
                if counts["differ"] <= 12:
                    ours = "accepts" if verdict == "1" else "refuses"
                    print(f"{name} {schema_name}: NovaSchema {ours} {text[:400]}")
                    print(f"    jsonschema: {error.message[:300] if error else 'accepts'}")
    total = counts["accepted"] + counts["refused"]
    print(f"{total} bodies of {len(seen)} schemas: {counts['accepted']} accepted, {counts['refused']} refused, "
          f"{counts['differ']} differ, {counts['malformed']} no JSON for us")
    # A comparison of nothing but refusals, or of a few schemas, would say nothing.
    is_fair = len(seen) == len(schemas) > 100 and min(counts["accepted"], counts["refused"]) > total / 5
    return 0 if counts["differ"] == 0 and is_fair and counts["malformed"] < total / 50 else 1


def jsonschema_error(validator, value):
    return next(validator.iter_errors(value), None)


parser = argparse.ArgumentParser()
commands = parser.add_subparsers(required=True)
one = commands.add_parser("make")
one.add_argument("--seed", type=int, required=True)
one.add_argument("--count", type=int, required=True)
one.add_argument("--cases", required=True)
one.set_defaults(run=make)
two = commands.add_parser("compare")
two.add_argument("--cases", required=True)
two.add_argument("--verdicts", required=True)
two.set_defaults(run=compare)
options = parser.parse_args()
sys.exit(options.run(options) or 0)
