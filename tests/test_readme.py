"""The README's walkthrough, run as printed with Debian's aws CLI."""

import json
import os
import re
import subprocess

import pytest

from conftest import ROOT

CLIS = [path for path in ("/usr/bin/aws", "/usr/local/bin/aws") if os.path.exists(path)]


def blocks(kind):
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
        return re.findall(rf"^```{kind}\n(.*?)^```$", readme.read(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("cli", CLIS)
def test_first_steps_run_as_printed(new_server, tmp_path, cli):
    server = new_server().start()
    script = "set -e\n" + "\n".join(blocks("bash")).replace("127.0.0.1:4566", f"127.0.0.1:{server.port}")
    environment = dict(os.environ, PATH=os.path.dirname(cli) + ":" + os.environ["PATH"], AWS_PAGER="",
                       HOME=str(tmp_path))
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, text=True, capture_output=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    received = json.loads(done.stdout.strip().splitlines()[-1])
    (printed,) = (json.loads(block) for block in blocks("json"))
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", received["id"])
    assert {**received, "id": ""} == {**printed, "id": ""}
    assert list(received) == list(printed)


def test_links_lead_somewhere():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
        for link in re.findall(r"\]\(([^)]+)\)", readme.read()):
            assert os.path.exists(os.path.join(ROOT, link)), link
