"""SNS over boto3: topics, subscriptions, queues as subscribers, filters, FIFO."""

import base64
import json
import os
import re
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError

from conftest import REGION, error_code, error_text, queue_arn, receive_until

FIFO = {"FifoTopic": "true"}


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="topic")["TopicArn"]


@pytest.fixture
def fifo(sns):
    return sns.create_topic(Name="topic.fifo", Attributes={**FIFO, "ContentBasedDeduplication": "true"})["TopicArn"]


@pytest.fixture
def new_queue(sqs):
    """Makes a queue: its URL and ARN."""
    def make(name="queue"):
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, queue_arn(sqs, url)
    return make


def subscribe(sns, topic, arn, **attributes):
    return sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)["SubscriptionArn"]


def bodies(sqs, url, count=1):
    return [message["Body"] for message in receive_until(sqs, url, count)]


def refused(call, **request):
    with pytest.raises(ClientError) as raised:
        call(**request)
    return error_code(raised), error_text(raised)


def test_topic_life(sns, account):
    arn = sns.create_topic(Name="t", Attributes={"DisplayName": "T"}, Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
    assert arn == f"arn:aws:sns:us-east-1:{account}:t"
    assert sns.create_topic(Name="t")["TopicArn"] == arn
    assert refused(sns.create_topic, Name="t", Attributes={"DisplayName": "U"}) == (
        "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
    assert refused(sns.create_topic, Name="t", Tags=[{"Key": "a", "Value": "c"}]) == (
        "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (attributes["TopicArn"], attributes["Owner"], attributes["DisplayName"]) == (arn, account, "T")
    assert attributes["SubscriptionsConfirmed"] == attributes["SubscriptionsPending"] == "0"
    assert json.loads(attributes["Policy"])["Statement"][0]["Resource"] == arn
    assert json.loads(attributes["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="V")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "V"
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert refused(sns.get_topic_attributes, TopicArn=arn) == ("NotFound", "Topic does not exist")
    assert sns.list_topics()["Topics"] == []


@pytest.mark.parametrize("name, attributes", [
    ("bad name", {}), ("a.b", {}), ("n" * 257, {}), ("t.fifo", {}), ("t", FIFO), ("t.fifo", {"FifoTopic": "yes"}),
    ("t", {"ContentBasedDeduplication": "true"}), ("t", {"SignatureVersion": "3"}), ("t", {"Policy": "{}"}),
    ("t", {"DeliveryPolicy": "{"}), ("t", {"NoSuch": "x"}),
    ("t", {"DeliveryPolicy": json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 101}}})}),
    ("t", {"DeliveryPolicy": json.dumps({"http": {"defaultHealthyRetryPolicy": {
        "minDelayTarget": 30, "maxDelayTarget": 20}}})}),
])
def test_topics_that_are_refused(sns, name, attributes):
    code, text = refused(sns.create_topic, Name=name, Attributes=attributes)
    assert code == "InvalidParameter" and text.startswith("Invalid parameter: ")
    assert sns.list_topics()["Topics"] == []


def test_attributes_that_do_nothing_are_refused_by_name(sns, fifo):
    code, text = refused(sns.set_topic_attributes, TopicArn=fifo, AttributeName="TracingConfig", AttributeValue="Active")
    assert code == "InvalidParameter" and "TracingConfig Active" in text
    assert "TracingConfig" not in sns.get_topic_attributes(TopicArn=fifo)["Attributes"]


def test_requests_for_what_is_not_here(sns, account):
    missing = f"arn:aws:sns:us-east-1:{account}:missing"
    assert refused(sns.publish, TopicArn=missing, Message="m") == ("NotFound", "Topic does not exist")
    assert refused(sns.publish, TopicArn="rubbish", Message="m")[0] == "InvalidParameter"
    assert refused(sns.publish, TopicArn=f"arn:aws:sns:eu-west-1:{account}:t", Message="m")[0] == "InvalidParameter"
    assert refused(sns.publish, TopicArn="arn:aws:sns:us-east-1:999999999999:t", Message="m")[0] == "AuthorizationError"
    assert refused(sns.get_subscription_attributes, SubscriptionArn=missing + ":" + "0" * 36)[0] == "NotFound"
    assert refused(sns.get_subscription_attributes, SubscriptionArn="x")[0] == "InvalidParameter"
    assert refused(sns.put_data_protection_policy, ResourceArn=missing, DataProtectionPolicy="{}")[0] == "NotImplemented"


def test_paging(sns, topic):
    arns = {topic} | {sns.create_topic(Name=f"t{i}")["TopicArn"] for i in range(104)}
    pages = [page["Topics"] for page in sns.get_paginator("list_topics").paginate()]
    assert [len(page) for page in pages] == [100, 5]
    assert {one["TopicArn"] for page in pages for one in page} == arns
    assert refused(sns.list_topics, NextToken="rubbish")[0] == "InvalidParameter"


def test_paging_subscriptions(sns, topic, account):
    other = sns.create_topic(Name="other")["TopicArn"]
    subscribed = {subscribe(sns, topic, f"arn:aws:sqs:us-east-1:{account}:q{i}") for i in range(105)}
    subscribed.add(subscribe(sns, other, f"arn:aws:sqs:us-east-1:{account}:q"))
    every = [one["SubscriptionArn"] for page in sns.get_paginator("list_subscriptions").paginate()
             for one in page["Subscriptions"]]
    assert len(every) == 106 and set(every) == subscribed
    pages = [page["Subscriptions"] for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)]
    assert [len(page) for page in pages] == [100, 5]


