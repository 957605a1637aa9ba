#!/usr/bin/env python3
"""Fails when a source file includes a header of a higher layer, or one service includes another."""

import os
import re
import sys

SOURCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src")

# Lowest first. A folder may include itself and the layers before it.
LAYERS = ["base", "json", "pattern", "schedule", "policy", "store", "http", "mail", "wire", "models", "cloud", "services", "server", "cli"]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def breaches():
    for folder, _, names in os.walk(SOURCE):
        for name in names:
            if not name.endswith((".h", ".cpp")):
                continue
            path = os.path.relpath(os.path.join(folder, name), SOURCE)
            own = path.split(os.sep)
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                for included in INCLUDE.findall(file.read()):
                    yield from judge(path, own, included)


def judge(path, own, included):
    other = included.split("/")
    if own[0] not in LAYERS:
        yield f"{path}: folder {own[0]} is not in the list of layers"
    elif other[0] not in LAYERS:
        yield f"{path}: \"{included}\" is not named from src/ on"
    elif LAYERS.index(other[0]) > LAYERS.index(own[0]):
        yield f"{path}: {own[0]} may not include {included}: it is a layer above"
    elif own[0] == other[0] == "services" and own[1] != other[1]:
        yield f"{path}: service {own[1]} may not include service {other[1]}"


def main():
    found = sorted(set(breaches()))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
