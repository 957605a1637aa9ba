"""Accounts and Regions never see each other's things."""

import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, queue_arn, receive_all

OTHERS = [("other account", "999999999999", "us-east-1"), ("other region", None, "eu-west-1")]


@pytest.mark.parametrize("name, other_account, region", OTHERS, ids=[o[0] for o in OTHERS])
def test_nothing_is_shared(server, account, name, other_account, region):
    mine = {service: server.client(service, account) for service in ("sqs", "events")}
    other = {service: server.client(service, other_account or account, region) for service in ("sqs", "events")}
    url = mine["sqs"].create_queue(QueueName="q")["QueueUrl"]
    arn = queue_arn(mine["sqs"], url)
    mine["sqs"].send_message(QueueUrl=url, MessageBody="secret")
    mine["events"].create_event_bus(Name="bus")
    mine["events"].put_rule(Name="rule", EventPattern='{"source":["a"]}')
    mine["events"].put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn}])

    assert "QueueUrls" not in other["sqs"].list_queues()
    for call in (other["sqs"].receive_message, other["sqs"].purge_queue, other["sqs"].delete_queue):
        with pytest.raises(ClientError) as raised:
            call(QueueUrl=url)
        assert error_code(raised) == "AWS.SimpleQueueService.NonExistentQueue"
    assert other["events"].list_rules()["Rules"] == []
    assert [bus["Name"] for bus in other["events"].list_event_buses()["EventBuses"]] == ["default"]
    for call in (lambda: other["events"].describe_rule(Name="rule"), lambda: other["events"].describe_event_bus(Name="bus"),
                 lambda: other["events"].list_tags_for_resource(ResourceARN=mine["events"].describe_rule(Name="rule")["Arn"])):
        with pytest.raises(ClientError) as raised:
            call()
        assert error_code(raised) in ("ResourceNotFoundException", "ValidationException")
    other["events"].put_events(Entries=[{"Source": "a", "DetailType": "t", "Detail": "{}"}])
    assert [m["Body"] for m in receive_all(mine["sqs"], url)] == ["secret"]

    # The same names again, over there: apart.
    theirs = other["sqs"].create_queue(QueueName="q")["QueueUrl"]
    other["sqs"].send_message(QueueUrl=theirs, MessageBody="theirs")
    other["sqs"].delete_queue(QueueUrl=theirs)
    assert mine["sqs"].get_queue_url(QueueName="q")["QueueUrl"] == url


def test_rules_cannot_reach_into_other_accounts(server, account):
    other_sqs = server.client("sqs", "999999999998")
    url = other_sqs.create_queue(QueueName="theirs")["QueueUrl"]
    arn = queue_arn(other_sqs, url)
    events = server.client("events", account)
    events.put_rule(Name="rule", EventPattern='{"source":["a"]}')
    try:
        answer = events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn}])
        assert answer["FailedEntryCount"] == 1
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException"
    events.put_events(Entries=[{"Source": "a", "DetailType": "t", "Detail": json.dumps({})}])
    assert receive_all(other_sqs, url) == []