def test_tags(sns, topic):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": ""}]
    assert refused(sns.tag_resource, ResourceArn=topic + "x", Tags=[{"Key": "a", "Value": "1"}])[0] == "ResourceNotFound"
    many = [{"Key": f"k{i}", "Value": "v"} for i in range(50)]
    assert refused(sns.tag_resource, ResourceArn=topic, Tags=many)[0] == "TagLimitExceeded"


def test_permissions(sns, topic):
    sns.add_permission(TopicArn=topic, Label="mine", AWSAccountId=["123456789012"], ActionName=["Publish", "Subscribe"])
    statements = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"]
    assert statements[1] == {"Sid": "mine", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                             "Action": ["SNS:Publish", "SNS:Subscribe"], "Resource": topic}
    assert "already exists" in refused(sns.add_permission, TopicArn=topic, Label="mine", AWSAccountId=["123456789012"],
                                       ActionName=["Publish"])[1]
    assert "out of service scope" in refused(sns.add_permission, TopicArn=topic, Label="x",
                                             AWSAccountId=["123456789012"], ActionName=["Fly"])[1]
    sns.remove_permission(TopicArn=topic, Label="mine")
    assert len(json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"]) == 1


def test_subscription_life(sns, topic, new_queue, account):
    _, arn = new_queue()
    subscription = subscribe(sns, topic, arn)
    assert re.fullmatch(topic + r":[0-9a-f-]{36}", subscription)
    assert subscribe(sns, topic, arn) == subscription
    assert "different attributes" in refused(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=arn,
                                             Attributes={"RawMessageDelivery": "true"})[1]
    listed = {"SubscriptionArn": subscription, "Owner": account, "Protocol": "sqs", "Endpoint": arn, "TopicArn": topic}
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == [listed]
    assert sns.list_subscriptions()["Subscriptions"] == [listed]
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert attributes["PendingConfirmation"] == attributes["RawMessageDelivery"] == "false"
    assert attributes["ConfirmationWasAuthenticated"] == "true"
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy",
                                    AttributeValue='{"a":["b"]}')
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert (attributes["FilterPolicy"], attributes["FilterPolicyScope"]) == ('{"a":["b"]}', "MessageAttributes")
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue="{}")
    assert "FilterPolicy" not in sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions()["Subscriptions"] == []
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"


@pytest.mark.parametrize("protocol, endpoint, words", [
    ("carrier-pigeon", "x", "does not support this protocol string: carrier-pigeon"),
    ("sqs", "x", "SQS endpoint ARN"),
    ("sqs", "arn:aws:sqs:us-east-1:999999999999:q", "another account"),
    ("sqs", "arn:aws:sqs:us-east-1:{account}:q.fifo", "FIFO SQS Queues can not be subscribed to standard SNS topics"),
    ("lambda", "arn:aws:lambda:us-east-1:999999999999:function:f", "another account"),
    ("firehose", "arn:aws:firehose:us-east-1:{account}:deliverystream/s", "firehose"),
])
def test_endpoints_that_are_refused(sns, topic, account, protocol, endpoint, words):
    code, text = refused(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint.format(account=account))
    assert code == "InvalidParameter" and words in text


