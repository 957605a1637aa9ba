"""What happens to objects, told to queues, topics and the default bus; and what lifecycle rules end."""

import json
import subprocess

import os
import pytest
from botocore.exceptions import ClientError

from conftest import BINARY, queue_arn, receive_until


@pytest.fixture
def s3(server, account):
    return server.client("s3", account)


@pytest.fixture
def bucket(s3, account):
    s3.create_bucket(Bucket=f"bucket-{account}")
    return f"bucket-{account}"


def records(sqs, url, count):
    return [json.loads(m["Body"])["Records"][0] for m in receive_until(sqs, url, count)]


def test_queues_and_topics(s3, sqs, sns, bucket, account):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    told = sqs.create_queue(QueueName="told")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(sqs, told), Attributes={"RawMessageDelivery": "true"})
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "QueueConfigurations": [{"Id": "made", "QueueArn": queue_arn(sqs, url), "Events": ["s3:ObjectCreated:*"], "Filter": {
            "Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ".txt"}]}}}],
        "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectRemoved:Delete"]}]})
    assert json.loads(receive_until(sqs, url, 1)[0]["Body"])["Event"] == "s3:TestEvent"
    receive_until(sqs, told, 1)
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert kept["QueueConfigurations"][0]["Id"] == "made"
    s3.put_object(Bucket=bucket, Key="out/a.txt", Body=b"x")
    s3.put_object(Bucket=bucket, Key="in/a.bin", Body=b"x")
    s3.put_object(Bucket=bucket, Key="in/a b+é.txt", Body=b"xyz")
    s3.delete_object(Bucket=bucket, Key="in/a.bin")
    made = records(sqs, url, 1)[0]
    assert (made["eventSource"], made["eventName"], made["awsRegion"]) == ("aws:s3", "ObjectCreated:Put", "us-east-1")
    assert made["s3"]["configurationId"] == "made"
    assert made["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket}"
    assert made["s3"]["object"]["key"] == "in/a+b%2B%C3%A9.txt"
    assert made["s3"]["object"]["size"] == 3
    gone = records(sqs, told, 1)[0]
    assert (gone["eventName"], gone["s3"]["object"]["key"]) == ("ObjectRemoved:Delete", "in/a.bin")
    assert "size" not in gone["s3"]["object"]


def test_default_bus(s3, sqs, events, bucket):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue_arn(sqs, url)}])
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"xyz")
    s3.delete_object(Bucket=bucket, Key="k")
    by_type = {e["detail-type"]: e for e in (json.loads(m["Body"]) for m in receive_until(sqs, url, 2))}
    made, gone = by_type["Object Created"], by_type["Object Deleted"]
    assert made["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert (made["detail"]["object"]["key"], made["detail"]["object"]["size"], made["detail"]["reason"]) == ("k", 3, "PutObject")
    assert gone["detail"]["deletion-type"] == "Permanently Deleted"


@pytest.mark.parametrize("configuration, code", [
    ({"QueueArn": "arn:aws:sqs:us-east-1:123456789012:none", "Events": ["s3:ObjectCreated:*"]}, "InvalidArgument"),
    ({"QueueArn": "nonsense", "Events": ["s3:ObjectCreated:*"]}, "InvalidArgument"),
    ({"QueueArn": "arn:aws:sqs:us-east-1:123456789012:none", "Events": ["s3:Replication:*"]}, "NotImplemented")])
def test_bad_configurations(s3, bucket, configuration, code):
    with pytest.raises(ClientError) as raised:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [configuration]})
    assert raised.value.response["Error"]["Code"] == code


