"""SQS over boto3 (the query protocol with Debian's; JSON with newer ones)."""

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text, queue_arn, receive_all

MISSING = "AWS.SimpleQueueService.NonExistentQueue"


@pytest.fixture
def url(sqs):
    return sqs.create_queue(QueueName="queue")["QueueUrl"]


@pytest.fixture
def fifo(sqs):
    return sqs.create_queue(QueueName="queue.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


def counts(sqs, url):
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return tuple(int(attributes["ApproximateNumberOfMessages" + kind]) for kind in ("", "NotVisible", "Delayed"))


def test_queue_life(server, sqs, account):
    url = sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "5"}, tags={"a": "b"})["QueueUrl"]
    assert url == f"{server.endpoint}/{account}/q"
    assert sqs.get_queue_url(QueueName="q")["QueueUrl"] == url
    assert sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "5"})["QueueUrl"] == url
    with pytest.raises(ClientError) as raised:
        sqs.create_queue(QueueName="q", Attributes={"DelaySeconds": "6"})
    assert error_code(raised) == "QueueAlreadyExists"
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["QueueArn"] == f"arn:aws:sqs:us-east-1:{account}:q"
    assert attributes["DelaySeconds"] == "5"
    assert attributes["VisibilityTimeout"] == "30"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"] == {
        "VisibilityTimeout": "60"}
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}
    sqs.tag_queue(QueueUrl=url, Tags={"c": "d"})
    for tags in ({"k" * 129: "v"}, {"k": "v" * 257}, {"\u00e9" * 129: "v"}):
        with pytest.raises(ClientError):
            sqs.tag_queue(QueueUrl=url, Tags=tags)
    sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"c": "d"}
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(ClientError) as raised:
        sqs.get_queue_url(QueueName="q")
    assert error_code(raised) == MISSING
    with pytest.raises(ClientError) as raised:
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert error_code(raised) == MISSING
    assert error_text(raised).startswith("The specified queue does not exist")


def test_queues_are_listed_in_pages(sqs):
    for i in range(5):
        sqs.create_queue(QueueName=f"list-{i}")
    sqs.create_queue(QueueName="other")
    first = sqs.list_queues(QueueNamePrefix="list-", MaxResults=3)
    second = sqs.list_queues(QueueNamePrefix="list-", MaxResults=3, NextToken=first["NextToken"])
    names = [url.rsplit("/", 1)[1] for url in first["QueueUrls"] + second["QueueUrls"]]
    assert names == [f"list-{i}" for i in range(5)]
    assert "NextToken" not in second


@pytest.mark.parametrize("name, attributes, code", [
    ("bad name", {}, "InvalidParameterValue"),
    ("q" * 81, {}, "InvalidParameterValue"),
    ("q", {"Nonsense": "1"}, "InvalidAttributeName"),
    ("q", {"DelaySeconds": "901"}, "InvalidAttributeValue"),
    ("q", {"VisibilityTimeout": "x"}, "InvalidAttributeValue"),
    ("q", {"MessageRetentionPeriod": "59"}, "InvalidAttributeValue"),
    ("q", {"FifoQueue": "true"}, "InvalidParameterValue"),
    ("q", {"RedrivePolicy": "{"}, "InvalidParameterValue"),
])
def test_bad_queues_are_refused(sqs, name, attributes, code):
    with pytest.raises(ClientError) as raised:
        sqs.create_queue(QueueName=name, Attributes=attributes)
    assert error_code(raised) == code, error_text(raised)


