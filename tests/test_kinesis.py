"""Kinesis Data Streams: records, iterators, resharding, limits, retention, restarts, and rules that put records."""

import base64
import collections
import datetime
import gzip
import json
import os
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError
from conftest import error_code, error_text, queue_arn

LAST_KEY = 2 ** 128 - 1


def wanted(raised, code, text):
    assert error_code(raised) == code, error_text(raised)
    assert text in error_text(raised)


def clock(server, **change):
    status, _, answer = server.raw(json.dumps(change).encode(), path="/_signalbox/clock")
    assert status == 200, answer
    return json.loads(answer)["now"]


def by_hand(server, account, operation, **body):
    """A call with what Debian's boto3 does not know yet: status and answer."""
    status, _, answer = server.raw(json.dumps(body).encode(), {
        "X-Amz-Target": "Kinesis_20131202." + operation, "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/kinesis/aws4_request, "
                         f"SignedHeaders=host, Signature={'0' * 64}"})
    return status, json.loads(answer) if answer else None


@pytest.fixture
def kinesis(server, account):
    # Retries: reads beyond five a second are refused, as on AWS, and SDKs try again.
    return server.client("kinesis", account, retries={"max_attempts": 10, "mode": "standard"})


@pytest.fixture
def impatient(server, account):
    return server.client("kinesis", account)


def iterator(client, stream, shard="shardId-000000000000", kind="TRIM_HORIZON", **more):
    return client.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]


def read_all(client, stream, shard="shardId-000000000000", kind="TRIM_HORIZON", **more):
    """Every record from there to the tip or the end of the shard."""
    records, position = [], iterator(client, stream, shard, kind, **more)
    while position:
        answer = client.get_records(ShardIterator=position)
        records += answer["Records"]
        position = answer.get("NextShardIterator")
        if not answer["Records"] and answer["MillisBehindLatest"] == 0:
            break
    return records


def data_of(records):
    return [record["Data"].decode() for record in records]


def shard_ids(client, stream, **more):
    return [shard["ShardId"] for shard in client.list_shards(StreamName=stream, **more)["Shards"]]


