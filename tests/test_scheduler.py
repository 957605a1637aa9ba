"""EventBridge Scheduler: schedules of every kind, by a virtual clock, over restarts."""

import concurrent.futures
import datetime
import json
import os
import subprocess

import pytest
from botocore.exceptions import ClientError
from conftest import error_code, error_text, queue_arn, receive_all, receive_until
from functions import until

OFF = {"Mode": "OFF"}
ROLE = "arn:aws:iam::000000000000:role/r"
START = "2026-03-01T00:00:00Z"


def utc(*parts):
    return datetime.datetime(*parts, tzinfo=datetime.timezone.utc)


def clock(server, **change):
    status, _, answer = server.raw(json.dumps(change).encode(), path="/_signalbox/clock")
    assert status == 200, answer
    return json.loads(answer)["now"]


@pytest.fixture
def timed(new_server):
    """A server whose clock stands at START, and its clients."""
    server = new_server("--clock", "virtual")
    # The clock starts at the system's time and never goes back: the tests' year is ahead.
    server.start()
    clock(server, set="2031-03-01T00:00:00Z")
    return server


def queue(server, name="q", **attributes):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return sqs, url, {"Arn": queue_arn(sqs, url), "RoleArn": ROLE}


def schedule(server, expression, target, name="s", **more):
    more.setdefault("FlexibleTimeWindow", OFF)
    if "ActionAfterCompletion" in more:  # newer than Debian's boto3
        return create_by_hand(server, name, {"ScheduleExpression": expression, "Target": target, **more})
    return server.client("scheduler").create_schedule(Name=name, ScheduleExpression=expression, Target=target,
                                                      **more)["ScheduleArn"]


def create_by_hand(server, name, request):
    status, _, answer = server.raw(
        json.dumps(request, default=lambda time: time.timestamp()).encode(),
        {"Content-Type": "application/json",
         "Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/scheduler/aws4_request, "
                          "SignedHeaders=host, Signature=" + "0" * 64}, "/schedules/" + name)
    assert status == 200, answer
    return json.loads(answer)["ScheduleArn"]


def bodies(server, url):
    sqs = server.client("sqs")
    return [message["Body"] for message in receive_all(sqs, url)]


def test_once_and_gone(timed):
    _, url, target = queue(timed)
    arn = schedule(timed, "at(2031-03-01T09:00:00)", {**target, "Input": json.dumps(
        {"at": "<aws.scheduler.scheduled-time>", "of": "<aws.scheduler.schedule-arn>",
         "n": "<aws.scheduler.attempt-number>"})}, ActionAfterCompletion="DELETE")
    clock(timed, advance="8h59m59s")
    assert bodies(timed, url) == []
    clock(timed, advance="1s")
    (body,) = bodies(timed, url)
    assert json.loads(body) == {"at": "2031-03-01T09:00:00Z", "of": arn, "n": "1"}
    with pytest.raises(ClientError) as raised:
        timed.client("scheduler").get_schedule(Name="s")
    assert error_code(raised) == "ResourceNotFoundException"
    assert error_text(raised) == "Schedule s does not exist."


def test_time_zones_and_daylight_saving(timed):
    """Clocks in Los Angeles go from 02:00 to 03:00 on 9 March 2031."""
    _, url, target = queue(timed)
    stamp = {**target, "Input": '"<aws.scheduler.scheduled-time>"'}
    zone = {"ScheduleExpressionTimezone": "America/Los_Angeles"}
    schedule(timed, "cron(0 9 ? * SAT-MON *)", stamp, "nine", StartDate=datetime.datetime(2031, 3, 8, 1), **zone)
    schedule(timed, "cron(30 2 * * ? *)", stamp, "skipped", StartDate=datetime.datetime(2031, 3, 8, 1), **zone)
    clock(timed, set="2031-03-10T20:00:00Z")
    assert sorted(json.loads(body) for body in bodies(timed, url)) == [
        "2031-03-08T10:30:00Z", "2031-03-08T17:00:00Z", "2031-03-09T16:00:00Z", "2031-03-10T09:30:00Z",
        "2031-03-10T16:00:00Z"]


