"""SIGTERM while every service has work: nothing is touched after it is gone. Worth most in the sanitizers' presets, where a
server that does ends with another status than 0 and says why."""

import http.client
import json
import os
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest

import functions

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
BAD = ("AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "runtime error", "an exception ended", "an operation threw",
       "terminate called")
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": [
    "lambda.amazonaws.com", "scheduler.amazonaws.com", "pipes.amazonaws.com", "events.amazonaws.com"]},
    "Action": "sts:AssumeRole"}]})


class Load:
    """Threads that call until the server is gone; what they are answered is not looked at."""

    def __init__(self, server):
        self.server = server
        self.threads = []
        self.ending = False
        self.done = 0

    def repeat(self, work, count=1):
        def run():
            while not self.ending:
                try:
                    work()
                    self.done += 1
                except Exception:  # the server refuses, drains or is gone
                    time.sleep(0.01)

        for _ in range(count):
            self.threads.append(threading.Thread(target=run, daemon=True))
            self.threads[-1].start()

    def end(self):
        self.ending = True
        for thread in self.threads:
            thread.join(timeout=40)
            assert not thread.is_alive()


def queue(sqs, name, **attributes):
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def prepare(server, slow):
    """What is there once: a bit of everything, with targets that hang."""
    sqs, sns, events, s3, logs, kinesis, scheduler, pipes = (server.client(name) for name in (
        "sqs", "sns", "events", "s3", "logs", "kinesis", "scheduler", "pipes"))
    server.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    _, target = queue(sqs, "target")
    queue(sqs, "fifo.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    _, source = queue(sqs, "source")
    sns.create_topic(Name="t")
    sns.subscribe(TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:t", Protocol="sqs", Endpoint=target)
    sns.subscribe(TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:t", Protocol="http", Endpoint=slow)
    connection = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters={
        "ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}})["ConnectionArn"]
    hook = events.create_api_destination(Name="d", ConnectionArn=connection, InvocationEndpoint=slow, HttpMethod="POST",
                                         InvocationRateLimitPerSecond=300)["ApiDestinationArn"]
    events.put_rule(Name="all", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": target}, {"Id": "2", "Arn": hook, "RoleArn": ROLE}])
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="a", EventSourceArn=bus)
    for number in range(20):
        events.put_rule(Name=f"r{number}", ScheduleExpression="rate(1 minute)")
        events.put_targets(Rule=f"r{number}", Targets=[{"Id": "1", "Arn": target}])
        scheduler.create_schedule(Name=f"s{number}", ScheduleExpression="rate(1 minute)", FlexibleTimeWindow={"Mode": "OFF"},
                                  Target={"Arn": target, "RoleArn": ROLE})
    s3.create_bucket(Bucket="bucket")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    kinesis.create_stream(StreamName="k", ShardCount=2)
    pipes.create_pipe(Name="p", Source=source, Target=f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/k", RoleArn=ROLE,
                      TargetParameters={"KinesisStreamParameters": {"PartitionKey": "x"}})
    server.client("cloudwatch").put_metric_alarm(
        AlarmName="m", Namespace="n", MetricName="m", Period=60, EvaluationPeriods=1, Threshold=1, Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold")


def make_functions(server):
    """Functions that sleep, by themselves and for a stream; False where none can be run."""
    lam = server.client("lambda", read_timeout=60)
    code = "import time\ndef handler(event, context):\n    time.sleep(30 if event == 'slow' else 0.2)\n    return 1\n"
    try:
        functions.create(lam, "f", code, Timeout=60)
        functions.until(lambda: lam.get_function(FunctionName="f")["Configuration"]["State"] == "Active")
        if "FunctionError" in lam.invoke(FunctionName="f", Payload=b"1"):
            return False
    except lam.exceptions.ClientError:
        return False
    lam.create_event_source_mapping(FunctionName="f", StartingPosition="TRIM_HORIZON",
                                    EventSourceArn=f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/k")
    return True


def begin(server, load, has_functions):
    def client(name):
        return server.client(name, read_timeout=30, max_pool_connections=20)

    sqs, sns, events, s3, logs, kinesis = (client(name) for name in ("sqs", "sns", "events", "s3", "logs", "kinesis"))
    base = f"{server.endpoint}/{ACCOUNT}/"
    load.repeat(lambda: sqs.receive_message(QueueUrl=base + "nothing", WaitTimeSeconds=20), 1)
    load.repeat(lambda: sqs.receive_message(QueueUrl=base + "fifo.fifo", WaitTimeSeconds=20, VisibilityTimeout=1), 2)
    load.repeat(lambda: sqs.send_message(QueueUrl=base + "fifo.fifo", MessageBody=os.urandom(9).hex(), MessageGroupId="g"), 2)
    load.repeat(lambda: sqs.send_message(QueueUrl=base + "source", MessageBody="x"))
    load.repeat(lambda: sqs.set_queue_attributes(QueueUrl=base + "target", Attributes={"DelaySeconds": "1"}), 2)
    load.repeat(lambda: sns.publish(TopicArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:t", Message="m"))
    load.repeat(lambda: events.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": "{}"}] * 10), 3)
    load.repeat(lambda: s3.put_object(Bucket="bucket", Key="big", Body=bytes(300_000)))
    load.repeat(lambda: s3.get_object(Bucket="bucket", Key="big")["Body"].read())
    load.repeat(lambda: logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[
        {"timestamp": int(datetime.now(timezone.utc).timestamp() * 1000), "message": "m"}]))
    load.repeat(lambda: kinesis.put_record(StreamName="k", Data=b"x" * 1000, PartitionKey="p"))
    load.repeat(lambda: client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 9}]))
    load.repeat(lambda: client("sts").get_session_token())
    load.repeat(lambda: advance(server))
    if has_functions:
        lam = client("lambda")
        load.repeat(lambda: lam.invoke(FunctionName="f", Payload=b'"slow"'), 2)
        load.repeat(lambda: lam.invoke(FunctionName="f", Payload=b"1", InvocationType="Event"))
    replay_from = datetime.now(timezone.utc) - timedelta(hours=1)
    names = iter(range(1_000_000))
    archive = f"arn:aws:events:us-east-1:{ACCOUNT}:archive/a"
    load.repeat(lambda: (events.start_replay(
        ReplayName=f"{os.getpid()}-{time.monotonic_ns()}-{next(names)}", EventSourceArn=archive, EventStartTime=replay_from,
        EventEndTime=replay_from + timedelta(days=30),
        Destination={"Arn": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"}), time.sleep(0.5)))


def advance(server):
    """Every schedule, retry and alarm of a minute comes due at once."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/_signalbox/clock", '{"advance": "1m"}')
    connection.getresponse().read()


@pytest.mark.parametrize("clock", ["virtual", "system"])
def test_a_stop_under_load_leaves_nothing_behind(new_server, sink, clock):
    server = new_server("--clock", clock, "--drain-seconds", "1").start()
    prepare(server, sink.url + "/?delay=20000")
    has_functions = make_functions(server)
    for calls in (100, 10, 300):
        load = Load(server)
        begin(server, load, has_functions)
        functions.until(lambda: load.done >= calls or server.process.poll() is not None, seconds=120, every=0.01)
        status = server.stop()
        text = server.log_text()
        load.end()
        assert not any(bad in text for bad in BAD), text[-20000:]
        assert status == 0, text[-20000:]
        server.start()