def test_a_stream_and_its_description(kinesis, server, account):
    kinesis.create_stream(StreamName="s", ShardCount=3, StreamModeDetails={"StreamMode": "PROVISIONED"})
    kinesis.get_waiter("stream_exists").wait(StreamName="s")
    stream = kinesis.describe_stream(StreamName="s")["StreamDescription"]
    assert stream["StreamARN"] == f"arn:aws:kinesis:us-east-1:{account}:stream/s"
    assert (stream["StreamStatus"], stream["RetentionPeriodHours"], stream["EncryptionType"]) == ("ACTIVE", 24, "NONE")
    ranges = [shard["HashKeyRange"] for shard in stream["Shards"]]
    assert [int(r["StartingHashKey"]) for r in ranges] == [0, 2 ** 128 // 3, 2 ** 128 * 2 // 3]
    assert int(ranges[-1]["EndingHashKey"]) == LAST_KEY
    assert [shard["ShardId"] for shard in stream["Shards"]] == [f"shardId-{n:012d}" for n in range(3)]
    page = kinesis.describe_stream(StreamName="s", Limit=2)["StreamDescription"]
    assert page["HasMoreShards"] and len(page["Shards"]) == 2
    rest = kinesis.describe_stream(StreamName="s", ExclusiveStartShardId=page["Shards"][-1]["ShardId"])
    assert [shard["ShardId"] for shard in rest["StreamDescription"]["Shards"]] == ["shardId-000000000002"]
    status, summary = by_hand(server, account, "DescribeStreamSummary", StreamARN=stream["StreamARN"])
    summary = summary["StreamDescriptionSummary"]
    assert status == 200 and (summary["OpenShardCount"], summary["MaxRecordSizeInKiB"]) == (3, 1024)
    assert kinesis.describe_limits()["OpenShardCount"] == 3
    with pytest.raises(ClientError) as raised:
        kinesis.create_stream(StreamName="s", ShardCount=1)
    wanted(raised, "ResourceInUseException", f"Stream s under account {account} already exists.")
    kinesis.delete_stream(StreamName="s")
    with pytest.raises(ClientError) as raised:
        kinesis.describe_stream(StreamName="s")
    wanted(raised, "ResourceNotFoundException", f"Stream s under account {account} not found.")


def test_streams_are_listed_in_pages_and_accounts_apart(kinesis, server, account):
    for name in ("c", "a", "b"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    first = by_hand(server, account, "ListStreams", Limit=2)[1]
    assert first["StreamNames"] == ["a", "b"] and first["HasMoreStreams"]
    assert by_hand(server, account, "ListStreams", NextToken=first["NextToken"])[1]["StreamNames"] == ["c"]
    assert kinesis.list_streams(ExclusiveStartStreamName="a")["StreamNames"] == ["b", "c"]
    assert server.client("kinesis", "999999999999").list_streams()["StreamNames"] == []
    arn = kinesis.describe_stream(StreamName="a")["StreamDescription"]["StreamARN"]
    status, answer = by_hand(server, "999999999999", "DescribeStream", StreamARN=arn)
    assert (status, answer["__type"]) == (400, "ResourceNotFoundException")
    status, answer = by_hand(server, arn.split(":")[4], "DescribeStream", StreamARN=arn, StreamName="b")
    assert (status, answer["__type"]) == (400, "InvalidArgumentException")
    status, answer = by_hand(server, arn.split(":")[4], "DescribeStream")
    assert answer["message"] == "Either StreamARN or StreamName must be provided."
    status, answer = by_hand(server, arn.split(":")[4], "DescribeStream", StreamName="a",
                             StreamId="12345678901234567890-123")
    assert answer["message"] == "StreamId is not supported yet."


def test_on_demand(kinesis):
    with pytest.raises(ClientError) as raised:
        kinesis.create_stream(StreamName="o", ShardCount=2, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert error_code(raised) == "ValidationException"
    with pytest.raises(ClientError) as raised:
        kinesis.create_stream(StreamName="o")
    assert error_code(raised) == "ValidationException"
    kinesis.create_stream(StreamName="o", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    arn = kinesis.describe_stream(StreamName="o")["StreamDescription"]["StreamARN"]
    assert len(shard_ids(kinesis, "o")) == 4
    assert kinesis.describe_limits()["OnDemandStreamCount"] == 1
    # One partition key, far above what a shard of a provisioned stream takes.
    for _ in range(4):
        done = kinesis.put_records(StreamName="o", Records=[{"Data": b"x", "PartitionKey": "one"}] * 500)
        assert done["FailedRecordCount"] == 0
    with pytest.raises(ClientError) as raised:
        kinesis.update_shard_count(StreamName="o", TargetShardCount=8, ScalingType="UNIFORM_SCALING")
    assert error_code(raised) == "ValidationException"
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "PROVISIONED"})
    kinesis.update_shard_count(StreamName="o", TargetShardCount=8, ScalingType="UNIFORM_SCALING")
    assert len(shard_ids(kinesis, "o", ShardFilter={"Type": "AT_LATEST"})) == 8


def test_the_partition_key_chooses_the_shard(kinesis):
    kinesis.create_stream(StreamName="s", ShardCount=2)
    # MD5("a") = 0cc1..., MD5("b") = 92eb...
    assert kinesis.put_record(StreamName="s", Data=b"1", PartitionKey="a")["ShardId"] == "shardId-000000000000"
    assert kinesis.put_record(StreamName="s", Data=b"2", PartitionKey="b")["ShardId"] == "shardId-000000000001"
    done = kinesis.put_record(StreamName="s", Data=b"3", PartitionKey="a", ExplicitHashKey=str(LAST_KEY))
    assert done["ShardId"] == "shardId-000000000001"
    assert data_of(read_all(kinesis, "s", "shardId-000000000001")) == ["2", "3"]
    with pytest.raises(ClientError) as raised:
        kinesis.put_record(StreamName="s", Data=b"3", PartitionKey="a", ExplicitHashKey=str(LAST_KEY + 1))
    wanted(raised, "InvalidArgumentException", "Invalid ExplicitHashKey")


def test_iterators_of_every_type(kinesis):
    kinesis.create_stream(StreamName="s", ShardCount=1)
    assert read_all(kinesis, "s") == []
    latest = iterator(kinesis, "s", kind="LATEST")
    puts = [kinesis.put_record(StreamName="s", Data=str(n).encode(), PartitionKey=f"k{n}") for n in range(5)]
    numbers = [put["SequenceNumber"] for put in puts]
    assert all(len(number) == 56 for number in numbers) and numbers == sorted(set(numbers))
    records = kinesis.get_records(ShardIterator=latest)["Records"]
    assert data_of(records) == ["0", "1", "2", "3", "4"]
    assert [r["SequenceNumber"] for r in records] == numbers
    assert [r["PartitionKey"] for r in records] == ["k0", "k1", "k2", "k3", "k4"]
    assert data_of(read_all(kinesis, "s", kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[3])) == ["3", "4"]
    assert data_of(read_all(kinesis, "s", kind="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[3])) == ["4"]
    since = records[2]["ApproximateArrivalTimestamp"]
    assert "2" in data_of(read_all(kinesis, "s", kind="AT_TIMESTAMP", Timestamp=since))
    later = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=400)
    assert len(read_all(kinesis, "s", kind="AT_TIMESTAMP", Timestamp=later)) == 5
    starting = kinesis.list_shards(StreamName="s")["Shards"][0]["SequenceNumberRange"]["StartingSequenceNumber"]
    assert len(read_all(kinesis, "s", kind="AT_SEQUENCE_NUMBER", StartingSequenceNumber=starting)) == 5
    for wrong in ({"ShardIteratorType": "AT_SEQUENCE_NUMBER"}, {"ShardIteratorType": "AT_TIMESTAMP"},
                  {"ShardIteratorType": "LATEST", "StartingSequenceNumber": numbers[0]},
                  {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "4959"},
                  {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 4e9}):
        with pytest.raises(ClientError) as raised:
            kinesis.get_shard_iterator(StreamName="s", ShardId="shardId-000000000000", **wrong)
        assert error_code(raised) == "InvalidArgumentException", wrong
    with pytest.raises(ClientError) as raised:
        iterator(kinesis, "s", "shardId-000000000007")
    wanted(raised, "ResourceNotFoundException", "Could not find shard shardId-000000000007 in stream s under account")
    with pytest.raises(ClientError) as raised:
        kinesis.get_records(ShardIterator="AAAA")
    assert error_code(raised) == "InvalidArgumentException"


def test_pages_of_records_and_how_far_behind(kinesis):
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.put_records(StreamName="s", Records=[{"Data": bytes([n]), "PartitionKey": "k"} for n in range(10)])
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, "s"), Limit=4)
    assert [record["Data"] for record in answer["Records"]] == [bytes([n]) for n in range(4)]
    assert answer["MillisBehindLatest"] >= 0
    answer = kinesis.get_records(ShardIterator=answer["NextShardIterator"], Limit=10)
    assert len(answer["Records"]) == 6 and answer["MillisBehindLatest"] == 0
    assert kinesis.get_records(ShardIterator=answer["NextShardIterator"])["Records"] == []


def test_a_shard_takes_a_thousand_records_or_a_mebibyte_a_second(impatient, account):
    impatient.create_stream(StreamName="s", ShardCount=1)
    size = 10_000
    done = impatient.put_records(StreamName="s", Records=[{"Data": b"x" * (size - 1), "PartitionKey": "k"}] * 500)
    taken = [record for record in done["Records"] if "SequenceNumber" in record]
    refused = [record for record in done["Records"] if "SequenceNumber" not in record]
    assert len(taken) == 1024 * 1024 // size and done["FailedRecordCount"] == len(refused) == 500 - len(taken)
    assert refused[0] == {"ErrorCode": "ProvisionedThroughputExceededException",
                          "ErrorMessage": f"Rate exceeded for shard shardId-000000000000 in stream s under account "
                                          f"{account}."}
    assert len(impatient.get_records(ShardIterator=iterator(impatient, "s"))["Records"]) == len(taken)


def test_a_shard_is_read_five_times_a_second(new_server):
    server = new_server("--clock", "virtual").start()
    kinesis = server.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    position = iterator(kinesis, "s")
    with pytest.raises(ClientError) as raised:
        for _ in range(200):
            kinesis.get_records(ShardIterator=position)
    wanted(raised, "ProvisionedThroughputExceededException", "Rate exceeded for shard shardId-000000000000")
    clock(server, advance="1s")
    kinesis.get_records(ShardIterator=position)


def test_limits_of_records(kinesis, server, account):
    kinesis.create_stream(StreamName="s", ShardCount=20)
    with pytest.raises(ClientError) as raised:
        kinesis.put_record(StreamName="s", Data=b"x" * (1024 * 1024), PartitionKey="k")
    wanted(raised, "InvalidArgumentException", "1048577 bytes")
    kinesis.put_record(StreamName="s", Data=b"x" * (1024 * 1024 - 1), PartitionKey="k")
    arn = kinesis.describe_stream(StreamName="s")["StreamDescription"]["StreamARN"]
    assert by_hand(server, account, "UpdateMaxRecordSize", StreamARN=arn, MaxRecordSizeInKiB=10240)[0] == 200
    large = base64.b64encode(b"y" * 10_000_000).decode()
    status, answer = by_hand(server, account, "PutRecord", StreamARN=arn, Data=large, PartitionKey="b",
                             ExplicitHashKey="0")
    assert status == 200, answer
    assert len(read_all(kinesis, "s", answer["ShardId"])[0]["Data"]) == 10_000_000
    with pytest.raises(ClientError) as raised:
        kinesis.put_records(StreamName="s", Records=[{"Data": b"x" * 1_000_000, "PartitionKey": "k"}] * 11)
    assert error_code(raised) == "InvalidArgumentException"
    with pytest.raises(ClientError) as raised:
        kinesis.put_records(StreamName="s", Records=[{"Data": b"", "PartitionKey": "k"}] * 501)
    assert error_code(raised) == "ValidationException"
    with pytest.raises(ClientError) as raised:
        kinesis.put_record(StreamName="s", Data=b"", PartitionKey="k" * 257)
    assert error_code(raised) == "ValidationException"


def test_split_and_merge(kinesis, impatient):
    kinesis.create_stream(StreamName="s", ShardCount=1)
    before = kinesis.put_record(StreamName="s", Data=b"before", PartitionKey="a")
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2 ** 127))
    shards = kinesis.list_shards(StreamName="s")["Shards"]
    assert [shard.get("ParentShardId") for shard in shards] == [None] + ["shardId-000000000000"] * 2
    assert shards[0]["SequenceNumberRange"]["EndingSequenceNumber"] > before["SequenceNumber"]
    after = kinesis.put_record(StreamName="s", Data=b"after", PartitionKey="a",
                               SequenceNumberForOrdering=before["SequenceNumber"])
    assert after["ShardId"] == "shardId-000000000001" and after["SequenceNumber"] > before["SequenceNumber"]
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, "s"))
    assert data_of(answer["Records"]) == ["before"] and "NextShardIterator" not in answer
    assert [child["ShardId"] for child in answer["ChildShards"]] == ["shardId-000000000001", "shardId-000000000002"]
    assert answer["ChildShards"][1]["HashKeyRange"]["StartingHashKey"] == str(2 ** 127)
    kinesis.merge_shards(StreamName="s", ShardToMerge="shardId-000000000002",
                         AdjacentShardToMerge="shardId-000000000001")
    merged = kinesis.list_shards(StreamName="s", ShardFilter={"Type": "AT_LATEST"})["Shards"]
    assert [(s["ShardId"], s["ParentShardId"], s["AdjacentParentShardId"]) for s in merged] == [
        ("shardId-000000000003", "shardId-000000000002", "shardId-000000000001")]
    assert shard_ids(kinesis, "s", ShardFilter={"Type": "AT_TRIM_HORIZON"}) == ["shardId-000000000000"]
    assert shard_ids(kinesis, "s", ShardFilter={"Type": "AFTER_SHARD_ID", "ShardId": "shardId-000000000001"}) == [
        "shardId-000000000002", "shardId-000000000003"]
    page = kinesis.list_shards(StreamName="s", ShardFilter={"Type": "FROM_TRIM_HORIZON"}, MaxResults=3)
    assert len(page["Shards"]) == 3
    assert [s["ShardId"] for s in kinesis.list_shards(NextToken=page["NextToken"])["Shards"]] == ["shardId-000000000003"]
    with pytest.raises(ClientError) as raised:
        kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey="5")
    wanted(raised, "InvalidArgumentException", "has already been merged or split")
    with pytest.raises(ClientError) as raised:
        kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000003", NewStartingHashKey="1")
    wanted(raised, "InvalidArgumentException", "is not both greater than one plus the shard's StartingHashKey 0")
    with pytest.raises(ClientError) as raised:
        kinesis.merge_shards(StreamName="s", ShardToMerge="shardId-000000000003",
                             AdjacentShardToMerge="shardId-000000000003")
    wanted(raised, "InvalidArgumentException", "are not an adjacent pair of shards")
    with pytest.raises(ClientError) as raised:
        impatient.update_shard_count(StreamName="s", TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    wanted(raised, "LimitExceededException", "scale up over double")


class Consumer(threading.Thread):
    """Reads a stream as the KCL does: each shard from its start to its end, children after their parents."""

    def __init__(self, client, stream, expected):
        super().__init__(daemon=True)
        self.client, self.stream, self.expected = client, stream, expected
        self.records, self.failure = [], None

    def run(self):
        try:
            done, positions = set(), {}
            while len(self.records) < self.expected:
                for shard in self.client.list_shards(StreamName=self.stream)["Shards"]:
                    parents = {shard.get("ParentShardId"), shard.get("AdjacentParentShardId")} - {None}
                    name = shard["ShardId"]
                    if name in positions or name in done or not parents <= done:
                        continue
                    positions[name] = iterator(self.client, self.stream, name)
                for name in list(positions):
                    answer = self.client.get_records(ShardIterator=positions[name])
                    self.records += answer["Records"]
                    positions[name] = answer.get("NextShardIterator")
                    if positions[name] is None:
                        del positions[name]
                        done.add(name)
        except Exception as problem:  # noqa: BLE001: the test says it
            self.failure = problem


def test_a_consumer_sees_each_record_once_and_in_order_through_resharding(kinesis):
    kinesis.create_stream(StreamName="s", ShardCount=2)
    rounds, keys = 24, 10
    consumer = Consumer(kinesis, "s", rounds * keys)
    consumer.start()
    changes = {4: lambda: kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000",
                                              NewStartingHashKey=str(2 ** 126)),
               8: lambda: kinesis.update_shard_count(StreamName="s", TargetShardCount=5, ScalingType="UNIFORM_SCALING"),
               16: lambda: kinesis.update_shard_count(StreamName="s", TargetShardCount=3, ScalingType="UNIFORM_SCALING")}
    for n in range(rounds):
        if n in changes:
            changes[n]()
        done = kinesis.put_records(StreamName="s", Records=[
            {"Data": json.dumps([key, n]).encode(), "PartitionKey": f"key-{key}"} for key in range(keys)])
        assert done["FailedRecordCount"] == 0
    consumer.join(timeout=60)
    assert consumer.failure is None and not consumer.is_alive()
    by_key = collections.defaultdict(list)
    for record in consumer.records:
        key, n = json.loads(record["Data"])
        by_key[key].append(n)
    assert by_key == {key: list(range(rounds)) for key in range(keys)}
    assert len(shard_ids(kinesis, "s", ShardFilter={"Type": "AT_LATEST"})) == 3


