"""CloudWatch metrics with real clients: what is put, what is read back, maths, and this server's own figures."""

import gzip
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text, queue_arn

START = datetime(2030, 11, 22, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def still(new_server):
    """A server whose clock stands at a Friday's noon."""
    server = new_server("--clock", "virtual").start()
    move(server, set=START.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return server


def move(server, **how):
    status, _, answer = server.raw(str(how).replace("'", '"').encode(), path="/_signalbox/clock")
    assert status == 200, answer


@pytest.fixture
def cloudwatch(still):
    return still.client("cloudwatch")


def at(minutes=0, seconds=0):
    return START + timedelta(minutes=minutes, seconds=seconds)


def put(cloudwatch, value=None, namespace="App", name="Latency", **more):
    datum = {"MetricName": name, **more}
    if value is not None:
        datum["Value"] = value
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])


def stat(cloudwatch, stat="Sum", name="Latency", period=60, start=at(-10), end=at(10), namespace="App", **metric):
    query = {"Id": "q", "MetricStat": {"Metric": {"Namespace": namespace, "MetricName": name, **metric}, "Period": period,
                                       "Stat": stat}}
    result = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=start, EndTime=end,
                                        ScanBy="TimestampAscending")["MetricDataResults"][0]
    return list(zip(result["Timestamps"], result["Values"]))