@pytest.mark.parametrize("name, value", [
    ("RawMessageDelivery", "maybe"), ("FilterPolicyScope", "Subject"), ("RedrivePolicy", "{}"), ("RedrivePolicy", "x"),
    ("RedrivePolicy", '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:999999999999:q"}'),
    ("DeliveryPolicy", '{"healthyRetryPolicy":{"numRetries":1}}'), ("ReplayPolicy", "x"),
    ("SubscriptionRoleArn", "arn:aws:iam::123456789012:role/r"), ("Endpoint", "x"),
])
def test_subscription_attributes_that_are_refused(sns, topic, account, name, value):
    subscription = subscribe(sns, topic, f"arn:aws:sqs:us-east-1:{account}:q")
    code, text = refused(sns.set_subscription_attributes, SubscriptionArn=subscription, AttributeName=name,
                         AttributeValue=value)
    assert code == "InvalidParameter" and text.startswith("Invalid parameter: ")


def test_enveloped_messages(server, sns, sqs, topic, new_queue):
    url, arn = new_queue()
    subscription = subscribe(sns, topic, arn)
    sent = sns.publish(TopicArn=topic, Subject="S", Message='say "hi"\nü', MessageAttributes={
        "n": {"DataType": "Number", "StringValue": "7"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}})
    body, = bodies(sqs, url)
    envelope = json.loads(body)
    assert body.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert list(envelope) == ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion",
                              "Signature", "SigningCertURL", "UnsubscribeURL", "MessageAttributes"]
    assert (envelope["MessageId"], envelope["TopicArn"], envelope["Subject"]) == (sent["MessageId"], topic, "S")
    assert envelope["Message"] == 'say "hi"\nü'
    assert envelope["MessageAttributes"] == {"n": {"Type": "Number", "Value": "7"},
                                             "b": {"Type": "Binary", "Value": "AP8="}}
    assert envelope["UnsubscribeURL"] == f"{server.endpoint}/?Action=Unsubscribe&SubscriptionArn={subscription}"
    status, _, answer = server.raw(method="GET", path=envelope["UnsubscribeURL"][len(server.endpoint):])
    assert status == 200 and b"UnsubscribeResponse" in answer
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def is_signed(server, message, names, folder):
    """Whether OpenSSL finds the signature of those members good, by the certificate that the message names."""
    status, _, certificate = server.raw(method="GET", path=message["SigningCertURL"][len(server.endpoint):])
    assert status == 200
    key = subprocess.run(["openssl", "x509", "-pubkey", "-noout"], input=certificate, check=True,
                         capture_output=True).stdout
    (folder / "key.pem").write_bytes(key)
    (folder / "signature").write_bytes(base64.b64decode(message["Signature"]))
    text = "".join(f"{name}\n{message[name]}\n" for name in names)
    digest = {"1": "-sha1", "2": "-sha256"}[message["SignatureVersion"]]
    return subprocess.run(["openssl", "dgst", digest, "-verify", folder / "key.pem", "-signature",
                           folder / "signature"], input=text.encode(), capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("version", "12")
def test_signatures(server, sns, sqs, topic, new_queue, tmp_path, version):
    url, arn = new_queue()
    subscribe(sns, topic, arn)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    sns.publish(TopicArn=topic, Message="signed", Subject="subject")
    envelope = json.loads(bodies(sqs, url)[0])
    assert envelope["SignatureVersion"] == version
    assert re.fullmatch(re.escape(server.endpoint) + r"/.+\.pem", envelope["SigningCertURL"])
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    assert is_signed(server, envelope, names, tmp_path)
    assert not is_signed(server, {**envelope, "Message": "other"}, names, tmp_path)


def test_raw_messages_carry_attributes(sns, sqs, topic, new_queue):
    url, arn = new_queue()
    subscribe(sns, topic, arn, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="raw", Subject="lost", MessageAttributes={
        "n": {"DataType": "Number.int", "StringValue": "7"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}})
    message, = receive_until(sqs, url, 1)
    assert message["Body"] == "raw"
    assert message["MessageAttributes"] == {"n": {"DataType": "Number.int", "StringValue": "7"},
                                            "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}


def test_message_structure(sns, sqs, topic, new_queue):
    url, arn = new_queue()
    subscribe(sns, topic, arn, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "d", "sqs": "for queues"}))
    sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "d", "http": "for others"}))
    assert sorted(bodies(sqs, url, 2)) == ["d", "for queues"]
    assert refused(sns.publish, TopicArn=topic, MessageStructure="json", Message="{}") == (
        "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body")
    assert refused(sns.publish, TopicArn=topic, MessageStructure="json", Message="x") == (
        "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse")
    assert refused(sns.publish, TopicArn=topic, MessageStructure="xml", Message="x")[0] == "InvalidParameter"


