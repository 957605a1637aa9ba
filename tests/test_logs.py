"""CloudWatch Logs: groups and streams, events in and out, filters, retention, rules' targets, over restarts."""

import json
import os
import subprocess
import threading
import time

import pytest
from botocore.exceptions import ClientError
from conftest import REGION, error_code, error_text

DAY = 24 * 3600 * 1000
HOUR = 3600 * 1000


def now():
    return int(time.time() * 1000)


def clock(server, **change):
    status, _, answer = server.raw(json.dumps(change).encode(), path="/_signalbox/clock")
    assert status == 200, answer
    return json.loads(answer)["now"]


def call(server, operation, account="000000000000", **body):
    """A call by hand, for what Debian's boto3 does not know: status and body."""
    status, _, answer = server.raw(json.dumps(body).encode(), {
        "X-Amz-Target": "Logs_20140328." + operation, "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/{REGION}/logs/aws4_request, "
                         f"SignedHeaders=host, Signature={'0' * 64}"})
    return status, json.loads(answer) if answer else {}


@pytest.fixture
def logs(server, account):
    return server.client("logs", account)


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    return "g"


def put(logs, messages, at=None, stream="s", group="g", step=0):
    at = at or now()
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
        {"timestamp": at + i * step, "message": m} for i, m in enumerate(messages)])


def messages(page):
    return [event["message"] for event in page["events"]]


def everything(logs, group="g", **options):
    """All that FilterLogEvents finds, page by page."""
    found, token = [], {}
    while True:
        page = logs.filter_log_events(logGroupName=group, **options, **token)
        found += page["events"]
        if "nextToken" not in page:
            return found
        token = {"nextToken": page["nextToken"]}


def fails(code, text, function, **arguments):
    with pytest.raises(ClientError) as raised:
        function(**arguments)
    assert (error_code(raised), error_text(raised)) == (code, text)


def test_groups(logs, account):
    logs.create_log_group(logGroupName="/app/one", tags={"k": "v"})
    logs.create_log_group(logGroupName="/app/two")
    logs.create_log_group(logGroupName="other")
    fails("ResourceAlreadyExistsException", "The specified log group already exists", logs.create_log_group,
          logGroupName="other")
    fails("InvalidParameterException",
          "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy "
          "regular expression pattern: [\\.\\-_/#A-Za-z0-9]+", logs.create_log_group, logGroupName="a b")
    with pytest.raises(ClientError) as raised:
        logs.create_log_group(logGroupName="k", kmsKeyId="arn:aws:kms:us-east-1:000000000000:key/k")
    assert "kmsKeyId" in error_text(raised)
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePrefix="/app")["logGroups"]] == [
        "/app/one", "/app/two"]
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePattern="TWO")["logGroups"]] == ["/app/two"]
    first = logs.describe_log_groups(limit=2)
    second = logs.describe_log_groups(limit=2, nextToken=first["nextToken"])
    assert [g["logGroupName"] for g in first["logGroups"] + second["logGroups"]] == ["/app/one", "/app/two", "other"]
    assert "nextToken" not in second
    one = first["logGroups"][0]
    assert one["arn"] == f"arn:aws:logs:{REGION}:{account}:log-group:/app/one:*"
    assert one["storedBytes"] == 0 and one["metricFilterCount"] == 0 and "retentionInDays" not in one
    logs.delete_log_group(logGroupName="other")
    fails("ResourceNotFoundException", "The specified log group does not exist.", logs.delete_log_group, logGroupName="other")
    fails("InvalidParameterException", "The specified nextToken is invalid.", logs.describe_log_groups, nextToken="x")


