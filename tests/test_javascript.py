"""The JavaScript v3 clients, from npm."""

import json
import os
import shutil
import subprocess

import pytest

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "javascript")


@pytest.fixture(scope="module")
def node_modules():
    installed = os.path.join(FOLDER, "node_modules", ".package-lock.json")
    lock = os.path.join(FOLDER, "package-lock.json")
    if not os.path.exists(installed) or os.path.getmtime(installed) < os.path.getmtime(lock):
        subprocess.run([shutil.which("npm"), "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True,
                       stdout=subprocess.DEVNULL)


def walk(script, *arguments):
    """What the script says it saw."""
    done = subprocess.run(["node", script, *arguments], cwd=FOLDER, text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_walk(server, account, node_modules):
    saw = walk("walk.mjs", server.endpoint, account)
    assert saw["failedTargets"] == 0
    assert saw["codes"] == [None, "MalformedDetail"]
    assert saw["event"]["detail"] == {"n": 1}
    assert saw["event"]["time"] == "2017-04-28T17:56:40Z"
    assert saw["event"]["region"] == "eu-west-1"
    assert saw["batch"] == {"successful": ["a"], "failed": [["b", "InvalidMessageContents"]]}
    assert saw["bytes"] == [0, 255]
    assert saw["receives"] == "1"
    # These clients take an error's name from x-amzn-query-error.
    assert saw["noQueue"]["name"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert saw["noRule"]["name"] == saw["noRule"]["class"] == "ResourceNotFoundException"


def test_logs_metrics_streams_and_pipes(server, account, node_modules):
    saw = walk("streams.mjs", server.endpoint, account)
    assert saw["metrics"] == [["sum", [5], 0], ["twice", [10], 0]]
    assert saw["alarm"] == ["test", True]
    assert saw["noAlarm"] == "ResourceNotFound"
    assert saw["read"] == ['{"level":"INFO"}', '{"level":"ERROR","ms":7}']
    assert saw["filtered"] == ['{"level":"ERROR","ms":7}']
    assert saw["query"] == [[["errors", "1"]]]
    assert saw["records"] == [[0, 255], list(b'{"n":2}')]
    assert saw["piped"] == ['{"number":2}']
    assert saw["pipe"] == "RUNNING"


def test_s3(server, account, node_modules):
    saw = walk("s3.mjs", server.endpoint, account)
    assert saw["put"] == ['"5d41402abc4b2a76b9719d911017c592"', "NhCmhg=="]
    assert saw["got"] == ["hello", "1"]
    assert (saw["stream"], saw["anonymous"]) == (600_000, 300_000)
    assert saw["keys"] == ["a b/é", "parts", "stream"]
    assert (saw["deleted"], saw["missing"]) == (3, "NoSuchKey")
