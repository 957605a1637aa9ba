"""A server whose time moves only when told: schedules, delays and timeouts of days in milliseconds."""

import json
import os
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest

from conftest import BINARY


@pytest.fixture
def still(new_server):
    """A server with a virtual clock, set to a Friday."""
    server = new_server("--clock", "virtual").start()
    assert clock(server, "set", "2030-11-22T17:59:00Z") == (0, "2030-11-22T17:59:00.000Z", "")
    return server


def clock(server, *arguments):
    done = subprocess.run([BINARY, "clock", *arguments], env={**os.environ, "AWS_ENDPOINT_URL": server.endpoint},
                          text=True, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def post(server, body):
    status, _, answer = server.raw(body.encode(), path="/_signalbox/clock")
    return status, json.loads(answer)


def make_queue(server, name="queue", **attributes):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return sqs, url, arn


def bodies(sqs, url):
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def schedule(server, arn, name, expression):
    events = server.client("events")
    events.put_rule(Name=name, ScheduleExpression=expression)
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "InputTransformer": {
        "InputPathsMap": {"time": "$.time"}, "InputTemplate": f'"{name} <time>"'}}])


def test_schedules_of_days_happen_in_order_before_the_answer(still):
    sqs, url, arn = make_queue(still)
    schedule(still, arn, "nightly", "cron(0 2 ? * MON-FRI *)")
    schedule(still, arn, "often", "rate(12 hours)")
    assert bodies(sqs, url) == []
    assert clock(still, "advance", "3d")[:2] == (0, "2030-11-25T17:59:00.000Z")
    assert bodies(sqs, url) == ['"often 2030-11-23T05:59:00Z"', '"often 2030-11-23T17:59:00Z"',
                                '"often 2030-11-24T05:59:00Z"', '"often 2030-11-24T17:59:00Z"',
                                '"nightly 2030-11-25T02:00:00Z"', '"often 2030-11-25T05:59:00Z"',
                                '"often 2030-11-25T17:59:00Z"']


def test_a_thousand_schedules_fire_together_exactly_once(still):
    sqs, url, arn = make_queue(still)
    names = [f"rule-{number}" for number in range(200)]
    for name in names:
        schedule(still, arn, name, "rate(1 minute)")
    clock(still, "advance", "5m")
    got = bodies(sqs, url)
    assert len(got) == 1000
    assert len(set(got)) == 1000
    assert got == sorted(got, key=lambda body: body.split()[1])


def test_a_scheduled_event_is_as_aws_has_it(still):
    sqs, url, arn = make_queue(still)
    events = still.client("events")
    rule = events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": arn}])
    assert events.describe_rule(Name="tick")["ScheduleExpression"] == "rate(1 minute)"
    assert "EventPattern" not in events.list_rules()["Rules"][0]
    clock(still, "advance", "60")
    (event,) = map(json.loads, bodies(sqs, url))
    assert event.pop("id")
    assert event == {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "account": "000000000000",
                     "time": "2030-11-22T18:00:00Z", "region": "us-east-1", "resources": [rule], "detail": {}}


def test_delays_and_timeouts_follow_the_clock(still):
    sqs, url, _ = make_queue(still, VisibilityTimeout="3600")
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=900)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    clock(still, "advance", "15m")
    first = sqs.receive_message(QueueUrl=url, AttributeNames=["SentTimestamp"])["Messages"][0]
    sent = datetime.fromtimestamp(int(first["Attributes"]["SentTimestamp"]) / 1000, timezone.utc)
    assert abs(sent - datetime(2030, 11, 22, 17, 59, tzinfo=timezone.utc)) < timedelta(seconds=1)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    clock(still, "advance", "1h")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["MessageId"] == first["MessageId"]
    clock(still, "advance", "5d")
    assert "Messages" not in sqs.receive_message(QueueUrl=url), "retention of four days is over"


def test_a_long_poll_ends_although_time_stands_still(still):
    sqs, url, _ = make_queue(still)
    start = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert time.monotonic() - start >= 0.9


def test_time_goes_on_where_it_stood(still):
    _, _, arn = make_queue(still)
    schedule(still, arn, "hourly", "rate(1 hour)")
    clock(still, "advance", "90m")
    still.kill()
    still.start()
    assert clock(still, "get")[:2] == (0, "2030-11-22T19:29:00.000Z")
    sqs, url, _ = make_queue(still)
    clock(still, "advance", "1h")
    assert bodies(sqs, url) == ['"hourly 2030-11-22T18:59:00Z"', '"hourly 2030-11-22T19:59:00Z"']


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"advance":"-1d"}', '{"advance":"1w"}', '{"advance":""}',
                                  '{"advance":{}}', '{"advance":1.5}', '{"advance":"99999999999999999999s"}',
                                  '{"set":"tomorrow"}', '{"set":1}', '{"set":"2031-01-01T00:00:00Z","advance":"1d"}',
                                  '{"advance":"4294967295d"}'])
def test_what_no_time_is_moves_nothing(still, body):
    assert post(still, body)[0] == 400
    assert clock(still)[1] == "2030-11-22T17:59:00.000Z"


def test_time_does_not_go_back(still):
    status, _, complaint = clock(still, "set", "2030-11-22T17:58:59Z")
    assert status == 1
    assert complaint == "signalbox: It is 2030-11-22T17:59:00.000Z already: time does not go back."


def test_the_systems_clock_is_only_read(server):
    status, answer = post(server, '{"advance":"1d"}')
    assert (status, answer["message"]) == (
        409, "The clock is the system's. Start the server with --clock virtual to move it.")
    assert clock(server)[0] == 0
    _, _, answer = server.raw(path="/_signalbox/clock", method="GET")
    assert json.loads(answer)["mode"] == "system"


def test_cron_prints_when_it_is_due():
    done = subprocess.run([BINARY, "cron", "cron(0 9 ? * MON-FRI *)", "--tz", "America/Los_Angeles", "-n", "2",
                           "--after", "2030-11-01T17:00:00Z"], text=True, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "2030-11-04T17:00:00Z  2030-11-04 09:00:00 PST\n"
                                                 "2030-11-05T17:00:00Z  2030-11-05 09:00:00 PST\n")
    for arguments in (["cron(0 9 * * * *)"], ["rate(1 day)", "--tz", "Mars"], ["rate(1 day)", "--after", "noon"]):
        done = subprocess.run([BINARY, "cron", *arguments], text=True, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (2, "")
