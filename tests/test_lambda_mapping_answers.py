"""What event source mappings answer, their tags, and batches of one shard beside each other."""

import json

import pytest

from test_lambda import refused
from test_lambda_mappings import make, place, stream, wait_for  # noqa: F401 (fixtures)


def test_answers_for_queues(place):
    url, arn = place.queue("in")
    made = place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="tell")
    assert made["State"] == "Creating" and made["StateTransitionReason"] == "USER_INITIATED"
    assert made["FunctionResponseTypes"] == [] and made["MaximumBatchingWindowInSeconds"] == 0
    assert not {"LastProcessingResult", "DestinationConfig", "ParallelizationFactor"} & set(made)
    wait_for(place, made["UUID"])
    message = refused("ResourceConflictException", place.functions.create_event_source_mapping, EventSourceArn=arn,
                      FunctionName="tell")
    assert message == (f'An event source mapping with SQS arn (" {arn} ") and function (" tell ") already exists. '
                       f'Please update or delete the existing mapping with UUID {made["UUID"]}')
    update = place.functions.update_event_source_mapping
    for change, state in (({"BatchSize": 3}, "Updating"), ({"Enabled": False}, "Disabling"), ({"Enabled": True}, "Enabling")):
        assert update(UUID=made["UUID"], **change)["State"] == state
    assert place.functions.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"


def test_answers_for_streams(place):
    kinesis, arn = stream(place)
    made = place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="tell", StartingPosition="LATEST")
    assert made["DestinationConfig"] == {"OnFailure": {}} and made["FunctionResponseTypes"] == []
    assert (made["StateTransitionReason"], made["LastProcessingResult"]) == ("User action", "No records processed")
    assert (made["BatchSize"], made["ParallelizationFactor"], made["TumblingWindowInSeconds"]) == (100, 1, 0)
    assert (made["MaximumRetryAttempts"], made["MaximumRecordAgeInSeconds"]) == (-1, -1)
    message = refused("ResourceConflictException", place.functions.create_event_source_mapping, EventSourceArn=arn,
                      FunctionName="tell", StartingPosition="LATEST")
    assert message.startswith(f'The event source arn (" {arn} ") and function (" tell ") provided mapping already exists.')


@pytest.mark.parametrize("settings, text", [
    ({"EventSourceArn": "arn:aws:sqs:{here}:none"}, "Error occurred while ReceiveMessage. SQS Error Code: "
     "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."),
    ({"EventSourceArn": "arn:aws:kinesis:{here}:stream/none", "StartingPosition": "LATEST"},
     "Stream not found: arn:aws:kinesis:{here}:stream/none"),
    ({"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sqs:{here}:in"}}},
     "Unsupported DestinationConfig parameter for given event source mapping type."),
    ({"FilterCriteria": {"Filters": [{"Pattern": "no"}]}}, "Invalid filter pattern definition."),
])
def test_refusals(place, settings, text):
    url, arn = place.queue("in")
    request = json.loads(json.dumps({"EventSourceArn": arn, "FunctionName": "tell"} | settings).replace("{here}", place.here))
    assert refused("InvalidParameterValueException", place.functions.create_event_source_mapping, **request) == (
        text.replace("{here}", place.here))


FIFO_WINDOW = "Batching window is not supported for FIFO queues"
WITHOUT_WINDOW = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"


@pytest.mark.parametrize("settings, text", [
    ({"MaximumBatchingWindowInSeconds": 1}, FIFO_WINDOW),
    ({"MaximumBatchingWindowInSeconds": 1, "BatchSize": 100}, FIFO_WINDOW),
    ({"BatchSize": 11}, WITHOUT_WINDOW),
    ({"BatchSize": 11, "MaximumBatchingWindowInSeconds": 0}, WITHOUT_WINDOW),
])
def test_fifo_queues_have_no_window(place, settings, text):
    queue = place.sqs.create_queue(QueueName="in.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = place.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    functions = place.functions
    assert refused("InvalidParameterValueException", functions.create_event_source_mapping, EventSourceArn=arn,
                   FunctionName="tell", **settings) == text
    made = functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="tell", BatchSize=10)
    assert refused("InvalidParameterValueException", functions.update_event_source_mapping, UUID=made["UUID"],
                   **settings) == text
    assert functions.get_event_source_mapping(UUID=made["UUID"])["BatchSize"] == 10


def test_ages_of_records_have_a_least(place):
    kinesis, arn = stream(place)
    create = place.functions.create_event_source_mapping
    text = "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)"
    request = {"EventSourceArn": arn, "FunctionName": "tell", "StartingPosition": "LATEST"}
    for age in (0, 1, 59):
        assert refused("InvalidParameterValueException", create, MaximumRecordAgeInSeconds=age, **request) == text
    made = create(MaximumRecordAgeInSeconds=60, **request)
    update = place.functions.update_event_source_mapping
    assert refused("InvalidParameterValueException", update, UUID=made["UUID"], MaximumRecordAgeInSeconds=59) == text
    assert update(UUID=made["UUID"], MaximumRecordAgeInSeconds=-1)["MaximumRecordAgeInSeconds"] == -1