def test_tags(logs, account):
    logs.create_log_group(logGroupName="g", tags={"a": "1"})
    logs.tag_log_group(logGroupName="g", tags={"b": "2"})
    arn = f"arn:aws:logs:{REGION}:{account}:log-group:g"
    logs.tag_resource(resourceArn=arn, tags={"c": "3"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2", "c": "3"}
    logs.untag_log_group(logGroupName="g", tags=["b"])
    assert logs.list_tags_log_group(logGroupName="g")["tags"] == {"c": "3"}


def test_streams(logs, group):
    fails("ResourceAlreadyExistsException", "The specified log stream already exists", logs.create_log_stream,
          logGroupName="g", logStreamName="s")
    fails("ResourceNotFoundException", "The specified log group does not exist.", logs.create_log_stream,
          logGroupName="none", logStreamName="s")
    for name in ("a/1", "a/2", "a/3"):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
    at = now()
    put(logs, ["x", "y"], at - 5000, "a/3", step=10)
    put(logs, ["x"], at - 9000, "a/1")
    names = lambda **options: [s["logStreamName"] for s in logs.describe_log_streams(logGroupName="g", **options)["logStreams"]]
    assert names() == ["a/1", "a/2", "a/3", "s"]
    assert names(descending=True) == ["s", "a/3", "a/2", "a/1"]
    assert names(logStreamNamePrefix="a/", descending=True) == ["a/3", "a/2", "a/1"]
    assert names(orderBy="LastEventTime", descending=True)[:2] == ["a/3", "a/1"]
    for order in ("LogStreamName", "LastEventTime"):
        for down in (False, True):
            paged, token = [], {}
            while True:
                page = logs.describe_log_streams(logGroupName="g", orderBy=order, descending=down, limit=1, **token)
                paged += [s["logStreamName"] for s in page["logStreams"]]
                if "nextToken" not in page:
                    break
                token = {"nextToken": page["nextToken"]}
            assert paged == names(orderBy=order, descending=down)
    three = logs.describe_log_streams(logGroupName="g", logStreamNamePrefix="a/3")["logStreams"][0]
    assert (three["firstEventTimestamp"], three["lastEventTimestamp"]) == (at - 5000, at - 4990)
    assert three["lastIngestionTime"] >= at and three["arn"].endswith(":log-group:g:log-stream:a/3")
    with pytest.raises(ClientError) as raised:
        names(orderBy="LastEventTime", logStreamNamePrefix="a")
    assert error_code(raised) == "InvalidParameterException"
    logs.delete_log_stream(logGroupName="g", logStreamName="a/3")
    fails("ResourceNotFoundException", "The specified log stream does not exist.", logs.delete_log_stream,
          logGroupName="g", logStreamName="a/3")
    assert messages({"events": everything(logs)}) == ["x"]


def test_put_log_events_bounds(logs, group):
    at = now()
    fails("ResourceNotFoundException", "The specified log stream does not exist.", put, logs=logs, messages=["x"], stream="no")
    fails("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.", put,
          logs=logs, messages=["a", "b"], at=at, step=-1)
    fails("InvalidParameterException",
          "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.", put, logs=logs,
          messages=["a", "b"], at=at - 2 * DAY, step=DAY + 1)
    fails("InvalidParameterException", "Upload too large: 1048577 bytes exceeds limit of 1048576", put, logs=logs,
          messages=["x" * (1048576 - 52 + 1 - 1), "y"])
    put(logs, ["x" * (1048576 - 52 - 1), "y"])
    put(logs, ["x"] * 10_000)
    with pytest.raises(ClientError) as raised:
        put(logs, ["x"] * 10_001)
    assert "Member must have length less than or equal to 10000" in error_text(raised)
    # Sequence tokens are ignored, and still given.
    answer = logs.put_log_events(logGroupName="g", logStreamName="s", sequenceToken="wrong",
                                 logEvents=[{"timestamp": at, "message": "m"}])
    assert len(answer["nextSequenceToken"]) == 56
    assert "rejectedLogEventsInfo" not in answer


def test_rejected_events(logs, group):
    at = now()
    answer = put(logs, ["old", "kept"], at - 14 * DAY - HOUR, step=2 * HOUR)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    answer = put(logs, ["kept too", "new", "newer"], at + HOUR, step=2 * HOUR)
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    logs.put_retention_policy(logGroupName="g", retentionInDays=1)
    answer = put(logs, ["expired", "kept three"], at - DAY - HOUR, step=2 * HOUR)
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert messages({"events": everything(logs)}) == ["kept three", "kept too"]


def test_pages_of_a_stream(logs, group):
    at = now() - 100_000
    put(logs, [str(i) for i in range(10)], at, step=10)
    get = lambda **options: logs.get_log_events(logGroupName="g", logStreamName="s", limit=4, **options)
    # Without a token: the latest. Backward to the beginning, where the token stays the same.
    last = get()
    assert messages(last) == ["6", "7", "8", "9"]
    before = get(nextToken=last["nextBackwardToken"])
    assert messages(before) == ["2", "3", "4", "5"]
    first = get(nextToken=before["nextBackwardToken"])
    assert messages(first) == ["0", "1"]
    nothing = get(nextToken=first["nextBackwardToken"])
    assert messages(nothing) == []
    assert nothing["nextBackwardToken"] == first["nextBackwardToken"]
    assert messages(get(nextToken=nothing["nextForwardToken"])) == ["0", "1", "2", "3"]
    # From the head forward, to the end, where the token stays the same; then what arrives later.
    page = get(startFromHead=True)
    seen = messages(page)
    while True:
        following = get(nextToken=page["nextForwardToken"])
        seen += messages(following)
        if following["nextForwardToken"] == page["nextForwardToken"]:
            break
        page = following
    assert seen == [str(i) for i in range(10)]
    put(logs, ["10"], at + 100)
    assert messages(get(nextToken=following["nextForwardToken"])) == ["10"]
    assert messages(get(nextToken=following["nextBackwardToken"])) == ["6", "7", "8", "9"]
    # Times: from the start, included, to the end, not included.
    assert messages(logs.get_log_events(logGroupName="g", logStreamName="s", startTime=at + 20, endTime=at + 50)) == ["2", "3", "4"]
    event = page["events"][0]
    assert event["ingestionTime"] >= event["timestamp"]
    fails("InvalidParameterException", "The specified nextToken is invalid.", get, nextToken="f/1/s")
    fails("ResourceNotFoundException", "The specified log stream does not exist.", logs.get_log_events, logGroupName="g",
          logStreamName="no")


def test_empty_stream_gives_tokens_that_skip_nothing(logs, group):
    empty = logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True)
    assert empty["events"] == []
    put(logs, ["first"])
    assert messages(logs.get_log_events(logGroupName="g", logStreamName="s", nextToken=empty["nextForwardToken"])) == ["first"]


def test_group_identifiers(server, account, logs, group):
    put(logs, ["m"])
    arn = f"arn:aws:logs:{REGION}:{account}:log-group:g"
    for identifier in ("g", arn):
        status, answer = call(server, "GetLogEvents", account, logGroupIdentifier=identifier, logStreamName="s")
        assert status == 200 and messages(answer) == ["m"]
        status, answer = call(server, "FilterLogEvents", account, logGroupIdentifier=identifier)
        assert messages(answer) == ["m"]
    status, answer = call(server, "FilterLogEvents", account, logGroupIdentifier="g", logGroupName="g")
    assert status == 400 and answer["__type"] == "InvalidParameterException"


def test_filter(logs, group):
    at = now() - 60_000
    for name in ("web/1", "web/2"):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
    put(logs, ["ERROR one", "fine", '{"level": "ERROR", "code": 500}'], at, "web/1", step=100)
    put(logs, ["ERROR two", "10.0.0.1 GET 404 12"], at + 50, "web/2", step=100)
    put(logs, ["elsewhere ERROR"], at + 10)
    found = everything(logs, filterPattern="ERROR")
    assert messages({"events": found}) == ["ERROR one", "elsewhere ERROR", "ERROR two", '{"level": "ERROR", "code": 500}']
    assert [e["logStreamName"] for e in found] == ["web/1", "s", "web/2", "web/1"]
    assert len({e["eventId"] for e in found}) == 4
    assert found == everything(logs, filterPattern="ERROR", limit=1)
    assert messages({"events": everything(logs, filterPattern="{ $.code >= 500 }")}) == ['{"level": "ERROR", "code": 500}']
    assert messages({"events": everything(logs, filterPattern="[ip, method, status = 4*, bytes > 10]")}) == [
        "10.0.0.1 GET 404 12"]
    assert messages({"events": everything(logs, logStreamNamePrefix="web/", filterPattern="?one ?two")}) == ["ERROR one", "ERROR two"]
    assert messages({"events": everything(logs, logStreamNames=["s"])}) == ["elsewhere ERROR"]
    # The end is included here.
    assert messages({"events": everything(logs, startTime=at + 10, endTime=at + 50)}) == ["elsewhere ERROR", "ERROR two"]
    fails("ResourceNotFoundException", "The specified log stream does not exist.", logs.filter_log_events,
          logGroupName="g", logStreamNames=["s", "no"])
    with pytest.raises(ClientError) as raised:
        logs.filter_log_events(logGroupName="g", filterPattern="{ $.a = ")
    assert error_code(raised) == "InvalidParameterException" and "filter pattern" in error_text(raised)
    with pytest.raises(ClientError) as raised:
        logs.filter_log_events(logGroupName="g", logStreamNames=["s"], logStreamNamePrefix="s")
    assert error_code(raised) == "InvalidParameterException"


def test_test_metric_filter(logs):
    matches = logs.test_metric_filter(
        filterPattern="[ip, user, status = 4*]", logEventMessages=["1.1.1.1 a 200", '2.2.2.2 "b c" 404'])["matches"]
    assert matches == [{"eventNumber": 2, "eventMessage": '2.2.2.2 "b c" 404',
                        "extractedValues": {"$ip": "2.2.2.2", "$user": "b c", "$status": "404"}}]


def fill(logs, count, group="g", stream="s", at=None, start=0):
    """Events of about 120 bytes, in order, so many that they are sealed into chunks."""
    at = at or now() - HOUR
    for first in range(start, start + count, 5000):
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[
            {"timestamp": at + i, "message": f"event {i} " + "." * 100} for i in range(first, min(first + 5000, start + count))])
    return at