def test_put_and_read_statistics(cloudwatch):
    for value in (1, 2, 6):
        put(cloudwatch, value, Unit="Milliseconds", Timestamp=at(0, 5))
    put(cloudwatch, 10, Unit="Milliseconds", Timestamp=at(1))
    points = cloudwatch.get_metric_statistics(
        Namespace="App", MetricName="Latency", StartTime=at(0), EndTime=at(5), Period=60,
        Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"])
    assert points["Label"] == "Latency"
    first, second = sorted(points["Datapoints"], key=lambda point: point["Timestamp"])
    assert first == {"Timestamp": at(0), "SampleCount": 3, "Average": 3, "Sum": 9, "Minimum": 1, "Maximum": 6,
                     "Unit": "Milliseconds"}
    assert second["Timestamp"] == at(1) and second["Sum"] == 10
    five = cloudwatch.get_metric_statistics(Namespace="App", MetricName="Latency", StartTime=at(0), EndTime=at(5),
                                            Period=300, Statistics=["Sum"])["Datapoints"]
    assert [(point["Timestamp"], point["Sum"]) for point in five] == [(at(0), 19)]


def test_values_and_counts_give_percentiles(cloudwatch):
    put(cloudwatch, Values=list(range(1, 101)), Counts=[1] * 100, Timestamp=at(0))
    for name, value in (("p50", 50), ("p99", 99), ("tm90", 45.5), ("PR(:30)", 30), ("TC(80:500)", 20), ("IQM", 50.5)):
        assert stat(cloudwatch, name) == [(at(0), pytest.approx(value))], name
    points = cloudwatch.get_metric_statistics(Namespace="App", MetricName="Latency", StartTime=at(0), EndTime=at(1),
                                              Period=60, ExtendedStatistics=["p90", "p99.9"])["Datapoints"]
    assert points[0]["ExtendedStatistics"] == {"p90": 90, "p99.9": 100}


def test_statistic_sets_add_up_but_have_no_percentiles(cloudwatch):
    for low in (1, 2):
        put(cloudwatch, StatisticValues={"SampleCount": 10, "Sum": 50, "Minimum": low, "Maximum": 9}, Timestamp=at(0))
    assert stat(cloudwatch, "SampleCount") == [(at(0), 20)]
    assert stat(cloudwatch, "Minimum") == [(at(0), 1)]
    assert stat(cloudwatch, "p50") == []


def test_percentiles_of_many_values_are_near(cloudwatch):
    for batch in range(20):
        put(cloudwatch, Values=[batch * 150 + i + 1 for i in range(150)], Timestamp=at(0))
    assert stat(cloudwatch, "p50") == [(at(0), pytest.approx(1500, rel=0.03))]
    assert stat(cloudwatch, "Maximum") == [(at(0), 3000)]


def test_high_resolution(cloudwatch):
    for second in range(10):
        put(cloudwatch, second, StorageResolution=1, Timestamp=at(0, second))
    put(cloudwatch, 100, name="Slow", Timestamp=at(0))
    assert stat(cloudwatch, "Sum", period=1) == [(at(0, i), i) for i in range(10)]
    assert stat(cloudwatch, "Sum", period=5) == [(at(0), 10), (at(0, 5), 35)]
    assert stat(cloudwatch, "Sum", period=60) == [(at(0), 45)]
    assert stat(cloudwatch, "Sum", period=1, name="Slow") == []


def test_dimensions_and_units_are_apart(cloudwatch):
    put(cloudwatch, 1, Timestamp=at(0))
    put(cloudwatch, 2, Timestamp=at(0), Dimensions=[{"Name": "Host", "Value": "a"}])
    put(cloudwatch, 4, Timestamp=at(0), Dimensions=[{"Name": "Host", "Value": "b"}, {"Name": "Az", "Value": "1"}])
    put(cloudwatch, 8, Timestamp=at(0), Unit="Seconds")
    assert stat(cloudwatch) == [(at(0), 9)]
    assert stat(cloudwatch, Dimensions=[{"Name": "Host", "Value": "a"}]) == [(at(0), 2)]
    both = [{"Name": "Az", "Value": "1"}, {"Name": "Host", "Value": "b"}]
    assert stat(cloudwatch, Dimensions=both) == [(at(0), 4)]
    points = cloudwatch.get_metric_statistics(Namespace="App", MetricName="Latency", StartTime=at(0), EndTime=at(1),
                                              Period=60, Statistics=["Sum"])["Datapoints"]
    assert sorted((point["Unit"], point["Sum"]) for point in points) == [("None", 1), ("Seconds", 8)]


def test_list_metrics(still, cloudwatch):
    for i in range(3):
        put(cloudwatch, 1, name=f"M{i}", Dimensions=[{"Name": "Host", "Value": str(i)}])
    put(cloudwatch, 1, namespace="Other", name="M9")
    names = lambda **how: [metric["MetricName"] for metric in cloudwatch.list_metrics(**how)["Metrics"]]
    assert names() == ["M0", "M1", "M2", "M9"]
    assert names(Namespace="App") == ["M0", "M1", "M2"]
    assert names(MetricName="M1") == ["M1"]
    assert names(Dimensions=[{"Name": "Host"}]) == ["M0", "M1", "M2"]
    assert names(Dimensions=[{"Name": "Host", "Value": "2"}]) == ["M2"]
    assert still.client("cloudwatch", account="111111111111").list_metrics()["Metrics"] == []
    move(still, advance="4h")
    put(cloudwatch, 1, name="M1", Dimensions=[{"Name": "Host", "Value": "1"}])
    assert names(RecentlyActive="PT3H") == ["M1"]
    move(still, advance="15d")
    assert names() == []


def test_list_metrics_in_pages(cloudwatch):
    for batch in range(6):
        data = [{"MetricName": f"M{batch}-{i}", "Value": 1} for i in range(200)]
        cloudwatch.put_metric_data(Namespace="App", MetricData=data)
    pages = list(cloudwatch.get_paginator("list_metrics").paginate())
    assert [len(page["Metrics"]) for page in pages] == [500, 500, 200]
    assert len({metric["MetricName"] for page in pages for metric in page["Metrics"]}) == 1200


def test_metric_maths(cloudwatch):
    for minute, (errors, requests) in enumerate([(1, 10), (0, 20), (5, 10)]):
        put(cloudwatch, errors, name="Errors", Timestamp=at(minute))
        put(cloudwatch, requests, name="Requests", Timestamp=at(minute))
    metric = lambda name: {"Metric": {"Namespace": "App", "MetricName": name}, "Period": 60, "Stat": "Sum"}
    answer = cloudwatch.get_metric_data(StartTime=at(0), EndTime=at(4), ScanBy="TimestampAscending", MetricDataQueries=[
        {"Id": "errors", "MetricStat": metric("Errors"), "ReturnData": False},
        {"Id": "requests", "MetricStat": metric("Requests"), "Label": "max ${MAX} of ${LABEL}"},
        {"Id": "rate", "Expression": "100 * errors / requests", "Label": "Error rate"},
        {"Id": "filled", "Expression": "FILL(rate, 0)"},
        {"Id": "high", "Expression": "IF(rate > 20, 1, 0)"}])
    results = {result["Id"]: result for result in answer["MetricDataResults"]}
    assert set(results) == {"requests", "rate", "filled", "high"}
    assert results["requests"]["Label"] == "max 20 of Requests"
    assert results["rate"]["Label"] == "Error rate" and results["rate"]["Values"] == [10, 0, 50]
    assert results["filled"]["Values"] == [10, 0, 50, 0]
    assert results["high"]["Values"] == [0, 0, 1]
    assert results["high"]["StatusCode"] == "Complete"


def test_search(cloudwatch):
    for host in "abc":
        put(cloudwatch, ord(host), Timestamp=at(0), Dimensions=[{"Name": "Host", "Value": host}])
    put(cloudwatch, 1, name="Other", Timestamp=at(0), Dimensions=[{"Name": "Host", "Value": "a"}])
    answer = cloudwatch.get_metric_data(StartTime=at(0), EndTime=at(1), MetricDataQueries=[
        {"Id": "all", "Expression": "SEARCH('{App,Host} Latency', 'Sum', 60)"},
        {"Id": "total", "Expression": "SUM(SEARCH('{App,Host} MetricName=\"Latency\"', 'Sum', 60))"}])
    results = answer["MetricDataResults"]
    assert sorted(result["Values"][0] for result in results if result["Id"] == "all") == [97, 98, 99]
    assert [result["Values"] for result in results if result["Id"] == "total"] == [[294]]


def test_pages_of_datapoints(cloudwatch):
    for minute in range(7):
        put(cloudwatch, minute, Timestamp=at(minute))
        put(cloudwatch, 10 + minute, name="Other", Timestamp=at(minute))
    metric = lambda name: {"Metric": {"Namespace": "App", "MetricName": name}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "a", "MetricStat": metric("Latency")}, {"Id": "b", "MetricStat": metric("Other")}]
    ask = dict(MetricDataQueries=queries, StartTime=at(0), EndTime=at(10), MaxDatapoints=5, ScanBy="TimestampAscending")
    found = {"a": [], "b": []}
    token, pages = {}, 0
    while True:
        answer = cloudwatch.get_metric_data(**ask, **token)
        pages += 1
        for result in answer["MetricDataResults"]:
            found[result["Id"]] += result["Values"]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert found == {"a": list(range(7)), "b": list(range(10, 17))} and pages == 3


