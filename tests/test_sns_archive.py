"""Archives of FIFO topics and their replay."""

import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text, queue_arn, receive_all


def advance(server, by):
    server.raw(json.dumps({"advance": by}).encode(), path="/_signalbox/clock")


def now(server):
    return json.loads(server.raw(method="GET", path="/_signalbox/clock")[2])["now"]


@pytest.fixture
def house(new_server, account):
    """A server whose clock stands still, its SNS and SQS, an archived topic."""
    server = new_server("--clock", "virtual").start()
    sns, sqs = server.client("sns", account), server.client("sqs", account)
    topic = sns.create_topic(Name="t.fifo", Attributes={
        "FifoTopic": "true", "ContentBasedDeduplication": "true",
        "ArchivePolicy": '{"MessageRetentionPeriod":"30"}'})["TopicArn"]
    return server, sns, sqs, topic


def new_queue(sqs, name="q.fifo"):
    url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
    return url, queue_arn(sqs, url)


def subscribe(sns, topic, arn, **attributes):
    return sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)["SubscriptionArn"]


def replay(start, end=None):
    policy = {"PointType": "Timestamp", "StartingPoint": start}
    if end:
        policy["EndingPoint"] = end
    return json.dumps(policy)


def publish(sns, topic, *messages):
    return [sns.publish(TopicArn=topic, Message=m, MessageGroupId="g")["MessageId"] for m in messages]


def take(server, sqs, url, **options):
    """All messages; they are deleted."""
    advance(server, "1s")  # what goes on by itself is done when the clock has moved
    messages = []
    while True:
        more = receive_all(sqs, url, **options)
        if not more:
            return messages
        for message in more:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        messages += more


def test_a_new_subscription_gets_what_was_before(house):
    server, sns, sqs, topic = house
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    start = now(server)
    assert attributes["BeginningArchiveTime"] == start
    ids = publish(sns, topic, *[f"m{i}" for i in range(25)])
    url, arn = new_queue(sqs)
    subscription = subscribe(sns, topic, arn, ReplayPolicy=replay(start))
    publish(sns, topic, "new")
    envelopes = [json.loads(message["Body"]) for message in take(server, sqs, url)]
    assert [envelope["Message"] for envelope in envelopes] == [f"m{i}" for i in range(25)] + ["new"]
    assert [envelope["MessageId"] for envelope in envelopes[:25]] == ids
    assert [envelope.get("Replayed") for envelope in envelopes] == ["true"] * 25 + [None]
    assert sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]["ReplayStatus"] == "Completed"
    publish(sns, topic, "newer")
    assert [json.loads(message["Body"])["Message"] for message in take(server, sqs, url)] == ["newer"]


def test_a_part_is_replayed_and_filtered(house):
    server, sns, sqs, topic = house
    url, arn = new_queue(sqs)
    times = []
    for i in range(6):
        advance(server, "1m")
        times.append(now(server))
        sns.publish(TopicArn=topic, Message=f"m{i}", MessageGroupId="g", MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "odd" if i % 2 else "even"}})
    subscription = subscribe(sns, topic, arn, RawMessageDelivery="true", FilterPolicy='{"kind":["odd"]}')
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="ReplayPolicy",
                                    AttributeValue=replay(times[1], times[4]))
    messages = take(server, sqs, url, MessageAttributeNames=["All"])
    assert [message["Body"] for message in messages] == ["m1", "m3"]
    assert messages[0]["MessageAttributes"]["Replayed"]["StringValue"] == "true"
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="ReplayPolicy", AttributeValue="{}")
    assert "ReplayStatus" not in sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


def test_what_is_too_old_is_not_replayed(house):
    server, sns, sqs, topic = house
    start = now(server)
    publish(sns, topic, "old")
    advance(server, "29d")
    publish(sns, topic, "young")
    advance(server, "2d")
    url, arn = new_queue(sqs)
    subscribe(sns, topic, arn, RawMessageDelivery="true", ReplayPolicy=replay(start))
    assert [message["Body"] for message in take(server, sqs, url)] == ["young"]


def test_archives_and_replays_survive_kill(house, account):
    server, sns, sqs, topic = house
    start = now(server)
    publish(sns, topic, *[f"m{i}" for i in range(15)])
    url, arn = new_queue(sqs)
    subscribe(sns, topic, arn, RawMessageDelivery="true", ReplayPolicy=replay(start))
    server.kill()
    server.start()
    sqs = server.client("sqs", account)
    url = sqs.get_queue_url(QueueName="q.fifo")["QueueUrl"]
    assert [message["Body"] for message in take(server, sqs, url)] == [f"m{i}" for i in range(15)]


def test_an_archive_goes_with_its_policy(house):
    server, sns, sqs, topic = house
    start = now(server)
    publish(sns, topic, "m")
    with pytest.raises(ClientError) as raised:
        sns.delete_topic(TopicArn=topic)
    assert error_code(raised) == "InvalidState"
    sns.set_topic_attributes(TopicArn=topic, AttributeName="ArchivePolicy", AttributeValue="{}")
    assert "BeginningArchiveTime" not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    url, arn = new_queue(sqs)
    with pytest.raises(ClientError) as raised:
        subscribe(sns, topic, arn, ReplayPolicy=replay(start))
    assert "no ArchivePolicy" in error_text(raised)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="ArchivePolicy",
                             AttributeValue='{"MessageRetentionPeriod":"1"}')
    subscribe(sns, topic, arn, ReplayPolicy=replay(start))
    assert take(server, sqs, url) == []
    sns.set_topic_attributes(TopicArn=topic, AttributeName="ArchivePolicy", AttributeValue="{}")
    sns.delete_topic(TopicArn=topic)


@pytest.mark.parametrize("policy", ["x", '{"MessageRetentionPeriod":"0"}', '{"MessageRetentionPeriod":"366"}', '{"a":1}'])
def test_archive_policies_that_are_refused(house, policy):
    _, sns, _, topic = house
    with pytest.raises(ClientError) as raised:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="ArchivePolicy", AttributeValue=policy)
    assert error_code(raised) == "InvalidParameter" and "ArchivePolicy" in error_text(raised)
    standard = sns.create_topic(Name="standard")["TopicArn"]
    with pytest.raises(ClientError) as raised:
        sns.set_topic_attributes(TopicArn=standard, AttributeName="ArchivePolicy",
                                 AttributeValue='{"MessageRetentionPeriod":"1"}')
    assert "FIFO" in error_text(raised)


@pytest.mark.parametrize("policy", [
    "x", "[]", '{"PointType":"Sequence","StartingPoint":"2026-01-01T00:00:00Z"}', '{"PointType":"Timestamp"}',
    '{"PointType":"Timestamp","StartingPoint":"yesterday"}',
    '{"PointType":"Timestamp","StartingPoint":"2026-01-02T00:00:00Z","EndingPoint":"2026-01-01T00:00:00Z"}'])
def test_replay_policies_that_are_refused(house, policy):
    _, sns, sqs, topic = house
    _, arn = new_queue(sqs)
    with pytest.raises(ClientError) as raised:
        subscribe(sns, topic, arn, ReplayPolicy=policy)
    assert error_code(raised) == "InvalidParameter" and "ReplayPolicy" in error_text(raised)
