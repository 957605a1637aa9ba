"""Delivery status logging, and CloudWatch's view of it."""

import hashlib
import json
import time

import pytest
from botocore.exceptions import ClientError

from conftest import error_text, queue_arn

ROLE = "arn:aws:iam::123456789012:role/feedback"


def logged(logs, group, count, seconds=20):
    """That many lines of a log group, as soon as they are there: they are written behind the answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            lines = [json.loads(event["message"]) for event in
                     logs.filter_log_events(logGroupName=group).get("events", [])]
        except ClientError:
            lines = []
        if len(lines) >= count:
            return lines
        assert time.monotonic() < deadline, lines


def test_statuses_of_queues(server, sns, sqs, account):
    logs = server.client("logs", account)
    topic = sns.create_topic(Name="t", Attributes={"SQSSuccessFeedbackRoleArn": ROLE, "SQSFailureFeedbackRoleArn": ROLE,
                                                   "SQSSuccessFeedbackSampleRate": "100"})["TopicArn"]
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = queue_arn(sqs, url)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn + "gone")
    sent = sns.publish(TopicArn=topic, Message="m")["MessageId"]
    group = f"sns/us-east-1/{account}/t"
    good, = logged(logs, group, 1)
    assert (good["status"], good["delivery"]["destination"]) == ("SUCCESS", arn)
    assert good["notification"]["messageId"] == sent and good["notification"]["topicArn"] == topic
    assert good["notification"]["messageMD5Sum"] == hashlib.md5(b"m").hexdigest()
    assert (good["delivery"]["attempts"], good["delivery"]["statusCode"]) == (1, 200)
    bad, = logged(logs, group + "/Failure", 1)
    assert (bad["status"], bad["delivery"]["destination"]) == ("FAILURE", arn + "gone")
    assert "does not exist" in bad["delivery"]["providerResponse"]


def test_statuses_of_http(server, sns, account, sink):
    logs = server.client("logs", account)
    topic = sns.create_topic(Name="t", Attributes={"HTTPFailureFeedbackRoleArn": ROLE})["TopicArn"]
    for path in ("/status/403", "/"):
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=sink.url + path)
    for request in sink.wait_for(2):
        sns.confirm_subscription(TopicArn=topic, Token=request["body"]["Token"])
    sns.publish(TopicArn=topic, Message="m")
    bad, = logged(logs, f"sns/us-east-1/{account}/t/Failure", 1)
    assert bad["delivery"]["destination"] == sink.url + "/status/403"
    assert (bad["delivery"]["statusCode"], bad["delivery"]["attempts"]) == (403, 1)
    groups = [group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix="sns/")["logGroups"]]
    assert groups == [f"sns/us-east-1/{account}/t/Failure"]


@pytest.mark.parametrize("name, value, words", [
    ("SQSSuccessFeedbackRoleArn", "x", "role"), ("SQSSuccessFeedbackSampleRate", "101", "0 to 100"),
    ("FirehoseFailureFeedbackRoleArn", "x", "role"), ("SMSSuccessFeedbackSampleRate", "1", "AttributeName"),
])
def test_settings_that_are_refused(sns, name, value, words):
    topic = sns.create_topic(Name="t")["TopicArn"]
    with pytest.raises(ClientError) as raised:
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert words in error_text(raised)
