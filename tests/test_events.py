"""EventBridge over boto3: buses, rules, targets, PutEvents, and what arrives in queues."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text, queue_arn, receive_all


@pytest.fixture
def queue(sqs):
    url = sqs.create_queue(QueueName="target")["QueueUrl"]
    return url, queue_arn(sqs, url)


def route(events, pattern, arn, rule="rule", bus="default", **target):
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern), EventBusName=bus)
    added = events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "1", "Arn": arn, **target}])
    assert added["FailedEntryCount"] == 0, added


def put(events, detail="{}", source="my.app", detail_type="Thing Happened", **more):
    answer = events.put_events(Entries=[{"Source": source, "DetailType": detail_type, "Detail": detail, **more}])
    assert answer["FailedEntryCount"] == 0, answer
    return answer["Entries"][0]["EventId"]


def bodies(sqs, url):
    return [message["Body"] for message in receive_all(sqs, url)]


def test_event_arrives_as_eventbridge_sends_it(events, sqs, queue, account):
    url, arn = queue
    route(events, {"source": ["my.app"]}, arn)
    event_id = put(events, detail='{"key": "value", "size": 3.0e2}', Resources=["arn:aws:s3:::b"],
                   Time=datetime.datetime(2017, 4, 28, 17, 56, 40, tzinfo=datetime.timezone.utc))
    (body,) = bodies(sqs, url)
    assert json.loads(body) == {
        "version": "0", "id": event_id, "detail-type": "Thing Happened", "source": "my.app", "account": account,
        "time": "2017-04-28T17:56:40Z", "region": "us-east-1", "resources": ["arn:aws:s3:::b"],
        "detail": {"key": "value", "size": 300.0}}
    assert list(json.loads(body)) == ["version", "id", "detail-type", "source", "account", "time", "region",
                                      "resources", "detail"]
    assert "3.0e2" in body, "numbers keep their spelling"


def test_one_event_many_rules_and_only_those_that_match(events, sqs, queue):
    url, arn = queue
    route(events, {"source": ["my.app"]}, arn, rule="one")
    route(events, {"detail": {"n": [{"numeric": [">", 5]}]}}, arn, rule="two")
    route(events, {"source": ["other"]}, arn, rule="three")
    put(events, '{"n": 6}')
    put(events, '{"n": 5}')
    put(events, '{"n": 9}', source="unrelated")
    assert sorted(json.loads(b)["detail"]["n"] for b in bodies(sqs, url)) == [5, 6, 6, 9]


def test_disabled_and_deleted_rules_do_not_fire(events, sqs, queue):
    url, arn = queue
    route(events, {"source": ["my.app"]}, arn)
    events.disable_rule(Name="rule")
    assert events.describe_rule(Name="rule")["State"] == "DISABLED"
    put(events)
    assert bodies(sqs, url) == []
    events.enable_rule(Name="rule")
    put(events)
    assert len(bodies(sqs, url)) == 1
    with pytest.raises(ClientError) as raised:
        events.delete_rule(Name="rule")
    assert error_code(raised) == "ValidationException"
    assert error_text(raised) == "Rule can't be deleted since it has targets."
    events.remove_targets(Rule="rule", Ids=["1"])
    put(events)
    assert bodies(sqs, url) == []
    events.delete_rule(Name="rule")
    events.delete_rule(Name="rule")  # gone already: no error, as with AWS
    with pytest.raises(ClientError) as raised:
        events.describe_rule(Name="rule")
    assert error_code(raised) == "ResourceNotFoundException"
    assert error_text(raised) == "Rule rule does not exist on EventBus default."


INPUTS = [
    ({"Input": '{"fixed": true}'}, '{"fixed": true}'),
    ({"InputPath": "$.detail"}, '{"a":{"b":"x"},"list":[1,2],"n":1.50}'),
    ({"InputPath": "$.detail.a.b"}, '"x"'),
    ({"InputTransformer": {"InputPathsMap": {"b": "$.detail.a.b", "n": "$.detail.n"},
                           "InputTemplate": '{"said": <b>, "n": <n>, "text": "<b> costs <n>"}'}},
     '{"said": "x", "n": 1.50, "text": "x costs 1.50"}'),
    ({"InputTransformer": {"InputPathsMap": {"b": "$.detail.a.b"}, "InputTemplate": '"value <b>"'}}, '"value x"'),
    ({"InputTransformer": {"InputPathsMap": {"l": "$.detail.list"}, "InputTemplate": '{"l": <l>}'}}, '{"l": [1,2]}'),
    ({"InputTransformer": {"InputTemplate": '{"rule": "<aws.events.rule-name>"}'}}, '{"rule": "rule"}'),
]


@pytest.mark.parametrize("target, expected", INPUTS)
def test_input_of_targets(events, sqs, queue, target, expected):
    url, arn = queue
    route(events, {"source": ["my.app"]}, arn, **target)
    put(events, '{"a":{"b":"x"},"list":[1,2],"n":1.50}')
    assert bodies(sqs, url) == [expected]


def test_fifo_target_keeps_order_in_its_group(events, sqs):
    url = sqs.create_queue(QueueName="t.fifo", Attributes={"FifoQueue": "true",
                                                           "ContentBasedDeduplication": "true"})["QueueUrl"]
    arn = queue_arn(sqs, url)
    events.put_rule(Name="rule", EventPattern='{"source":["my.app"]}')
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn, "SqsParameters": {"MessageGroupId": "g"}}])
    for i in range(5):
        put(events, json.dumps({"i": i}))
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert [json.loads(m["Body"])["detail"]["i"] for m in messages] == [0, 1, 2, 3, 4]
    assert {m["Attributes"]["MessageGroupId"] for m in messages} == {"g"}


def test_entries_fail_one_by_one(events, sqs, queue):
    url, arn = queue
    route(events, {"source": ["my.app"]}, arn)
    good = {"Source": "my.app", "DetailType": "t", "Detail": "{}"}
    answer = events.put_events(Entries=[good, {**good, "Detail": "{not json"}, {**good, "Detail": "[1]"},
                                        {"DetailType": "t", "Detail": "{}"}, {"Source": "my.app", "Detail": "{}"},
                                        {"Source": "my.app", "DetailType": "t"}, {**good, "Source": "aws.s3"}, good])
    assert answer["FailedEntryCount"] == 6
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == [None, "MalformedDetail", "MalformedDetail", "InvalidArgument", "InvalidArgument",
                     "InvalidArgument", "NotAuthorizedForSourceException", None]
    texts = [entry.get("ErrorMessage") for entry in answer["Entries"]]
    assert texts[1] == "Detail is malformed."
    assert texts[3] == "Parameter Source is not valid. Reason: Source is a required argument."
    assert texts[4] == "Parameter DetailType is not valid. Reason: DetailType is a required argument."
    assert texts[5] == "Parameter Detail is not valid. Reason: Detail is a required argument."
    assert len(bodies(sqs, url)) == 2


def test_call_limits(events):
    entry = {"Source": "my.app", "DetailType": "t", "Detail": "{}"}
    with pytest.raises(ClientError) as raised:
        events.put_events(Entries=[entry] * 11)
    assert error_code(raised) == "ValidationException"
    big = {**entry, "Detail": json.dumps({"x": "y" * 1_048_576})}
    with pytest.raises(ClientError) as raised:
        events.put_events(Entries=[big])
    assert error_code(raised) == "ValidationException"
    with pytest.raises(ClientError) as raised:
        events.put_events(Entries=[entry], EndpointId="abc.veo")
    assert "EndpointId" in error_text(raised)


def test_trace_header_reaches_the_queue(events, sqs, queue):
    url, arn = queue
    route(events, {"source": ["my.app"]}, arn)
    put(events, TraceHeader="Root=1-5759e988-bd862e3fe1be46a994272793")
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["AWSTraceHeader"])["Messages"]
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"}


def test_buses(events, sqs, queue, account):
    url, arn = queue
    made = events.create_event_bus(Name="orders", Tags=[{"Key": "team", "Value": "a"}])
    assert made["EventBusArn"] == f"arn:aws:events:us-east-1:{account}:event-bus/orders"
    with pytest.raises(ClientError) as raised:
        events.create_event_bus(Name="orders")
    assert error_code(raised) == "ResourceAlreadyExistsException"
    assert error_text(raised) == "Event bus orders already exists."
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default", "orders"]
    assert [bus["Name"] for bus in events.list_event_buses(NamePrefix="or")["EventBuses"]] == ["orders"]
    assert events.describe_event_bus(Name="orders")["Arn"] == made["EventBusArn"]
    route(events, {"source": ["my.app"]}, arn, bus="orders")
    put(events)
    assert bodies(sqs, url) == []
    put(events, EventBusName="orders")
    put(events, EventBusName=made["EventBusArn"])
    assert len(bodies(sqs, url)) == 2
    with pytest.raises(ClientError) as raised:
        events.delete_event_bus(Name="default")
    assert error_code(raised) == "ValidationException"
    events.remove_targets(Rule="rule", EventBusName="orders", Ids=["1"])
    events.delete_rule(Name="rule", EventBusName="orders")
    events.delete_event_bus(Name="orders")
    with pytest.raises(ClientError) as raised:
        events.describe_event_bus(Name="orders")
    assert error_code(raised) == "ResourceNotFoundException"
    assert error_text(raised) == "Event bus orders does not exist."
    with pytest.raises(ClientError) as raised:
        events.put_rule(Name="x", EventBusName="nowhere", EventPattern='{"source":["a"]}')
    assert error_code(raised) == "ResourceNotFoundException"


def test_bus_policy(events, account):
    events.put_permission(StatementId="one", Action="events:PutEvents", Principal="111122223333")
    policy = json.loads(events.describe_event_bus()["Policy"])
    assert policy["Statement"] == [{
        "Sid": "one", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "events:PutEvents", "Resource": f"arn:aws:events:us-east-1:{account}:event-bus/default"}]
    with pytest.raises(ClientError) as raised:
        events.remove_permission(StatementId="two")
    assert error_code(raised) == "ResourceNotFoundException"
    events.remove_permission(StatementId="one")
    assert "Policy" not in events.describe_event_bus()


def test_rules_and_targets_are_listed_in_pages(events, queue):
    _, arn = queue
    for i in range(7):
        events.put_rule(Name=f"rule-{i}", EventPattern='{"source":["a"]}', Description=f"number {i}")
        events.put_targets(Rule=f"rule-{i}", Targets=[{"Id": "1", "Arn": arn}])
    events.put_rule(Name="other", EventPattern='{"source":["a"]}')
    names = []
    token = {}
    while True:
        page = events.list_rules(NamePrefix="rule-", Limit=3, **token)
        assert len(page["Rules"]) <= 3
        names += [rule["Name"] for rule in page["Rules"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == [f"rule-{i}" for i in range(7)]
    assert events.list_rule_names_by_target(TargetArn=arn)["RuleNames"] == names
    targets = events.list_targets_by_rule(Rule="rule-3")["Targets"]
    assert targets == [{"Id": "1", "Arn": arn}]
    with pytest.raises(ClientError) as raised:
        events.list_rules(NextToken="rubbish")
    assert error_code(raised) == "ValidationException"


def test_tags(events):
    arn = events.put_rule(Name="tagged", EventPattern='{"source":["a"]}', Tags=[{"Key": "k", "Value": "v"}])["RuleArn"]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "k2", "Value": ""}, {"Key": "k", "Value": "new"}])
    tags = events.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert sorted((t["Key"], t["Value"]) for t in tags) == [("k", "new"), ("k2", "")]
    events.untag_resource(ResourceARN=arn, TagKeys=["k"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "k2", "Value": ""}]


@pytest.mark.parametrize("target, word", [
    ({"Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/c"}, "ecs"),
    ({"Arn": "not an arn"}, "not an arn"),
])
def test_targets_that_do_not_work_yet_are_refused_by_name(events, target, word):
    events.put_rule(Name="rule", EventPattern='{"source":["a"]}')
    try:
        answer = events.put_targets(Rule="rule", Targets=[{"Id": "1", **target}])
        assert answer["FailedEntryCount"] == 1
        text = answer["FailedEntries"][0]["ErrorMessage"]
    except ClientError as error:
        text = error.response["Error"]["Message"]
    assert word in text
    assert events.list_targets_by_rule(Rule="rule")["Targets"] == []


def test_events_whose_queue_is_gone_become_dead_letters(sqs, events, queue):
    url, arn = queue
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    route(events, {"source": ["a"]}, arn, DeadLetterConfig={"Arn": queue_arn(sqs, dead)},
          RetryPolicy={"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60})
    listed = events.list_targets_by_rule(Rule="rule")["Targets"][0]
    assert listed["RetryPolicy"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    large = json.dumps({"text": "x" * 900_000})
    sqs.delete_queue(QueueUrl=url)
    for detail in ("{}", large):
        put = events.put_events(Entries=[{"Source": "a", "DetailType": "t", "Detail": detail}])
        assert put["FailedEntryCount"] == 0
    rule = events.describe_rule(Name="rule")["Arn"]
    messages = receive_all(sqs, dead, MessageAttributeNames=["All"])
    assert sorted(len(message["Body"]) > 900_000 for message in messages) == [False, True]
    for message in messages:
        assert json.loads(message["Body"])["source"] == "a"
        attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
        assert attributes == {"RULE_ARN": rule, "TARGET_ARN": arn, "ERROR_CODE": "NO_RESOURCE",
                              "ERROR_MESSAGE": "The specified queue does not exist."}


def test_a_dead_letter_queue_is_a_standard_queue(events, queue):
    _, arn = queue
    events.put_rule(Name="rule", EventPattern='{"source":["a"]}')
    with pytest.raises(ClientError) as raised:
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": arn + ".fifo"}}])
    assert "DeadLetterConfig.Arn" in error_text(raised)


EVENT = {"version": "0", "id": "1", "detail-type": "t", "source": "aws.s3", "account": "123456789012",
         "time": "2017-04-28T17:56:40Z", "region": "us-east-1", "resources": ["arn:aws:s3:::b"]}

PATTERNS = [
    ({"source": ["aws.s3"]}, {}, True),
    ({"source": ["aws.ec2", "aws.s3"]}, {}, True),
    ({"source": [{"prefix": "aws."}]}, {}, True),
    ({"source": [{"suffix": ".s3"}]}, {}, True),
    ({"source": [{"anything-but": "aws.s3"}]}, {}, False),
    ({"source": [{"anything-but": {"prefix": "aws."}}]}, {}, False),
    ({"source": [{"equals-ignore-case": "AWS.S3"}]}, {}, True),
    ({"source": [{"prefix": {"equals-ignore-case": "AWS"}}]}, {}, True),
    ({"source": [{"wildcard": "a*3"}]}, {}, True),
    ({"resources": ["arn:aws:s3:::b"]}, {}, True),
    ({"detail": {"n": [{"numeric": [">=", 1, "<", 2]}]}}, {"n": 1}, True),
    ({"detail": {"n": [{"numeric": [">=", 1, "<", 2]}]}}, {"n": 2}, False),
    ({"detail": {"n": [300]}}, {"n": 300.0}, True),
    ({"detail": {"ip": [{"cidr": "10.0.0.0/8"}]}}, {"ip": "10.1.2.3"}, True),
    ({"detail": {"ip": [{"cidr": "10.0.0.0/8"}]}}, {"ip": "11.1.2.3"}, False),
    ({"detail": {"a": [{"exists": False}]}}, {"b": 1}, True),
    ({"detail": {"a": [{"exists": True}]}}, {"a": None}, True),
    ({"detail": {"a": [None]}}, {"a": None}, True),
    ({"detail": {"a": [""]}}, {"a": None}, False),
    ({"detail": {"$or": [{"a": [1]}, {"b": [2]}]}}, {"b": 2}, True),
    ({"detail": {"l": {"a": [1], "b": [1]}}}, {"l": [{"a": 1, "b": 2}, {"a": 2, "b": 1}]}, False),
    ({"detail": {"l": {"a": [1], "b": [1]}}}, {"l": [{"a": 1, "b": 1}]}, True),
]


@pytest.mark.parametrize("pattern, detail, expected", PATTERNS)
def test_patterns_through_test_event_pattern(events, pattern, detail, expected):
    event = json.dumps({**EVENT, "detail": detail})
    assert events.test_event_pattern(EventPattern=json.dumps(pattern), Event=event)["Result"] is expected


@pytest.mark.parametrize("pattern, reason", [
    ("{", "Event pattern is not valid."),
    ('{"source":"a"}', '"source" must be an object or an array'),
    ('{"source":[{"foo":"a"}]}', "Unrecognized match type foo"),
])
def test_bad_patterns(events, pattern, reason):
    with pytest.raises(ClientError) as raised:
        events.put_rule(Name="bad", EventPattern=pattern)
    assert error_code(raised) == "InvalidEventPatternException"
    assert error_text(raised).startswith("Event pattern is not valid. Reason: ")
    assert reason in error_text(raised)


def test_rule_needs_a_pattern_or_schedule(events):
    with pytest.raises(ClientError) as raised:
        events.put_rule(Name="empty")
    assert error_code(raised) == "ValidationException"
    assert error_text(raised) == "Parameter(s) EventPattern or ScheduleExpression must be specified."


def test_permissions_are_to_put_events(events):
    with pytest.raises(ClientError) as raised:
        events.put_permission(Action="events:Foo", Principal="111122223333", StatementId="x")
    assert error_code(raised) == "ValidationException"
    assert error_text(raised) == "Provided value in parameter 'action' is not supported."


def test_arns_of_other_partitions_are_no_buses(events, account):
    bus = f"arn:aws-cn:events:us-east-1:{account}:event-bus/default"
    answer = events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": bus}])
    assert answer["FailedEntryCount"] == 1 and answer["Entries"][0]["ErrorCode"] == "InvalidArgument"
    with pytest.raises(ClientError) as raised:
        events.put_rule(Name="r", EventBusName=bus, EventPattern='{"source":["s"]}')
    assert error_code(raised) == "ValidationException"