def test_roll_ups_are_kept_and_old_ones_go(still, cloudwatch):
    put(cloudwatch, 7, Timestamp=at(0))
    put(cloudwatch, 3, StorageResolution=1, Timestamp=at(0, 30))
    assert stat(cloudwatch, period=1) == [(at(0, 30), 3)]
    move(still, advance="4h")
    put(cloudwatch, 1)
    move(still, advance="2m")
    assert stat(cloudwatch, period=1) == []
    assert stat(cloudwatch, period=60, end=at(1)) == [(at(0), 10)]
    move(still, advance="16d")
    put(cloudwatch, 1)
    move(still, advance="2m")
    assert stat(cloudwatch, period=60, end=at(1)) == []
    assert stat(cloudwatch, period=300, end=at(5)) == [(at(0), 10)]
    move(still, advance="64d")
    put(cloudwatch, 1)
    move(still, advance="2m")
    assert stat(cloudwatch, period=300, end=at(5)) == []
    assert stat(cloudwatch, period=3600, end=at(60)) == [(at(0), 10)]


@pytest.mark.parametrize("how", ["kill", "stop"])
@pytest.mark.parametrize("wait", ["", "2m"])
def test_what_was_acknowledged_survives(still, cloudwatch, how, wait):
    for value in (1, 2, 3):
        put(cloudwatch, value, Timestamp=at(0))
    if wait:
        move(still, advance=wait)
        put(cloudwatch, 4, Timestamp=at(0))
    getattr(still, how)()
    still.start()
    assert stat(still.client("cloudwatch")) == [(at(0), 10 if wait else 6)]
    assert stat(still.client("cloudwatch"), "p50") == [(at(0), 2)]
    put(still.client("cloudwatch"), 5, Timestamp=at(0))
    move(still, advance="2m")
    assert stat(still.client("cloudwatch")) == [(at(0), 15 if wait else 11)]


