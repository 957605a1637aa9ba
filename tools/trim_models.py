#!/usr/bin/env python3
"""Trims botocore's service models to what Signalbox needs of them: names, types, constraints, errors; no prose.

usage: trim_models.py [--botocore DIR] [--query-names FILE] [--without OPERATION]... [--only FILE] SERVICE [OUT]

SERVICE is botocore's folder name (events, sqs, ...). --botocore names an installed botocore package (default: the
importable one). --query-names names an older model of the same service that still spoke the query protocol: the names
its shapes have there are merged in, for services that answer both protocols (SQS). --without leaves out operations
whose shapes the generator cannot carry (GetLogFields of logs, which is recursive). --only names a file of operations,
one a line: all others keep their names and paths only, so that they are refused by name. Writes OUT, by default
models/SERVICE.json.
"""

import argparse
import gzip
import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
METADATA = ("apiVersion", "awsQueryCompatible", "endpointPrefix", "jsonVersion", "protocol", "protocols",
            "serviceFullName", "serviceId", "signingName", "targetPrefix", "xmlNamespace")
SHAPE = ("type", "required", "members", "member", "key", "value", "enum", "min", "max", "pattern", "error",
         "exception", "fault", "flattened", "locationName", "payload", "timestampFormat", "xmlNamespace", "jsonvalue",
         "xmlOrder")
REFERENCE = ("shape", "locationName", "location", "queryName", "flattened", "timestampFormat", "jsonvalue",
             "idempotencyToken", "streaming", "xmlAttribute", "xmlNamespace", "min", "max", "pattern", "enum")


def load(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def newest_model(botocore, service):
    folder = os.path.join(botocore, "data", service)
    version = sorted(name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name)))[-1]
    for name in ("service-2.json.gz", "service-2.json"):
        path = os.path.join(folder, version, name)
        if os.path.exists(path):
            return load(path)
    raise SystemExit(f"no model of {service} in {folder}")


def pick(source, names):
    return {name: source[name] for name in names if name in source}


def trim_shape(shape):
    trimmed = pick(shape, SHAPE)
    if "members" in trimmed:
        trimmed["members"] = {name: pick(member, REFERENCE) for name, member in trimmed["members"].items()}
    for part in ("member", "key", "value"):
        if part in trimmed:
            trimmed[part] = pick(trimmed[part], REFERENCE)
    return trimmed


def trim_operation(operation):
    trimmed = pick(operation, ("http", "requestcompression"))
    for part in ("input", "output"):
        if part in operation:
            trimmed[part] = pick(operation[part], ("shape", "resultWrapper", "locationName"))
    if operation.get("errors"):
        trimmed["errors"] = [error["shape"] for error in operation["errors"]]
    return trimmed


def merge_query_names(model, older):
    """Gives the model's shapes the names that they have in the query protocol: of members as queryName, since their
    locationName would be that in JSON, too."""
    model["metadata"]["xmlNamespace"] = older["metadata"]["xmlNamespace"]
    for name, shape in model["shapes"].items():
        before = older["shapes"].get(name)
        if before is None:
            continue
        for part in ("locationName", "flattened", "error"):
            if part in before:
                shape[part] = before[part]
        for part in ("member", "key", "value"):
            if part in shape and "locationName" in before.get(part, {}):
                shape[part]["locationName"] = before[part]["locationName"]
        for member, reference in shape.get("members", {}).items():
            for ours, part in (("queryName", "locationName"), ("flattened", "flattened")):
                if part in before.get("members", {}).get(member, {}):
                    reference[ours] = before["members"][member][part]


# What AWS answers though no published model has it yet: members of a service's structures, and the shapes they refer to.
NOT_IN_MODELS = {
    "cloudwatch": {
        "members": {"DescribeAlarmsOutput": {"LogAlarms": {"shape": "LogAlarms"}}},
        "shapes": {
            "LogAlarm": {"type": "structure",
                         "members": {"AlarmName": {"shape": "AlarmName"}, "AlarmArn": {"shape": "AlarmArn"}}},
            "LogAlarms": {"type": "list", "member": {"shape": "LogAlarm"}},
        },
    },
}


def add_known(model, service):
    known = NOT_IN_MODELS.get(service, {"members": {}, "shapes": {}})
    for shape, members in known["members"].items():
        for name, reference in members.items():
            model["shapes"][shape]["members"].setdefault(name, reference)
    for name, shape in known["shapes"].items():
        model["shapes"].setdefault(name, shape)


def keep_only(model, wanted):
    """Leaves of all other operations their names and paths, and the shapes that are still referred to."""
    used = set()

    def use(name):
        if name in used:
            return
        used.add(name)
        shape = model["shapes"][name]
        for reference in [*shape.get("members", {}).values(),
                          *(shape[part] for part in ("member", "key", "value") if part in shape)]:
            use(reference["shape"])

    for name, operation in model["operations"].items():
        if name not in wanted:
            model["operations"][name] = pick(operation, ("http",))
            continue
        for part in ("input", "output"):
            if part in operation:
                use(operation[part]["shape"])
        for error in operation.get("errors", []):
            use(error)
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in used}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--botocore")
    parser.add_argument("--query-names")
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--only")
    parser.add_argument("service")
    parser.add_argument("out", nargs="?")
    options = parser.parse_args()
    if options.botocore is None:
        import botocore
        options.botocore = os.path.dirname(botocore.__file__)
    source = newest_model(options.botocore, options.service)
    model = {
        "metadata": pick(source["metadata"], METADATA),
        "operations": {name: trim_operation(operation) for name, operation in source["operations"].items()
                       if name not in options.without},
        "shapes": {name: trim_shape(shape) for name, shape in source["shapes"].items()},
    }
    add_known(model, options.service)
    if options.only:
        with open(options.only, encoding="utf-8") as file:
            keep_only(model, file.read().split())
    if options.query_names:
        merge_query_names(model, load(options.query_names))
    out = options.out or os.path.join(ROOT, "models", options.service + ".json")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(model, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