def test_retention(new_server):
    server = new_server("--clock", "virtual").start()
    kinesis = server.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.put_record(StreamName="s", Data=b"old", PartitionKey="k")
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2 ** 127))
    clock(server, advance="23h")
    kinesis.put_record(StreamName="s", Data=b"young", PartitionKey="a")
    assert data_of(read_all(kinesis, "s")) == ["old"]
    stale = iterator(kinesis, "s", "shardId-000000000001")
    clock(server, advance="6m")
    with pytest.raises(ClientError) as raised:
        kinesis.get_records(ShardIterator=stale)
    wanted(raised, "ExpiredIteratorException", "further in the future than the tolerated delay of 300000 milliseconds.")
    clock(server, advance="2h")
    with pytest.raises(ClientError) as raised:
        iterator(kinesis, "s")
    assert error_code(raised) == "ResourceNotFoundException"
    assert shard_ids(kinesis, "s") == ["shardId-000000000001", "shardId-000000000002"]
    assert shard_ids(kinesis, "s", ShardFilter={"Type": "AT_TRIM_HORIZON"}) == shard_ids(kinesis, "s")
    kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=48)
    clock(server, advance="40h")
    assert data_of(read_all(kinesis, "s", "shardId-000000000001")) == ["young"]
    kinesis.decrease_stream_retention_period(StreamName="s", RetentionPeriodHours=24)
    assert read_all(kinesis, "s", "shardId-000000000001") == []
    kinesis.increase_stream_retention_period(StreamName="s", RetentionPeriodHours=8760)
    assert read_all(kinesis, "s", "shardId-000000000001") == [], "what is gone does not come back"
    for hours, call, text in (
            (23, kinesis.decrease_stream_retention_period, "Minimum allowed retention period is 24 hours. Requested "
                                                           "retention period (23 hours) is too short."),
            (8761, kinesis.increase_stream_retention_period, "Maximum allowed retention period is 8760 hours."),
            (100, kinesis.increase_stream_retention_period, "can not be shorter than existing retention period "
                                                            "(8760 hours). Use DecreaseRetentionPeriod API.")):
        with pytest.raises(ClientError) as raised:
            call(StreamName="s", RetentionPeriodHours=hours)
        wanted(raised, "InvalidArgumentException", text)


