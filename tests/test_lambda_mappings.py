"""Event source mappings: functions that are run for queues and streams."""

import base64
import json

import pytest

from functions import create, invoke, until
from test_lambda_callers import Place

BATCH = """
import boto3, json, os
def handler(event, context):
    bodies = [r["body"] if "body" in r else r["kinesis"]["data"] for r in event["Records"]]
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps([bodies, event["Records"][0]]))
"""


@pytest.fixture
def place(server, account):
    return Place(server, account)


def make(place, name, code):
    return create(place.functions, name, code, place.account, Timeout=10, MemorySize=512,
                  Environment={"Variables": {"URL": place.url}})


def wait_for(place, id, state="Enabled"):
    until(lambda: place.functions.get_event_source_mapping(UUID=id)["State"] == state)


def left(place, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(int(v) for v in place.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values())


def test_queue_in_batches_of_a_window(place):
    make(place, "f", BATCH)
    url, arn = place.queue("in")
    made = place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", BatchSize=5,
                                                       MaximumBatchingWindowInSeconds=1)
    assert made["FunctionArn"].endswith(":function:f") and made["BatchSize"] == 5
    wait_for(place, made["UUID"])
    for i in range(5):
        place.sqs.send_message(QueueUrl=url, MessageBody=str(i))
    bodies, record = place.told()
    assert sorted(bodies) == list("01234")
    assert record["eventSource"] == "aws:sqs" and record["eventSourceARN"] == arn and record["awsRegion"] == "us-east-1"
    assert {"messageId", "receiptHandle", "attributes", "messageAttributes", "md5OfBody"} <= set(record)
    until(lambda: left(place, url) == 0)
    place.functions.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    wait_for(place, made["UUID"], "Disabled")
    place.sqs.send_message(QueueUrl=url, MessageBody="later")
    assert left(place, url) == 1
    place.functions.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    assert place.told()[0] == ["later"]
    listed = place.functions.list_event_source_mappings(FunctionName="f")["EventSourceMappings"]
    assert [m["UUID"] for m in listed] == [made["UUID"]]
    with pytest.raises(place.functions.exceptions.ResourceConflictException):
        place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
    place.functions.delete_event_source_mapping(UUID=made["UUID"])
    with pytest.raises(place.functions.exceptions.ResourceNotFoundException):
        place.functions.get_event_source_mapping(UUID=made["UUID"])


def test_queue_with_partial_failures_and_filters(place):
    make(place, "f", """
def handler(event, context):
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"] if "bad" in r["body"]]}
""")
    url, arn = place.queue("in")
    dead_url, dead = place.queue("dead")
    place.functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="f", FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": json.dumps({"body": {"kind": ["a"]}})}]})
    place.sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "VisibilityTimeout": "1", "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})})
    for body in ({"kind": "a"}, {"kind": "b", "bad": 1}, {"kind": "a", "bad": 1}):
        place.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    until(lambda: left(place, url) == 0)
    assert place.told(dead_url) == {"kind": "a", "bad": 1}
    assert left(place, dead_url) == 0


def test_queue_whose_function_names_what_is_not_in_the_batch(place):
    """All of the batch has failed then: also what no function was asked about."""
    make(place, "f", """
def handler(event, context):
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"][:1]] + [
        {"itemIdentifier": "00000000-0000-0000-0000-000000000000"}]}
""")
    url, arn = place.queue("in")
    dead_url, dead = place.queue("dead")
    place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", BatchSize=3,
                                                MaximumBatchingWindowInSeconds=1,
                                                FunctionResponseTypes=["ReportBatchItemFailures"])
    place.sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "VisibilityTimeout": "1", "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})})
    place.sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": i, "MessageBody": i} for i in "123"])
    assert sorted(place.told(dead_url) for _ in range(3)) == [1, 2, 3]


def test_function_that_fails_leaves_messages_to_the_queue(place):
    make(place, "f", "def handler(event, context):\n    raise ValueError('no')\n")
    url, arn = place.queue("in")
    dead_url, dead = place.queue("dead")
    place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
    place.sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "VisibilityTimeout": "1", "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})})
    place.sqs.send_message(QueueUrl=url, MessageBody='"x"')
    assert place.told(dead_url) == "x"


def test_a_queue_hides_messages_for_as_long_as_the_function_may_take(place):
    create(place.functions, "f", "def handler(event, context):\n    pass\n", place.account, Timeout=31)
    url, arn = place.queue("in")

    def refused(call, **request):
        with pytest.raises(place.functions.exceptions.InvalidParameterValueException) as raised:
            call(**request)
        return raised.value.response["Error"]["Message"]

    text = "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"
    assert refused(place.functions.create_event_source_mapping, EventSourceArn=arn, FunctionName="f") == text
    place.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "31"})
    made = place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
    place.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    assert refused(place.functions.update_event_source_mapping, UUID=made["UUID"], BatchSize=5) == text


def stream(place, name="s", shards=1):
    kinesis = place.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    return kinesis, f"arn:aws:kinesis:{place.here}:stream/{name}"


