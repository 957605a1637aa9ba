"""Resource policies of CloudWatch Logs: kept, and asked for what rules write."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from conftest import error_code
from functions import until
from test_enforce import (ACCOUNT, User, denied, options, put_event, root, rule_to,  # noqa: F401 (fixtures)
                          server as enforcing)

GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/events"


def document(resource, sid="Rules"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": sid, "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": resource}]})


@pytest.fixture
def logs(server, account):
    return server.client("logs", account)


def test_they_are_kept_listed_in_pages_and_deleted(logs):
    for name in ("b", "a", "c"):
        answer = logs.put_resource_policy(policyName=name, policyDocument=document("*"))["resourcePolicy"]
        assert answer["policyName"] == name and answer["lastUpdatedTime"] > 0
    first = logs.describe_resource_policies(limit=2)
    assert [policy["policyName"] for policy in first["resourcePolicies"]] == ["a", "b"]
    rest = logs.describe_resource_policies(limit=2, nextToken=first["nextToken"])
    assert [policy["policyDocument"] for policy in rest["resourcePolicies"]] == [document("*")]
    assert "nextToken" not in rest
    logs.delete_resource_policy(policyName="b")
    with pytest.raises(ClientError) as raised:
        logs.delete_resource_policy(policyName="b")
    assert error_code(raised) == "ResourceNotFoundException"


@pytest.mark.parametrize("given, code", [
    ({"policyDocument": "{"}, "InvalidParameterException"),
    ({"policyDocument": json.dumps({"Statement": {"Effect": "Allow", "Action": "*"}})}, "InvalidParameterException"),
])
def test_what_is_none_is_refused(logs, given, code):
    with pytest.raises(ClientError) as raised:
        logs.put_resource_policy(policyName="p", **given)
    assert error_code(raised) == code


def test_there_are_ten_at_most(logs):
    for number in range(10):
        logs.put_resource_policy(policyName=str(number), policyDocument=document("*"))
    logs.put_resource_policy(policyName="3", policyDocument=document(GROUP))
    with pytest.raises(ClientError) as raised:
        logs.put_resource_policy(policyName="one more", policyDocument=document("*"))
    assert error_code(raised) == "LimitExceededException"


def messages(logs):
    return [event["message"] for event in logs.filter_log_events(logGroupName="/events")["events"]]


def test_rules_write_where_they_let_them(enforcing):
    logs = root(enforcing, "logs")
    logs.create_log_group(logGroupName="/events")
    rule_to(enforcing, GROUP)
    put_event(enforcing)
    assert messages(logs) == []
    # Of several documents one suffices; their statements may have the same Sid.
    logs.put_resource_policy(policyName="other", policyDocument=document(GROUP + "-other:*"))
    put_event(enforcing)
    assert messages(logs) == []
    logs.put_resource_policy(policyName="mine", policyDocument=document(GROUP + ":*"))
    put_event(enforcing)
    deadline = time.monotonic() + 20
    while not (found := messages(logs)):
        assert time.monotonic() < deadline
    assert len(found) == 1
    enforcing.kill()
    enforcing.start()
    logs = root(enforcing, "logs")
    put_event(enforcing)
    assert len(messages(logs)) == 2
    logs.delete_resource_policy(policyName="mine")
    put_event(enforcing)
    assert len(messages(logs)) == 2


def test_a_record_is_of_its_group(enforcing):  # noqa: F811
    logs = root(enforcing, "logs")
    logs.create_log_group(logGroupName="/events")
    logs.create_log_stream(logGroupName="/events", logStreamName="s")
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName="/events", logStreamName="s", logEvents=[{"timestamp": now, "message": "m"}])
    asked = logs.start_query(logGroupName="/events", queryString="fields @message", startTime=now // 1000 - 60,
                             endTime=now // 1000 + 60)["queryId"]
    answer = until(lambda: (found := logs.get_query_results(queryId=asked))["status"] == "Complete" and found)
    pointer, = (field["value"] for field in answer["results"][0] if field["field"] == "@ptr")
    out = User(enforcing, {"Action": "*"}, {"Effect": "Deny", "Action": "logs:*", "Resource": GROUP + ":*"})
    denied(out.client("logs").get_log_record, logRecordPointer=pointer)
    inside = User(enforcing, {"Action": "logs:GetLogRecord", "Resource": GROUP + ":*"}, name="ada")
    assert inside.client("logs").get_log_record(logRecordPointer=pointer)["logRecord"]["@message"] == "m"