def test_tags(place):
    url, queue = place.queue("in")
    # In the body itself: older SDKs do not know the member.
    place.functions.meta.events.register("before-call.lambda.CreateEventSourceMapping", lambda params, **_: params.update(
        body=json.dumps({**json.loads(params["body"]), "Tags": {"a": "b"}}).encode()))
    made = place.functions.create_event_source_mapping(EventSourceArn=queue, FunctionName="tell")
    arn = f"arn:aws:lambda:{place.here}:event-source-mapping:{made['UUID']}"
    assert made.get("EventSourceMappingArn", arn) == arn
    place.functions.tag_resource(Resource=arn, Tags={"c": "d"})
    assert place.functions.list_tags(Resource=arn)["Tags"] == {"a": "b", "c": "d"}
    place.functions.untag_resource(Resource=arn, TagKeys=["a"])
    place.functions.update_event_source_mapping(UUID=made["UUID"], BatchSize=3)
    assert place.functions.list_tags(Resource=arn)["Tags"] == {"c": "d"}
    place.functions.delete_event_source_mapping(UUID=made["UUID"])
    assert refused("ResourceNotFoundException", place.functions.list_tags, Resource=arn) == (
        f"Event source mapping not found: {arn}")


def test_messages_with_attributes_have_their_digest(place):
    url, arn = place.queue("in")
    place.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="tell")
    sent = place.sqs.send_message(QueueUrl=url, MessageBody="x",
                                  MessageAttributes={"a": {"DataType": "String", "StringValue": "v"}})
    record = place.told()["Records"][0]
    assert record["md5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    place.sqs.send_message(QueueUrl=url, MessageBody="y")
    assert "md5OfMessageAttributes" not in place.told()["Records"][0]


def test_batches_of_a_shard_beside_each_other(place):
    """The batches of keys in one shard wait until there is more than one of them."""
    make(place, "f", """
import base64, boto3, json, os, time
def handler(event, context):
    got = [[r["kinesis"]["partitionKey"], base64.b64decode(r["kinesis"]["data"]).decode()] for r in event["Records"]]
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(got))
    if got[0][1] == "0":  # both are there before either goes on
        until = time.time() + 8
        while time.time() < until:
            count = sqs.get_queue_attributes(QueueUrl=os.environ["URL"], AttributeNames=["All"])["Attributes"]
            if int(count["ApproximateNumberOfMessages"]) >= 2: return
        raise ValueError("alone")
""")
    kinesis, arn = stream(place)
    failed_url, failed = place.queue("failed")
    # Keys that are in different parts of ten, whichever hash divides them, are found by trying many.
    keys = [f"k{i}" for i in range(20)]
    for n in ("0", "1"):
        kinesis.put_records(StreamName="s", Records=[{"Data": n.encode(), "PartitionKey": key} for key in keys])
    made = place.functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="f", StartingPosition="TRIM_HORIZON", BatchSize=20, ParallelizationFactor=10,
        MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": failed}})
    assert made["ParallelizationFactor"] == 10
    order = {key: [] for key in keys}
    while any(len(got) < 2 for got in order.values()):
        for key, data in place.told():
            order[key].append(data)
    assert all(got == ["0", "1"] for got in order.values()), order
    assert place.sqs.receive_message(QueueUrl=failed_url).get("Messages") is None


def test_a_failing_key_holds_up_only_its_own(place):
    make(place, "f", """
import base64, boto3, json, os
def handler(event, context):
    got = [[r["kinesis"]["partitionKey"], base64.b64decode(r["kinesis"]["data"]).decode()] for r in event["Records"]]
    if any(data == "poison" for key, data in got): raise ValueError("poison")
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(got))
""")
    kinesis, arn = stream(place)
    failed_url, failed = place.queue("failed")
    records = [("a", "1"), ("b", "1"), ("a", "poison"), ("b", "2"), ("a", "2"), ("c", "1")]
    kinesis.put_records(StreamName="s", Records=[{"Data": d.encode(), "PartitionKey": k} for k, d in records])
    place.functions.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="f", StartingPosition="TRIM_HORIZON", ParallelizationFactor=4,
        BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": failed}})
    done = {"a": [], "b": [], "c": []}
    while done != {"a": ["1", "2"], "b": ["1", "2"], "c": ["1"]}:
        for key, data in place.told():
            done[key].append(data)
            assert len(done[key]) <= 2, done
    record = place.told(failed_url)
    assert record["KinesisBatchInfo"]["batchSize"] == 1
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
