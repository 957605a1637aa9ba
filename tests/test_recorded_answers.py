"""Answers that AWS gives in ways that one would not guess: texts, members and defaults."""

import json
import time

import pytest
from botocore.exceptions import ClientError

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
ALARM = {"Namespace": "app", "MetricName": "errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
         "Threshold": 30, "ComparisonOperator": "GreaterThanThreshold"}


def refused(call, **given):
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]


def received(sqs, url):
    end = time.time() + 20
    while time.time() < end:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2, AttributeNames=["All"])
        if answer.get("Messages"):
            return answer["Messages"][0]
    raise AssertionError("no message came")


def test_composite_alarms_are_told_only_when_their_kind_is_asked_for(server, account):
    cloudwatch = server.client("cloudwatch", account)
    cloudwatch.put_metric_alarm(AlarmName="one", **ALARM)
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(one)")
    answer = cloudwatch.describe_alarms(AlarmNames=["both", "one"])
    assert answer["CompositeAlarms"] == []
    assert [alarm["AlarmName"] for alarm in answer["MetricAlarms"]] == ["one"]
    asked = cloudwatch.describe_alarms(AlarmNames=["both", "one"], AlarmTypes=["CompositeAlarm"])
    assert [alarm["AlarmName"] for alarm in asked["CompositeAlarms"]] == ["both"]
    assert cloudwatch.describe_alarm_history(AlarmName="both")["AlarmHistoryItems"] == []
    assert cloudwatch.describe_alarm_history(AlarmName="both", AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]


def test_alarms_of_logs_are_an_empty_list(server, account):
    status, _, body = server.raw(b"{}", {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "GraniteServiceVersion20100801.DescribeAlarms",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/monitoring/aws4_request, "
                         f"SignedHeaders=host, Signature={'0' * 64}"})
    assert status == 200 and json.loads(body)["LogAlarms"] == []


def test_the_trace_header_of_put_events_goes_to_the_targets(server, account):
    events, sqs = server.client("events", account), server.client("sqs", account)
    url = sqs.create_queue(QueueName="traced")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{account}:traced"
    events.put_rule(Name="traced", EventPattern='{"source": ["traced"]}')
    events.put_targets(Rule="traced", Targets=[{"Id": "1", "Arn": arn}])
    events.meta.events.register("before-sign.eventbridge.PutEvents",
                                lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", TRACE))
    events.put_events(Entries=[{"Source": "traced", "DetailType": "d", "Detail": "{}"}])
    message = received(sqs, url)
    assert message["Attributes"]["AWSTraceHeader"].startswith("Root=1-5759e988-bd862e3fe1be46a994272793")
    own = "Root=1-11111111-222222222222222222222222"
    events.put_events(Entries=[{"Source": "traced", "DetailType": "d", "Detail": "{}", "TraceHeader": own}])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert received(sqs, url)["Attributes"]["AWSTraceHeader"] == own


def test_an_argument_is_named_as_in_the_listing(server, account):
    s3 = server.client("s3", account)
    s3.create_bucket(Bucket=f"sized-{account}")
    for call in (s3.list_objects, s3.list_objects_v2, s3.list_object_versions):
        error = refused(call, Bucket=f"sized-{account}", MaxKeys=-1)
        assert error["Message"] == "Argument maxKeys must be an integer between 0 and 2147483647"
        assert (error["ArgumentName"], error["ArgumentValue"]) == ("maxKeys", "-1")


def test_a_bucket_policy_of_no_statement(server, account):
    s3 = server.client("s3", account)
    s3.create_bucket(Bucket=f"empty-{account}")
    error = refused(s3.put_bucket_policy, Bucket=f"empty-{account}",
                    Policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
    assert (error["Code"], error["Message"]) == ("MalformedPolicy", "Could not parse the policy: Statement is empty!")


def test_an_empty_role_ends_the_logging_of_deliveries(server, account):
    sns = server.client("sns", account)
    role = server.client("iam", account).create_role(RoleName="feedback", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }))["Role"]["Arn"]
    topic = sns.create_topic(Name="logged")["TopicArn"]
    name = "SQSFailureFeedbackRoleArn"
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue="")
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=role)
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"][name] == role
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue="")
    assert name not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def test_tags_of_aws_are_not_for_callers(server, account):
    """In no service, and in no case of letters."""
    here = f"us-east-1:{account}"
    sqs, sns, logs = (server.client(name, account) for name in ("sqs", "sns", "logs"))
    kinesis, cloudwatch, events = (server.client(name, account) for name in ("kinesis", "cloudwatch", "events"))
    scheduler, iam, sts = (server.client(name, account) for name in ("scheduler", "iam", "sts"))
    url = sqs.create_queue(QueueName="tagged")["QueueUrl"]
    topic = sns.create_topic(Name="tagged")["TopicArn"]
    logs.create_log_group(logGroupName="tagged")
    kinesis.create_stream(StreamName="tagged", ShardCount=1)
    cloudwatch.put_metric_alarm(AlarmName="tagged", **ALARM)
    events.put_rule(Name="tagged", EventPattern='{"source": ["tagged"]}')
    scheduler.create_schedule_group(Name="tagged")
    iam.create_user(UserName="tagged")
    for key in ("aws:mine", "AWS:mine"):
        one, many = {key: "1"}, [{"Key": key, "Value": "1"}]
        for call, given in [
                (sqs.tag_queue, {"QueueUrl": url, "Tags": one}),
                (sqs.create_queue, {"QueueName": "tagged-2", "tags": one}),
                (sns.tag_resource, {"ResourceArn": topic, "Tags": many}),
                (logs.tag_log_group, {"logGroupName": "tagged", "tags": one}),
                (logs.create_log_group, {"logGroupName": "tagged-2", "tags": one}),
                (kinesis.add_tags_to_stream, {"StreamName": "tagged", "Tags": one}),
                (cloudwatch.tag_resource, {"ResourceARN": f"arn:aws:cloudwatch:{here}:alarm:tagged", "Tags": many}),
                (cloudwatch.put_metric_alarm, {"AlarmName": "tagged-2", "Tags": many, **ALARM}),
                (events.tag_resource, {"ResourceARN": f"arn:aws:events:{here}:rule/tagged", "Tags": many}),
                (events.create_event_bus, {"Name": "tagged-2", "Tags": many}),
                (scheduler.tag_resource, {"ResourceArn": f"arn:aws:scheduler:{here}:schedule-group/tagged", "Tags": many}),
                (iam.tag_user, {"UserName": "tagged", "Tags": many}),
                (iam.create_user, {"UserName": "tagged-2", "Tags": many})]:
            assert "aws:" in refused(call, **given)["Message"], call
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    assert iam.list_user_tags(UserName="tagged")["Tags"] == []