def test_chunks_lose_and_skip_nothing(new_server):
    server = new_server().start()
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    for stream in ("s", "t"):
        logs.create_log_stream(logGroupName="g", logStreamName=stream)
    at = fill(logs, 60_000)
    fill(logs, 30_000, stream="t", at=at)
    deadline = time.monotonic() + 60
    while "signalbox_logs_sealed_bytes_total 0\n" in server.raw(path="/metrics", method="GET")[2].decode():
        assert time.monotonic() < deadline, "nothing was sealed"

    def check():
        seen = [int(e["message"].split()[1]) for e in everything(logs, logStreamNames=["s"])]
        assert seen == list(range(60_000))
        both = everything(logs, filterPattern='"event 2999"')
        assert len(both) == 2 * 11 and [e["timestamp"] for e in both] == sorted(e["timestamp"] for e in both)
        page = logs.get_log_events(logGroupName="g", logStreamName="t")
        backward = []
        while page["events"]:
            backward = [int(e["message"].split()[1]) for e in page["events"]] + backward
            page = logs.get_log_events(logGroupName="g", logStreamName="t", nextToken=page["nextBackwardToken"])
        assert backward == list(range(30_000))
        stream = logs.describe_log_streams(logGroupName="g", logStreamNamePrefix="s")["logStreams"][0]
        assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (at, at + 59_999)
        stored = logs.describe_log_groups()["logGroups"][0]["storedBytes"]
        assert stored == sum(26 + len(f"event {i} ") + 100 for i in (*range(60_000), *range(30_000)))

    check()
    server.kill()
    server.start()
    logs = server.client("logs")
    check()
    logs.delete_log_stream(logGroupName="g", logStreamName="s")
    assert len(everything(logs)) == 30_000
    server.kill()
    server.start()
    logs = server.client("logs")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    assert len(everything(logs)) == 30_000
    assert logs.get_log_events(logGroupName="g", logStreamName="s")["events"] == []


