"""SNS's answers as AWS gives them: texts of errors, numbers in filters, endpoints, what is told and what is not."""

import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text, queue_arn, receive_until
from functions import create, until

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="topic")["TopicArn"]


@pytest.fixture
def fifo(sns):
    return sns.create_topic(Name="topic.fifo", Attributes={"FifoTopic": "True"})["TopicArn"]


def new_queue(sqs, name="queue"):
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, queue_arn(sqs, url)


def refused(call, **request):
    with pytest.raises(ClientError) as raised:
        call(**request)
    return error_code(raised), error_text(raised)


def with_header(client, header=TRACE):
    """The client, whose requests carry a trace header."""
    def add(request, **_):
        request.headers["X-Amzn-Trace-Id"] = header

    client.meta.events.register("before-send.*.*", add)
    return client


@pytest.mark.parametrize("policy, attribute, body", [
    ({"price": [100.123456789]}, "100.1234561", {"price": 100.1234567}),
    ({"price": [{"numeric": ["=", 100.12345]}]}, "100.123456", {"price": 1.00123456e2}),
    ({"price": [{"anything-but": [1.5]}]}, "1.50001", {"price": [1.50001]}),
])
def test_filters_compare_numbers_to_five_decimals(sns, sqs, topic, policy, attribute, body):
    url, arn = new_queue(sqs)
    other_url, other = new_queue(sqs, "other")
    raw = {"FilterPolicy": json.dumps(policy), "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=other, Attributes={**raw, "FilterPolicyScope": "MessageBody"})
    for kind, value in (("Number", attribute), ("String.Array", f'["x", {attribute}]')):
        sns.publish(TopicArn=topic, Message=kind, MessageAttributes={
            "price": {"DataType": kind, "StringValue": value}})
    sns.publish(TopicArn=topic, Message=json.dumps(body))
    assert sorted(m["Body"] for m in receive_until(sqs, url, 2)) == ["Number", "String.Array"]
    assert [m["Body"] for m in receive_until(sqs, other_url, 1)] == [json.dumps(body)]


@pytest.mark.parametrize("policy, text", [
    ({"k": [{"wrong": 1}]}, "Unrecognized match type wrong"),
    ({"k": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
    ({"k": [{"numeric": ["<", "x"]}]}, "Value of < must be numeric"),
    ({"k": [{"numeric": ["=", "x"]}]}, "Value of equals must be numeric"),
    ({"k": [{"numeric": ["is", 1]}]}, "Unrecognized numeric range operator: is"),
    ({"k": [{"numeric": [">", 1, ">", 2]}]}, "Bad numeric range operator: >"),
    ({"k": [{"numeric": [">", 2, "<", 1]}]}, "Bottom must be less than top"),
    ({"k": [{"numeric": ["=", 1, "=", 2]}]}, "Too many elements in numeric expression"),
    ({"k": [{"exists": "x"}]}, "exists match pattern must be either true or false."),
    ({"k": [{"prefix": 1}]}, "prefix match pattern must be a string"),
    ({"k": []}, "Empty arrays are not allowed"),
    ({"k": "v"}, '"k" must be an object or an array'),
    ({str(i): ["v"] for i in range(6)}, "Filter policy can not have more than 5 keys"),
])
def test_filter_policies_are_refused_with_their_reason(sns, sqs, topic, policy, text):
    _, arn = new_queue(sqs)
    asked = dict(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    code, said = refused(sns.subscribe, **asked, Attributes={"FilterPolicy": json.dumps(policy)})
    assert code == "InvalidParameter"
    assert said.split("\n")[0] == "Invalid parameter: Attributes Reason: FilterPolicy: " + text
    subscription = sns.subscribe(**asked)["SubscriptionArn"]
    _, said = refused(sns.set_subscription_attributes, SubscriptionArn=subscription, AttributeName="FilterPolicy",
                      AttributeValue=json.dumps(policy))
    assert said.split("\n")[0] == "Invalid parameter: FilterPolicy: " + text


@pytest.mark.parametrize("attributes, text", [
    ({"Nonsense": "x"}, "AttributeName"),
    ({"RawMessageDelivery": "x"}, "RawMessageDelivery: Invalid value [x]. Must be true or false."),
    ({"FilterPolicyScope": "x"},
     "FilterPolicyScope: Invalid value [x]. Please use either MessageBody or MessageAttributes"),
    ({"RedrivePolicy": "x"}, "RedrivePolicy: failed to parse JSON."),
    ({"FilterPolicy": '{"a": {"b": ["c"]}}'},
     "Filter policy scope MessageAttributes does not support nested filter policy"),
])
def test_subscribe_says_that_attributes_are_wrong(sns, sqs, topic, attributes, text):
    _, arn = new_queue(sqs)
    assert refused(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes) == (
        "InvalidParameter", "Invalid parameter: Attributes Reason: " + text)


@pytest.mark.parametrize("number", ["+15--551234567", "-15551234567", "+15551234567.", "+1 555 123", "abc", "+", ""])
def test_phone_numbers_that_are_none(sns, topic, number):
    code, text = refused(sns.subscribe, TopicArn=topic, Protocol="sms", Endpoint=number)
    assert code == "InvalidParameter"
    assert text == ("Invalid SMS endpoint: " + number if number else "Invalid parameter: Endpoint")


def test_phone_numbers_may_have_single_separators(new_server, sink, account):
    sns = new_server("--sns-sms-gateway", sink.url).start().client("sns", account)
    topic = sns.create_topic(Name="t")["TopicArn"]
    assert sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15/55-123.4567")["SubscriptionArn"].startswith(topic)
    sns.publish(TopicArn=topic, Message="m")
    assert sink.wait_for(1)[0]["body"]["phoneNumber"] == "+15551234567"


def test_what_was_not_set_is_not_told(sns, sqs, topic, fifo):
    told = sns.get_topic_attributes(TopicArn=fifo)["Attributes"]
    assert "FifoThroughputScope" not in told and told["FifoTopic"] == "true"
    assert sns.create_topic(Name="topic", Attributes={"FifoTopic": "false"})["TopicArn"] == topic
    assert "FifoTopic" not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    _, arn = new_queue(sqs)
    scope = {"FilterPolicyScope": "MessageBody"}
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=scope)["SubscriptionArn"]

    def told_of_it():
        return sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"].get("FilterPolicyScope")

    assert told_of_it() is None
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy",
                                    AttributeValue='{"a": {"b": ["c"]}}')
    assert told_of_it() == "MessageBody"


def test_messages_of_a_fifo_topic_have_their_group_in_fifo_queues_only(sns, sqs, fifo):
    for name, group in (("queue", None), ("queue.fifo", "g")):
        url, arn = new_queue(sqs, name)
        sns.subscribe(TopicArn=fifo, Protocol="sqs", Endpoint=arn)
        sns.publish(TopicArn=fifo, Message="m", MessageGroupId="g", MessageDeduplicationId=name)
        message, = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], WaitTimeSeconds=10)["Messages"]
        assert message["Attributes"].get("MessageGroupId") == group