@pytest.mark.parametrize("request_, code, words", [
    ({"Message": ""}, "InvalidParameter", "Empty message"),
    ({"Message": "x" * 262145}, "InvalidParameter", "Message too long"),
    ({"Message": "m", "Subject": "s" * 101}, "InvalidParameter", "Subject"),
    ({"Message": "m", "Subject": "a\nb"}, "InvalidParameter", "Subject"),
    ({"Message": "m", "MessageDeduplicationId": "d"}, "InvalidParameter", "MessageDeduplicationId"),
    ({"Message": "m", "MessageAttributes": {"a": {"DataType": "Text", "StringValue": "x"}}}, "ParameterValueInvalid",
     "'a'"),
    ({"Message": "m", "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "x"}}}, "ParameterValueInvalid",
     "number"),
    ({"Message": "m", "MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}}, "ParameterValueInvalid",
     "non-empty"),
    ({"Message": "m", "MessageAttributes": {"a": {"DataType": "String.Array", "StringValue": "[{}]"}}},
     "ParameterValueInvalid", "String.Array"),
    ({"Message": "m", "MessageAttributes": {"a b": {"DataType": "String", "StringValue": "x"}}},
     "ParameterValueInvalid", "'#x20'"),
])
def test_messages_that_are_refused(sns, topic, request_, code, words):
    got, text = refused(sns.publish, TopicArn=topic, **request_)
    assert got == code and words in text


def test_publish_batch(sns, sqs, topic, new_queue):
    url, arn = new_queue()
    subscribe(sns, topic, arn, RawMessageDelivery="true")
    entries = [{"Id": "a", "Message": "1"}, {"Id": "b", "Message": "2", "Subject": "S"}, {"Id": "c", "Message": "3"}]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["a", "b", "c"] and answer["Failed"] == []
    assert sorted(bodies(sqs, url, 3)) == ["1", "2", "3"]
    entries[1]["Subject"] = "\n"
    assert refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries) == (
        "InvalidParameter", "Invalid parameter: Subject")


@pytest.mark.parametrize("entries, code", [
    ([], "EmptyBatchRequest"),
    ([{"Id": f"i{i}", "Message": "m"} for i in range(11)], "TooManyEntriesInBatchRequest"),
    ([{"Id": "i", "Message": "m"}] * 2, "BatchEntryIdsNotDistinct"),
    ([{"Id": "i i", "Message": "m"}], "InvalidBatchEntryId"),
    ([{"Id": f"i{i}", "Message": "x" * 131073} for i in range(2)], "BatchRequestTooLong"),
])
def test_batches_that_are_refused(sns, topic, entries, code):
    assert refused(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)[0] == code


def string(value):
    return {"DataType": "String", "StringValue": value}


ATTRIBUTES = {
    "store": string("example_corp"), "event": string("order_placed"), "price": {"DataType": "Number", "StringValue": "210.75"},
    "tags": {"DataType": "String.Array", "StringValue": '["soccer", "rugby", 5, true, null]'},
    "ip": string("10.1.2.3"), "bytes": {"DataType": "Binary", "BinaryValue": b"x"}}


@pytest.mark.parametrize("policy, matches", [
    ({"store": ["example_corp"]}, True),
    ({"store": ["EXAMPLE_CORP"]}, False),
    ({"store": [{"equals-ignore-case": "EXAMPLE_CORP"}]}, True),
    ({"store": ["example_corp"], "event": ["order_cancelled"]}, False),
    ({"event": [{"anything-but": ["order_cancelled"]}]}, True),
    ({"event": [{"anything-but": {"prefix": "order"}}]}, False),
    ({"event": [{"prefix": "order-"}, {"suffix": "placed"}]}, True),
    ({"price": [{"numeric": [">", 200, "<=", 210.75]}]}, True),
    ({"price": [210.75]}, True),
    ({"price": ["210.75"]}, False),
    ({"tags": ["rugby"]}, True),
    ({"tags": [5]}, True),
    ({"tags": ["tennis"]}, False),
    ({"ip": [{"cidr": "10.1.0.0/16"}]}, True),
    ({"missing": [{"exists": False}], "store": [{"exists": True}]}, True),
    ({"missing": [{"anything-but": ["x"]}]}, False),
    ({"$or": [{"store": ["nobody"]}, {"price": [{"numeric": [">", 1]}]}]}, True),
    ({"bytes": ["x"]}, False),
])
def test_attribute_filters(sns, sqs, topic, new_queue, policy, matches):
    url, arn = new_queue()
    subscribe(sns, topic, arn, RawMessageDelivery="true", FilterPolicy=json.dumps(policy))
    sns.publish(TopicArn=topic, Message="m", MessageAttributes=ATTRIBUTES)
    # What is delivered is there once the publish is answered.
    found = sqs.receive_message(QueueUrl=url).get("Messages", [])
    assert [message["Body"] for message in found] == (["m"] if matches else [])


@pytest.mark.parametrize("policy, body, matches", [
    ({"a": {"b": ["x"]}}, {"a": {"b": "x", "c": 1}}, True),
    ({"a": {"b": ["x"]}}, {"a": {"b": "y"}}, False),
    ({"a": [{"numeric": ["<", 5]}]}, {"a": 4}, True),
    ({"a": [None]}, {"a": None}, True),
    ({"a": [{"exists": False}]}, {"b": 1}, True),
    ({"a": [{"exists": False}]}, "no JSON", False),
    ({"a": [{"exists": False}]}, [1], False),
])
def test_body_filters(sns, sqs, topic, new_queue, policy, body, matches):
    url, arn = new_queue()
    subscribe(sns, topic, arn, RawMessageDelivery="true", FilterPolicy=json.dumps(policy),
              FilterPolicyScope="MessageBody")
    text = body if isinstance(body, str) else json.dumps(body)
    sns.publish(TopicArn=topic, Message=text)
    found = sqs.receive_message(QueueUrl=url).get("Messages", [])
    assert [message["Body"] for message in found] == ([text] if matches else [])


@pytest.mark.parametrize("policy, scope, words", [
    ("x", "MessageAttributes", "failed to parse JSON"),
    ("[]", "MessageAttributes", "must be a JSON object"),
    ({"a": {"b": ["c"]}}, "MessageAttributes", "does not support nested filter policy"),
    ({"a": "b"}, "MessageAttributes", '"a" must be an object or an array'),
    ({"a": []}, "MessageAttributes", "Empty arrays are not allowed"),
    ({"a": [["b"]]}, "MessageAttributes", "Match value must be String, number, true, false, or null"),
    ({"a": [{"sounds-like": "b"}]}, "MessageAttributes", "Unrecognized match type sounds-like"),
    ({"a": [{"numeric": [">", 2e9]}]}, "MessageAttributes", "between -1.0E9 and 1.0E9"),
    ({k: ["v"] for k in "abcdef"}, "MessageAttributes", "can not have more than 5 keys"),
    ({k: list(range(13)) for k in "ab"}, "MessageAttributes", "too complex"),
    # AWS's own example: (4 x 3) x (3 x 2) x (3 x 1) = 216.
    ({"a": {"b": {"c": list("1234")}}, "d": {"e": list("123")}, "f": list("123")}, "MessageBody", "too complex"),
])
def test_filters_that_are_refused(sns, topic, account, policy, scope, words):
    code, text = refused(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{account}:q",
                         Attributes={"FilterPolicy": policy if isinstance(policy, str) else json.dumps(policy),
                                     "FilterPolicyScope": scope})
    assert code == "InvalidParameter" and words in text


def test_filter_policies_of_a_topic_are_limited(sns, topic, account):
    for i in range(200):
        subscribe(sns, topic, f"arn:aws:sqs:us-east-1:{account}:q{i}", FilterPolicy='{"a":["b"]}')
    arn = f"arn:aws:sqs:us-east-1:{account}:q"
    assert refused(sns.subscribe, TopicArn=topic, Protocol="sqs", Endpoint=arn,
                   Attributes={"FilterPolicy": '{"a":["b"]}'})[0] == "FilterPolicyLimitExceeded"
    assert subscribe(sns, topic, arn)


def test_dead_letters_of_queues_that_are_gone(sns, sqs, topic, new_queue, account):
    url, arn = new_queue("dead")
    subscribe(sns, topic, f"arn:aws:sqs:us-east-1:{account}:gone", RawMessageDelivery="true",
              RedrivePolicy=json.dumps({"deadLetterTargetArn": arn}))
    sns.publish(TopicArn=topic, Message="lost", MessageAttributes={"a": string("b")})
    letter, = receive_until(sqs, url, 1)
    assert (letter["Body"], letter["MessageAttributes"]) == ("lost", {"a": string("b")})


def test_fifo_order_and_deduplication(sns, sqs, fifo, new_queue):
    url, arn = new_queue("queue.fifo")
    plain_url, plain_arn = new_queue("plain")
    subscribe(sns, fifo, arn, RawMessageDelivery="true")
    subscribe(sns, fifo, plain_arn)
    sent = [sns.publish(TopicArn=fifo, Message=f"m{i}", MessageGroupId="g") for i in range(8)]
    again = sns.publish(TopicArn=fifo, Message="m3", MessageGroupId="g")
    assert (again["MessageId"], again["SequenceNumber"]) == (sent[3]["MessageId"], sent[3]["SequenceNumber"])
    numbers = [one["SequenceNumber"] for one in sent]
    assert numbers == sorted(numbers) and {len(n) for n in numbers} == {20}
    batch = sns.publish_batch(TopicArn=fifo, PublishBatchRequestEntries=[
        {"Id": str(i), "Message": f"b{i}", "MessageGroupId": "g", "MessageDeduplicationId": "same"} for i in range(2)])
    assert len({one["MessageId"] for one in batch["Successful"]}) == 1
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert [message["Body"] for message in messages] == [f"m{i}" for i in range(8)] + ["b0"]
    assert {message["Attributes"]["MessageGroupId"] for message in messages} == {"g"}
    envelopes = [json.loads(body) for body in bodies(sqs, plain_url, 9)]
    assert {envelope["SequenceNumber"] for envelope in envelopes} >= set(numbers)
    assert all("Signature" not in envelope for envelope in envelopes)


def test_fifo_scope_of_deduplication(sns, sqs, new_queue):
    topic = sns.create_topic(Name="t.fifo", Attributes={**FIFO, "FifoThroughputScope": "MessageGroup"})["TopicArn"]
    ids = {sns.publish(TopicArn=topic, Message="m", MessageGroupId=group, MessageDeduplicationId="d")["MessageId"]
           for group in ("a", "b", "a")}
    assert len(ids) == 2


def test_fifo_messages_that_are_refused(sns, fifo, account):
    assert "MessageGroupId" in refused(sns.publish, TopicArn=fifo, Message="m")[1]
    assert "MessageGroupId" in refused(sns.publish, TopicArn=fifo, Message="m", MessageGroupId="ü")[1]
    sns.set_topic_attributes(TopicArn=fifo, AttributeName="ContentBasedDeduplication", AttributeValue="false")
    assert "ContentBasedDeduplication" in refused(sns.publish, TopicArn=fifo, Message="m", MessageGroupId="g")[1]
    assert refused(sns.subscribe, TopicArn=fifo, Protocol="https", Endpoint="https://x/")[1] == (
        "Invalid parameter: Invalid protocol type: https")


def test_many_publishers_keep_the_order_of_groups(sns, sqs, fifo, new_queue):
    url, arn = new_queue("queue.fifo")
    subscribe(sns, fifo, arn, RawMessageDelivery="true")
    answered = {}

    def publish(group):
        answered[group] = [sns.publish(TopicArn=fifo, Message=f"{group}{i}", MessageGroupId=group)["SequenceNumber"]
                           for i in range(20)]

    publishers = [threading.Thread(target=publish, args=(group,)) for group in "abcd"]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    assert len({number for numbers in answered.values() for number in numbers}) == 80
    got = []
    while len(got) < 80:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]
        for message in messages:
            got.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    for group in "abcd":
        assert [body for body in got if body[0] == group] == [f"{group}{i}" for i in range(20)]


