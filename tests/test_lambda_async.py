"""Asynchronous invocations: retries, age, dead letters, destinations."""

import json

import pytest

from functions import create, invoke, until, zipped

HERE = "us-east-1:000000000000"
FAIL = "def handler(event, context):\n    raise ValueError('no')\n"
ECHO = "def handler(event, context):\n    return {'echo': event}\n"


@pytest.fixture
def still(new_server):
    """A server whose clock is moved by the test."""
    return new_server("--clock", "virtual").start()


def advance(server, by):
    status, _, answer = server.raw(json.dumps({"advance": by}).encode(), path="/_signalbox/clock")
    assert status == 200, answer


def queue(server, name):
    sqs = server.client("sqs")
    return sqs, sqs.create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:{HERE}:{name}"


def receive(sqs, url):
    """One message, when it is there."""
    return until(lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=0)
                 .get("Messages"))[0]


def starts(server, function):
    """How often a function was started, by its log."""
    logs = server.client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern="START")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return 0
    return len([e for e in events if e["message"].startswith("START")])


def test_retries_after_one_and_two_minutes_then_dead_letter_and_destination(still):
    sqs, dead_url, dead = queue(still, "dead")
    _, failed_url, failed = queue(still, "failed")
    functions = still.client("lambda")
    create(functions, "f", FAIL, DeadLetterConfig={"TargetArn": dead})
    functions.put_function_event_invoke_config(FunctionName="f", DestinationConfig={"OnFailure": {"Destination": failed}})
    answer = functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": 1}')
    assert answer["StatusCode"] == 202
    until(lambda: starts(still, "f") == 1)
    advance(still, "59s")
    assert starts(still, "f") == 1
    advance(still, "2s")
    until(lambda: starts(still, "f") == 2)
    advance(still, "117s")
    assert starts(still, "f") == 2
    advance(still, "4s")
    until(lambda: starts(still, "f") == 3)
    letter = receive(sqs, dead_url)
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert json.loads(letter["Body"]) == {"n": 1}
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "no"}
    record = json.loads(receive(sqs, failed_url)["Body"])
    assert record["requestContext"] == {"requestId": request_id, "condition": "RetriesExhausted", "approximateInvokeCount": 3,
                                        "functionArn": f"arn:aws:lambda:{HERE}:function:f:$LATEST"}
    assert record["requestPayload"] == {"n": 1} and record["version"] == "1.0"
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorMessage"] == "no"
    advance(still, "1d")
    assert starts(still, "f") == 3


def test_success_goes_to_queue_topic_function_or_bus(still):
    sqs, url, arn = queue(still, "results")
    functions, sns, events = still.client("lambda"), still.client("sns"), still.client("events")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    create(functions, "f", ECHO)
    next_function = create(functions, "g", "def handler(event, context):\n    print('NEXT', event['responsePayload'])\n")
    for destination in (arn, topic, next_function, f"arn:aws:events:{HERE}:event-bus/default"):
        functions.put_function_event_invoke_config(FunctionName="f",
                                                   DestinationConfig={"OnSuccess": {"Destination": destination}})
        functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'"x"')
        if destination == next_function:
            until(lambda: starts(still, "g") == 1)
            continue
        message = receive(sqs, url)
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        body = json.loads(message["Body"])
        record = json.loads(body["Message"]) if destination == topic else body.get("detail", body)
        assert record["requestContext"]["condition"] == "Success"
        assert record["responsePayload"] == {"echo": "x"}
    assert body["detail-type"] == "Lambda Function Invocation Result - Success"
    assert body["resources"] == [destination, f"arn:aws:lambda:{HERE}:function:f:$LATEST"]


def test_no_retries_and_short_age(still):
    sqs, url, dead = queue(still, "dead")
    functions = still.client("lambda")
    create(functions, "f", FAIL, DeadLetterConfig={"TargetArn": dead})
    functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    functions.invoke(FunctionName="f", InvocationType="Event")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=receive(sqs, url)["ReceiptHandle"])
    # Throttled until it is too old.
    functions.put_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=60)
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    functions.invoke(FunctionName="f", InvocationType="Event", Payload=b"5")
    for _ in range(10):
        advance(still, "10s")
    letter = receive(sqs, url)
    assert letter["Body"] == "5"
    assert starts(still, "f") == 1


def test_throttled_events_run_when_there_is_room(still):
    """While the only room is taken by an event that waits for the test's message."""
    sqs, came, _ = queue(still, "came")
    _, leave, _ = queue(still, "leave")
    functions = still.client("lambda")
    create(functions, "f", """
import boto3
def handler(event, context):
    if not event:
        return
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=event["came"], MessageBody="here")
    while not sqs.receive_message(QueueUrl=event["leave"]).get("Messages"):
        pass
""", Timeout=900)
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    functions.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps({"came": came, "leave": leave}))
    assert receive(sqs, came)["Body"] == "here"
    for _ in range(3):
        functions.invoke(FunctionName="f", InvocationType="Event", Payload=b"null")
    until(lambda: b"signalbox_lambda_throttled_total 0\n" not in still.raw(path="/metrics", method="GET")[2])
    sqs.send_message(QueueUrl=leave, MessageBody="leave")
    until(lambda: starts(still, "f") == 1)  # logged at its end; no other was
    for _ in range(10):
        advance(still, "1m")
    until(lambda: starts(still, "f") == 4)


def test_settings_are_put_updated_listed_and_deleted(server, account):
    functions = server.client("lambda", account)
    create(functions, "f", ECHO, account)
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function_event_invoke_config(FunctionName="f")
    functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    functions.update_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=100)
    config = functions.get_function_event_invoke_config(FunctionName="f")
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (1, 100)
    assert len(functions.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]) == 1
    with pytest.raises(functions.exceptions.InvalidParameterValueException):
        functions.put_function_event_invoke_config(
            FunctionName="f", DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::bucket"}})
    functions.delete_function_event_invoke_config(FunctionName="f")
    assert functions.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"] == []


def test_deprecated_invoke_async(server, account):
    functions = server.client("lambda", account)
    create(functions, "f", ECHO, account)
    assert functions.invoke_async(FunctionName="f", InvokeArgs=b"{}")["Status"] == 202
