"""What Terraform and others set on streams: consumers, encryption, metrics of shards; and places that outlive a restart."""

import pathlib

import pytest
from botocore.exceptions import ClientError
from conftest import error_code, error_text
from test_kinesis import iterator, kinesis, read_all  # noqa: F401: a fixture


@pytest.fixture
def stream(kinesis, account):  # noqa: F811
    kinesis.create_stream(StreamName="s", ShardCount=1)
    return f"arn:aws:kinesis:us-east-1:{account}:stream/s"


def refused(call, **request):
    with pytest.raises(ClientError) as raised:
        call(**request)
    return error_code(raised), error_text(raised)


def test_consumers(kinesis, stream):  # noqa: F811
    made = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="b")["Consumer"]
    assert made["ConsumerStatus"] == "CREATING"
    assert made["ConsumerARN"] == f"{stream}/consumer/b:{int(made['ConsumerCreationTimestamp'].timestamp())}"
    kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="a")
    assert refused(kinesis.register_stream_consumer, StreamARN=stream, ConsumerName="a")[0] == "ResourceInUseException"
    by_arn = kinesis.describe_stream_consumer(ConsumerARN=made["ConsumerARN"])["ConsumerDescription"]
    by_name = kinesis.describe_stream_consumer(StreamARN=stream, ConsumerName="b")["ConsumerDescription"]
    assert by_arn == by_name and (by_arn["ConsumerStatus"], by_arn["StreamARN"]) == ("ACTIVE", stream)
    page = kinesis.list_stream_consumers(StreamARN=stream, MaxResults=1)
    rest = kinesis.list_stream_consumers(StreamARN=stream, NextToken=page["NextToken"])
    assert [c["ConsumerName"] for c in page["Consumers"] + rest["Consumers"]] == ["a", "b"]
    assert kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["ConsumerCount"] == 2
    kinesis.deregister_stream_consumer(ConsumerARN=made["ConsumerARN"])
    code, _ = refused(kinesis.describe_stream_consumer, ConsumerARN=made["ConsumerARN"])
    assert code == "ResourceNotFoundException"
    assert refused(kinesis.delete_stream, StreamName="s")[0] == "ResourceInUseException"
    kinesis.delete_stream(StreamName="s", EnforceConsumerDeletion=True)


def test_shard_level_metrics(server, account, kinesis, stream):  # noqa: F811
    some = dict(StreamName="s", ShardLevelMetrics=["OutgoingBytes", "IncomingRecords"])
    answer = kinesis.enable_enhanced_monitoring(**some)
    assert (answer["CurrentShardLevelMetrics"], sorted(answer["DesiredShardLevelMetrics"])) == (
        [], ["IncomingRecords", "OutgoingBytes"])
    description = kinesis.describe_stream(StreamName="s")["StreamDescription"]
    assert sorted(description["EnhancedMonitoring"][0]["ShardLevelMetrics"]) == ["IncomingRecords", "OutgoingBytes"]
    for _ in range(2):
        kinesis.put_record(StreamName="s", PartitionKey="k", Data=b"x")
    read_all(kinesis, "s")
    cloudwatch = server.client("cloudwatch", account)
    listed = cloudwatch.list_metrics(Namespace="AWS/Kinesis", Dimensions=[
        {"Name": "ShardId", "Value": "shardId-000000000000"}])["Metrics"]
    assert sorted(one["MetricName"] for one in listed) == ["IncomingRecords", "OutgoingBytes"]
    answer = kinesis.disable_enhanced_monitoring(StreamName="s", ShardLevelMetrics=["ALL"])
    assert answer["DesiredShardLevelMetrics"] == []


def in_files(folder, text):
    return any(text in path.read_bytes() for path in pathlib.Path(folder).rglob("*") if path.is_file())


def test_records_of_an_encrypted_stream_are_sealed_in_the_store(new_server, data):
    server = new_server().start()
    kinesis = server.client("kinesis")  # noqa: F811
    kinesis.create_stream(StreamName="s", ShardCount=1)
    put = dict(StreamName="s", PartitionKey="k")
    assert kinesis.put_record(**put, Data=b"seen-before-it")["EncryptionType"] == "NONE"
    kinesis.start_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    assert kinesis.put_record(**put, Data=b"never-seen-in-files")["EncryptionType"] == "KMS"
    summary = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert (summary["EncryptionType"], summary["KeyId"]) == ("KMS", "alias/aws/kinesis")
    server.stop()
    assert in_files(data, b"seen-before-it") and not in_files(data, b"never-seen-in-files")
    server.start()
    kinesis = server.client("kinesis")
    first, second = read_all(kinesis, "s")
    assert (first["Data"], second["Data"]) == (b"seen-before-it", b"never-seen-in-files")
    assert (first.get("EncryptionType"), second["EncryptionType"]) == (None, "KMS")
    code, _ = refused(kinesis.stop_stream_encryption, StreamName="s", EncryptionType="KMS", KeyId="other")
    assert code == "InvalidArgumentException"
    kinesis.stop_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    assert kinesis.put_record(**put, Data=b"x")["EncryptionType"] == "NONE"


def test_places_outlive_a_restart(new_server):
    server = new_server().start()
    kinesis = server.client("kinesis")  # noqa: F811
    kinesis.create_stream(StreamName="s", ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")
    put = [kinesis.put_record(StreamName="s", PartitionKey="k", Data=b"%d" % i) for i in range(2)]
    server.stop()
    server.start()
    kinesis = server.client("kinesis")
    number = put[0]["SequenceNumber"]
    for kind, want in (("AT_SEQUENCE_NUMBER", [b"0", b"1"]), ("AFTER_SEQUENCE_NUMBER", [b"1"])):
        place = iterator(kinesis, "s", kind=kind, StartingSequenceNumber=number)
        # One in quotes is as good.
        assert [r["Data"] for r in kinesis.get_records(ShardIterator=f'"{place}"')["Records"]] == want
    kinesis.put_record(StreamName="s", PartitionKey="k", Data=b"2", SequenceNumberForOrdering=put[1]["SequenceNumber"])
    assert [c["ConsumerName"] for c in kinesis.list_stream_consumers(StreamARN=arn)["Consumers"]] == ["c"]