def test_everything_is_there_after_kill(new_server, account):
    server = new_server().start()
    sns, sqs = server.client("sns", account), server.client("sqs", account)
    url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    topic = sns.create_topic(Name="t.fifo", Attributes={**FIFO, "ContentBasedDeduplication": "true"},
                             Tags=[{"Key": "k", "Value": "v"}])["TopicArn"]
    subscription = subscribe(sns, topic, queue_arn(sqs, url), RawMessageDelivery="true", FilterPolicy='{"a":["b"]}')
    attributes = {"a": string("b")}
    first = sns.publish(TopicArn=topic, Message="m", MessageGroupId="g", MessageAttributes=attributes)
    server.kill()
    server.start()
    sns, sqs = server.client("sns", account), server.client("sqs", account)
    again = sns.publish(TopicArn=topic, Message="m", MessageGroupId="g", MessageAttributes=attributes)
    assert again["SequenceNumber"] == first["SequenceNumber"]
    later = sns.publish(TopicArn=topic, Message="n", MessageGroupId="g", MessageAttributes=attributes)
    assert later["SequenceNumber"] > first["SequenceNumber"]
    sns.publish(TopicArn=topic, Message="o", MessageGroupId="g")
    url = sqs.get_queue_url(QueueName="q.fifo")["QueueUrl"]
    assert bodies(sqs, url, 2) == ["m", "n"]
    assert sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]["FilterPolicy"] == '{"a":["b"]}'
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "k", "Value": "v"}]


