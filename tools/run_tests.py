#!/usr/bin/env python3
"""Runs every test of a build folder: the checks of the source tree, the unit tests and the end-to-end tests, as many
side by side as there are processors.

Closes with one line, "N passed, N failed, N skipped". Exit status 1 when anything failed or nothing passed.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that Debian's boto3 and pytest belong to


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add_junit(self, path, name, exit_status):
        """Counts a JUnit XML report; a program that left none, or failed without saying so, counts as one failure."""
        try:
            suites = ElementTree.parse(path).getroot()
        except (OSError, ElementTree.ParseError):
            print(f"FAILED {name}: no report (exit status {exit_status})")
            self.failed += 1
            return
        failed_before = self.failed
        for case in suites.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                self.failed += 1
                print(f"FAILED {name}: {case.get('classname')}.{case.get('name')}")
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                self.skipped += 1
            else:
                self.passed += 1
        if exit_status != 0 and self.failed == failed_before:
            print(f"FAILED {name}: exit status {exit_status}")
            self.failed += 1

    def add_check(self, name, exit_status):
        if exit_status == 0:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}")


def unit_tests(build, tally):
    programs = sorted(name for name in os.listdir(build) if re.fullmatch(r"\w+_test", name))
    with tempfile.TemporaryDirectory() as reports, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def run(program):
            command = [os.path.join(build, program), f"--gtest_output=xml:{reports}/{program}", "--gtest_brief=1"]
            return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace", check=False)
        for program, done in zip(programs, pool.map(run, programs)):
            print(f"== {program}\n{done.stdout}", end="", flush=True)
            tally.add_junit(f"{reports}/{program}", program, done.returncode)


def end_to_end_tests(build, tally):
    print("== end to end", flush=True)
    environment = dict(os.environ, SIGNALBOX_BINARY=os.path.join(ROOT, build, "signalbox"))
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        # One more than there are processors: tests wait for servers to start and to stop.
        done = subprocess.run([SYSTEM_PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"-n{os.cpu_count() + 1}",
                               "--dist=loadfile", "tests", f"--junitxml={report.name}"], cwd=ROOT, env=environment,
                              check=False)
        tally.add_junit(report.name, "tests", done.returncode)


def source_checks(tally):
    for check in ("check_includes.py", "check_coroutines.py", "check_marks.py", "check_format.py"):
        print(f"== {check}", flush=True)
        done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", check)], check=False)
        tally.add_check(check, done.returncode)


def tell_room():
    """Tests that fail because the disk is full fail in many odd ways: a line of how much there was shows it."""
    for folder in dict.fromkeys((tempfile.gettempdir(), ROOT)):
        print(f"== {shutil.disk_usage(folder).free >> 20} MiB free in {folder}", flush=True)


def main():
    build = sys.argv[1]
    # Debian's libraries (RocksDB, OpenSSL ...) are not built for ThreadSanitizer: it cannot see how they order what they do.
    os.environ.setdefault("TSAN_OPTIONS", "ignore_noninstrumented_modules=1")
    tally = Tally()
    source_checks(tally)
    unit_tests(build, tally)
    tell_room()
    end_to_end_tests(build, tally)
    tell_room()
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
