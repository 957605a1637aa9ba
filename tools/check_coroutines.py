#!/usr/bin/env python3
"""Fails where a coroutine is written in a way that g++ 12 compiles wrongly.

Two forms, both seen to break a running server (temporaries destroyed twice, or never made):
- `co_await` as the right operand of `&&` or `||`, or in an alternative of `?:`;
- a lambda that captures by value (`[x = ...]`) made within a `co_await` expression.
Give the lambda a name before, and write the condition as an `if`.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
CONDITIONAL = re.compile(r" (?:&&|\|\||\?) (?=.*\bco_await\b)", re.S)
CAPTURED = re.compile(r"\bco_await\b.*\[[^\]\[]*\w+ = [^\]]*\]\s*(?:\(|\{|mutable)", re.S)


def blank(match):
    """What is no code, as spaces: lines and columns stay."""
    return re.sub(r"[^\n]", " ", match.group(0))


def closing(text, start):
    """The position behind the bracket that closes the one at `start`."""
    depth = 0
    for position in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    return len(text)


def parts(statement):
    """The condition of an `if`, `while` or `switch` and what it rules are looked at apart."""
    ruled = re.match(r"\s*(?:else\s+)?(?:if|while|switch|for)\s*(?:constexpr\s*)?\(", statement)
    if not ruled:
        yield 0, statement
        return
    end = closing(statement, ruled.end() - 1)
    yield 0, statement[:end]
    for offset, part in parts(statement[end:]):
        yield end + offset, part


def wrong(text):
    code = NOT_CODE.sub(blank, text)
    for statement in re.finditer(r"[^;{}]+", code):
        for offset, part in parts(statement.group(0)):
            operator = CONDITIONAL.search(part)
            if operator:
                yield statement.start() + offset + operator.start(), "co_await runs only on a condition"
            # The body of a lambda ends the statement as this reads it, its captures do not.
            captured = CAPTURED.search(code[statement.start() + offset:statement.start() + offset + len(part) + 1])
            if captured:
                yield statement.start() + offset + captured.start(), "a lambda with values of its own in a co_await expression"


def main():
    found = 0
    for folder, _, names in os.walk(os.path.join(ROOT, "src")):
        for name in sorted(names):
            if not name.endswith((".cpp", ".h")):
                continue
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if "co_await" not in text:
                continue
            for position, what in wrong(text):
                found += 1
                print(f"{os.path.relpath(path, ROOT)}:{text.count(chr(10), 0, position) + 1}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