def test_a_topic_made_again_starts_anew(sns, sqs, new_queue):
    url, arn = new_queue("queue.fifo")
    for _ in range(2):
        topic = sns.create_topic(Name="t.fifo", Attributes={**FIFO, "ContentBasedDeduplication": "true"})["TopicArn"]
        assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
        sns.publish(TopicArn=topic, Message="m", MessageGroupId="g")
        subscribe(sns, topic, arn, RawMessageDelivery="true")
        sns.delete_topic(TopicArn=topic)
    assert sqs.receive_message(QueueUrl=url).get("Messages", []) == []


def test_rules_target_topics(sns, sqs, events, topic, new_queue):
    url, arn = new_queue()
    subscribe(sns, topic, arn)
    events.put_rule(Name="rule", EventPattern='{"source":["a"]}')
    answer = events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": topic, "InputPath": "$.detail"}])
    assert answer["FailedEntryCount"] == 0
    events.put_events(Entries=[{"Source": "a", "DetailType": "t", "Detail": '{"n":1}'}])
    envelope = json.loads(bodies(sqs, url)[0])
    assert (envelope["TopicArn"], envelope["Message"]) == (topic, '{"n":1}')


def test_fifo_topics_are_no_targets(events, fifo):
    events.put_rule(Name="rule", EventPattern='{"source":["a"]}')
    with pytest.raises(ClientError) as raised:
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": fifo}])
    assert "FIFO topics" in error_text(raised)


