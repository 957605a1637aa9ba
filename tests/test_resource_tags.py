"""aws:ResourceTag of every kind of resource that has tags: a Deny on it holds, for reads as for changes."""

import json
import time

import pytest

from test_enforce import ACCOUNT, User, denied, options, policy, role_of, root, server  # noqa: F401 (fixtures)

PATTERN = json.dumps({"source": ["x"]})


def arn(service, resource):
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{resource}"


def listed(env):
    return [{"Key": "env", "Value": env}]


# Each makes the resource called `env`, which has that tag, and says what is done to it: service, operation, input.

def queue(server, env):
    url = root(server, "sqs").create_queue(QueueName=env, tags={"env": env})["QueueUrl"]
    return [("sqs", "get_queue_attributes", {"QueueUrl": url, "AttributeNames": ["All"]}),
            ("sqs", "send_message", {"QueueUrl": url, "MessageBody": "m"}), ("sqs", "delete_queue", {"QueueUrl": url})]


def topic(server, env):
    made = {"TopicArn": root(server, "sns").create_topic(Name=env, Tags=listed(env))["TopicArn"]}
    return [("sns", "get_topic_attributes", made), ("sns", "publish", {**made, "Message": "m"}),
            ("sns", "delete_topic", made)]


def stream(server, env):
    kinesis = root(server, "kinesis")
    kinesis.create_stream(StreamName=env, ShardCount=1)
    kinesis.add_tags_to_stream(StreamName=env, Tags={"env": env})
    shard = kinesis.list_shards(StreamName=env)["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName=env, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    return [("kinesis", "describe_stream_summary", {"StreamName": env}),
            ("kinesis", "list_tags_for_stream", {"StreamName": env}), ("kinesis", "get_records", {"ShardIterator": iterator}),
            ("kinesis", "put_record", {"StreamName": env, "Data": b"d", "PartitionKey": "k"}),
            ("kinesis", "delete_stream", {"StreamName": env})]


def schedule_group(server, env):
    made = root(server, "scheduler").create_schedule_group(Name=env, Tags=listed(env))["ScheduleGroupArn"]
    return [("scheduler", "get_schedule_group", {"Name": env}),
            ("scheduler", "list_tags_for_resource", {"ResourceArn": made}),
            ("scheduler", "tag_resource", {"ResourceArn": made, "Tags": [{"Key": "a", "Value": "b"}]}),
            ("scheduler", "delete_schedule_group", {"Name": env})]


def schedule(server, env):
    """It has those of its group."""
    scheduler = root(server, "scheduler")
    scheduler.create_schedule_group(Name=env, Tags=listed(env))
    settings = {"GroupName": env, "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": arn("sqs", "q"),
                           "RoleArn": role_of(server, "scheduler.amazonaws.com", name=f"for-{env}")}}
    scheduler.create_schedule(Name="s", **settings)
    return [("scheduler", "get_schedule", {"Name": "s", "GroupName": env}),
            ("scheduler", "list_schedules", {"GroupName": env}),
            ("scheduler", "update_schedule", {"Name": "s", **settings}),
            ("scheduler", "create_schedule", {"Name": "another", **settings}),
            ("scheduler", "delete_schedule", {"Name": "s", "GroupName": env})]


def pipe(server, env):
    for name in ("from", "to"):
        root(server, "sqs").create_queue(QueueName=f"{name}-{env}")
    role = role_of(server, "pipes.amazonaws.com", name=f"for-{env}")
    root(server, "pipes").create_pipe(Name=env, RoleArn=role, Source=arn("sqs", f"from-{env}"), DesiredState="STOPPED",
                                      Target=arn("sqs", f"to-{env}"), Tags={"env": env})
    return [("pipes", "describe_pipe", {"Name": env}),
            ("pipes", "list_tags_for_resource", {"resourceArn": arn("pipes", f"pipe/{env}")}),
            ("pipes", "update_pipe", {"Name": env, "RoleArn": role, "DesiredState": "STOPPED"}),
            ("pipes", "delete_pipe", {"Name": env})]


