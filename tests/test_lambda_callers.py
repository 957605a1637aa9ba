"""What has functions run: rules, topics, log groups, schedules, pipes, alarms; by the functions' permission."""

import base64
import datetime
import gzip
import json
import time


import botocore.exceptions
import pytest

from functions import create, invoke, until, zipped

TELL = """
import boto3, json, os
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(event))
    return event
"""


class Place:
    """An account with a queue, and a function that sends its events there."""

    def __init__(self, server, account):
        self.server, self.account = server, account
        self.functions, self.sqs = self.client("lambda"), self.client("sqs")
        self.url = self.sqs.create_queue(QueueName="told")["QueueUrl"]
        self.here = f"us-east-1:{account}"
        self.arn = create(self.functions, "tell", TELL, account, Timeout=30, MemorySize=512,
                          Environment={"Variables": {"URL": self.url}})

    def client(self, service):
        return self.server.client(service, self.account, read_timeout=60)

    def queue(self, name):
        return self.sqs.create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:{self.here}:{name}"

    def allow(self, principal, source=None, function="tell"):
        more = {"SourceArn": source} if source else {}
        self.functions.add_permission(FunctionName=function, StatementId=principal.split(".")[0],
                                      Action="lambda:InvokeFunction", Principal=principal, **more)

    def told(self, url=None):
        message = until(lambda: self.sqs.receive_message(QueueUrl=url or self.url, WaitTimeSeconds=1).get("Messages"))[0]
        self.sqs.delete_message(QueueUrl=url or self.url, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])


@pytest.fixture
def place(server, account):
    return Place(server, account)


def test_rule_runs_a_function_that_permits_it(place):
    events = place.client("events")
    dead_url, dead = place.queue("dead")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["me"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": place.arn, "DeadLetterConfig": {"Arn": dead}}])
    put = lambda: events.put_events(Entries=[{"Source": "me", "DetailType": "d", "Detail": '{"k": 1}'}])
    put()
    letter = until(lambda: place.sqs.receive_message(QueueUrl=dead_url, MessageAttributeNames=["All"]).get("Messages"))[0]
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    place.allow("events.amazonaws.com", f"arn:aws:events:{place.here}:rule/other")
    put()
    until(lambda: place.sqs.receive_message(QueueUrl=dead_url).get("Messages"))
    place.functions.remove_permission(FunctionName="tell", StatementId="events")
    place.allow("events.amazonaws.com", f"arn:aws:events:{place.here}:rule/r")
    put()
    event = place.told()
    assert (event["source"], event["detail-type"], event["detail"]) == ("me", "d", {"k": 1})


def test_topic_runs_a_function(place):
    sns = place.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    place.allow("sns.amazonaws.com", topic)
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=place.arn)["SubscriptionArn"]
    id = sns.publish(TopicArn=topic, Message="hello", Subject="s",
                     MessageAttributes={"a": {"DataType": "String", "StringValue": "v"}})["MessageId"]
    record = place.told()["Records"][0]
    assert record["EventSource"] == "aws:sns" and record["EventSubscriptionArn"] == subscription
    sent = record["Sns"]
    assert (sent["MessageId"], sent["Message"], sent["Subject"], sent["TopicArn"]) == (id, "hello", "s", topic)
    assert sent["MessageAttributes"] == {"a": {"Type": "String", "Value": "v"}}
    assert {"Signature", "SigningCertUrl", "UnsubscribeUrl", "Timestamp"} <= set(sent)


def test_log_group_runs_a_function(place):
    logs = place.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    put = lambda: logs.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="ERROR",
                                               destinationArn=place.arn)
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Could not execute the lambda function"):
        put()
    place.allow("logs.amazonaws.com", f"arn:aws:logs:{place.here}:log-group:g:*")
    put()
    now = int(time.time() * 1000)
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[
        {"timestamp": now, "message": "fine"}, {"timestamp": now, "message": "ERROR bad"}])
    data = json.loads(gzip.decompress(base64.b64decode(place.told()["awslogs"]["data"])))
    assert (data["messageType"], data["logGroup"], data["logStream"]) == ("DATA_MESSAGE", "g", "s")
    assert [e["message"] for e in data["logEvents"]] == ["ERROR bad"]