def test_lifecycle(new_server):
    server = new_server("--clock", "virtual").start()

    def clock(*arguments):
        subprocess.run([BINARY, "clock", *arguments], env={**os.environ, "AWS_ENDPOINT_URL": server.endpoint}, check=True,
                       capture_output=True, timeout=60)

    clock("set", "2030-01-01T12:00:00Z")
    s3, sqs = server.client("s3"), server.client("sqs")
    for name in ("plain", "versions"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    s3.put_bucket_notification_configuration(Bucket="plain", NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": queue_arn(sqs, url), "Events": ["s3:LifecycleExpiration:*"]}]})
    s3.put_bucket_lifecycle_configuration(Bucket="plain", LifecycleConfiguration={"Rules": [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}},
        {"ID": "tagged", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 3}},
        {"ID": "off", "Status": "Disabled", "Filter": {}, "Expiration": {"Days": 1}},
        {"ID": "uploads", "Status": "Enabled", "Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}}]})
    s3.put_bucket_lifecycle_configuration(Bucket="versions", LifecycleConfiguration={"Rules": [
        {"ID": "v", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1},
         "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}]})
    s3.put_object(Bucket="plain", Key="tmp/1", Body=b"x")
    s3.put_object(Bucket="plain", Key="keep", Body=b"x")
    s3.put_object(Bucket="plain", Key="tag", Body=b"x", Tagging="a=b")
    s3.create_multipart_upload(Bucket="plain", Key="u")
    s3.put_object(Bucket="versions", Key="k", Body=b"1")
    assert 'rule-id="old"' in s3.head_object(Bucket="plain", Key="tmp/1")["Expiration"]

    def keys():
        return [o["Key"] for o in s3.list_objects_v2(Bucket="plain").get("Contents", [])]

    clock("advance", "13h")
    assert keys() == ["keep", "tag", "tmp/1"], "a day is not over"
    clock("advance", "24h")
    assert keys() == ["keep", "tag"]
    told = [json.loads(m["Body"]) for m in receive_until(sqs, url, 2)]  # before the queue's own retention ends them
    assert [r["eventName"] + " " + r["s3"]["object"]["key"] for b in told for r in b.get("Records", [])] == [
        "LifecycleExpiration:Delete tmp/1"]
    listed = s3.list_object_versions(Bucket="versions")
    assert (len(listed["Versions"]), len(listed["DeleteMarkers"])) == (1, 1)
    assert len(s3.list_multipart_uploads(Bucket="plain")["Uploads"]) == 1
    clock("advance", "48h")
    assert keys() == ["keep"]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="plain")
    clock("advance", "48h")
    assert "Versions" not in s3.list_object_versions(Bucket="versions")


@pytest.mark.parametrize("rule, code", [
    ({"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}, "NotImplemented"), ({}, "InvalidRequest"),
    ({"Expiration": {"Days": 0}}, "InvalidArgument"), ({"Expiration": {}}, "MalformedXML")])
def test_bad_lifecycles(s3, bucket, rule, code):
    with pytest.raises(ClientError) as raised:
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={
            "Rules": [{"Status": "Enabled", "Filter": {"Prefix": ""}, **rule}]})
    assert raised.value.response["Error"]["Code"] == code


def test_ids_are_unique(s3, sqs, bucket):
    arn = queue_arn(sqs, sqs.create_queue(QueueName="q")["QueueUrl"])
    with pytest.raises(ClientError) as raised:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [
            {"Id": "same", "QueueArn": arn, "Events": [event]} for event in ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")]})
    assert raised.value.response["Error"]["Code"] == "InvalidArgument"
    assert raised.value.response["Error"]["Message"] == (
        "Same ID used for multiple configurations. IDs must be unique.")


def test_sequencers_grow_while_the_clock_stands(new_server):
    server = new_server("--clock", "virtual").start()
    s3, sqs = server.client("s3"), server.client("sqs")
    s3.create_bucket(Bucket="bucket")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    s3.put_bucket_notification_configuration(Bucket="bucket", NotificationConfiguration={"QueueConfigurations": [
        {"QueueArn": queue_arn(sqs, url), "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*"]}]})
    for _ in range(2):
        s3.put_object(Bucket="bucket", Key="k", Body=b"x")
        s3.put_object_tagging(Bucket="bucket", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
        s3.delete_object(Bucket="bucket", Key="k")
    told = [json.loads(m["Body"]) for m in receive_until(sqs, url, 7)]
    objects = [(one["Records"][0]["eventName"], one["Records"][0]["s3"]["object"]["sequencer"])
               for one in told if "Records" in one]
    assert len({sequencer for _, sequencer in objects}) == 6, objects
    ordered = [name for name, _ in sorted(objects, key=lambda one: one[1])]
    assert ordered == ["ObjectCreated:Put", "ObjectTagging:Put", "ObjectRemoved:Delete"] * 2