def alarm(server, env):
    settings = {"MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
                "Statistic": "Sum", "ComparisonOperator": "GreaterThanThreshold"}
    metrics = root(server, "cloudwatch")
    metrics.put_metric_alarm(AlarmName=f"plain-{env}", **settings)
    metrics.put_metric_alarm(AlarmName=env, Tags=listed(env), **settings)
    both = {"AlarmNames": [f"plain-{env}", env]}  # what is denied for one is not done to any
    return [("cloudwatch", "describe_alarm_history", {"AlarmName": env}),
            ("cloudwatch", "list_tags_for_resource", {"ResourceARN": arn("cloudwatch", f"alarm:{env}")}),
            ("cloudwatch", "set_alarm_state", {"AlarmName": env, "StateValue": "OK", "StateReason": "so"}),
            ("cloudwatch", "put_metric_alarm", {"AlarmName": env, **settings}),
            ("cloudwatch", "disable_alarm_actions", both), ("cloudwatch", "delete_alarms", both)]


def composite_alarm(server, env):
    alarm(server, env)
    rule = {"AlarmRule": f'ALARM("plain-{env}")'}
    root(server, "cloudwatch").put_composite_alarm(AlarmName=f"c-{env}", Tags=listed(env), **rule)
    return [("cloudwatch", "put_composite_alarm", {"AlarmName": f"c-{env}", **rule}),
            ("cloudwatch", "delete_alarms", {"AlarmNames": [f"c-{env}"]})]


def event_bus(server, env):
    made = root(server, "events").create_event_bus(Name=env, Tags=listed(env))["EventBusArn"]
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}"}
    return [("events", "describe_event_bus", {"Name": env}), ("events", "list_tags_for_resource", {"ResourceARN": made}),
            ("events", "put_events", {"Entries": [{**entry, "EventBusName": env}]}),
            ("events", "put_events", {"Entries": [entry, {**entry, "EventBusName": made}]}),
            ("events", "delete_event_bus", {"Name": env})]


def rule(server, env, **bus):
    made = root(server, "events").put_rule(Name=env, EventPattern=PATTERN, Tags=listed(env), **bus)["RuleArn"]
    named = {"Rule": env, **bus}
    return [("events", "describe_rule", {"Name": env, **bus}), ("events", "list_targets_by_rule", named),
            ("events", "list_tags_for_resource", {"ResourceARN": made}),
            ("events", "put_rule", {"Name": env, "EventPattern": PATTERN, **bus}),
            ("events", "put_targets", {**named, "Targets": [{"Id": "1", "Arn": arn("sqs", "q")}]}),
            ("events", "remove_targets", {**named, "Ids": ["1"]}), ("events", "delete_rule", {"Name": env, **bus})]


def rule_of_a_bus(server, env):
    root(server, "events").create_event_bus(Name=f"of-{env}")
    return rule(server, env, EventBusName=f"of-{env}")


def log_group(server, env):
    logs = root(server, "logs")
    logs.create_log_group(logGroupName=env, tags={"env": env})
    logs.create_log_stream(logGroupName=env, logStreamName="s")
    group, stream = {"logGroupName": env}, {"logGroupName": env, "logStreamName": "s"}
    return [("logs", "describe_log_streams", group), ("logs", "filter_log_events", group),
            ("logs", "start_query", {**group, "startTime": 0, "endTime": 1, "queryString": "fields @message"}),
            ("logs", "get_log_events", stream),
            ("logs", "list_tags_for_resource", {"resourceArn": arn("logs", f"log-group:{env}")}),
            ("logs", "put_log_events", {**stream, "logEvents": [{"timestamp": int(time.time() * 1000), "message": "m"}]}),
            ("logs", "put_retention_policy", {**group, "retentionInDays": 7}), ("logs", "delete_log_stream", stream),
            ("logs", "delete_log_group", group)]