def test_killed_in_the_middle(new_server):
    """What was acknowledged is there, once, and a reader's token goes on where it was."""
    server = new_server().start()
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    acknowledged, serial = [], 0
    at = now() - HOUR
    read, token = [], {"startFromHead": True}
    for round_number in range(4):
        client = server.client("logs")
        killer = threading.Timer(1.0, server.kill)
        killer.start()
        while True:
            batch = list(range(serial, serial + 500))
            serial += 500
            try:
                client.put_log_events(logGroupName="g", logStreamName="s", logEvents=[
                    {"timestamp": at + i, "message": f"{i} " + "x" * 200} for i in batch])
            except Exception:  # the server is gone
                break
            acknowledged += batch
            if round_number % 2 == 0 and serial % 2500 == 0:
                try:
                    page = client.get_log_events(logGroupName="g", logStreamName="s", **token)
                    events, following = page["events"], page["nextForwardToken"]
                except Exception:  # the server is gone, or its answer was cut (this client takes it as empty)
                    break
                read += [int(e["message"].split()[0]) for e in events]
                token = {"nextToken": following}
        killer.join()
        server.start()
    logs = server.client("logs")
    while True:
        page = logs.get_log_events(logGroupName="g", logStreamName="s", **token)
        if not page["events"]:
            break
        read += [int(e["message"].split()[0]) for e in page["events"]]
        token = {"nextToken": page["nextForwardToken"]}
    assert len(acknowledged) > 5000
    assert len(read) == len(set(read))
    assert set(acknowledged) <= set(read) <= set(range(serial))
    assert read == sorted(read)


