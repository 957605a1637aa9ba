"""The examples of docs/testing.md, run as printed."""

import os
import re
import subprocess
import sys

from conftest import BINARY, ROOT
from test_javascript import FOLDER, node_modules  # noqa: F401 (a fixture)

ENVIRONMENT = dict(os.environ, SIGNALBOX=BINARY)


def example(language):
    with open(os.path.join(ROOT, "docs", "testing.md"), encoding="utf-8") as page:
        (block,) = re.findall(rf"^```{language}\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)
    return block


def run(command, folder):
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pytest(tmp_path):
    (tmp_path / "test_nightly.py").write_text(example("python"))
    assert "1 passed" in run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], tmp_path)


def test_javascript(tmp_path, node_modules):  # noqa: F811
    (tmp_path / "nightly.test.mjs").write_text(example("javascript"))
    os.symlink(os.path.join(FOLDER, "node_modules"), tmp_path / "node_modules")
    assert re.search(r"pass 1\b", run(["node", "--test"], tmp_path))