def test_message_life(sqs, url):
    sent = sqs.send_message(QueueUrl=url, MessageBody="héllo \u0041 😀", MessageAttributes={
        "Text": {"DataType": "String", "StringValue": "v"}, "Number": {"DataType": "Number.int", "StringValue": "12"},
        "Blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}})
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "héllo A 😀"
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["MessageAttributes"]["Blob"] == {"DataType": "Binary", "BinaryValue": b"\x00\xff"}
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SenderId", "SentTimestamp", "ApproximateFirstReceiveTimestamp"} <= set(message["Attributes"])
    assert counts(sqs, url) == (0, 1, 0)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    (again,) = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert "MessageAttributes" not in again
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    assert counts(sqs, url) == (0, 0, 0)


def test_batches_fail_entry_by_entry(sqs, url):
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "\x02"},
        {"Id": "c", "MessageBody": "3", "DelaySeconds": 901}, {"Id": "d", "MessageBody": "4"}])
    assert [e["Id"] for e in sent["Successful"]] == ["a", "d"]
    assert [(e["Id"], e["Code"], e["SenderFault"]) for e in sent["Failed"]] == [
        ("b", "InvalidMessageContents", True), ("c", "InvalidParameterValue", True)]
    messages = receive_all(sqs, url)
    assert sorted(m["Body"] for m in messages) == ["1", "4"]
    changed = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": "x", "ReceiptHandle": messages[0]["ReceiptHandle"], "VisibilityTimeout": 100},
        {"Id": "y", "ReceiptHandle": "rubbish", "VisibilityTimeout": 100}])
    assert [e["Id"] for e in changed["Successful"]] == ["x"]
    assert [(e["Id"], e["Code"]) for e in changed["Failed"]] == [("y", "ReceiptHandleIsInvalid")]
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])
    assert len(deleted["Successful"]) == 2
    assert counts(sqs, url) == (0, 0, 0)


@pytest.mark.parametrize("entries, code", [
    ([], "AWS.SimpleQueueService.EmptyBatchRequest"),
    ([{"Id": str(i), "MessageBody": "x"} for i in range(11)], "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    ([{"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "y"}],
     "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
    ([{"Id": "a b", "MessageBody": "x"}], "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ([{"Id": str(i), "MessageBody": "x" * 600_000} for i in range(2)],
     "AWS.SimpleQueueService.BatchRequestTooLong"),
])
def test_bad_batches(sqs, url, entries, code):
    with pytest.raises(ClientError) as raised:
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert error_code(raised) == code


@pytest.mark.parametrize("message, code", [
    ({"MessageBody": "\x01"}, "InvalidMessageContents"),
    ({"MessageBody": "x" * 1_048_577}, "InvalidParameterValue"),
    ({"MessageBody": "x", "DelaySeconds": -1}, "InvalidParameterValue"),
    ({"MessageBody": "x", "MessageDeduplicationId": "d"}, "InvalidParameterValue"),
    ({"MessageBody": "x", "MessageAttributes": {"AWS.x": {"DataType": "String", "StringValue": "v"}}},
     "InvalidParameterValue"),
    ({"MessageBody": "x", "MessageAttributes": {"x": {"DataType": "Odd", "StringValue": "v"}}},
     "InvalidParameterValue"),
])
def test_bad_messages(sqs, url, message, code):
    with pytest.raises(ClientError) as raised:
        sqs.send_message(QueueUrl=url, **message)
    assert error_code(raised) == code


def test_long_poll_is_woken_by_a_message(server, sqs, url, account):
    other = server.client("sqs", account)
    received = []
    poll = threading.Thread(target=lambda: received.extend(
        sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])))
    poll.start()
    other.send_message(QueueUrl=url, MessageBody="wake")
    poll.join(timeout=15)
    assert [m["Body"] for m in received] == ["wake"]


def test_long_poll_is_woken_by_a_visibility_timeout(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert sqs.receive_message(QueueUrl=url, VisibilityTimeout=1)["Messages"]
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"] == "x"


def test_delayed_message_comes_later(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=1)
    assert counts(sqs, url) == (0, 0, 1)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    start = time.monotonic()
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"] == "later"
    assert time.monotonic() - start < 15


def test_fifo_order_groups_and_deduplication(sqs, fifo):
    first = sqs.send_message(QueueUrl=fifo, MessageBody="a1", MessageGroupId="a", MessageDeduplicationId="1")
    again = sqs.send_message(QueueUrl=fifo, MessageBody="a1", MessageGroupId="a", MessageDeduplicationId="1")
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    for i, (group, body) in enumerate([("a", "a2"), ("b", "b1"), ("a", "a3")]):
        sqs.send_message(QueueUrl=fifo, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=f"x{i}")
    (a1,) = sqs.receive_message(QueueUrl=fifo, AttributeNames=["All"])["Messages"]
    assert a1["Body"] == "a1"
    assert a1["Attributes"]["SequenceNumber"] == first["SequenceNumber"]
    # Group a is blocked while a1 is in flight.
    assert [m["Body"] for m in receive_all(sqs, fifo)] == ["b1"]
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=a1["ReceiptHandle"])
    assert [m["Body"] for m in receive_all(sqs, fifo)] == ["a2", "a3"]


