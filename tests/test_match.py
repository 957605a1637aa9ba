"""`signalbox match`: grep for events."""

import json
import subprocess

import pytest

from conftest import BINARY

EVENTS = [{"source": "a", "n": 1}, {"source": "b", "n": 2}, {"source": "a", "n": 3}]


@pytest.fixture
def match(tmp_path):
    (tmp_path / "pattern").write_text('{"source": ["a"]}')
    (tmp_path / "big").write_text('{"n": [{"numeric": [">", 2]}]}')
    (tmp_path / "broken").write_text('{"n": 1}')

    def run(*arguments, text=None):
        lines = text if text is not None else "".join(json.dumps(event) + "\n" for event in EVENTS)
        return subprocess.run([BINARY, "match", *arguments], cwd=tmp_path, input=lines, text=True, capture_output=True,
                              timeout=60, check=False)
    return run


@pytest.mark.parametrize("arguments, selected, status", [
    (["pattern"], [1, 3], 0), (["-v", "pattern"], [2], 0), (["big"], [3], 0), (["pattern", "big"], [1, 3], 0),
    (["-v", "pattern", "big"], [2], 0)])
def test_prints_the_lines_that_match(match, arguments, selected, status):
    done = match(*arguments)
    assert [json.loads(line)["n"] for line in done.stdout.splitlines()] == selected
    assert done.returncode == status


def test_counts(match):
    assert match("-c", "pattern").stdout == "2\n"
    nothing = match("-c", "big", text='{"n": 1}\n')
    assert (nothing.stdout, nothing.returncode) == ("0\n", 1)


def test_explains(match):
    done = match("--explain", "big", text='{"n": 1}\n')
    assert done.stdout == ('{"n": 1}\n  big: does not match\n'
                           '    - n is 1, wanted: {"numeric":[">",2]}\n')


def test_measures(match):
    done = match("--bench", "pattern")
    assert done.stdout.startswith("1 patterns, 3 events of ")
    assert done.returncode == 0


@pytest.mark.parametrize("arguments, text, word", [
    (["broken"], None, "Event pattern is not valid"), (["missing"], None, "missing cannot be read"),
    (["pattern"], '{"source":"a"}\nrubbish\n', "line 2"), (["--bench", "pattern"], "", "no events")])
def test_says_what_is_wrong(match, arguments, text, word):
    done = match(*arguments, text=text)
    assert done.returncode == 2
    assert word in done.stderr