def test_schedules_run_functions_by_their_role(place):
    scheduler = place.client("scheduler")
    role = f"arn:aws:iam::{place.account}:role/scheduler"
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    once = dict(ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})", FlexibleTimeWindow={"Mode": "OFF"})
    scheduler.create_schedule(Name="a", Target={"Arn": place.arn, "RoleArn": role, "Input": '{"from": "a"}'},
                              **once)
    universal = {"Arn": "arn:aws:scheduler:::aws-sdk:lambda:invoke", "RoleArn": role, "Input": json.dumps(
        {"FunctionName": "tell", "InvocationType": "Event", "Payload": json.dumps({"from": "b"})})}
    scheduler.create_schedule(Name="b", Target=universal, **once)
    assert {place.told()["from"], place.told()["from"]} == {"a", "b"}


def test_pipe_enriches_by_a_function_and_has_one_as_target(place):
    pipes = place.client("pipes")
    source_url, source = place.queue("source")
    enrich = create(place.functions, "enrich", """
def handler(events, context):
    return [{"seen": e["body"], "again": i} for e in events for i in range(2)]
""", place.account)
    pipes.create_pipe(Name="p", RoleArn=f"arn:aws:iam::{place.account}:role/p", Source=source, Enrichment=enrich,
                      Target=place.arn)
    place.sqs.send_message(QueueUrl=source_url, MessageBody="x")
    assert place.told() == [{"seen": "x", "again": 0}, {"seen": "x", "again": 1}]
    pipes.update_pipe(Name="p", RoleArn=f"arn:aws:iam::{place.account}:role/p", Enrichment="", TargetParameters={
        "LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}, "InputTemplate": '{"b": <$.body>}'})
    place.sqs.send_message(QueueUrl=source_url, MessageBody="y")
    assert place.told() == [{"b": "y"}]


def test_alarm_runs_a_function(place):
    cloudwatch = place.client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="a", MetricName="m", Namespace="n", Statistic="Sum", Period=60,
                                EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
                                AlarmActions=[place.arn])
    place.allow("lambda.alarms.cloudwatch.amazonaws.com", f"arn:aws:cloudwatch:{place.here}:alarm:a")
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    assert place.told()["alarmData"]["alarmName"] == "a"


def test_metrics_of_functions(place):
    for i in range(3):
        invoke(place.functions, "tell", i)
    cloudwatch = place.client("cloudwatch")

    def invocations():
        metrics = cloudwatch.list_metrics(Namespace="AWS/Lambda")["Metrics"]
        return {m["MetricName"] for m in metrics if {"Name": "FunctionName", "Value": "tell"} in m["Dimensions"]}

    until(lambda: {"Invocations", "Errors", "Duration", "ConcurrentExecutions"} <= invocations())


def test_function_that_is_gone_goes_to_the_rules_dead_letters(place):
    events = place.client("events")
    dead_url, dead = place.queue("dead")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["me"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:{place.here}:function:none",
                                           "DeadLetterConfig": {"Arn": dead}}])
    events.put_events(Entries=[{"Source": "me", "DetailType": "d", "Detail": "{}"}])
    letter = until(lambda: place.sqs.receive_message(QueueUrl=dead_url, MessageAttributeNames=["All"]).get("Messages"))[0]
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_bucket_runs_a_function_and_has_its_code(place):
    s3 = place.client("s3")
    bucket = f"code-{place.account}"
    s3.create_bucket(Bucket=bucket)
    with_function = lambda: s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": place.arn, "Events": ["s3:ObjectCreated:*"],
                                          "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".txt"}]}}}]})
    with pytest.raises(botocore.exceptions.ClientError, match="Unable to validate the following destination"):
        with_function()
    place.functions.add_permission(FunctionName="tell", StatementId="s3", Action="lambda:InvokeFunction",
                                   Principal="s3.amazonaws.com", SourceArn=f"arn:aws:s3:::{bucket}",
                                   SourceAccount=place.account)
    with_function()
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"x")
    record = place.told()["Records"][0]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert record["s3"]["bucket"]["name"] == bucket and record["s3"]["object"]["key"] == "a.txt"
    code = zipped({"app.py": "def handler(event, context):\n    return 'from a bucket'\n"})
    s3.put_object(Bucket=bucket, Key="app.zip", Body=code)
    place.functions.create_function(FunctionName="f", Runtime="python3.12", Handler="app.handler",
                                    Role=f"arn:aws:iam::{place.account}:role/r",
                                    Code={"S3Bucket": bucket, "S3Key": "app.zip"})
    assert invoke(place.functions, "f")[0] == "from a bucket"
    with pytest.raises(place.functions.exceptions.InvalidParameterValueException, match="NoSuchKey"):
        place.functions.update_function_code(FunctionName="f", S3Bucket=bucket, S3Key="none")