def test_stream_in_order(place):
    make(place, "f", BATCH)
    kinesis, arn = stream(place)
    for i in range(3):
        kinesis.put_record(StreamName="s", PartitionKey="k", Data=str(i).encode())
    place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", StartingPosition="TRIM_HORIZON",
                                                BatchSize=2)
    bodies = []
    while len(bodies) < 3:
        got, record = place.told()
        bodies += [base64.b64decode(b).decode() for b in got]
    assert bodies == ["0", "1", "2"]
    assert record["eventSource"] == "aws:kinesis" and record["eventName"] == "aws:kinesis:record"
    assert record["eventID"].startswith("shardId-000000000000:") and record["eventVersion"] == "1.0"
    assert record["invokeIdentityArn"] == f"arn:aws:iam::{place.account}:role/lambda"
    assert {"partitionKey", "sequenceNumber", "data", "approximateArrivalTimestamp", "kinesisSchemaVersion"} == set(
        record["kinesis"])


def test_stream_splits_a_failing_batch_and_gives_up_the_bad_record(place):
    make(place, "f", """
import base64, boto3, json, os
def handler(event, context):
    data = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    if "bad" in data: raise ValueError("bad")
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(data))
""")
    kinesis, arn = stream(place)
    failed_url, failed = place.queue("failed")
    for data in ("a", "b", "bad", "c"):
        kinesis.put_record(StreamName="s", PartitionKey="k", Data=data.encode())
    place.functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="f", StartingPosition="TRIM_HORIZON", BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": failed}})
    good = []
    while good != ["a", "b", "c"]:
        good += place.told()
    record = place.told(failed_url)
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["KinesisBatchInfo"]["batchSize"] == 1 and record["KinesisBatchInfo"]["streamArn"] == arn
    assert left(place, failed_url) == 0


def test_stream_goes_on_behind_what_was_reported(place):
    make(place, "f", """
import base64, boto3, json, os
def handler(event, context):
    done = []
    for r in event["Records"]:
        data = base64.b64decode(r["kinesis"]["data"]).decode()
        if data == "late" and not os.path.exists("/tmp/seen"):
            open("/tmp/seen", "w").close()
            boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(done))
            return {"batchItemFailures": [{"itemIdentifier": r["kinesis"]["sequenceNumber"]}]}
        done.append(data)
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(done))
""")
    kinesis, arn = stream(place)
    for data in ("a", "late", "b"):
        kinesis.put_record(StreamName="s", PartitionKey="k", Data=data.encode())
    place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", StartingPosition="TRIM_HORIZON",
                                                FunctionResponseTypes=["ReportBatchItemFailures"])
    assert sorted([place.told(), place.told()]) == [["a"], ["late", "b"]]


def test_stream_whose_function_names_what_is_not_in_the_batch(place):
    make(place, "f", """
def handler(event, context):
    return {"batchItemFailures": [{"itemIdentifier": event["Records"][-1]["kinesis"]["sequenceNumber"]},
                                  {"itemIdentifier": "1"}]}
""")
    kinesis, arn = stream(place)
    failed_url, failed = place.queue("failed")
    kinesis.put_records(StreamName="s", Records=[{"Data": data, "PartitionKey": "k"} for data in (b"a", b"b", b"c")])
    place.functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="f", StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=0,
        FunctionResponseTypes=["ReportBatchItemFailures"], DestinationConfig={"OnFailure": {"Destination": failed}})
    assert place.told(failed_url)["KinesisBatchInfo"]["batchSize"] == 3


@pytest.mark.parametrize("settings, words", [
    ({"EventSourceArn": "arn:aws:dynamodb:{here}:table/t/stream/s"}, "not supported"),
    ({"EventSourceArn": "arn:aws:sqs:{here}:none"}, "does not exist"),
    ({"BatchSize": 100}, "Maximum batch window"),
    ({"StartingPosition": "LATEST"}, "StartingPosition"),
    ({"TumblingWindowInSeconds": 5}, "TumblingWindowInSeconds"),
    ({"FilterCriteria": {"Filters": [{"Pattern": "no"}]}}, "Invalid filter pattern"),
])
def test_mappings_that_do_not_work_are_refused(place, settings, words):
    url, arn = place.queue("in")
    request = {"EventSourceArn": arn, "FunctionName": "tell"} | settings
    request["EventSourceArn"] = request["EventSourceArn"].replace("{here}", place.here)
    with pytest.raises(place.functions.exceptions.InvalidParameterValueException, match=words):
        place.functions.create_event_source_mapping(**request)


def test_mapping_goes_on_after_a_kill(new_server):
    server = new_server().start()
    place = Place(server, "000000000000")
    make(place, "f", BATCH)
    url, arn = place.queue("in")
    place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
    place.sqs.send_message(QueueUrl=url, MessageBody="before")
    assert place.told()[0] == ["before"]
    server.kill()
    server.start()
    for client in ("functions", "sqs"):
        setattr(place, client, server.client("lambda" if client == "functions" else "sqs"))
    place.url = place.sqs.get_queue_url(QueueName="told")["QueueUrl"]
    place.functions.update_function_configuration(FunctionName="f", Environment={"Variables": {"URL": place.url}})
    place.sqs.send_message(QueueUrl=place.sqs.get_queue_url(QueueName="in")["QueueUrl"], MessageBody="after")
    assert place.told()[0] == ["after"]