def test_a_still_clock_and_a_restart_keep_numbers_apart(new_server):
    server = new_server("--clock", "virtual").start()
    kinesis = server.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=2)
    kinesis.add_tags_to_stream(StreamName="s", Tags={"team": "a"})
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000001", NewStartingHashKey=str(2 ** 128 - 99))
    for n in range(3):
        kinesis.put_record(StreamName="s", Data=str(n).encode(), PartitionKey="a")
    shards = kinesis.list_shards(StreamName="s")["Shards"]
    server.kill()
    server.start()
    kinesis = server.client("kinesis")
    assert kinesis.list_shards(StreamName="s")["Shards"] == shards
    assert kinesis.list_tags_for_stream(StreamName="s")["Tags"] == [{"Key": "team", "Value": "a"}]
    kinesis.put_record(StreamName="s", Data=b"3", PartitionKey="a")
    assert data_of(read_all(kinesis, "s")) == ["0", "1", "2", "3"]


def test_nothing_acknowledged_is_lost_by_kills(new_server):
    server = new_server("--log-level", "error").start()
    server.client("kinesis").create_stream(StreamName="s", ShardCount=4)
    acknowledged, lock, serial = [], threading.Lock(), iter(range(10 ** 9))

    def put_until_it_dies():
        client = server.client("kinesis")
        try:
            while True:
                names = [str(next(serial)) for _ in range(5)]
                done = client.put_records(StreamName="s", Records=[
                    {"Data": name.encode(), "PartitionKey": name} for name in names])
                with lock:
                    acknowledged.extend((r["ShardId"], r["SequenceNumber"], name)
                                        for r, name in zip(done["Records"], names) if "ShardId" in r)
        except Exception:  # noqa: BLE001: it died
            pass

    for _ in range(3):
        enough = len(acknowledged) + 500
        threads = [threading.Thread(target=put_until_it_dies) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < enough and any(thread.is_alive() for thread in threads):
            threads[0].join(timeout=0.001)
        server.kill()
        for thread in threads:
            thread.join()
        server.start()
    client = server.client("kinesis", retries={"max_attempts": 10, "mode": "standard"})
    found = {}
    for shard in shard_ids(client, "s"):
        records = read_all(client, "s", shard)
        assert [r["SequenceNumber"] for r in records] == sorted({r["SequenceNumber"] for r in records})
        found.update({(shard, r["SequenceNumber"]): r["Data"].decode() for r in records})
    assert len(acknowledged) >= 1500
    lost = [one for one in acknowledged if found.get(one[:2]) != one[2]]
    assert not lost, lost[:5]


def test_tags(kinesis, account):
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.add_tags_to_stream(StreamName="s", Tags={"b": "2", "a": "1", "c": ""})
    page = kinesis.list_tags_for_stream(StreamName="s", Limit=2)
    assert page["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}] and page["HasMoreTags"]
    rest = kinesis.list_tags_for_stream(StreamName="s", ExclusiveStartTagKey="b")
    assert rest["Tags"] == [{"Key": "c", "Value": ""}] and not rest["HasMoreTags"]
    kinesis.remove_tags_from_stream(StreamName="s", TagKeys=["a", "none"])
    assert [tag["Key"] for tag in kinesis.list_tags_for_stream(StreamName="s")["Tags"]] == ["b", "c"]
    with pytest.raises(ClientError) as raised:
        kinesis.add_tags_to_stream(StreamName="s", Tags={f"k{n}": "" for n in range(49)})
    assert error_code(raised) == "InvalidArgumentException"


def test_what_is_not_there_is_refused_by_name(server, account):
    stream = f"arn:aws:kinesis:us-east-1:{account}:stream/s"
    for name, parameters in {
            "SubscribeToShard": {"ConsumerARN": stream + "/consumer/c:1", "ShardId": "shardId-000000000000",
                                 "StartingPosition": {"Type": "LATEST"}},
            "PutResourcePolicy": {"ResourceARN": stream, "Policy": "{}"}}.items():
        _, answer = by_hand(server, account, name, **parameters)
        assert "NotImplemented" in answer["__type"] and f"kinesis:{name}" in str(answer)


def test_the_command_line(server, account, tmp_path):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="any",
                       AWS_DEFAULT_REGION="us-east-1", AWS_PAGER="")

    def aws(*arguments):
        done = subprocess.run(["aws", "--endpoint-url", server.endpoint, "kinesis", *arguments], env=environment,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    aws("create-stream", "--stream-name", "cli", "--shard-count", "1")
    aws("wait", "stream-exists", "--stream-name", "cli")
    (tmp_path / "data").write_bytes(b"hello")  # versions 1 and 2 take text on the command line differently
    aws("put-record", "--stream-name", "cli", "--partition-key", "p", "--data", f"fileb://{tmp_path}/data")
    position = aws("get-shard-iterator", "--stream-name", "cli", "--shard-id", "shardId-000000000000",
                   "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    assert aws("get-records", "--shard-iterator", position)["Records"][0]["Data"] == base64.b64encode(b"hello").decode()
    aws("delete-stream", "--stream-name", "cli")


def put_event(events, detail):
    done = events.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": json.dumps(detail)}])
    assert done["FailedEntryCount"] == 0
    return done["Entries"][0]["EventId"]


def test_a_rule_puts_records(kinesis, events, account):
    kinesis.create_stream(StreamName="s", ShardCount=1)
    arn = f"arn:aws:kinesis:us-east-1:{account}:stream/s"
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["s"]}))
    target = {"Id": "1", "Arn": arn, "RoleArn": f"arn:aws:iam::{account}:role/r"}
    events.put_targets(Rule="r", Targets=[target])
    first = put_event(events, {"user": "ann"})
    events.put_targets(Rule="r", Targets=[
        {**target, "InputPath": "$.detail", "KinesisParameters": {"PartitionKeyPath": "$.detail.user"}}])
    put_event(events, {"user": "ann"})
    nameless = put_event(events, {"user": ""})
    third = put_event(events, {"other": 1})
    records = read_all(kinesis, "s")
    assert [record["PartitionKey"] for record in records] == [first, "ann", third]
    assert json.loads(records[0]["Data"])["detail"] == {"user": "ann"}
    assert json.loads(records[1]["Data"]) == {"user": "ann"}
    assert nameless not in data_of(records), "a partition key has at least one character"
    listed = events.list_targets_by_rule(Rule="r")["Targets"][0]
    assert listed["KinesisParameters"] == {"PartitionKeyPath": "$.detail.user"}