def test_retention_by_the_clock(new_server):
    server = new_server("--clock", "virtual").start()
    clock(server, set="2031-03-01T00:00:00Z")
    at = 1930089600000  # that time
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    fill(logs, 40_000, at=at - 3600_000)
    logs.put_retention_policy(logGroupName="g", retentionInDays=3)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 3
    clock(server, advance="2d")
    put(logs, ["younger"], at + 2 * DAY)
    assert len(everything(logs)) == 40_001
    server.kill()
    server.start()
    logs = server.client("logs")
    clock(server, advance="23h30m")
    put(logs, ["youngest"], at + 3 * DAY - HOUR)
    clock(server, advance="1h")
    assert messages({"events": everything(logs)}) == ["younger", "youngest"]
    assert messages(logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True)) == ["younger", "youngest"]
    clock(server, advance="1d")
    stored = logs.describe_log_groups()["logGroups"][0]["storedBytes"]
    assert stored < 2_500_000  # a chunk that was sealed with younger events may be left
    logs.delete_retention_policy(logGroupName="g")
    clock(server, advance="30d")
    assert messages({"events": everything(logs)}) == ["younger", "youngest"]
    with pytest.raises(ClientError) as raised:
        logs.put_retention_policy(logGroupName="g", retentionInDays=2)
    assert error_code(raised) == "InvalidParameterException"


def test_rules_target_log_groups(server, account, logs, events):
    logs.create_log_group(logGroupName="/aws/events/x")
    arn = f"arn:aws:logs:{REGION}:{account}:log-group:/aws/events/x"
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["plain"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])
    events.put_rule(Name="made", EventPattern=json.dumps({"source": ["made"]}))
    events.put_targets(Rule="made", Targets=[{"Id": "1", "Arn": arn + ":*", "InputTransformer": {
        "InputPathsMap": {"m": "$.detail.m", "t": "$.detail.t"}, "InputTemplate": '{"timestamp": <t>, "message": <m>}'}}])
    at = now() - 1000
    events.put_events(Entries=[{"Source": "plain", "DetailType": "d", "Detail": '{"a": 1}', "Time": at // 1000},
                               {"Source": "made", "DetailType": "d", "Detail": json.dumps({"m": "hello", "t": at})}])
    found = everything(logs, "/aws/events/x")
    by_message = {e["message"]: e for e in found}
    assert by_message["hello"]["timestamp"] == at
    (event,) = [e for e in found if e["message"] != "hello"]
    assert json.loads(event["message"])["detail"] == {"a": 1}
    assert event["timestamp"] == at // 1000 * 1000
    assert len(event["logStreamName"]) == 36
    fails("ValidationException", f"Parameter arn:aws:logs:{REGION}:{account}:x is not valid. Reason: it names no log group.",
          events.put_targets, Rule="all", Targets=[{"Id": "2", "Arn": f"arn:aws:logs:{REGION}:{account}:x"}])


def test_rules_events_survive_with_their_stream(new_server):
    server = new_server().start()
    logs, events = server.client("logs"), server.client("events")
    logs.create_log_group(logGroupName="/aws/events/x")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["s"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": f"arn:aws:logs:{REGION}:000000000000:log-group:/aws/events/x"}])
    events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}] * 10)
    server.kill()
    server.start()
    assert len(everything(server.client("logs"), "/aws/events/x")) == 10


def test_deletion_protection(server, account, logs, group):
    assert call(server, "PutLogGroupDeletionProtection", account, logGroupIdentifier="g", deletionProtectionEnabled=True)[0] == 200
    with pytest.raises(ClientError) as raised:
        logs.delete_log_group(logGroupName="g")
    assert "protected" in error_text(raised)
    call(server, "PutLogGroupDeletionProtection", account, logGroupIdentifier="g", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="g")


def test_deleted_group_takes_its_events_along(logs, group):
    put(logs, ["m"])
    logs.delete_log_group(logGroupName="g")
    logs.create_log_group(logGroupName="g")
    assert everything(logs) == []
    assert logs.describe_log_streams(logGroupName="g")["logStreams"] == []


