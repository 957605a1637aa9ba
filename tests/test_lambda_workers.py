"""Which process gets which event: one that ends, or is busy beyond its answer, gets none."""

import json
import time

import pytest

from functions import invoke, until
from test_lambda import functions, make, refused  # noqa: F401 (fixtures)

STRAY = """
exports.handler = async (event) => {
  if (event.stray) { setTimeout(() => { throw new Error('stray'); }, 5); await new Promise((r) => setTimeout(r, 2000)); }
  if (event.left) { Promise.reject(new RangeError('left')); await new Promise((r) => setTimeout(r, 2000)); }
  return 'fine';
};
"""


@pytest.mark.parametrize("kind", ["stray", "left"])
def test_next_event_after_an_uncaught_error(functions, make, kind):
    make("f", {"app.js": STRAY}, Runtime="nodejs20.x", Timeout=20)
    for _ in range(5):
        answer, response = invoke(functions, "f", {kind: True})
        assert response["FunctionError"] == "Unhandled" and kind in answer["errorMessage"]
        answer, response = invoke(functions, "f", {})
        assert answer == "fine" and "FunctionError" not in response


def test_next_event_after_an_exit(functions, make):
    make("f", "import os\ndef handler(event, context):\n    if event: os._exit(event)\n    return 'fine'\n", Timeout=20)
    for _ in range(3):
        answer, response = invoke(functions, "f", 3)
        assert answer["errorType"] == "Runtime.ExitError" and answer["errorMessage"].endswith("exit status 3")
        assert invoke(functions, "f", 0)[0] == "fine"


# Answers, and then goes on working before it asks for more.
BUSY = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
n=0
while :; do
  curl -sS -D /tmp/headers -o /tmp/event $api/invocation/next
  id=$(grep -i '^lambda-runtime-aws-request-id' /tmp/headers | tr -d '\\r' | cut -d' ' -f2)
  n=$((n + 1))
  curl -sS -o /dev/null -d "$n" $api/invocation/$id/response
  sleep $(cat /tmp/event)
done
"""


def test_a_busy_process_gets_no_event(functions, make):
    make("f", {"bootstrap": BUSY}, Runtime="provided.al2023", Handler="none", mode=0o755, Timeout=10)
    begun = time.monotonic()
    assert [invoke(functions, "f", 3)[0], invoke(functions, "f", 3)[0]] == [1, 1]  # two processes
    assert time.monotonic() - begun < 3  # neither answer waited for the work behind it
    assert until(lambda: invoke(functions, "f", 0)[0] == 2)  # they go on when they have asked for more


def test_a_busy_process_counts_for_concurrency(functions, make):
    make("f", {"bootstrap": BUSY}, Runtime="provided.al2023", Handler="none", mode=0o755, Timeout=10)
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    assert invoke(functions, "f", 2)[0] == 1
    refused("TooManyRequestsException", functions.invoke, FunctionName="f", Payload=b"0")

    def again():
        try:
            return invoke(functions, "f", 0)[0]
        except functions.exceptions.TooManyRequestsException:
            return None
    assert until(again) == 2


def test_the_longest_idle_process_makes_room(functions, make):
    code = {"bootstrap": BUSY}
    names = [f"f{number}" for number in range(70)]  # more than are kept
    for name in names:
        make(name, code, Runtime="provided.al2023", Handler="none", mode=0o755)
        assert invoke(functions, name, 0)[0] == 1
    assert [invoke(functions, name, 0)[0] for name in names[-5:]] == [2] * 5


def test_a_process_that_does_not_ask_is_ended_when_its_time_is_over(functions, make):
    make("f", {"bootstrap": BUSY}, Runtime="provided.al2023", Handler="none", mode=0o755, Timeout=1)
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    assert invoke(functions, "f", 600)[0] == 1

    def again():
        try:
            return invoke(functions, "f", 0)[0]
        except functions.exceptions.TooManyRequestsException:
            return None
    assert until(again) == 1


def test_event_goes_to_another_when_the_process_ended_without_work(functions, make):
    code = """
import os, threading
def handler(event, context):
    if event: threading.Timer(event, os._exit, [0]).start()
    return os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
"""
    make("f", code, Timeout=20)
    first = invoke(functions, "f", 0.2)[0]
    assert until(lambda: invoke(functions, "f", 0)[0] != first)  # and none of them failed


def test_trace_header_goes_along(functions, make):
    make("f", "import os\ndef handler(event, context):\n    return os.environ.get('_X_AMZN_TRACE_ID', '')\n")
    given = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
    functions.meta.events.register("before-sign.lambda.Invoke", lambda request, **_: request.headers.add_header(
        "X-Amzn-Trace-Id", given))
    answer = functions.invoke(FunctionName="f", Payload=b"null")
    assert json.load(answer["Payload"]).startswith(given)


def test_trace_header_is_made_where_there_is_none(functions, make, monkeypatch):
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    make("f", "import os\ndef handler(event, context):\n    return os.environ.get('_X_AMZN_TRACE_ID', '')\n")
    first, second = (invoke(functions, "f")[0] for _ in range(2))
    assert first.startswith("Root=1-") and ";Parent=" in first and ";Sampled=" in first and first != second
