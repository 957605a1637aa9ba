#!/usr/bin/env python3
"""Fails when a file of the repository holds marks that a merge left behind."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What git writes at the beginning of a line. A line of seven "=" alone may also underline a title, so it counts only
# between the other two.
MARK = re.compile(rb"^(<{7}|\|{7}|>{7})( |$)")


def files():
    """What git keeps, and what is new and not ignored; outside a checkout (a tarball), nothing."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return [name for name in listed.stdout.decode().split("\0") if name]


def marks(name):
    path = os.path.join(ROOT, name)
    if not os.path.isfile(path) or os.path.islink(path):
        return
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if MARK.match(line.rstrip(b"\r\n")):
                yield f"{name}:{number}: a merge left this mark behind: {line[:40].decode(errors='replace').strip()}"


def main():
    found = [line for name in files() for line in marks(name)]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