def user(server, env):
    iam = root(server, "iam")
    made = iam.create_user(UserName=env, Path="/team/", Tags=listed(env))["User"]["Arn"]
    key = iam.create_access_key(UserName=env)["AccessKey"]["AccessKeyId"]
    return [("iam", "get_user", {"UserName": env}), ("iam", "get_access_key_last_used", {"AccessKeyId": key}),
            ("iam", "simulate_principal_policy", {"PolicySourceArn": made, "ActionNames": ["sqs:ListQueues"]}),
            ("iam", "delete_access_key", {"UserName": env, "AccessKeyId": key}), ("iam", "delete_user", {"UserName": env})]


def role(server, env):
    made = role_of(server, "events.amazonaws.com", name=env)
    root(server, "iam").tag_role(RoleName=env, Tags=listed(env))
    return [("iam", "get_role", {"RoleName": env}),
            ("iam", "simulate_principal_policy", {"PolicySourceArn": made, "ActionNames": ["sqs:ListQueues"]}),
            ("iam", "delete_role", {"RoleName": env})]


def managed_policy(server, env):
    made = {"PolicyArn": root(server, "iam").create_policy(
        PolicyName=env, Path="/team/", PolicyDocument=policy({"Action": "sqs:*"}), Tags=listed(env))["Policy"]["Arn"]}
    return [("iam", "get_policy", made), ("iam", "list_policy_tags", made),
            ("iam", "get_policy_version", {**made, "VersionId": "v1"}),
            ("iam", "create_policy_version", {**made, "PolicyDocument": policy({"Action": "sns:*"})}),
            ("iam", "delete_policy_version", {**made, "VersionId": "v2"}), ("iam", "delete_policy", made)]


def instance_profile(server, env):
    named = {"InstanceProfileName": env}
    root(server, "iam").create_instance_profile(**named, Path="/team/", Tags=listed(env))
    return [("iam", "get_instance_profile", named), ("iam", "list_instance_profile_tags", named),
            ("iam", "tag_instance_profile", {**named, "Tags": [{"Key": "a", "Value": "b"}]}),
            ("iam", "delete_instance_profile", named)]


KINDS = [queue, topic, stream, schedule_group, schedule, pipe, alarm, composite_alarm, event_bus, rule,
         rule_of_a_bus, log_group, user, role, managed_policy, instance_profile]


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_a_deny_on_a_tag_holds(server, make):  # noqa: F811
    bob = User(server, {"Action": "*"}, {"Effect": "Deny", "Action": "*", "Condition": {
        "StringEquals": {"aws:ResourceTag/env": "prod"}}})
    for service, operation, request in make(server, "prod"):
        said = denied(getattr(bob.client(service), operation), **request)
        assert said.endswith("with an explicit deny in an identity-based policy"), (operation, said)
    for service, operation, request in make(server, "dev"):
        getattr(bob.client(service), operation)(**request)


def test_an_allow_on_a_tag_holds(server):  # noqa: F811
    """And nobody lifts a denial by taking the tag away, or by tagging."""
    events = root(server, "events")
    for env in ("prod", "dev"):
        events.put_rule(Name=env, EventPattern=PATTERN, Tags=listed(env))
    mine = User(server, {"Action": "events:*", "Condition": {
        "StringEquals": {"aws:ResourceTag/env": "dev"}}}).client("events")
    denied(mine.describe_rule, Name="prod")
    denied(mine.tag_resource, ResourceARN=arn("events", "rule/prod"), Tags=listed("dev"))
    denied(mine.untag_resource, ResourceARN=arn("events", "rule/default/prod"), TagKeys=["env"])
    mine.describe_rule(Name="dev")
    events.tag_resource(ResourceARN=arn("events", "rule/prod"), Tags=listed("dev"))
    mine.describe_rule(Name="prod")
