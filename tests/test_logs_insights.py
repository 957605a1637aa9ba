"""Logs Insights over the wire: queries over what has just arrived and over chunks, their figures, their ends."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from conftest import REGION, error_code, error_text
from test_logs import HOUR, call, fails, fill, logs, now, put  # noqa: F401 (fixtures)

RUNNING = ("Scheduled", "Running")


@pytest.fixture
def group(logs):  # noqa: F811
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    return "g"


def ended(logs, query_id):  # noqa: F811
    deadline = time.monotonic() + 60
    while True:
        answer = logs.get_query_results(queryId=query_id)
        if answer["status"] not in RUNNING:
            return answer
        assert time.monotonic() < deadline, answer


def query(logs, text, **options):  # noqa: F811
    """The query's answer when it has ended; by default over the last two hours of g."""
    if not any(name.startswith("logGroup") for name in options):
        options["logGroupName"] = "g"
    options.setdefault("startTime", now() // 1000 - 7200)
    options.setdefault("endTime", now() // 1000 + 3600)
    return ended(logs, logs.start_query(queryString=text, **options)["queryId"])


def rows(answer):
    assert answer["status"] == "Complete", answer
    return [{f["field"]: f["value"] for f in row if f["field"] != "@ptr"} for row in answer["results"]]


EVENTS = [{"level": "INFO", "ms": 12, "path": "/a"}, {"level": "ERROR", "ms": 300, "path": "/b"},
          {"level": "INFO", "ms": 18, "path": "/b"}]


def test_a_query(logs, group):  # noqa: F811
    at = now() - 10_000
    put(logs, [json.dumps(e) for e in EVENTS] + ["plain text"], at, step=1000)
    answer = query(logs, "fields @timestamp, level, ms | filter ispresent(level) | sort ms desc | limit 2")
    assert [(r["level"], r["ms"]) for r in rows(answer)] == [("ERROR", "300"), ("INFO", "18")]
    assert answer["statistics"]["recordsScanned"] == 4 and answer["statistics"]["recordsMatched"] == 3
    assert answer["statistics"]["bytesScanned"] == sum(26 + len(json.dumps(e)) for e in EVENTS) + 26 + len("plain text")
    pointer = [f["value"] for f in answer["results"][0] if f["field"] == "@ptr"][0]
    record = logs.get_log_record(logRecordPointer=pointer)["logRecord"]
    assert record["@message"] == json.dumps(EVENTS[1]) and record["level"] == "ERROR" and record["ms"] == "300"
    assert record["@logStream"] == "s" and record["@timestamp"] == str(at + 1000)
    assert rows(query(logs, "stats count(*) as n, avg(ms) as mean by level | sort n desc, level")) == [
        {"level": "INFO", "n": "2", "mean": "15"}, {"n": "1"}, {"level": "ERROR", "n": "1", "mean": "300"}]
    # The default: time and message, the latest first.
    assert [r["@message"] for r in rows(query(logs, "limit 2"))] == ["plain text", json.dumps(EVENTS[2])]
    fields = {f["name"]: f["percent"] for f in logs.get_log_group_fields(logGroupName="g")["logGroupFields"]}
    assert fields["@message"] == 100 and fields["level"] == 75


def test_times_are_seconds_and_both_included(logs, group):  # noqa: F811
    second = now() // 1000 - 100
    put(logs, [str(i) for i in range(6)], second * 1000 - 500, step=500)
    texts = lambda start, end: [r["@message"] for r in rows(query(logs, "sort @timestamp", startTime=start, endTime=end))]
    assert texts(second, second) == ["1", "2"]
    assert texts(second - 1, second + 1) == ["0", "1", "2", "3", "4"]


def test_times_that_no_clock_reaches(logs, group):  # noqa: F811
    put(logs, ["x"])
    for last in (9_223_372_036_854_775, 9_223_372_036_854_775_807):
        assert len(rows(query(logs, "fields @message", startTime=0, endTime=last))) == 1
        assert rows(query(logs, "fields @message", startTime=last, endTime=last)) == []
        assert logs.get_log_group_fields(logGroupName="g", time=last)["logGroupFields"] == []
    assert logs.get_log_group_fields(logGroupName="g", time=0)["logGroupFields"] == []


def test_over_chunks_after_a_kill(new_server):
    server = new_server().start()
    logs = server.client("logs")  # noqa: F811
    for name in ("g", "h"):
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
    at = fill(logs, 50_000)
    fill(logs, 50_000, at=at, start=50_000)
    put(logs, ["in h needle"], group="h")
    for _ in range(2):
        answer = query(logs, "stats count(*) as n, min(@timestamp) as first, count_distinct(@message) as d")
        assert rows(answer)[0]["n"] == "100000" and rows(answer)[0]["d"] == "100000"
        assert answer["statistics"]["recordsScanned"] == 100_000
        bins = rows(query(logs, "stats count(*) as n by bin(10s) | sort n desc"))
        assert sum(int(r["n"]) for r in bins) == 100_000 and bins[0]["n"] == "10000"
        found = rows(query(logs, "filter @message like 'event 77777 ' or @message like /needle$/ | fields @message, @log | sort @log",
                           logGroupNames=["g", "h"]))
        assert [r["@log"] for r in found] == ["000000000000:g", "000000000000:h"]
        found = rows(query(logs, "parse @message 'event * .' as number | filter number % 25000 = 0 | sort number + 0 | display number"))
        assert [r["number"] for r in found] == ["0", "25000", "50000", "75000"]
        answer = query(logs, "fields @message | sort @timestamp asc | limit 3")
        assert [r["@message"].split()[1] for r in rows(answer)] == ["0", "1", "2"]
        server.kill()
        server.start()
        logs = server.client("logs")
        fails("ResourceNotFoundException", "Query does not exist.", logs.get_query_results, queryId="x")


def test_expired_and_deleted_are_not_seen(logs, group):  # noqa: F811
    logs.create_log_stream(logGroupName="g", logStreamName="t")
    put(logs, ["kept"])
    put(logs, ["deleted"], stream="t")
    put(logs, ["expired"], now() - 49 * HOUR)
    old = {"startTime": now() // 1000 - 100 * 3600}
    assert rows(query(logs, "stats count(*) as n", **old)) == [{"n": "3"}]
    logs.put_retention_policy(logGroupName="g", retentionInDays=1)
    logs.delete_log_stream(logGroupName="g", logStreamName="t")
    assert rows(query(logs, "stats count(*) as n", **old)) == [{"n": "1"}]


def test_what_is_wrong(server, account, logs, group):  # noqa: F811
    start = {"logGroupName": "g", "startTime": 1, "endTime": 2}
    fails("MalformedQueryException", "unexpected symbol found bogus at line 1 and position 10 (characters 9 to 14)",
          logs.start_query, queryString="limit 1 |bogus", **start)
    fails("MalformedQueryException", "the command pattern is not supported, at line 1 and position 1 (characters 0 to 7)",
          logs.start_query, queryString="pattern @message", **start)
    fails("ResourceNotFoundException", "The specified log group does not exist.", logs.start_query, queryString="limit 1",
          **{**start, "logGroupName": "none"})
    with pytest.raises(ClientError) as raised:
        logs.start_query(queryString="limit 1", startTime=1, endTime=2)
    assert error_code(raised) == "InvalidParameterException"
    with pytest.raises(ClientError) as raised:
        logs.start_query(queryString="limit 1", **{**start, "startTime": 3})
    assert "endTime" in error_text(raised)
    status, answer = call(server, "StartQuery", account, queryString="SELECT 1", queryLanguage="SQL", **start)
    assert status == 400 and "SQL" in answer["message"]


def test_stop_and_describe(logs, group):  # noqa: F811
    put(logs, ["m"])
    first = logs.start_query(logGroupName="g", startTime=0, endTime=now() // 1000, queryString="limit 1")["queryId"]
    ended(logs, first)
    with pytest.raises(ClientError) as raised:
        logs.stop_query(queryId=first)
    assert "Complete" in error_text(raised)
    second = logs.start_query(logGroupName="g", startTime=0, endTime=now() // 1000, queryString="limit 2")["queryId"]
    ended(logs, second)
    assert [q["queryId"] for q in logs.describe_queries()["queries"]] == [second, first]
    assert [q["queryId"] for q in logs.describe_queries(logGroupName="g", status="Complete", maxResults=1)["queries"]] == [second]
    assert logs.describe_queries(logGroupName="other")["queries"] == []
    fails("ResourceNotFoundException", "Query does not exist.", logs.stop_query, queryId="none")


def test_stopped_under_way(new_server):
    server = new_server().start()
    logs = server.client("logs")  # noqa: F811
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    fill(logs, 100_000)
    slow = "filter " + " or ".join(f"@message like /(x+{i})+y/" for i in range(300)) + " | stats count(*)"
    stopped = logs.start_query(logGroupName="g", startTime=0, endTime=now() // 1000, queryString=slow)["queryId"]
    assert logs.stop_query(queryId=stopped)["success"]
    assert logs.get_query_results(queryId=stopped)["status"] == "Cancelled"
    # A stop of the server does not wait for the others.
    logs.start_query(logGroupName="g", startTime=0, endTime=now() // 1000, queryString=slow)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 30


def test_query_definitions(server, account, logs):  # noqa: F811
    made = logs.put_query_definition(name="errors", queryString="filter level = 'ERROR'", logGroupNames=["g"])["queryDefinitionId"]
    other = logs.put_query_definition(name="other", queryString="limit 1")["queryDefinitionId"]
    logs.put_query_definition(name="errors too", queryString="limit 2", queryDefinitionId=made)
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="errors")["queryDefinitions"]
    assert (found["name"], found["queryString"], found["queryDefinitionId"]) == ("errors too", "limit 2", made)
    assert len(logs.describe_query_definitions()["queryDefinitions"]) == 2
    assert logs.delete_query_definition(queryDefinitionId=other)["success"]
    fails("ResourceNotFoundException", "The specified query definition does not exist.", logs.delete_query_definition,
          queryDefinitionId=other)
    fails("InvalidParameterException", "unexpected symbol found bogus at line 1 and position 1 (characters 0 to 5)",
          logs.put_query_definition, name="n", queryString="bogus")
    status, answer = call(server, "PutQueryDefinition", account, name="n", queryString="limit 1", parameters=[{"name": "p"}])
    assert status == 400 and "parameters" in answer["message"]


def test_hostile_queries(logs, group):  # noqa: F811
    put(logs, ["a" * 200_000] * 4)
    put(logs, [json.dumps({"a": {"b": ["x"] * 10_000}}), "[" * 50_000, "{" * 50_000])
    twice = "@message"
    for _ in range(8):
        twice = f"concat({twice}, {twice})"
    for text in (f"fields {twice} as x | stats count(*) by x", "filter @message like /(a*)*(a*)*b/", "filter " + "(" * 5000,
                 "fields " + "-" * 5000 + "1", "filter a = '" + "x" * 9000, "stats " + ", ".join(f"pct(a{i}, 50)" for i in range(500)),
                 "fields @message" + " | fields a" * 300, "dedup @message | sort @message | limit 10000"):
        try:
            answer = query(logs, text)
            assert answer["status"] in ("Complete", "Failed")
        except ClientError as refused:
            assert refused.response["Error"]["Code"] == "MalformedQueryException"


def test_many_at_once(logs, group):  # noqa: F811
    fill(logs, 20_000)
    ids = [logs.start_query(logGroupName="g", startTime=0, endTime=now() // 1000, queryString=f"filter @message like '{i}' | stats count(*) as n")
           ["queryId"] for i in range(40)]
    assert all(rows(ended(logs, one)) for one in ids)