def test_content_based_deduplication(sqs):
    url = sqs.create_queue(QueueName="c.fifo", Attributes={"FifoQueue": "true",
                                                           "ContentBasedDeduplication": "true"})["QueueUrl"]
    for body in ("x", "x", "y"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    assert [m["Body"] for m in receive_all(sqs, url)] == ["x", "y"]


def test_fifo_needs_a_group(sqs, fifo):
    with pytest.raises(ClientError) as raised:
        sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageDeduplicationId="d")
    assert error_code(raised) == "MissingParameter"
    assert error_text(raised) == "The request must contain the parameter MessageGroupId."
    with pytest.raises(ClientError) as raised:
        sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")
    assert "ContentBasedDeduplication" in error_text(raised)


def test_dead_letters_and_their_way_back(sqs, url):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = queue_arn(sqs, dead)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})})
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert len(sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]) == 1
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    (message,) = sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0, AttributeNames=["All"])["Messages"]
    assert message["Body"] == "poison"
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == queue_arn(sqs, url)
    assert counts(sqs, url) == (0, 0, 0)


def test_move_task_brings_dead_letters_back(server, sqs, url, account):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = queue_arn(sqs, dead)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})})
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    status, _, task = server.json_call("AmazonSQS.StartMessageMoveTask", {"SourceArn": dead_arn}, account)
    assert status == 200 and task["TaskHandle"]
    (back,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert back["Body"] == "poison"
    assert counts(sqs, dead) == (0, 0, 0)
    _, _, listed = server.json_call("AmazonSQS.ListMessageMoveTasks", {"SourceArn": dead_arn}, account)
    assert listed["Results"][0]["SourceArn"] == dead_arn
    assert listed["Results"][0]["Status"] in ("RUNNING", "COMPLETED")


def test_purge(sqs, url):
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.purge_queue(QueueUrl=url)
    assert counts(sqs, url) == (0, 0, 0)
    with pytest.raises(ClientError) as raised:
        sqs.purge_queue(QueueUrl=url)
    assert error_code(raised) == "AWS.SimpleQueueService.PurgeQueueInProgress"
    sqs.send_message(QueueUrl=url, MessageBody="new")
    assert [m["Body"] for m in receive_all(sqs, url)] == ["new"]


def test_permissions_are_kept_in_the_policy(sqs, url, account):
    sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    policy = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    assert policy["Statement"] == [{
        "Sid": "share", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "SQS:SendMessage", "Resource": f"arn:aws:sqs:us-east-1:{account}:queue"}]
    sqs.remove_permission(QueueUrl=url, Label="share")
    with pytest.raises(ClientError):
        sqs.remove_permission(QueueUrl=url, Label="share")


@pytest.mark.parametrize("options", [{"MaxNumberOfMessages": 11}, {"MaxNumberOfMessages": 0}, {"WaitTimeSeconds": 21},
                                     {"VisibilityTimeout": 43201}])
def test_receive_bounds(sqs, url, options):
    with pytest.raises(ClientError) as raised:
        sqs.receive_message(QueueUrl=url, **options)
    assert error_code(raised) == "InvalidParameterValue"


def test_receipt_handles_are_checked(sqs, url):
    for call in (sqs.delete_message, lambda **k: sqs.change_message_visibility(VisibilityTimeout=1, **k)):
        with pytest.raises(ClientError) as raised:
            call(QueueUrl=url, ReceiptHandle="rubbish")
        assert error_code(raised) == "ReceiptHandleIsInvalid"


def test_queue_urls_work_behind_any_host_name(server, sqs, url, account):
    sqs.send_message(QueueUrl=f"https://queue.example.com/{account}/queue", MessageBody="x")
    assert counts(sqs, url) == (1, 0, 0)
    status, _, made = server.json_call("AmazonSQS.GetQueueUrl", {"QueueName": "queue"}, account)
    assert status == 200 and made["QueueUrl"] == url