def test_events_whose_topic_is_gone_become_dead_letters(sns, sqs, events, topic, new_queue):
    url, arn = new_queue("dead")
    events.put_rule(Name="rule", EventPattern='{"source":["a"]}')
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": topic, "DeadLetterConfig": {"Arn": arn}}])
    sns.delete_topic(TopicArn=topic)
    events.put_events(Entries=[{"Source": "a", "DetailType": "t", "Detail": "{}"}])
    letter, = receive_until(sqs, url, 1)
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"
    assert letter["MessageAttributes"]["TARGET_ARN"]["StringValue"] == topic


def test_schedules_target_topics(new_server, account):
    server = new_server("--clock", "virtual").start()
    sns, sqs = server.client("sns", account), server.client("sqs", account)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    subscribe(sns, topic, queue_arn(sqs, url), RawMessageDelivery="true")
    server.client("scheduler", account).create_schedule(
        Name="s", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": topic, "RoleArn": "arn:aws:iam::123456789012:role/r", "Input": "tick"})
    server.raw(b'{"advance":"1h"}', path="/_signalbox/clock")
    assert bodies(sqs, url, 2) == ["tick", "tick"]  # a rate begins at once


def test_alarms_notify_topics(server, sns, sqs, topic, new_queue, account):
    url, arn = new_queue()
    subscribe(sns, topic, arn)
    cloudwatch = server.client("cloudwatch", account)
    cloudwatch.put_metric_alarm(AlarmName="high ü", Namespace="N", MetricName="M", Period=60, EvaluationPeriods=1,
                                Threshold=1, ComparisonOperator="GreaterThanThreshold", Statistic="Sum",
                                AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="high ü", StateValue="ALARM", StateReason="test")
    envelope = json.loads(bodies(sqs, url)[0])
    assert envelope["Subject"] == 'ALARM: "high " in US East (N. Virginia)'
    assert json.loads(envelope["Message"])["NewStateValue"] == "ALARM"


def test_pipes_target_topics(server, sns, sqs, topic, new_queue, account):
    url, arn = new_queue()
    source_url, source_arn = new_queue("source")
    subscribe(sns, topic, arn, RawMessageDelivery="true")
    server.client("pipes", account).create_pipe(Name="p", Source=source_arn, Target=topic,
                                                RoleArn="arn:aws:iam::123456789012:role/r",
                                                TargetParameters={"InputTemplate": "<$.body>"})
    sqs.send_message(QueueUrl=source_url, MessageBody="through the pipe")
    assert "through the pipe" in bodies(sqs, url)[0]


def test_regions_and_accounts_are_apart(server, sns, sqs, topic, account):
    elsewhere = server.client("sns", account, region="eu-west-1")
    assert elsewhere.list_topics()["Topics"] == []
    there = server.client("sqs", account, region="eu-west-1")
    url = there.create_queue(QueueName="q")["QueueUrl"]
    # Queues of other Regions may subscribe.
    subscribe(sns, topic, queue_arn(there, url), RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="far")
    assert bodies(there, url) == ["far"]
    assert REGION in topic


def test_the_command_line(server, account):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="any", AWS_DEFAULT_REGION=REGION)

    def aws(*words):
        done = subprocess.run(["aws", "--endpoint-url", server.endpoint, *words], env=environment, text=True,
                              capture_output=True, check=True)
        return json.loads(done.stdout) if done.stdout.strip() else None

    topic = aws("sns", "create-topic", "--name", "cli")["TopicArn"]
    url = aws("sqs", "create-queue", "--queue-name", "cli")["QueueUrl"]
    aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint",
        f"arn:aws:sqs:us-east-1:{account}:cli", "--attributes", "RawMessageDelivery=true")
    aws("sns", "publish", "--topic-arn", topic, "--message", "from the shell", "--message-attributes",
        '{"a":{"DataType":"String","StringValue":"b"}}')
    message, = aws("sqs", "receive-message", "--queue-url", url, "--message-attribute-names", "All")["Messages"]
    assert (message["Body"], message["MessageAttributes"]["a"]["StringValue"]) == ("from the shell", "b")