def test_many_streams_of_one_line(new_server):
    """A hundredth of a million, so that the test is quick; bench/logs_bench does the million."""
    server = new_server("--durability", "flush").start()
    logs = server.client("logs")
    logs.create_log_group(logGroupName="g")
    at = now()

    def some(part):
        client = server.client("logs")
        for i in range(part, 10_000, 4):
            client.create_log_stream(logGroupName="g", logStreamName=f"{i:05}")
            client.put_log_events(logGroupName="g", logStreamName=f"{i:05}",
                                  logEvents=[{"timestamp": at + i % 7, "message": f"line of {i:05} " + "x" * 200}])

    threads = [threading.Thread(target=some, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.kill()
    server.start()
    logs = server.client("logs")
    for name in ("00000", "04321", "09999"):
        assert messages(logs.get_log_events(logGroupName="g", logStreamName=name))[0].startswith(f"line of {name}")
    assert len(everything(logs)) == 10_000
    assert len(everything(logs, logStreamNamePrefix="012")) == 100


HOSTILE = ["{" * 1000, "[" * 1000, "%" + "(a*)*" * 100 + "b%", "{ $." + "a." * 400 + "b = 1 }", '"' + "\\" * 1000,
           "{ $.a = \"" + "*a" * 400 + "\" }", "?" * 1000, "-" * 1000, "[" + "," * 1000 + "]", "{$.a=1" + "||$.a=1" * 140 + "}"]


def test_characters_of_patterns(logs, group, account):
    """Everywhere alike."""
    put(logs, ["to email@some.com"])
    transformation = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    for pattern in ("email@some.com", "a/b", "warn:", "code=42", '""', "%something!%", "%(a|b)%"):
        for ask in (lambda: logs.filter_log_events(logGroupName="g", filterPattern=pattern),
                    lambda: logs.test_metric_filter(filterPattern=pattern, logEventMessages=["x"]),
                    lambda: logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern=pattern,
                                                   metricTransformations=transformation),
                    lambda: logs.put_subscription_filter(logGroupName="g", filterName="f", filterPattern=pattern,
                                                         destinationArn=f"arn:aws:lambda:{REGION}:{account}:function:f")):
            with pytest.raises(ClientError) as raised:
                ask()
            assert error_code(raised) == "InvalidParameterException"
            assert error_text(raised) == f"Invalid character(s) in term '{pattern}'"
    assert messages({"events": everything(logs, filterPattern='"email@some.com"')}) == ["to email@some.com"]


def test_hostile_patterns(logs, group):
    put(logs, ["a" * 200_000, json.dumps({"a": "a" * 100_000}), "[" * 100_000, '{"a":' * 10_000])
    for pattern in HOSTILE:
        began = time.monotonic()
        try:
            logs.filter_log_events(logGroupName="g", filterPattern=pattern)
        except ClientError as refused:
            assert refused.response["Error"]["Code"] == "InvalidParameterException"
        assert time.monotonic() - began < 20


def test_hostile_requests(server, account, logs, group):
    for body in ({"logGroupName": "g"}, {"logGroupName": "g", "logStreamName": "s", "logEvents": [{}]},
                 {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": -1, "message": "m"}]},
                 {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": ""}]},
                 {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1e300, "message": "m"}]}):
        status, answer = call(server, "PutLogEvents", account, **body)
        assert status == 400, answer
    status, answer = call(server, "PutLogEvents", account, logGroupName="g", logStreamName="s",
                          logEvents=[{"timestamp": 2 ** 63 - 1, "message": "m"}])
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}
    for token in ("", "f/" + "9" * 56 + "/s", "b/" + "3" + "9" * 55 + "/s", "x" * 1000):
        status, answer = call(server, "GetLogEvents", account, logGroupName="g", logStreamName="s", nextToken=token)
        assert status in (200, 400)


def test_refused_by_name(server, account):
    for operation in ("StartLiveTail", "PutDestination", "CreateExportTask", "PutTransformer"):
        status, answer = call(server, operation, account, logGroupIdentifiers=["g"])
        assert status in (400, 501)


def test_aws_logs_tail(server, account, logs, group):
    put(logs, ["one", "two ERROR"])
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION=REGION,
                       AWS_ENDPOINT_URL=server.endpoint, AWS_PAGER="", PYTHONUNBUFFERED="1")
    command = ["/usr/bin/aws", "--endpoint-url", server.endpoint, "logs", "tail", "g"]
    done = subprocess.run([*command, "--format", "short", "--filter-pattern", "ERROR"], env=environment, text=True,
                          capture_output=True, timeout=120, check=True)
    assert done.stdout.split(" ", 1)[1].strip() == "two ERROR"
    follow = subprocess.Popen([*command, "--follow", "--format", "short"], env=environment, text=True, stdout=subprocess.PIPE)
    try:
        assert "one" in follow.stdout.readline() and "two" in follow.stdout.readline()
        put(logs, ["three"])
        assert "three" in follow.stdout.readline()
    finally:
        follow.kill()
        follow.wait()
        follow.stdout.close()