def test_rates_between_start_and_end(timed):
    _, url, target = queue(timed)
    schedule(timed, "rate(1 hour)", {**target, "Input": '"<aws.scheduler.scheduled-time>"'},
             StartDate=utc(2031, 3, 1, 2), EndDate=utc(2031, 3, 1, 4),
             ActionAfterCompletion="DELETE")
    clock(timed, advance="1d")
    assert sorted(json.loads(body) for body in bodies(timed, url)) == [
        "2031-03-01T02:00:00Z", "2031-03-01T03:00:00Z", "2031-03-01T04:00:00Z"]
    assert timed.client("scheduler").list_schedules()["Schedules"] == []


def test_a_flexible_window_is_kept_over_a_restart(timed):
    _, url, target = queue(timed)
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    for n in range(20):
        schedule(timed, "at(2031-03-01T01:00:00)", {**target, "Input": str(n)}, f"s{n}", FlexibleTimeWindow=window)
    clock(timed, set="2031-03-01T01:30:00Z")
    first = bodies(timed, url)
    assert 0 < len(first) < 20
    timed.kill()
    timed.start()
    clock(timed, set="2031-03-01T02:00:00Z")
    url = timed.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    everything = {message["Body"] for message in receive_all(timed.client("sqs"), url)} | set(first)
    assert everything == {str(n) for n in range(20)}
    attributes = timed.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"])
    assert sum(int(count) for count in attributes["Attributes"].values()) == 20


def test_what_fell_due_while_down_happens_once(new_server):
    server = new_server("--clock", "virtual").start()
    _, url, target = queue(server)
    clock(server, set="2031-03-01T00:00:00Z")
    schedule(server, "at(2031-03-01T00:10:00)", {**target, "Input": "once"}, "once")
    schedule(server, "rate(1 minute)", {**target, "Input": "often"}, "often", StartDate=datetime.datetime(2031, 3, 1, 0, 1))
    server.kill()
    # The virtual clock is a record in the store; a server by the system's clock would find years gone by.
    server.start()
    clock(server, advance="10m")
    url = server.client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
    assert sorted(bodies(server, url)) == ["often"] * 10 + ["once"]


def test_universal_targets_call_this_server(timed):
    _, url, target = queue(timed)
    schedule(timed, "at(2031-03-01T00:01:00)", {
        "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": ROLE,
        "Input": json.dumps({"QueueUrl": url, "MessageBody": "<aws.scheduler.attempt-number> sent"})}, "send")
    schedule(timed, "at(2031-03-01T00:01:00)", {
        "Arn": "arn:aws:scheduler:::aws-sdk:eventbridge:putRule", "RoleArn": ROLE,
        "Input": json.dumps({"Name": "made", "EventPattern": '{"source":["shop"]}'})}, "rule")
    schedule(timed, "at(2031-03-01T00:02:00)", {
        "Arn": "arn:aws:scheduler:::aws-sdk:scheduler:deleteSchedule", "RoleArn": ROLE,
        "Input": json.dumps({"Name": "send"})}, "cleaner")
    clock(timed, advance="1m")
    assert bodies(timed, url) == ["1 sent"]
    events = timed.client("events")
    assert events.describe_rule(Name="made")["EventPattern"] == '{"source":["shop"]}'
    events.put_targets(Rule="made", Targets=[{"Id": "t", "Arn": target["Arn"]}])
    bus = {"Arn": events.describe_event_bus()["Arn"], "RoleArn": ROLE, "Input": '{"n":1}',
           "EventBridgeParameters": {"Source": "shop", "DetailType": "Timed"}}
    schedule(timed, "at(2031-03-01T00:03:00)", bus, "bus")
    clock(timed, advance="2m")
    (event,) = [json.loads(body) for body in bodies(timed, url) if body != "1 sent"]
    assert (event["detail-type"], event["detail"]) == ("Timed", {"n": 1})
    assert "send" not in {one["Name"] for one in timed.client("scheduler").list_schedules()["Schedules"]}