def test_text_messages_of_an_account_go_back_to_defaults(sns):
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional", "DefaultSenderID": "me"})
    sns.set_sms_attributes(attributes={"DefaultSMSType": ""})
    assert sns.get_sms_attributes()["attributes"] == {"DefaultSenderID": "me"}
    sns.set_sms_attributes(attributes={name: "" for name in (
        "MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "DefaultSenderID",
        "DefaultSMSType", "UsageReportS3Bucket")})
    assert not sns.get_sms_attributes().get("attributes")
    assert refused(sns.set_sms_attributes, attributes={"Nonsense": ""})[0] == "InvalidParameter"


@pytest.mark.parametrize("subject", ["✅ done", "Über alles", "日本語", "ü" * 100])
def test_subjects_are_text_in_any_language(sns, sqs, topic, new_queue, subject):
    url, arn = new_queue()
    subscribe(sns, topic, arn)
    sns.publish(TopicArn=topic, Message="m", Subject=subject)
    assert json.loads(bodies(sqs, url)[0])["Subject"] == subject
    for wrong in (subject + "\n", subject + "\x85", "ü" * 101):
        assert refused(sns.publish, TopicArn=topic, Message="m", Subject=wrong)[0] == "InvalidParameter"


def test_topics_have_no_data_protection_policy(sns, topic):
    assert sns.get_data_protection_policy(ResourceArn=topic).get("DataProtectionPolicy", "") == ""
    assert refused(sns.get_data_protection_policy, ResourceArn=topic + "x")[0] == "NotFound"