def test_partition_key_paths_are_for_streams(events, sqs, account):
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["s"]}))
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    with pytest.raises(ClientError) as raised:
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue_arn(sqs, url),
                                               "KinesisParameters": {"PartitionKeyPath": "$.id"}}])
    wanted(raised, "ValidationException", "KinesisParameters not supported for target: 1")
    with pytest.raises(ClientError) as raised:
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f"arn:aws:kinesis:us-east-1:{account}:stream/s",
                                               "KinesisParameters": {"PartitionKeyPath": "id"}}])
    wanted(raised, "ValidationException", "PartitionKeyPath for target 1 is invalid")


def test_a_missing_stream_has_the_events_go_to_the_dead_letter_queue(events, sqs, account):
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["s"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f"arn:aws:kinesis:us-east-1:{account}:stream/none",
                                           "DeadLetterConfig": {"Arn": queue_arn(sqs, url)}}])
    put_event(events, {})
    message = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_a_schedule_puts_records(new_server):
    server = new_server("--clock", "virtual").start()
    kinesis, scheduler = server.client("kinesis"), server.client("scheduler")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    target = {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/s", "Input": "tick",
              "RoleArn": "arn:aws:iam::000000000000:role/r", "KinesisParameters": {"PartitionKey": "key"}}
    scheduler.create_schedule(Name="s", ScheduleExpression="rate(1 minute)", FlexibleTimeWindow={"Mode": "OFF"},
                              Target=target)
    clock(server, advance="2m")
    assert [(r["PartitionKey"], r["Data"]) for r in read_all(kinesis, "s")] == [("key", b"tick")] * 3
    assert scheduler.get_schedule(Name="s")["Target"]["KinesisParameters"] == {"PartitionKey": "key"}
    with pytest.raises(ClientError) as raised:
        scheduler.create_schedule(Name="t", ScheduleExpression="rate(1 minute)", FlexibleTimeWindow={"Mode": "OFF"},
                                  Target={key: target[key] for key in ("Arn", "RoleArn")})
    wanted(raised, "ValidationException", "KinesisParameters is required")


def test_log_groups_put_records(server, account, kinesis):
    kinesis.create_stream(StreamName="s", ShardCount=1)
    logs = server.client("logs", account)
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="l")
    logs.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="ERROR",
                                 destinationArn=f"arn:aws:kinesis:us-east-1:{account}:stream/s",
                                 roleArn=f"arn:aws:iam::{account}:role/r")
    now = int(datetime.datetime.now(datetime.timezone.utc).timestamp() * 1000)
    logs.put_log_events(logGroupName="g", logStreamName="l", logEvents=[
        {"timestamp": now, "message": "fine"}, {"timestamp": now, "message": "ERROR 5"}])
    records = read_all(kinesis, "s")
    trial, data = [json.loads(gzip.decompress(record["Data"])) for record in records]
    assert trial["messageType"] == "CONTROL_MESSAGE"
    assert (data["messageType"], data["logGroup"], data["logStream"]) == ("DATA_MESSAGE", "g", "l")
    assert [event["message"] for event in data["logEvents"]] == ["ERROR 5"]
    assert records[0]["PartitionKey"] and records[1]["PartitionKey"]
