"""CloudTrail: the record of every call, its history, and events of calls on the bus."""

import datetime
import json
import os
import subprocess
import time

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError

from conftest import BINARY
from functions import zipped

MANAGEMENT_KEYS = {"eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion",
                   "sourceIPAddress", "userAgent", "requestParameters", "responseElements", "requestID", "eventID",
                   "readOnly", "eventType", "managementEvent", "recipientAccountId", "eventCategory"}


@pytest.fixture
def trail(server, account):
    return server.client("cloudtrail", account)


def look_up(trail, **attribute):
    """The records of the history, newest first, by one attribute or all of them."""
    attributes = [{"AttributeKey": key, "AttributeValue": value} for key, value in attribute.items()]
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=attributes)
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]


def look_up_until(trail, seconds=10, **attribute):
    """Calls that only read are recorded without waiting for the record."""
    deadline = time.monotonic() + seconds
    while True:
        found = look_up(trail, **attribute)
        if found:
            return found
        assert time.monotonic() < deadline, f"no record of {attribute} came"


def clock(server, *arguments):
    """`signalbox clock`: the time that it tells."""
    done = subprocess.run([BINARY, "clock", *arguments], env={**os.environ, "AWS_ENDPOINT_URL": server.endpoint},
                          capture_output=True, text=True, timeout=60, check=True)
    return datetime.datetime.fromisoformat(done.stdout.strip().replace("Z", "+00:00"))


def advance(server, seconds):
    clock(server, "advance", f"{seconds}s")


def queue_with_rule(server, account, pattern, secret="secret", arn_account=None, **rule):
    """What a rule with that pattern brings, as a function that receives it."""
    sqs, events = server.client("sqs", account, secret=secret), server.client("events", account, secret=secret)
    url = sqs.create_queue(QueueName="calls")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{arn_account or account}:calls"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                                                "Action": "sqs:SendMessage", "Resource": arn}]})})
    events.put_rule(Name="calls", EventPattern=json.dumps(pattern), **rule)
    events.put_targets(Rule="calls", Targets=[{"Id": "1", "Arn": arn}])

    def receive(wait=5):
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    return receive


def test_a_record_of_a_call(server, account, sqs, trail):
    answer = sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "3"}, tags={"Stage": "test"})
    record, = look_up(trail, EventName="CreateQueue")
    assert set(record) == MANAGEMENT_KEYS
    assert record["userIdentity"] == {
        "type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account,
        "accessKeyId": account}
    assert record["eventSource"] == "sqs.amazonaws.com"
    assert record["awsRegion"] == "us-east-1"
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert "Boto3" in record["userAgent"]
    assert record["requestParameters"] == {
        "queueName": "q", "attributes": {"DelaySeconds": "3"}, "tags": {"Stage": "test"}}
    assert record["responseElements"] == {"queueUrl": answer["QueueUrl"]}
    assert record["requestID"] == answer["ResponseMetadata"]["RequestId"]
    assert (record["readOnly"], record["managementEvent"], record["eventCategory"]) == (False, True, "Management")
    assert (record["eventType"], record["recipientAccountId"]) == ("AwsApiCall", account)
    assert record["eventVersion"] == "1.11"


def test_calls_that_only_read_have_no_response_elements(events, trail):
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)", State="DISABLED")
    events.describe_rule(Name="r")
    record, = look_up_until(trail, EventName="DescribeRule")
    assert record["readOnly"] is True
    assert record["requestParameters"] == {"name": "r"}
    assert record["responseElements"] is None


def test_refused_calls_are_recorded(account, events, trail):
    with pytest.raises(events.exceptions.ResourceNotFoundException) as refused:
        events.put_targets(Rule="none", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{account}:q"}])
    record, = look_up(trail, EventName="PutTargets")
    assert record["errorCode"] == "ResourceNotFoundException"
    assert record["errorMessage"] == refused.value.response["Error"]["Message"]
    assert record["responseElements"] is None
    assert record["requestParameters"]["rule"] == "none"


def test_what_applications_send_is_not_recorded(server, account, sqs, events, sns, trail):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    sqs.send_message(QueueUrl=url, MessageBody="a secret")
    sqs.receive_message(QueueUrl=url)
    sns.publish(TopicArn=topic, Message="a secret")
    events.put_events(Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}])
    server.client("kinesis", account).create_stream(StreamName="s", ShardCount=1)
    names = {record["eventName"] for record in look_up(trail)}
    assert {"CreateQueue", "CreateTopic", "CreateStream"} <= names
    assert not names & {"SendMessage", "ReceiveMessage", "Publish", "PutEvents"}


