#!/usr/bin/env python3
"""Runs clang-tidy-19 over the sources (all, or those named), each by itself, with the commands of the preset `dev`.
Takes a while.

    tools/check_tidy.py [FILE...]
"""

import concurrent.futures
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "dev")  # the others compile files in batches


def check(path):
    # clang has another set of warnings than the compiler whose commands these are.
    done = subprocess.run(["clang-tidy-19", "--quiet", "-p", BUILD, "--extra-arg=-Wno-unknown-warning-option",
                           "--extra-arg=-Wno-deprecated-declarations", path], text=True, capture_output=True, check=False)
    return done.returncode, done.stdout


def configure():
    """The commands, and the headers that are generated: nothing is compiled."""
    subprocess.run(["cmake", "--preset", "dev"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    listed = subprocess.run(["ninja", "-C", BUILD, "-t", "targets", "all"], text=True, capture_output=True, check=True)
    generated = [line.split(":")[0] for line in listed.stdout.splitlines() if line.startswith("generated/")]
    subprocess.run(["ninja", "-C", BUILD, *generated], stdout=subprocess.DEVNULL, check=True)


def main():
    configure()
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        known = {entry["file"] for entry in json.load(file)}
    named = {os.path.abspath(name) for name in sys.argv[1:]}
    # A file that is not built (a header, a new or misspelled one) would pass unread.
    if unknown := sorted(named - known):
        print("not in the build:", *(os.path.relpath(path, ROOT) for path in unknown))
        return 1
    files = sorted(path for path in known if path.startswith(os.path.join(ROOT, "src")) and (not named or path in named))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (status, text) in zip(files, pool.map(check, files)):
            if status != 0:
                failed += 1
                print(f"== {os.path.relpath(path, ROOT)}\n{text}")
    print(f"{len(files)} files, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