@pytest.mark.parametrize("entry, text", [
    ({}, "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"),
    ({"MessageGroupId": "g"}, "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or "
                              "MessageDeduplicationId provided explicitly"),
])
def test_batches_to_fifo_topics_fail_as_a_whole(sns, fifo, entry, text):
    whole = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
    entries = [{"Id": "1", "Message": "m", **whole}, {"Id": "2", "Message": "m", **entry}]
    assert refused(sns.publish_batch, TopicArn=fifo, PublishBatchRequestEntries=entries) == ("InvalidParameter", text)


@pytest.mark.parametrize("call, field, arn, text", [
    ("get_topic_attributes", "TopicArn", "rubbish", "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
    ("get_topic_attributes", "TopicArn", "arn:aws:sns:us-east-1:000000000000:a b", "TopicArn"),
    ("list_subscriptions_by_topic", "TopicArn", "a:b", "TopicArn Reason: An ARN must have at least 6 elements, not 2"),
    ("unsubscribe", "SubscriptionArn", "a:b:c", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 3"),
    ("unsubscribe", "SubscriptionArn", "arn:aws:sns:us-east-1:000000000000:topic", "SubscriptionId"),
])
def test_arns_that_are_none(sns, call, field, arn, text):
    assert refused(getattr(sns, call), **{field: arn}) == ("InvalidParameter", "Invalid parameter: " + text)


@pytest.mark.parametrize("name, text", [
    (".a", "Invalid message attribute name starting with character '.' was found."),
    ("a.", "Invalid message attribute name ending with character '.' was found."),
    ("a..b", "Message attribute name can not have successive '.' character."),
    ("a:b", "Invalid non-alphanumeric character '#x3A' was found in the message attribute name. Can only include "
            "alphanumeric characters, hyphens, underscores, or dots."),
    ("a" * 257, "Length of message attribute name must be less than 256 bytes."),
])
def test_names_of_attributes(sns, topic, name, text):
    attributes = {name: {"DataType": "String", "StringValue": "v"}}
    assert refused(sns.publish, TopicArn=topic, Message="m", MessageAttributes=attributes)[1] == text


def test_protocols_and_tags(sns, topic, fifo):
    assert refused(sns.subscribe, TopicArn=fifo, Protocol="email", Endpoint="a@b.c")[1] == (
        "Invalid parameter: Invalid protocol type: email")
    assert refused(sns.subscribe, TopicArn=topic, Protocol="email", Endpoint="a b")[1] == (
        "Invalid parameter: Email address")
    assert refused(sns.tag_resource, ResourceArn=topic, Tags=[{"Key": "k", "Value": "v"}] * 2)[1] == (
        "Invalid parameter: Duplicated keys are not allowed.")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"] == "alias/aws/sns"


def test_trace_headers_go_along(server, account, sqs, topic):
    sns = with_header(server.client("sns", account))
    url, arn = new_queue(sqs)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="m")
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "m"}])
    traced = with_header(server.client("sqs", account))
    assert "MD5OfMessageSystemAttributes" not in traced.send_message(QueueUrl=url, MessageBody="direct")
    got = []
    while len(got) < 3:
        answer = sqs.receive_message(QueueUrl=url, AttributeNames=["AWSTraceHeader"], WaitTimeSeconds=10)
        assert answer.get("Messages"), got
        got += answer["Messages"]
    assert [m["Attributes"] for m in got] == [{"AWSTraceHeader": TRACE}] * 3


def test_http_endpoints_are_told_that_answers_may_be_compressed(sns, topic, sink):
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=sink.url)
    assert sink.wait_for(1)[0]["headers"]["Accept-Encoding"] == "gzip,deflate"


def test_functions_get_signatures_of_version_1(server, account, sns):
    functions = server.client("lambda", account)
    arn = create(functions, "tell", """
import json
def handler(event, context):
    print(json.dumps(event["Records"][0]["Sns"]["SignatureVersion"]))
""", account)
    topic = sns.create_topic(Name="signed", Attributes={"SignatureVersion": "2"})["TopicArn"]
    functions.add_permission(FunctionName="tell", StatementId="s", Action="lambda:InvokeFunction",
                             Principal="sns.amazonaws.com", SourceArn=topic)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="m")
    logs = server.client("logs", account)

    def printed():
        try:
            events = logs.filter_log_events(logGroupName="/aws/lambda/tell")["events"]
        except ClientError:
            return []
        return [e["message"].strip() for e in events if e["message"].startswith('"')]

    assert until(printed) == ['"1"']