def test_what_cannot_be_invoked_is_a_dead_letter(timed):
    sqs, url, target = queue(timed)
    dead_sqs, dead_url, dead = queue(timed, "dead")
    config = {"DeadLetterConfig": {"Arn": dead["Arn"]}}
    arn = schedule(timed, "at(2031-03-01T00:01:00)", {**target, "Input": "lost", **config}, "queue")
    schedule(timed, "at(2031-03-01T00:01:00)", {
        "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": ROLE, **config,
        "Input": json.dumps({"QueueUrl": url, "MessageBody": "b"})}, "call")
    sqs.delete_queue(QueueUrl=url)
    clock(timed, advance="1m")
    letters = {message["MessageAttributes"]["SCHEDULE_ARN"]["StringValue"].rsplit("/", 1)[1]: message
               for message in receive_until(dead_sqs, dead_url, 2)}
    told = {name: value["StringValue"] for name, value in letters["queue"]["MessageAttributes"].items()}
    assert letters["queue"]["Body"] == "lost"
    assert (told["SCHEDULE_ARN"], told["TARGET_ARN"], told["ERROR_CODE"]) == (arn, target["Arn"], "NO_RESOURCE")
    told = {name: value["StringValue"] for name, value in letters["call"]["MessageAttributes"].items()}
    assert told["TARGET_ARN"] == "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    assert told["ERROR_CODE"] == "QueueDoesNotExist"