def test_secrets_are_not_recorded(server, account, events, trail):
    events.create_connection(Name="c", AuthorizationType="BASIC", AuthParameters={
        "BasicAuthParameters": {"Username": "hidden-user", "Password": "hidden-password"},
        "InvocationHttpParameters": {"HeaderParameters": [
            {"Key": "x", "Value": "hidden-header", "IsValueSecret": True}]}})
    events.test_event_pattern(EventPattern='{"source":["a"]}', Event=json.dumps({
        "id": "1", "account": account, "source": "a", "time": "2017-04-28T17:56:40Z", "region": "us-east-1",
        "resources": [], "detail-type": "x", "detail": {"a": "hidden-event"}}))
    connection, = look_up(trail, EventName="CreateConnection")
    assert connection["requestParameters"]["authParameters"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    look_up_until(trail, EventName="TestEventPattern")
    # Errors quote what was asked for.
    functions = server.client("lambda", account)
    for value in ("hidden-" + "x" * 5000, 'hidden-"quoted"' + "x" * 5000):
        with pytest.raises(ClientError, match="hidden-"):
            functions.create_function(
                FunctionName="f", Runtime="python3.12", Handler="a.b", Role=f"arn:aws:iam::{account}:role/r",
                Code={"ZipFile": zipped({"a.py": ""})}, Environment={"Variables": {"AA": value}})
    record = look_up_until(trail, EventName="CreateFunction20150331")
    assert "HIDDEN_DUE_TO_SECURITY_REASONS" in json.dumps(record)
    assert "hidden-" not in json.dumps(look_up(trail))


def test_a_rule_gets_the_calls_that_match_it(server, account):
    receive = queue_with_rule(server, account, {
        "source": ["aws.sns"], "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["sns.amazonaws.com"], "eventName": ["CreateTopic", "GetTopicAttributes"]}})
    sns = server.client("sns", account)
    topic = sns.create_topic(Name="watched")["TopicArn"]
    event, = receive()
    assert (event["source"], event["account"], event["region"], event["resources"]) == (
        "aws.sns", account, "us-east-1", [])
    assert event["detail"]["requestParameters"]["name"] == "watched"
    assert event["detail"]["responseElements"] == {"topicArn": topic}
    assert event["time"] == event["detail"]["eventTime"]
    record, = look_up(server.client("cloudtrail", account), EventName="CreateTopic")
    assert record == event["detail"]
    # Calls that only read are not for a rule that is just enabled.
    sns.get_topic_attributes(TopicArn=topic)
    sns.create_topic(Name="another")
    names = [event["detail"]["eventName"] for event in receive()]
    assert names == ["CreateTopic"]


def test_a_rule_may_ask_for_calls_that_only_read(server, account):
    receive = queue_with_rule(server, account, {
        "detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": ["GetTopicAttributes"]}},
        State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
    sns = server.client("sns", account)
    topic = sns.create_topic(Name="watched")["TopicArn"]
    sns.get_topic_attributes(TopicArn=topic)
    event, = receive()
    assert event["detail"]["readOnly"] is True


def test_accounts_and_regions_are_apart(server, account, trail):
    server.client("sqs", account, region="eu-west-1").create_queue(QueueName="elsewhere")
    server.client("sqs", f"{(int(account) + 1) % 10 ** 12:012d}").create_queue(QueueName="others")
    assert not look_up(trail, EventName="CreateQueue")
    record, = look_up(server.client("cloudtrail", account, region="eu-west-1"), EventName="CreateQueue")
    assert record["awsRegion"] == "eu-west-1"


def test_look_ups_by_attribute(server, account, sqs, events, trail):
    sqs.create_queue(QueueName="q")
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)", State="DISABLED")
    events.delete_rule(Name="r")
    event, = trail.lookup_events(LookupAttributes=[
        {"AttributeKey": "EventName", "AttributeValue": "PutRule"}])["Events"]
    assert (event["Username"], event["ReadOnly"], event["AccessKeyId"]) == ("root", "false", account)
    assert event["EventSource"] == "events.amazonaws.com"
    assert event["Resources"] == [{"ResourceType": "AWS::Events::Rule", "ResourceName": "r"}]
    assert event["EventId"] == json.loads(event["CloudTrailEvent"])["eventID"]

    def names(key, value):
        return [record["eventName"] for record in look_up(trail, **{key: value})]

    assert names("EventId", event["EventId"]) == ["PutRule"]
    assert names("ResourceName", "r") == ["DeleteRule", "PutRule"]
    assert names("ResourceType", "AWS::SQS::Queue") == ["CreateQueue"]
    assert names("EventSource", "sqs.amazonaws.com") == ["CreateQueue"]
    assert names("Username", "nobody") == []
    assert names("AccessKeyId", account)[-1] == "CreateQueue"
    assert names("ReadOnly", "false") == ["DeleteRule", "PutRule", "CreateQueue"]


def test_look_ups_in_pages_and_time_ranges(new_server, account):
    server = new_server("--clock", "virtual").start()
    sqs, trail = server.client("sqs", account), server.client("cloudtrail", account)
    times = []
    for i in range(5):
        sqs.create_queue(QueueName=f"q{i}")
        times.append(clock(server))
        advance(server, 60)
    pages = list(trail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}],
        PaginationConfig={"PageSize": 2}))
    assert [len(page["Events"]) for page in pages] == [2, 2, 1]
    found = [json.loads(event["CloudTrailEvent"])["requestParameters"]["queueName"]
             for page in pages for event in page["Events"]]
    assert found == ["q4", "q3", "q2", "q1", "q0"]
    some = trail.lookup_events(StartTime=times[1], EndTime=times[3], LookupAttributes=[
        {"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}])["Events"]
    assert [json.loads(event["CloudTrailEvent"])["requestParameters"]["queueName"] for event in some] == [
        "q3", "q2", "q1"]


def test_the_history_is_of_90_days(new_server, account):
    server = new_server("--clock", "virtual").start()
    sqs, trail = server.client("sqs", account), server.client("cloudtrail", account)
    sqs.create_queue(QueueName="old")
    advance(server, 89 * 86400)
    sqs.create_queue(QueueName="new")
    assert len(look_up(trail, EventName="CreateQueue")) == 2
    advance(server, 2 * 86400)
    record, = look_up(trail, EventName="CreateQueue")
    assert record["requestParameters"]["queueName"] == "new"


def test_look_ups_that_are_refused(trail):
    def refused(**request):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            trail.lookup_events(**request)
        return error.value.response["Error"]["Code"]

    two = [{"AttributeKey": "EventName", "AttributeValue": "a"}, {"AttributeKey": "Username", "AttributeValue": "b"}]
    assert refused(LookupAttributes=two) == "InvalidLookupAttributesException"
    assert refused(StartTime=2_000_000_000, EndTime=1_000_000_000) == "InvalidTimeRangeException"
    assert refused(NextToken="x") == "InvalidNextTokenException"
    assert refused(EventCategory="insight") == "UnsupportedOperationException"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        trail.put_insight_selectors(TrailName="t", InsightSelectors=[{"InsightType": "ApiCallRateInsight"}])
    assert "PutInsightSelectors" in error.value.response["Error"]["Message"]


def test_acknowledged_changes_have_their_records_after_a_crash(new_server, account):
    server = new_server().start()
    sqs = server.client("sqs", account)
    for i in range(20):
        sqs.create_queue(QueueName=f"q{i}")
    server.kill()
    server.start()
    records = look_up(server.client("cloudtrail", account), EventName="CreateQueue")
    assert [record["requestParameters"]["queueName"] for record in records] == [f"q{i}" for i in reversed(range(20))]


def test_patterns_of_the_security_group_walkthrough(events):
    """The events of EC2's calls that a walkthrough watches a security group by."""
    pattern = json.dumps({
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["ec2.amazonaws.com"],
                   "eventName": ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"],
                   "requestParameters": {"groupId": ["sg-abc12345"]}}})

    def matches(name, group):
        return events.test_event_pattern(EventPattern=pattern, Event=json.dumps({
            "version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2",
            "account": "123456789012", "time": "2017-04-28T17:56:40Z", "region": "us-east-1", "resources": [],
            "detail": {"eventVersion": "1.05", "eventSource": "ec2.amazonaws.com", "eventName": name,
                       "awsRegion": "us-east-1", "requestParameters": {
                           "groupId": group, "ipPermissions": {"items": [
                               {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
                                "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}},
                       "responseElements": {"_return": True}}}))["Result"]

    assert matches("AuthorizeSecurityGroupIngress", "sg-abc12345")
    assert matches("RevokeSecurityGroupIngress", "sg-abc12345")
    assert not matches("AuthorizeSecurityGroupIngress", "sg-other")
    assert not matches("DescribeSecurityGroups", "sg-abc12345")


@pytest.mark.parametrize("prefix", ["com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", "CloudTrail_20131101"])
def test_targets_with_and_without_the_namespace(server, account, prefix):
    """boto3 sends the one, the SDKs for Go and .NET the other."""
    status, _, answer = server.raw(b"{}", {
        "X-Amz-Target": prefix + ".DescribeTrails", "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/cloudtrail/aws4_request, "
                         f"SignedHeaders=host, Signature={'0' * 64}"})
    assert (status, json.loads(answer)) == (200, {"trailList": []})
