#!/usr/bin/env python3
"""Fails when a C++ file is not formatted as .clang-format says. `--fix` formats instead."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    files = [os.path.join(folder, name)
             for top in ("src", "bench", "fuzz") for folder, _, names in os.walk(os.path.join(ROOT, top))
             for name in names if name.endswith((".h", ".cpp"))]
    mode = ["-i"] if "--fix" in sys.argv else ["--dry-run", "--Werror"]
    return subprocess.run(["clang-format-19", *mode, *sorted(files)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