def test_groups_updates_lists_and_tags(timed):
    scheduler = timed.client("scheduler")
    _, url, target = queue(timed)
    group = scheduler.create_schedule_group(Name="g", Tags=[{"Key": "a", "Value": "1"}])["ScheduleGroupArn"]
    scheduler.tag_resource(ResourceArn=group, Tags=[{"Key": "b", "Value": "2"}])
    scheduler.untag_resource(ResourceArn=group, TagKeys=["a"])
    assert scheduler.list_tags_for_resource(ResourceArn=group)["Tags"] == [{"Key": "b", "Value": "2"}]
    for n in range(5):
        schedule(timed, "rate(1 minute)", target, f"s{n}", GroupName="g", State="DISABLED", ClientToken=f"t{n}")
    schedule(timed, "rate(1 minute)", target, "s1", GroupName="g", ClientToken="t1")  # the same call again
    schedule(timed, "rate(1 minute)", target, "other", State="DISABLED")
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName="g", PaginationConfig={"PageSize": 2})
    assert [one["Name"] for page in pages for one in page["Schedules"]] == ["s0", "s1", "s2", "s3", "s4"]
    assert len(scheduler.list_schedules(NamePrefix="o", State="DISABLED")["Schedules"]) == 1
    clock(timed, advance="10m")
    assert bodies(timed, url) == []
    scheduler.update_schedule(Name="s0", GroupName="g", ScheduleExpression="at(2031-03-01T00:20:00)", Target=target,
                              FlexibleTimeWindow=OFF, Description="changed")
    got = scheduler.get_schedule(Name="s0", GroupName="g")
    assert (got["State"], got["Description"], got["ScheduleExpressionTimezone"]) == ("ENABLED", "changed", "UTC")
    assert got["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    clock(timed, advance="10m")
    assert len(bodies(timed, url)) == 1
    scheduler.delete_schedule_group(Name="g")
    assert [one["Name"] for one in scheduler.list_schedules()["Schedules"]] == ["other"]
    assert [one["Name"] for one in scheduler.list_schedule_groups()["ScheduleGroups"]] == ["default"]


@pytest.mark.parametrize("change, code, text", [
    ({"ScheduleExpression": "cron(nonsense)"}, "ValidationException", "Invalid Schedule Expression cron(nonsense)."),
    ({"ScheduleExpressionTimezone": "Mars/Base"}, "ValidationException", "ScheduleExpressionTimezone Mars/Base"),
    ({"GroupName": "none"}, "ResourceNotFoundException", "Schedule group none does not exist."),
    ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "ValidationException", "MaximumWindowInMinutes"),
    ({"KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k"}, "ValidationException", "KmsKeyArn"),
    ({"Target": {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c"}}, "ValidationException", "kind ecs"),
    ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:receiveMessage"}}, "ValidationException", "only read"),
    ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"}}, "ValidationException", "does not have"),
    ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": '{"QueueUrl":"u","MessageBod":"b"}'}},
     "ValidationException", "Invalid RequestJson"),
    ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": "{"}}, "ValidationException",
     "Invalid RequestJson"),
    ({"Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:f.fifo"}}, "ValidationException", "MessageGroupId"),
    ({"Target": {"Arn": "arn:aws:events:us-east-1:000000000000:event-bus/default"}}, "ValidationException",
     "EventBridgeParameters is required"),
    ({"Target": {"Arn": "arn:aws:sqs:eu-west-1:000000000000:q"}}, "ValidationException", "another account or Region"),
    ({"StartDate": datetime.datetime(2032, 1, 2), "EndDate": datetime.datetime(2032, 1, 1)}, "ValidationException",
     "EndDate"),
    ({"Name": "a b"}, "ValidationException", "regular expression"),
])
def test_refusals(server, account, change, code, text):
    request = {"Name": "s", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF, **change}
    target = {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": ROLE, **request.pop("Target", {})}
    with pytest.raises(ClientError) as raised:
        server.client("scheduler", parameter_validation=False).create_schedule(Target=target, **request)
    assert error_code(raised) == code
    assert text in error_text(raised)


def test_with_the_aws_cli(server, account, sqs):
    def aws(*arguments):
        done = subprocess.run(["aws", "--endpoint-url", server.endpoint, "--region", "us-east-1", "scheduler", *arguments],
                              env=dict(os.environ, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="any"), text=True,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else {}

    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    target = json.dumps({"Arn": queue_arn(sqs, url), "RoleArn": ROLE, "Input": "hello"})
    aws("create-schedule", "--name", "s", "--schedule-expression", "rate(1 day)", "--flexible-time-window", "Mode=OFF",
        "--target", target)
    assert receive_until(sqs, url, 1)[0]["Body"] == "hello"  # a rate begins at once
    assert aws("get-schedule", "--name", "s")["State"] == "ENABLED"
    aws("delete-schedule", "--name", "s")
    assert aws("list-schedules")["Schedules"] == []


def test_an_unknown_path_is_answered(server):
    status, headers, _ = server.raw(b"", {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/scheduler/"
                                          "aws4_request, SignedHeaders=host, Signature=" + "0" * 64}, "/nothing/here",
                                    "GET")
    assert (status, headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")


def test_parameters_of_queues_are_not_for_topics(timed):
    topic = timed.client("sns").create_topic(Name="t")["TopicArn"]
    with pytest.raises(ClientError) as refused:
        schedule(timed, "rate(1 hour)", {"Arn": topic, "RoleArn": ROLE, "SqsParameters": {"MessageGroupId": "g"}})
    assert error_code(refused) == "ValidationException" and topic in error_text(refused)


def test_a_groups_deletion_goes_on_after_a_kill(new_server):
    server = new_server()
    server.start()
    _, _, target = queue(server)
    scheduler = server.client("scheduler", retries={"max_attempts": 0})
    scheduler.create_schedule_group(Name="g")
    names = [f"s{number}" for number in range(300)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: schedule(server, "rate(1 day)", target, name, GroupName="g"), names))
        doomed = pool.submit(scheduler.delete_schedule_group, Name="g")
        groups = lambda: {group["Name"]: group["State"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]}
        until(lambda: groups().get("g") != "ACTIVE", every=0)
        server.kill()
        concurrent.futures.wait([doomed])
    server.start()
    scheduler = server.client("scheduler")
    until(lambda: [group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]] == ["default"])
    assert scheduler.list_schedules()["Schedules"] == []


def test_the_default_group_dates_from_when_it_was_first_looked_at(new_server):
    server = new_server("--clock", "virtual")
    server.start()
    first = clock(server, set="2031-03-01T00:00:00Z")
    scheduler = server.client("scheduler")
    date = lambda: scheduler.get_schedule_group(Name="default")["CreationDate"]
    made = date()
    assert made.year == 2031 and first.startswith("2031-03-01")
    clock(server, advance="1h")
    assert date() == made
    (listed,) = scheduler.list_schedule_groups()["ScheduleGroups"]
    assert listed["CreationDate"] == listed["LastModificationDate"] == made
    server.kill()
    server.start()
    scheduler = server.client("scheduler")
    assert date() == made
