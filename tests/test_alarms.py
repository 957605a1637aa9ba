"""CloudWatch alarms on a clock that moves when told: evaluation, events, history, composite alarms, restarts."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text, queue_arn, receive_all

START = datetime(2030, 11, 22, 12, 0, tzinfo=timezone.utc)
PREFIX = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"


@pytest.fixture
def still(new_server):
    server = new_server("--clock", "virtual").start()
    move(server, set=START.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return server


def move(server, **how):
    status, _, answer = server.raw(json.dumps(how).encode(), path="/_signalbox/clock")
    assert status == 200, answer


@pytest.fixture
def cloudwatch(still):
    return still.client("cloudwatch")


def put(cloudwatch, *values, name="Load", **more):
    for value in values:
        cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": name, "Value": value, **more}])


def put_alarm(cloudwatch, name="high", **more):
    alarm = {"AlarmName": name, "Namespace": "App", "MetricName": "Load", "Statistic": "Average", "Period": 60,
             "EvaluationPeriods": 1, "Threshold": 10, "ComparisonOperator": "GreaterThanThreshold", **more}
    cloudwatch.put_metric_alarm(**{key: value for key, value in alarm.items() if value is not None})


def alarm(cloudwatch, name="high"):
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return (found["MetricAlarms"] + found["CompositeAlarms"])[0]


def state(cloudwatch, name="high"):
    return alarm(cloudwatch, name)["StateValue"]


def history(cloudwatch, kind="StateUpdate", name="high"):
    return [item["HistorySummary"] for item in cloudwatch.describe_alarm_history(
        AlarmName=name, HistoryItemType=kind, ScanBy="TimestampAscending")["AlarmHistoryItems"]]


def watch(server, pattern):
    """A queue that gets the events that match."""
    sqs, events = server.client("sqs"), server.client("events")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": queue_arn(sqs, url)}])
    return lambda: [json.loads(message["Body"]) for message in receive_all(sqs, url)]


def test_goes_into_alarm_and_back(still, cloudwatch):
    seen = watch(still, {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]})
    put_alarm(cloudwatch, AlarmDescription="Too much load", Dimensions=[{"Name": "Host", "Value": "a"}])
    found = alarm(cloudwatch)
    assert (found["StateValue"], found["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    assert found["AlarmArn"] == PREFIX + "high" and found["ActionsEnabled"] is True
    put(cloudwatch, 99.5, Dimensions=[{"Name": "Host", "Value": "a"}])
    move(still, advance="1m")
    found = alarm(cloudwatch)
    assert found["StateValue"] == "ALARM"
    assert found["StateReason"] == (
        "Threshold Crossed: 1 out of the last 1 datapoints [99.5 (22/11/30 12:00:00)] was greater than the threshold "
        "(10.0) (minimum 1 datapoint for OK -> ALARM transition).")
    assert json.loads(found["StateReasonData"]) == {
        "version": "1.0", "queryDate": "2030-11-22T12:01:00.000+0000", "startDate": "2030-11-22T12:00:00.000+0000",
        "statistic": "Average", "period": 60, "recentDatapoints": [99.5], "threshold": 10.0}
    put(cloudwatch, 1, Dimensions=[{"Name": "Host", "Value": "a"}])
    move(still, advance="1m")
    assert state(cloudwatch) == "OK"
    first, second = seen()
    assert first["resources"] == [PREFIX + "high"] and first["time"] == "2030-11-22T12:01:00Z"
    detail = first["detail"]
    query = detail["configuration"]["metrics"][0]
    assert query.pop("id")
    assert detail == {
        "alarmName": "high",
        "configuration": {"description": "Too much load", "metrics": [
            {"metricStat": {"metric": {"dimensions": {"Host": "a"}, "name": "Load", "namespace": "App"}, "period": 60,
                            "stat": "Average"}, "returnData": True}]},
        "previousState": {"reason": "Unchecked: Initial alarm creation", "timestamp": "2030-11-22T12:00:00.000+0000",
                          "value": "INSUFFICIENT_DATA"},
        "state": {"reason": found["StateReason"], "reasonData": found["StateReasonData"],
                  "timestamp": "2030-11-22T12:01:00.000+0000", "value": "ALARM"}}
    assert second["detail"]["previousState"] == detail["state"]
    assert second["detail"]["state"]["value"] == "OK"
    assert history(cloudwatch) == ["Alarm updated from INSUFFICIENT_DATA to ALARM", "Alarm updated from ALARM to OK"]


@pytest.mark.parametrize("missing,states", [
    ("missing", ["ALARM", "ALARM", "ALARM", "INSUFFICIENT_DATA"]),
    ("ignore", ["ALARM", "ALARM", "ALARM", "ALARM"]),
    ("breaching", ["ALARM", "ALARM", "ALARM", "ALARM"]),
    ("notBreaching", ["ALARM", "ALARM", "ALARM", "OK"])])
def test_missing_data(still, cloudwatch, missing, states):
    """Two periods more than count are looked at, so that data which ends is not missed at once."""
    put_alarm(cloudwatch, TreatMissingData=missing)
    put(cloudwatch, 20)
    found = []
    for _ in range(4):
        move(still, advance="1m")
        found.append(state(cloudwatch))
    assert found == states


def test_a_new_alarm_without_data_is_treated_so(still, cloudwatch):
    for missing in ("missing", "ignore", "breaching", "notBreaching"):
        put_alarm(cloudwatch, missing, TreatMissingData=missing)
    move(still, advance="1m")
    assert [state(cloudwatch, name) for name in ("missing", "ignore", "breaching", "notBreaching")] == [
        "INSUFFICIENT_DATA", "INSUFFICIENT_DATA", "ALARM", "OK"]
    assert "treated as [Breaching]" in alarm(cloudwatch, "breaching")["StateReason"]


def test_m_out_of_n(still, cloudwatch):
    put_alarm(cloudwatch, EvaluationPeriods=3, DatapointsToAlarm=2)
    states = []
    for value in (20, 1, 1, 20, 1, 20, 1, 1, 1):
        put(cloudwatch, value)
        move(still, advance="1m")
        states.append(state(cloudwatch))
    assert states == ["INSUFFICIENT_DATA", "OK", "OK", "OK", "OK", "ALARM", "OK", "OK", "OK"]


def test_longer_periods_slide_by_the_minute(still, cloudwatch):
    put_alarm(cloudwatch, Period=300, Statistic="Sum", Threshold=25)
    move(still, advance="2m")
    put(cloudwatch, 10, 10)
    move(still, advance="3m")
    assert state(cloudwatch) == "OK"
    put(cloudwatch, 10)
    move(still, advance="1m")
    assert state(cloudwatch) == "ALARM"
    move(still, advance="2m")
    assert state(cloudwatch) == "OK"


def test_short_periods_are_evaluated_each_ten_seconds(still, cloudwatch):
    put_alarm(cloudwatch, Period=10)
    put(cloudwatch, 20, StorageResolution=1)
    move(still, advance="10s")
    assert state(cloudwatch) == "ALARM"


@pytest.mark.parametrize("comparison,alarming", [
    ("GreaterThanThreshold", {11}), ("GreaterThanOrEqualToThreshold", {10, 11}), ("LessThanThreshold", {9}),
    ("LessThanOrEqualToThreshold", {9, 10})])
def test_comparisons(still, cloudwatch, comparison, alarming):
    for value in (9, 10, 11):
        put_alarm(cloudwatch, f"a{value}", ComparisonOperator=comparison, MetricName=f"M{value}")
        put(cloudwatch, value, name=f"M{value}")
    move(still, advance="1m")
    assert {value for value in (9, 10, 11) if state(cloudwatch, f"a{value}") == "ALARM"} == alarming


def test_percentiles_and_low_samples(still, cloudwatch):
    put_alarm(cloudwatch, "always", Statistic=None, ExtendedStatistic="p90")
    put_alarm(cloudwatch, "enough", Statistic=None, ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore")
    put(cloudwatch, *[20] * 3)
    move(still, advance="1m")
    assert (state(cloudwatch, "always"), state(cloudwatch, "enough")) == ("ALARM", "INSUFFICIENT_DATA")
    cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": "Load", "Values": [20], "Counts": [200]}])
    move(still, advance="1m")
    assert state(cloudwatch, "enough") == "ALARM"


def test_metric_maths(still, cloudwatch):
    metric = lambda name: {"Metric": {"Namespace": "App", "MetricName": name}, "Period": 60, "Stat": "Sum"}
    cloudwatch.put_metric_alarm(
        AlarmName="rate", EvaluationPeriods=1, Threshold=50, ComparisonOperator="GreaterThanThreshold", Metrics=[
            {"Id": "errors", "MetricStat": metric("Errors"), "ReturnData": False},
            {"Id": "all", "MetricStat": metric("All"), "ReturnData": False},
            {"Id": "rate", "Expression": "100 * errors / all", "Label": "Rate"}])
    seen = watch(still, {"detail": {"state": {"value": ["ALARM"]}}})
    put(cloudwatch, 6, name="Errors")
    put(cloudwatch, 10, name="All")
    move(still, advance="1m")
    assert state(cloudwatch, "rate") == "ALARM"
    metrics = seen()[0]["detail"]["configuration"]["metrics"]
    assert metrics[2] == {"expression": "100 * errors / all", "id": "rate", "label": "Rate", "returnData": True}
    assert alarm(cloudwatch, "rate")["Metrics"][2]["Expression"] == "100 * errors / all"


def test_set_alarm_state_holds_until_the_next_evaluation(still, cloudwatch):
    put_alarm(cloudwatch, TreatMissingData="notBreaching")
    move(still, advance="1m")
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="testing", StateReasonData='{"a":1}')
    found = alarm(cloudwatch)
    assert (found["StateValue"], found["StateReason"], found["StateReasonData"]) == ("ALARM", "testing", '{"a":1}')
    move(still, advance="1m")
    assert state(cloudwatch) == "OK"
    with pytest.raises(ClientError) as raised:
        cloudwatch.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="")
    assert error_code(raised) == "ResourceNotFound"
    with pytest.raises(ClientError) as raised:
        cloudwatch.set_alarm_state(AlarmName="high", StateValue="OK", StateReason="", StateReasonData="{")
    assert error_code(raised) == "InvalidFormat"


def test_composite_alarms(still, cloudwatch):
    seen = watch(still, {"detail": {"alarmName": ["both"], "state": {"value": ["ALARM"]}}})
    put_alarm(cloudwatch, "a", MetricName="A")
    put_alarm(cloudwatch, "b", MetricName="B")
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("a") AND ALARM(' + PREFIX + "b)")
    cloudwatch.put_composite_alarm(AlarmName="top", AlarmRule="ALARM(both) OR OK(a)")
    assert (state(cloudwatch, "both"), state(cloudwatch, "top")) == ("OK", "OK")
    put(cloudwatch, 20, name="A")
    move(still, advance="1m")
    assert (state(cloudwatch, "both"), state(cloudwatch, "top")) == ("OK", "OK")
    put(cloudwatch, 20, name="A")
    put(cloudwatch, 20, name="B")
    move(still, advance="1m")
    assert (state(cloudwatch, "both"), state(cloudwatch, "top")) == ("ALARM", "ALARM")
    reason = PREFIX + "b transitioned to ALARM at Friday 22 November, 2030 12:02:00 UTC"
    assert alarm(cloudwatch, "both")["StateReason"] == reason
    event = seen()[0]["detail"]
    assert event["configuration"]["alarmRule"].startswith('ALARM("a")')
    assert json.loads(event["state"]["reasonData"])["triggeringAlarms"][0]["arn"] == PREFIX + "b"
    for bad, part in (("ALARM(", "cannot be read"), ("ALARM(none)", "none"), ("ALARM(top)", "cycle"),
                      ("AT_LEAST(1, ALARM, (a))", "AT_LEAST")):
        with pytest.raises(ClientError) as raised:
            cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule=bad)
        assert part in error_text(raised), bad
    with pytest.raises(ClientError) as raised:
        cloudwatch.delete_alarms(AlarmNames=["a"])
    assert "depending on it" in error_text(raised)
    cloudwatch.delete_alarms(AlarmNames=["a", "b", "both", "top", "none"])
    assert cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])["CompositeAlarms"] == []


def test_actions_suppressor(still, cloudwatch):
    put_alarm(cloudwatch, "cause", MetricName="A")
    put_alarm(cloudwatch, "maintenance", MetricName="B")
    cloudwatch.put_composite_alarm(AlarmName="page", AlarmRule="ALARM(cause)", ActionsSuppressor="maintenance",
                                   ActionsSuppressorWaitPeriod=90, ActionsSuppressorExtensionPeriod=60)
    set_state = lambda name, value: cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="test")
    set_state("cause", "ALARM")
    assert alarm(cloudwatch, "page")["ActionsSuppressedBy"] == "WaitPeriod"
    set_state("maintenance", "ALARM")
    assert alarm(cloudwatch, "page")["ActionsSuppressedBy"] == "Alarm"
    set_state("maintenance", "OK")
    assert alarm(cloudwatch, "page")["ActionsSuppressedBy"] == "ExtensionPeriod"
    still.kill()
    still.start()
    cloudwatch = still.client("cloudwatch")
    assert alarm(cloudwatch, "page")["ActionsSuppressedBy"] == "ExtensionPeriod"
    put(cloudwatch, 20, name="A")
    move(still, advance="1m")
    assert alarm(cloudwatch, "page")["StateValue"] == "ALARM"
    assert "ActionsSuppressedBy" not in alarm(cloudwatch, "page")


def test_survives_restarts(still, cloudwatch):
    put_alarm(cloudwatch, TreatMissingData="notBreaching", Tags=[{"Key": "k", "Value": "v"}])
    put(cloudwatch, 20)
    move(still, advance="1m")
    still.kill()
    still.start()
    cloudwatch = still.client("cloudwatch")
    assert state(cloudwatch) == "ALARM"
    assert history(cloudwatch) == ["Alarm updated from INSUFFICIENT_DATA to ALARM"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=PREFIX + "high")["Tags"] == [{"Key": "k", "Value": "v"}]
    move(still, advance="3m")
    assert state(cloudwatch) == "OK"
    put(cloudwatch, 20)
    move(still, advance="1m")
    assert state(cloudwatch) == "ALARM"


def test_alarms_on_own_figures(still, cloudwatch):
    sqs = still.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    put_alarm(cloudwatch, Namespace="AWS/SQS", MetricName="NumberOfMessagesSent", Statistic="Sum", Threshold=0,
              Dimensions=[{"Name": "QueueName", "Value": "q"}])
    move(still, advance="10m")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    move(still, advance="1m")
    assert state(cloudwatch) == "ALARM"


def test_from_a_log_line_to_a_notification(still, cloudwatch):
    """A metric filter counts errors, an alarm watches the count, a topic tells a queue."""
    logs, sns, sqs = still.client("logs"), still.client("sns"), still.client("sqs")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="s")
    logs.put_metric_filter(logGroupName="/app", filterName="errors", filterPattern="{ $.level = \"ERROR\" }",
                           metricTransformations=[{"metricName": "Errors", "metricNamespace": "App", "metricValue": "1",
                                                   "defaultValue": 0}])
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    url = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(sqs, url))
    put_alarm(cloudwatch, MetricName="Errors", Statistic="Sum", Threshold=1, AlarmActions=[topic], OKActions=[topic])
    now = int(START.timestamp() * 1000)
    lines = [json.dumps({"level": level}) for level in ("INFO", "ERROR", "ERROR")]
    logs.put_log_events(logGroupName="/app", logStreamName="s",
                        logEvents=[{"timestamp": now, "message": line} for line in lines])
    move(still, advance="1m")
    assert state(cloudwatch) == "ALARM"
    notes = [json.loads(message["Body"]) for message in receive_all(sqs, url)]
    assert [note["Subject"] for note in notes] == ['ALARM: "high" in US East (N. Virginia)']
    told = json.loads(notes[0]["Message"])
    assert told["NewStateValue"] == "ALARM" and told["Trigger"]["MetricName"] == "Errors"
    logs.put_log_events(logGroupName="/app", logStreamName="s",
                        logEvents=[{"timestamp": now + 60_000, "message": lines[0]}])
    move(still, advance="1m")
    assert state(cloudwatch) == "OK"
    notes = [json.loads(message["Body"]) for message in receive_all(sqs, url)]
    assert [json.loads(note["Message"])["NewStateValue"] for note in notes] == ["ALARM", "OK"]  # the first one comes again


def test_describe(cloudwatch):
    for name in ("web-1", "web-2", "db-1"):
        put_alarm(cloudwatch, name)
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("web-1") OR ALARM("web-2")')
    cloudwatch.set_alarm_state(AlarmName="web-2", StateValue="ALARM", StateReason="test")
    names = lambda **how: [one["AlarmName"] for one in cloudwatch.describe_alarms(**how)["MetricAlarms"]]
    assert names() == ["db-1", "web-1", "web-2"]
    assert names(AlarmNamePrefix="web") == ["web-1", "web-2"]
    assert names(StateValue="ALARM") == ["web-2"]
    assert names(ChildrenOfAlarmName="all") == ["web-1", "web-2"]
    parents = cloudwatch.describe_alarms(ParentsOfAlarmName="web-1")["CompositeAlarms"]
    assert [one["AlarmName"] for one in parents] == ["all"]
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["MetricAlarms"]) for page in pages] == [2, 1]
    on = cloudwatch.describe_alarms_for_metric(MetricName="Load", Namespace="App", Statistic="Average")["MetricAlarms"]
    assert len(on) == 3
    assert cloudwatch.describe_alarms_for_metric(MetricName="Load", Namespace="Other")["MetricAlarms"] == []


def test_configuration_changes_are_events_and_history(still, cloudwatch):
    seen = watch(still, {"detail-type": ["CloudWatch Alarm Configuration Change"]})
    put_alarm(cloudwatch)
    put_alarm(cloudwatch, Threshold=20)
    cloudwatch.disable_alarm_actions(AlarmNames=["high"])
    assert alarm(cloudwatch)["ActionsEnabled"] is False
    cloudwatch.enable_alarm_actions(AlarmNames=["high"])
    assert alarm(cloudwatch)["ActionsEnabled"] is True
    cloudwatch.delete_alarms(AlarmNames=["high"])
    events = [event["detail"] for event in seen()]
    assert [event["operation"] for event in events] == ["create", "update", "update", "update", "delete"]
    assert events[1]["configuration"]["threshold"] == 20 and events[1]["previousConfiguration"]["threshold"] == 10
    assert history(cloudwatch, "ConfigurationUpdate")[0] == 'Alarm "high" created'
    assert history(cloudwatch, "ConfigurationUpdate")[-1] == 'Alarm "high" deleted'


def test_tags(cloudwatch):
    put_alarm(cloudwatch, Tags=[{"Key": "a", "Value": "1"}])
    cloudwatch.tag_resource(ResourceARN=PREFIX + "high", Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=PREFIX + "high", TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=PREFIX + "high")["Tags"] == [{"Key": "b", "Value": "2"}]
    with pytest.raises(ClientError) as raised:
        cloudwatch.list_tags_for_resource(ResourceARN=PREFIX + "none")
    assert error_code(raised) == "ResourceNotFoundException"


@pytest.mark.parametrize("wrong,part", [
    ({"ComparisonOperator": "LessThanLowerThreshold"}, "anomaly detection"),
    ({"AlarmActions": ["arn:aws:ssm:us-east-1:000000000000:opsitem:1"]}, "AlarmActions"),
    ({"OKActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "OKActions"),
    ({"AlarmActions": ["x"]}, "Invalid arn syntax"),
    ({"TreatMissingData": "sometimes"}, "TreatMissingData"),
    ({"EvaluationPeriods": 1441}, "more than a day"),
    ({"DatapointsToAlarm": 2}, "DatapointsToAlarm"),
    ({"Period": 7}, "Period"),
    ({"Statistic": None}, "Statistic"),
    ({"Statistic": None, "ExtendedStatistic": "p101"}, "p101"),
    ({"EvaluateLowSampleCountPercentile": "maybe"}, "EvaluateLowSampleCountPercentile"),
    ({"MetricName": None}, "MetricName"),
    ({"Metrics": [{"Id": "e", "Expression": "1"}]}, "Metrics")])
def test_what_does_not_work_is_refused_by_name(cloudwatch, wrong, part):
    with pytest.raises(ClientError) as raised:
        put_alarm(cloudwatch, **wrong)
    assert part in error_text(raised)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize("expression,part", [
    ("SEARCH('{App} Load', 'Sum', 60)", "SEARCH"), ("HOUR(m)", "HOUR"), ("[m, m]", "")])
def test_expressions_that_alarms_cannot_have(still, cloudwatch, expression, part):
    metric = {"Metric": {"Namespace": "App", "MetricName": "Load"}, "Period": 60, "Stat": "Sum"}
    ask = dict(AlarmName="e", EvaluationPeriods=1, Threshold=1, ComparisonOperator="LessThanThreshold",
               Metrics=[{"Id": "m", "MetricStat": metric, "ReturnData": False}, {"Id": "e", "Expression": expression}])
    if part:
        with pytest.raises(ClientError) as raised:
            cloudwatch.put_metric_alarm(**ask)
        assert part in error_text(raised)
    else:
        cloudwatch.put_metric_alarm(**ask)
        put(cloudwatch, 0)
        move(still, advance="1m")
        assert state(cloudwatch, "e") == "INSUFFICIENT_DATA"


@pytest.mark.parametrize("period", [1, 5, 15, 90])
def test_periods_of_alarms(cloudwatch, period):
    with pytest.raises(ClientError) as raised:
        put_alarm(cloudwatch, Period=period)
    assert error_code(raised) == "ValidationError"
    assert error_text(raised) == "Period must be 10, 20, 30 or a multiple of 60"
    put_alarm(cloudwatch, Period=20)


def test_contributors_are_those_of_an_alarm(still, cloudwatch):
    def contributors(name):  # older SDKs do not know the operation
        return still.json_call("GraniteServiceVersion20100801.DescribeAlarmContributors", {"AlarmName": name})

    assert "ResourceNotFound" in str(contributors("none"))
    put_alarm(cloudwatch)
    assert "ResourceNotFound" not in str(contributors("high")) and "AlarmContributors" in str(contributors("high"))


def test_dimensions_of_alarms_are_ascii(cloudwatch):
    with pytest.raises(ClientError) as raised:
        put_alarm(cloudwatch, Dimensions=[{"Name": "a", "Value": "é"}])
    assert error_code(raised) == "InvalidParameterValue"
    assert error_text(raised) == "The value for parameter Dimensions.member.1.Value contains non-ASCII characters."