def test_bad_data_is_refused_by_name(cloudwatch):
    def refused(**datum):
        with pytest.raises(ClientError) as raised:
            cloudwatch.put_metric_data(Namespace=datum.pop("namespace", "App"), MetricData=[{"MetricName": "M", **datum}])
        return error_code(raised), error_text(raised)

    for datum, code, part in [
            ({}, "MissingParameter", "MetricData.member.1.Value"),
            ({"Value": 1, "Values": [1]}, "InvalidParameterCombination", "mutually exclusive"),
            ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterCombination", "same size"),
            ({"Values": [1] * 151}, "InvalidParameterValue", "Values"),
            ({"Values": [1], "Counts": [0]}, "InvalidParameterValue", "Counts"),
            ({"Value": float("nan")}, "InvalidParameterValue", "Value"),
            ({"Value": 1e200}, "InvalidParameterValue", "Value"),
            ({"Value": 1, "Timestamp": at(180)}, "InvalidParameterValue", "Timestamp"),
            ({"Value": 1, "Timestamp": at(-60 * 24 * 15)}, "InvalidParameterValue", "Timestamp"),
            ({"Value": 1, "StorageResolution": 10}, "InvalidParameterValue", "StorageResolution"),
            ({"Value": 1, "namespace": "AWS/SQS"}, "InvalidParameterValue", "Namespace"),
            ({"Value": 1, "Dimensions": [{"Name": "a", "Value": "1"}] * 2}, "InvalidParameterValue", "a is given twice"),
            ({"Value": 1, "Unit": "Parsecs"}, "ValidationError", "unit"),
            ({"StatisticValues": {"SampleCount": 0, "Sum": 1, "Minimum": 1, "Maximum": 1}}, "InvalidParameterValue",
             "SampleCount")]:
        found, text = refused(**datum)
        assert (found, part in text) == (code, True), (datum, found, text)
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_bad_queries_are_refused_by_name(cloudwatch):
    def refused(*queries, **how):
        with pytest.raises(ClientError) as raised:
            cloudwatch.get_metric_data(**{"StartTime": at(0), "EndTime": at(5), "MetricDataQueries": list(queries), **how})
        return error_text(raised)

    metric = {"Metric": {"Namespace": "App", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}
    assert "FOO" in refused({"Id": "e", "Expression": "FOO(1)"})
    assert "ANOMALY_DETECTION_BAND is not supported yet" in refused({"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m)"})
    assert "refers to itself" in refused({"Id": "e", "Expression": "e + 1"})
    assert "refers to itself" in refused({"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"})
    assert "nothing does not exist" in refused({"Id": "e", "Expression": "nothing"})
    assert "not unique" in refused({"Id": "m", "MetricStat": metric}, {"Id": "m", "MetricStat": metric})
    assert "lowercase" in refused({"Id": "M", "MetricStat": metric})
    assert "Exactly one" in refused({"Id": "m"})
    assert "p200" in refused({"Id": "m", "MetricStat": {**metric, "Stat": "p200"}})
    assert "Period" in refused({"Id": "m", "MetricStat": {**metric, "Period": 7}})
    assert "not a time series" in refused({"Id": "e", "Expression": "1 + 1"})
    assert "StartTime" in refused({"Id": "m", "MetricStat": metric}, EndTime=at(-1))
    assert "${NOPE}" in refused({"Id": "m", "MetricStat": metric, "Label": "${NOPE}"})
    with pytest.raises(ClientError) as raised:
        cloudwatch.get_metric_statistics(Namespace="App", MetricName="M", StartTime=at(0), EndTime=at(60 * 48),
                                         Period=60, Statistics=["Sum"])
    assert "up to 2,880 datapoints" in error_text(raised)


def test_dashboards(cloudwatch):
    body = '{"widgets":[{"type":"text","properties":{"markdown":"hi"}}]}'
    cloudwatch.put_dashboard(DashboardName="one", DashboardBody=body)
    assert cloudwatch.get_dashboard(DashboardName="one")["DashboardBody"] == body
    entry = cloudwatch.list_dashboards(DashboardNamePrefix="o")["DashboardEntries"][0]
    assert (entry["DashboardName"], entry["Size"]) == ("one", len(body))
    for bad in ("{", "[]", "{}", '{"widgets":[{}]}'):
        with pytest.raises(ClientError) as raised:
            cloudwatch.put_dashboard(DashboardName="bad", DashboardBody=bad)
        assert error_code(raised) == "InvalidParameterInput"
    cloudwatch.delete_dashboards(DashboardNames=["one"])
    with pytest.raises(ClientError) as raised:
        cloudwatch.get_dashboard(DashboardName="one")
    assert error_code(raised) == "ResourceNotFound"


def test_what_is_not_there_yet_is_refused(cloudwatch):
    assert cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"] == []  # nobody can have made any
    with pytest.raises(ClientError) as raised:
        cloudwatch.put_anomaly_detector(Namespace="n", MetricName="m", Stat="Sum")
    assert error_code(raised) == "NotImplemented"


def test_compressed_requests_and_bombs(still):
    credential = {"Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/monitoring/aws4_request, "
                                   "SignedHeaders=host, Signature=" + "0" * 64}
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip", **credential}
    body = b"Action=PutMetricData&Namespace=App&MetricData.member.1.MetricName=Latency&MetricData.member.1.Value=5"
    assert still.raw(gzip.compress(body), form)[0] == 200
    assert stat(still.client("cloudwatch")) == [(at(0), 5)]
    json = {"X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData", "Content-Type": "application/x-amz-json-1.0",
            "Content-Encoding": "gzip", **credential}
    text = b'{"Namespace":"App","MetricData":[{"MetricName":"Latency","Value":6}]}'
    assert still.raw(gzip.compress(text), json)[0] == 200
    assert stat(still.client("cloudwatch")) == [(at(0), 11)]
    for bad in (gzip.compress(b" " * 100_000_000), b"no gzip", gzip.compress(text)[:-3]):
        status, _, answer = still.raw(bad, json)
        assert status == 400 and b"SerializationException" in answer


def test_rpc_cbor(still):
    """As newer SDKs send it."""
    text = lambda word: bytes([0x60 + len(word)]) + word.encode()
    body = (b"\xa2" + text("Namespace") + text("App") + text("MetricData") + b"\x81\xa2" + text("MetricName") +
            text("Latency") + text("Value") + b"\xfb\x40\x1c\x00\x00\x00\x00\x00\x00")
    headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    path = "/service/GraniteServiceVersion20100801/operation/"
    status, answered, answer = still.raw(body, headers, path + "PutMetricData")
    # What has no output has no body.
    assert (status, answer, answered["smithy-protocol"], answered.get("Content-Type")) == (200, b"", "rpc-v2-cbor", None)
    assert stat(still.client("cloudwatch")) == [(at(0), 7)]
    status, answered, answer = still.raw(b"\xa0", headers, path + "PutMetricData")
    assert status == 400 and answered["x-amzn-query-error"] == "ValidationError;Sender"
    assert b"ValidationException" in answer


def test_own_figures_of_queues_and_rules(still, cloudwatch):
    sqs, events = still.client("sqs"), still.client("events")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    events.put_rule(Name="r", EventPattern='{"source":["a"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue_arn(sqs, url)}])
    entry = {"Source": "a", "DetailType": "t", "Detail": "{}"}
    events.put_events(Entries=[entry, entry, {**entry, "Source": "b"}])
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    sqs.receive_message(QueueUrl=url)
    queue = {"Dimensions": [{"Name": "QueueName", "Value": "q"}], "namespace": "AWS/SQS"}
    for name, value in (("NumberOfMessagesSent", 3), ("NumberOfMessagesReceived", 3), ("NumberOfMessagesDeleted", 1),
                        ("NumberOfEmptyReceives", 1)):
        assert stat(cloudwatch, "Sum", name, **queue) == [(at(0), value)], name
    assert stat(cloudwatch, "Minimum", "SentMessageSize", **queue) == [(at(0), 5)]
    rule = {"Dimensions": [{"Name": "RuleName", "Value": "r"}], "namespace": "AWS/Events"}
    for name, value in (("MatchedEvents", 2), ("TriggeredRules", 2), ("Invocations", 2)):
        assert stat(cloudwatch, "Sum", name, **rule) == [(at(0), value)], name
    assert len(stat(cloudwatch, "p99", "IngestionToInvocationStartLatency", **rule)) == 1
    assert stat(cloudwatch, "Sum", "FailedInvocations", **rule) == []
    logs = still.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    now = int(START.timestamp() * 1000)
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": now, "message": "abc"}] * 2)
    group = {"Dimensions": [{"Name": "LogGroupName", "Value": "g"}], "namespace": "AWS/Logs"}
    assert stat(cloudwatch, "Sum", "IncomingLogEvents", **group) == [(at(0), 2)]
    assert stat(cloudwatch, "Sum", "IncomingBytes", **group) == [(at(0), 2 * (3 + 26))]
    move(still, advance="10m")
    listed = {metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="AWS/Events")["Metrics"]}
    assert {"MatchedEvents", "TriggeredRules", "Invocations"} <= listed


def test_a_queues_depth_is_told_each_minute_while_there_are_messages(still, cloudwatch):
    sqs = still.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    queue = {"Dimensions": [{"Name": "QueueName", "Value": "q"}], "namespace": "AWS/SQS"}
    for body in ("a", "b"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    move(still, advance="2m")
    still.stop()
    still.start()
    move(still, set=at(3).strftime("%Y-%m-%dT%H:%M:%SZ"))
    cloudwatch = still.client("cloudwatch")
    depth = [("ApproximateNumberOfMessagesVisible", 2), ("ApproximateNumberOfMessagesNotVisible", 0)]
    for name, value in depth:
        assert stat(cloudwatch, "Maximum", name, **queue) == [(at(minute), value) for minute in range(4)], name
    assert stat(cloudwatch, "Maximum", "ApproximateAgeOfOldestMessage", **queue)[-1] == (at(3), 180)
    still.client("sqs").purge_queue(QueueUrl=url)
    move(still, advance="5m")
    assert stat(cloudwatch, "Maximum", "ApproximateAgeOfOldestMessage", **queue)[-1] == (at(4), 0)


def test_own_figures_of_streams(still, cloudwatch):
    kinesis = still.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.put_record(StreamName="s", PartitionKey="k", Data=b"abc")
    kinesis.put_records(StreamName="s", Records=[{"PartitionKey": "k", "Data": b"abcde"}] * 3)
    for _ in range(20):  # more than a shard takes in a second
        throttled = kinesis.put_records(StreamName="s", Records=[{"PartitionKey": "k", "Data": b"x" * 100_000}])
        if throttled["FailedRecordCount"]:
            break
    taken = kinesis.get_shard_iterator(StreamName="s", ShardId="shardId-000000000000",
                                       ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = kinesis.get_records(ShardIterator=taken)["Records"]
    stream = {"Dimensions": [{"Name": "StreamName", "Value": "s"}], "namespace": "AWS/Kinesis"}
    size = sum(len(record["Data"]) + len(record["PartitionKey"]) for record in records)
    for name, value in (("IncomingRecords", len(records)), ("IncomingBytes", size), ("PutRecord.Success", 1),
                        ("PutRecord.Bytes", 4), ("PutRecords.Bytes", size - 4),
                        ("PutRecords.TotalRecords", len(records)), ("PutRecords.SuccessfulRecords", len(records) - 1),
                        ("PutRecords.ThrottledRecords", 1), ("PutRecords.FailedRecords", 0),
                        ("WriteProvisionedThroughputExceeded", 1), ("GetRecords.Records", len(records)),
                        ("GetRecords.Bytes", size), ("GetRecords.Success", 1),
                        ("ReadProvisionedThroughputExceeded", 0), ("GetRecords.IteratorAgeMilliseconds", 0)):
        assert stat(cloudwatch, "Sum", name, **stream) == [(at(0), value)], name


@pytest.mark.parametrize(("dimension", "text"), [
    ({"Name": "a", "Value": "é"}, "Value contains non-ASCII characters."),
    ({"Name": "ä", "Value": "b"}, "Name contains non-ASCII characters."),
    ({"Name": "a", "Value": "b\tc"}, "Value contains ASCII control characters."),
])
def test_dimensions_are_ascii(cloudwatch, dimension, text):
    with pytest.raises(ClientError) as raised:
        put(cloudwatch, 1, Dimensions=[dimension])
    assert error_code(raised) == "InvalidParameterValue"
    assert error_text(raised) == f"The value for parameter MetricData.member.1.Dimensions.member.1.{text}"


def test_metrics_insights_are_refused_by_name(cloudwatch):
    with pytest.raises(ClientError) as raised:
        cloudwatch.get_metric_data(StartTime=at(-10), EndTime=at(10), MetricDataQueries=[
            {"Id": "q", "Expression": "select AVG(Latency) FROM App", "Period": 60}])
    assert "Metrics Insights query of q (SELECT ...) is not supported yet" in error_text(raised)
