"""--auth enforce: what policies allow, and nothing else."""

import json
import subprocess

import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError

from conftest import BINARY, error_code, error_text, queue_arn, receive_all, receive_until
from functions import zipped

KEY, SECRET, ACCOUNT = "AKIDROOT", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012"
OTHER_KEY, OTHER_SECRET, OTHER = "AKIDOTHER", "another-secret", "111122223333"


@pytest.fixture
def options(tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"{KEY} {SECRET} {ACCOUNT}\n{OTHER_KEY} {OTHER_SECRET} {OTHER}\n")
    return "--auth", "enforce", "--credentials", str(credentials)


@pytest.fixture
def server(new_server, options):
    return new_server(*options).start()


def root(server, service, key=KEY, secret=SECRET, **more):
    return server.client(service, key, secret=secret, **more)


def client(server, service, credentials):
    return boto3.session.Session(credentials["AccessKeyId"], credentials["SecretAccessKey"],
                                 credentials.get("SessionToken"), region_name="us-east-1").client(
        service, endpoint_url=server.endpoint, config=botocore.config.Config(retries={"max_attempts": 0}))


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement}
                                                              for statement in statements]})


def resource_policy(action, principal, resource, **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


class User:
    """An IAM user with one inline policy, and its clients."""

    def __init__(self, server, *statements, name="bob", boundary=None):
        self.server = server
        self.name = name
        self.iam = root(server, "iam")
        more = {"PermissionsBoundary": boundary} if boundary else {}
        self.arn = self.iam.create_user(UserName=name, **more)["User"]["Arn"]
        self.key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.set(*statements)

    def set(self, *statements):
        if statements:
            self.iam.put_user_policy(UserName=self.name, PolicyName="p", PolicyDocument=policy(*statements))
        else:
            for one in self.iam.list_user_policies(UserName=self.name)["PolicyNames"]:
                self.iam.delete_user_policy(UserName=self.name, PolicyName=one)

    def client(self, service):
        return client(self.server, service, self.key)


def role_of(server, service, *statements, name="r"):
    iam = root(server, "iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"Service": service}))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
    return arn


def denied(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    assert error_code(raised) in ("AccessDenied", "AccessDeniedException", "AuthorizationError"), raised.value
    return error_text(raised)


def test_roots_may_all_users_nothing(server):
    assert root(server, "sqs").create_queue(QueueName="q")
    user = User(server)
    assert user.client("sts").get_caller_identity()["Arn"] == user.arn
    assert denied(user.client("sqs").list_queues) == (
        f"User: {user.arn} is not authorized to perform: sqs:ListQueues on resource: * because no identity-based "
        "policy allows the sqs:ListQueues action")
    assert denied(user.client("events").put_rule, Name="x", ScheduleExpression="rate(1 day)") == (
        f"User: {user.arn} is not authorized to perform: events:PutRule on resource: "
        f"arn:aws:events:us-east-1:{ACCOUNT}:rule/x because no identity-based policy allows the events:PutRule action")
    denied(user.client("sns").create_topic, Name="t")
    denied(user.client("scheduler").list_schedules)
    denied(user.client("iam").list_users)
    user.set({"Action": "sqs:*", "Resource": f"arn:aws:sqs:*:{ACCOUNT}:bob-*"})
    sqs = user.client("sqs")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="bob-1")["QueueUrl"], MessageBody="m")
    denied(sqs.create_queue, QueueName="alice-1")
    user.set({"Action": "*"}, {"Effect": "Deny", "Action": "sqs:DeleteQueue"})
    url = sqs.get_queue_url(QueueName="bob-1")["QueueUrl"]
    assert denied(sqs.delete_queue, QueueUrl=url).endswith("with an explicit deny in an identity-based policy")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "m"}])


def test_changes_hold_at_once_and_after_kill(server):
    user = User(server, {"Action": "sqs:ListQueues"})
    user.client("sqs").list_queues()
    server.kill()
    server.start()
    user.client("sqs").list_queues()
    user.iam = root(server, "iam")
    user.set()
    denied(user.client("sqs").list_queues)
    user.iam.create_group(GroupName="g")
    user.iam.attach_group_policy(GroupName="g", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")
    user.iam.add_user_to_group(GroupName="g", UserName="bob")
    user.client("sqs").list_queues()
    user.iam.update_access_key(UserName="bob", AccessKeyId=user.key["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError) as raised:
        user.client("sts").get_caller_identity()
    assert error_code(raised) == "InvalidClientTokenId"


def test_conditions(server):
    user = User(server, {"Action": "events:PutEvents", "Condition": {"StringEquals": {"events:source": "mine"}}},
                {"Action": "sqs:ListQueues", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
                {"Action": "sqs:CreateQueue", "Condition": {"StringEquals": {"aws:RequestTag/team": "a"}}},
                {"Action": "cloudwatch:PutMetricData",
                 "Condition": {"StringEquals": {"cloudwatch:namespace": "mine"}}},
                {"Action": "sns:ListTopics", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
                {"Action": "logs:*", "Resource": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/mine:*"})
    events = user.client("events")
    entry = {"Source": "mine", "DetailType": "t", "Detail": "{}"}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    denied(events.put_events, Entries=[entry, dict(entry, Source="other")])
    denied(user.client("sqs").list_queues)
    denied(user.client("sns").list_topics)
    denied(user.client("sqs").create_queue, QueueName="q")
    assert "sqs:TagQueue" in denied(user.client("sqs").create_queue, QueueName="q", tags={"team": "a"})
    root(server, "iam").put_user_policy(UserName="bob", PolicyName="tags",
                                        PolicyDocument=policy({"Action": "sqs:TagQueue"}))
    user.client("sqs").create_queue(QueueName="q", tags={"team": "a"})
    metrics = user.client("cloudwatch")
    metrics.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 1}])
    denied(metrics.put_metric_data, Namespace="other", MetricData=[{"MetricName": "m", "Value": 1}])
    logs = user.client("logs")
    logs.create_log_group(logGroupName="/mine")
    logs.create_log_stream(logGroupName="/mine", logStreamName="s")
    denied(logs.create_log_group, logGroupName="/other")
    logs.filter_log_events(logGroupName="/mine")
    # However a group is named, a denial of it holds.
    root(server, "iam").put_user_policy(UserName="bob", PolicyName="no", PolicyDocument=policy(
        {"Effect": "Deny", "Action": "logs:*", "Resource": f"arn:aws:logs:*:{ACCOUNT}:log-group:/mine:*"}))
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/mine"
    denied(logs.filter_log_events, logGroupName="/mine")
    for group in ("/mine", arn, arn.replace("arn:aws", "arn:odd")):
        denied(logs.start_query, logGroupIdentifiers=[group], startTime=0, endTime=1, queryString="fields @message")


def test_streams(server):
    """What names a stream in passing, an iterator or a page's token, is the stream's, too."""
    kinesis = root(server, "kinesis")
    for name in ("mine", "other"):
        kinesis.create_stream(StreamName=name, ShardCount=2)
    user = User(server, {"Action": "kinesis:*", "Resource": "*"},
                {"Effect": "Deny", "Action": "kinesis:*", "Resource": f"arn:aws:kinesis:*:{ACCOUNT}:stream/other"})
    mine = user.client("kinesis")

    def ways(name):
        shard = kinesis.list_shards(StreamName=name)["Shards"][0]["ShardId"]
        return (kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"],
                kinesis.list_shards(StreamName=name, MaxResults=1)["NextToken"])

    iterator, token = ways("mine")
    mine.get_records(ShardIterator=iterator)
    assert len(mine.list_shards(NextToken=token)["Shards"]) == 1
    iterator, token = ways("other")
    denied(mine.get_records, ShardIterator=iterator)
    denied(mine.list_shards, NextToken=token)


def test_boundaries_limit(server):
    limit = root(server, "iam").create_policy(PolicyName="limit", PolicyDocument=policy({"Action": "sqs:*"}))
    user = User(server, {"Action": "*"}, boundary=limit["Policy"]["Arn"])
    user.client("sqs").list_queues()
    assert denied(user.client("sns").list_topics).endswith(
        "because no permissions boundary allows the sns:ListTopics action")


def test_roles(server):
    iam = root(server, "iam")
    user = User(server, {"Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "sts:AssumeRole",
         "Condition": {"StringEquals": {"sts:ExternalId": "42"}}}]}))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    sts = user.client("sts")
    assert denied(sts.assume_role, RoleArn=arn, RoleSessionName="ses").startswith(
        f"User: {user.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}")
    session = sts.assume_role(RoleArn=arn, RoleSessionName="ses", ExternalId="42")["Credentials"]
    client(server, "sqs", session).create_queue(QueueName="q")
    denied(client(server, "sns", session).list_topics)
    narrow = sts.assume_role(RoleArn=arn, RoleSessionName="ses", ExternalId="42",
                             Policy=policy({"Action": "sqs:ListQueues"}))["Credentials"]
    client(server, "sqs", narrow).list_queues()
    assert denied(client(server, "sqs", narrow).create_queue, QueueName="x").endswith(
        "because no session policy allows the sqs:CreateQueue action")
    assert denied(root(server, "sts").assume_role, RoleArn=arn, RoleSessionName="ses",
                  ExternalId="42") == "Roles may not be assumed by root accounts."
    # A role that is made anew is another one: sessions of the old one are over.
    iam.detach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    iam.delete_role(RoleName="r")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": user.arn}))
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    with pytest.raises(ClientError) as raised:
        client(server, "sqs", session).list_queues()
    assert error_code(raised) == "InvalidClientTokenId"


def test_session_tokens_and_federation(server):
    user = User(server, {"Action": ["sqs:*", "iam:*", "sts:*"]})
    sts = user.client("sts")
    session = sts.get_session_token()["Credentials"]
    client(server, "sqs", session).list_queues()
    denied(client(server, "iam", session).list_users)
    guest = sts.get_federation_token(Name="guest", Policy=policy({"Action": ["sqs:ListQueues", "sns:*"]}))
    client(server, "sqs", guest["Credentials"]).list_queues()
    denied(client(server, "sqs", guest["Credentials"]).create_queue, QueueName="q")
    denied(client(server, "sns", guest["Credentials"]).list_topics)  # the user itself may not
    denied(client(server, "sqs", sts.get_federation_token(Name="nobody")["Credentials"]).list_queues)


def test_denials_hold_however_a_queue_is_named(server):
    url = root(server, "sqs").create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    sqs = User(server, {"Action": "*"}, {"Effect": "Deny", "Action": "*", "Resource": arn}).client("sqs")
    path = f"/{ACCOUNT}/q"
    for form in (url, url + "/", url + "//", "q", "q/", path, path + "/", path[1:], path[1:] + "/", "http://other" + path + "/",
                 f"{server.endpoint}/x{path}/", "x/q", "x/q/"):
        with pytest.raises(ClientError):
            sqs.send_message(QueueUrl=form, MessageBody="x")
        with pytest.raises(ClientError):
            sqs.get_queue_attributes(QueueUrl=form, AttributeNames=["All"])


def test_denials_hold_however_a_resource_is_named(server):
    events, iam = root(server, "events"), root(server, "iam")
    events.put_rule(Name="r", EventPattern='{"source":["x"]}')
    for name, path in (("plain", "/"), ("known", "/team/")):
        iam.create_user(UserName=name, Path=path)
        iam.create_group(GroupName=name, Path=path)
    bob = User(server, {"Action": "*"}, {"Effect": "Deny", "Action": "*", "Resource": [
        f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r", f"arn:aws:iam::{ACCOUNT}:user/admins/*",
        f"arn:aws:iam::{ACCOUNT}:group/admins/*", f"arn:aws:iam::{ACCOUNT}:user/boss"]})
    for resource in ("rule/r", "rule/default/r"):
        arn = f"arn:aws:events:us-east-1:{ACCOUNT}:{resource}"
        assert denied(bob.client("events").tag_resource, ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
        assert denied(bob.client("events").list_tags_for_resource, ResourceARN=arn)
    # Who renames must have the right to both names.
    mine = bob.client("iam")
    assert denied(mine.update_user, UserName="plain", NewPath="/admins/")
    assert denied(mine.update_user, UserName="plain", NewUserName="boss")
    assert denied(mine.update_user, UserName="known", NewUserName="x", NewPath="/admins/")
    assert denied(mine.update_group, GroupName="known", NewPath="/admins/")
    mine.update_user(UserName="plain", NewUserName="plainer")
    mine.update_group(GroupName="known", NewGroupName="better", NewPath="/other/")


def test_a_resource_has_one_arn(server):
    """In another partition it would be another name, which no policy denies."""
    sqs, events, sns = (root(server, service) for service in ("sqs", "events", "sns"))
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:denied"
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    url = sqs.create_queue(QueueName="denied", Attributes={"Policy": json.dumps(
        {"Version": "2012-10-17", "Statement": [nobody]})})["QueueUrl"]
    role = role_of(server, "events.amazonaws.com", {"Action": "*"})
    root(server, "cloudwatch").put_metric_alarm(
        AlarmName="fine", MetricName="m", Namespace="n", Period=60, EvaluationPeriods=1, Threshold=1, Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[f"arn:aws:sns:us-east-1:{ACCOUNT}:t"])
    topic = sns.create_topic(Name="t")["TopicArn"]
    source = sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": json.dumps(
        {"deadLetterTargetArn": arn, "maxReceiveCount": "1"})})["QueueUrl"]
    root(server, "s3").create_bucket(Bucket="notices")
    events.put_rule(Name="r", EventPattern='{"source":["x"]}')
    for partition in ("aws-cn", "aws-us-gov", "foo"):
        other = arn.replace("aws", partition, 1)
        calls = (lambda: events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": other, "RoleArn": role}]),
                 lambda: sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=other),
                 lambda: sns.publish(TopicArn=topic.replace("aws", partition, 1), Message="m"),
                 lambda: root(server, "scheduler").create_schedule(
                     Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
                     Target={"Arn": other, "RoleArn": role}),
                 lambda: root(server, "cloudwatch").put_metric_alarm(
                     AlarmName="a", MetricName="m", Namespace="n", Period=60, EvaluationPeriods=1, Threshold=1,
                     Statistic="Sum", ComparisonOperator="GreaterThanThreshold",
                     AlarmActions=[topic.replace("aws", partition, 1)]),
                 lambda: root(server, "s3").put_bucket_notification_configuration(
                     Bucket="notices", NotificationConfiguration={"QueueConfigurations": [
                         {"QueueArn": other, "Events": ["s3:ObjectCreated:*"]}]}))
        for call in calls:
            with pytest.raises(ClientError):
                call()
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []
    assert source and receive_all(sqs, url) == []


def test_conditions_hold_for_who_is_meant_without_a_name(server):
    user = User(server, {"Action": "iam:*"}, {"Effect": "Deny", "Action": ["iam:CreateAccessKey", "iam:ListAccessKeys"],
                                              "Condition": {"StringEquals": {"aws:ResourceTag/locked": "yes"}}})
    mine = user.client("iam")
    mine.list_access_keys()
    root(server, "iam").tag_user(UserName=user.name, Tags=[{"Key": "locked", "Value": "yes"}])
    for name in ({}, {"UserName": user.name}):
        denied(mine.list_access_keys, **name)
        denied(mine.create_access_key, **name)


def test_who_tags_needs_the_right_to(server):
    s3 = root(server, "s3")
    s3.create_bucket(Bucket="trails")
    s3.put_bucket_policy(Bucket="trails", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*",
         "Resource": ["arn:aws:s3:::trails", "arn:aws:s3:::trails/*"]}]}))
    role = role_of(server, "lambda.amazonaws.com", {"Action": "*"})
    makes = {"Action": ["cloudtrail:CreateTrail", "lambda:CreateFunction", "iam:PassRole"]}
    user = User(server, makes)
    trails, functions = user.client("cloudtrail"), user.client("lambda")
    tags = [{"Key": "a", "Value": "b"}]
    code = {"Runtime": "python3.11", "Role": role, "Handler": "app.handler",
            "Code": {"ZipFile": zipped({"app.py": "def handler(event, context): pass\n"})}}
    assert "cloudtrail:AddTags" in denied(trails.create_trail, Name="tagged", S3BucketName="trails", TagsList=tags)
    assert "lambda:TagResource" in denied(functions.create_function, FunctionName="f", Tags={"a": "b"}, **code)
    functions.create_function(FunctionName="f", **code)
    user.set(makes, {"Action": ["cloudtrail:AddTags", "cloudtrail:RemoveTags", "lambda:TagResource"]},
             {"Effect": "Deny", "Action": "cloudtrail:*", "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": "no"}}})
    trail = trails.create_trail(Name="tagged", S3BucketName="trails", TagsList=tags)["TrailARN"]
    trails.add_tags(ResourceId=trail, TagsList=tags)
    for call in (trails.add_tags, trails.remove_tags):
        assert "explicit deny" in denied(call, ResourceId=trail, TagsList=[{"Key": "no", "Value": "b"}])


def test_services_and_functions_are_not_overheard(server):
    """What passes within the server, or comes out of a sandbox, is as good as over TLS."""
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    sqs, events = root(server, "sqs"), root(server, "events")
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    url = sqs.create_queue(QueueName="q", Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn},
        {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn, "Condition": insecure}]})})["QueueUrl"]
    denied(User(server, {"Action": "*"}).client("sqs").send_message, QueueUrl=url, MessageBody="m")
    rule_to(server, arn)
    put_event(server)
    receive_until(sqs, url, 1)
    role = role_of(server, "lambda.amazonaws.com", {"Action": "*"}, {"Effect": "Deny", "Action": "*", "Condition": insecure})
    functions = root(server, "lambda", read_timeout=60)
    code = ("import boto3\ndef handler(event, context):\n"
            "    return boto3.client('sqs').send_message(QueueUrl=event, MessageBody='m')['MessageId']\n")
    functions.create_function(FunctionName="f", Runtime="python3.11", Role=role, Handler="app.handler", Timeout=20,
                              Code={"ZipFile": zipped({"app.py": code})})
    answer = functions.invoke(FunctionName="f", Payload=json.dumps(url).encode())
    assert "FunctionError" not in answer, answer["Payload"].read()
    receive_until(sqs, url, 1)


def test_what_a_session_hands_on_needs_its_rights(server):
    trusts = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    iam = root(server, "iam")

    def role(name, *trusted):
        statement = {"Effect": "Allow", "Principal": trusts, "Action": list(trusted)}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [statement]}))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy({"Action": "sts:*"}))
        return arn

    everything = "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
    first, plain, whole = role("first", *everything), role("plain", "sts:AssumeRole"), role("whole", *everything)
    sts = User(server, {"Action": "sts:*"}).client("sts")
    for given, action in (({"SourceIdentity": "joe"}, "sts:SetSourceIdentity"),
                          ({"Tags": [{"Key": "k", "Value": "v"}], "TransitiveTagKeys": ["k"]}, "sts:TagSession")):
        session = sts.assume_role(RoleArn=first, RoleSessionName="one", **given)["Credentials"]
        mine = client(server, "sts", session)
        assert action in denied(mine.assume_role, RoleArn=plain, RoleSessionName="two")
        assert mine.assume_role(RoleArn=whole, RoleSessionName="two").get("SourceIdentity") == given.get("SourceIdentity")
        iam.put_role_policy(RoleName="first", PolicyName="p", PolicyDocument=policy({"Action": "sts:AssumeRole"}))
        assert action in denied(mine.assume_role, RoleArn=whole, RoleSessionName="two")
        iam.put_role_policy(RoleName="first", PolicyName="p", PolicyDocument=policy({"Action": "sts:*"}))
    kept = {"Tags": [{"Key": "k", "Value": "v"}]}  # not handed on
    session = sts.assume_role(RoleArn=first, RoleSessionName="one", **kept)["Credentials"]
    client(server, "sts", session).assume_role(RoleArn=plain, RoleSessionName="two")


def test_where_a_request_goes_is_not_for_who_signs_to_say(server):
    """aws:RequestedRegion is the bucket's Region, and that of IAM, whatever Region the signature names."""
    root(server, "s3").create_bucket(Bucket="here")
    root(server, "s3").put_object(Bucket="here", Key="k", Body=b"x")
    condition = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    bob = User(server, {"Action": "*"}, {"Effect": "Deny", "Action": ["s3:*", "iam:*"], "Condition": condition})
    for region in ("us-east-1", "eu-west-1"):
        s3, iam = (boto3.client(service, endpoint_url=server.endpoint, region_name=region,
                                aws_access_key_id=bob.key["AccessKeyId"], aws_secret_access_key=bob.key["SecretAccessKey"])
                   for service in ("s3", "iam"))
        with pytest.raises(ClientError) as raised:
            s3.get_object(Bucket="here", Key="k")
        assert error_code(raised) == "AccessDenied"
        assert denied(s3.list_objects_v2, Bucket="here")
        assert denied(iam.list_users)
    bob.set({"Action": "s3:*", "Condition": condition})
    assert bob.client("s3").get_object(Bucket="here", Key="k")["Body"].read() == b"x"


def test_mappings_are_for_functions_that_the_caller_may_map(server):
    lam = root(server, "lambda")
    role_of(server, "lambda.amazonaws.com", {"Action": "sqs:*"})
    arn = lam.create_function(FunctionName="f", Runtime="python3.12", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Handler="m.h",
                              Code={"ZipFile": zipped({"m.py": "def h(e, c): pass"})})["FunctionArn"]
    source = queue_arn(root(server, "sqs"), root(server, "sqs").create_queue(QueueName="q")["QueueUrl"])
    condition = {"ArnLike": {"lambda:FunctionArn": arn}}
    bob = User(server, {"Action": "*"}, {"Effect": "Deny", "Action": "lambda:CreateEventSourceMapping", "Condition": condition})
    for name in ("f", arn, f"{ACCOUNT}:function:f"):
        assert denied(bob.client("lambda").create_event_source_mapping, FunctionName=name, EventSourceArn=source), name


def test_across_accounts(server):
    sqs = root(server, "sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = queue_arn(sqs, url)
    other = root(server, "sqs", OTHER_KEY, OTHER_SECRET)
    denied(other.send_message, QueueUrl=url, MessageBody="m")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "Policy": resource_policy("sqs:SendMessage", {"AWS": OTHER}, arn)})
    other.send_message(QueueUrl=url, MessageBody="m")
    denied(other.receive_message, QueueUrl=url)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": resource_policy("sqs:*", {"AWS": OTHER}, arn)})
    assert other.get_queue_url(QueueName="q", QueueOwnerAWSAccountId=ACCOUNT)["QueueUrl"] == url
    denied(other.delete_queue, QueueUrl=url)  # its owner's alone, whatever its policy says
    topic = root(server, "sns").create_topic(Name="t")["TopicArn"]
    publisher = root(server, "sns", OTHER_KEY, OTHER_SECRET)
    denied(publisher.publish, TopicArn=topic, Message="m")
    root(server, "sns").add_permission(TopicArn=topic, Label="l", AWSAccountId=[OTHER], ActionName=["Publish"])
    publisher.publish(TopicArn=topic, Message="m")
    iam = root(server, "iam", OTHER_KEY, OTHER_SECRET)
    iam.create_user(UserName="eve")
    eve = client(server, "sqs", iam.create_access_key(UserName="eve")["AccessKey"])
    denied(eve.send_message, QueueUrl=url, MessageBody="m")  # her own account must let her, too
    iam.put_user_policy(UserName="eve", PolicyName="p", PolicyDocument=policy({"Action": "sqs:*"}))
    eve.send_message(QueueUrl=url, MessageBody="m")
    # A bus of another account.
    events = root(server, "events", OTHER_KEY, OTHER_SECRET)
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}",
             "EventBusName": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"}
    denied(events.put_events, Entries=[entry])
    root(server, "events").put_permission(StatementId="other", Principal=OTHER, Action="events:PutEvents")
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def test_roles_must_be_passed(server):
    role = role_of(server, "events.amazonaws.com")
    user = User(server, {"Action": ["events:*", "scheduler:*"]})
    events = user.client("events")
    events.put_rule(Name="x", ScheduleExpression="rate(1 day)")
    target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", "RoleArn": role}
    assert denied(events.put_targets, Rule="x", Targets=[target]) == (
        f"User: {user.arn} is not authorized to perform: iam:PassRole on resource: {role} because no identity-based "
        "policy allows the iam:PassRole action")
    user.set({"Action": ["events:*", "scheduler:*"]},
             {"Action": "iam:PassRole", "Resource": role,
              "Condition": {"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}})
    events.put_targets(Rule="x", Targets=[target])
    denied(user.client("scheduler").create_schedule, Name="s", ScheduleExpression="rate(1 day)",
           FlexibleTimeWindow={"Mode": "OFF"}, Target={"Arn": target["Arn"], "RoleArn": role})


def rule_to(server, arn, name="x", role=None, dead=None):
    events = root(server, "events")
    events.put_rule(Name=name, EventPattern='{"source":["s"]}')
    target = {"Id": "1", "Arn": arn}
    if role:
        target["RoleArn"] = role
    if dead:
        target["DeadLetterConfig"] = {"Arn": dead}
    events.put_targets(Rule=name, Targets=[target])
    return f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{name}"


def put_event(server):
    events = root(server, "events")
    assert events.put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": "{}"}])["FailedEntryCount"] == 0


def test_rules_deliver_where_queues_let_them(server):
    sqs = root(server, "sqs")
    url, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("q", "dead"))
    arn, dead_arn = queue_arn(sqs, url), queue_arn(sqs, dead)
    rule = rule_to(server, arn, dead=dead_arn)
    allow = {"ArnEquals": {"aws:SourceArn": rule}}
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={
        "Policy": resource_policy("sqs:SendMessage", {"Service": "events.amazonaws.com"}, dead_arn, **allow)})
    put_event(server)
    letter = receive_until(sqs, dead, 1)[0]
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert receive_all(sqs, url) == []
    sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "Policy": resource_policy("sqs:SendMessage", {"Service": "events.amazonaws.com"}, arn, **allow)})
    put_event(server)
    assert len(receive_until(sqs, url, 1)) == 1


def test_rules_deliver_with_their_roles(server):
    sqs = root(server, "sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    role = role_of(server, "events.amazonaws.com")
    rule_to(server, queue_arn(sqs, url), role=role)
    put_event(server)
    assert receive_all(sqs, url) == []
    root(server, "iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy({"Action": "sqs:SendMessage"}))
    put_event(server)
    assert len(receive_until(sqs, url, 1)) == 1
    root(server, "iam").update_assume_role_policy(RoleName="r",
                                                  PolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    put_event(server)
    assert receive_all(sqs, url) == []


def test_topics_deliver_where_queues_let_them(server):
    sqs, sns = root(server, "sqs"), root(server, "sns")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = queue_arn(sqs, url)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="lost")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={
        "Policy": resource_policy("sqs:SendMessage", {"Service": "sns.amazonaws.com"}, arn,
                                  ArnEquals={"aws:SourceArn": topic})})
    sns.publish(TopicArn=topic, Message="kept")
    assert [json.loads(message["Body"])["Message"] for message in receive_until(sqs, url, 1)] == ["kept"]
    # A rule to the topic: its default policy does not name events.amazonaws.com.
    rule_to(server, topic)
    put_event(server)
    assert receive_all(sqs, url) == []
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=resource_policy(
        "sns:Publish", {"Service": "events.amazonaws.com"}, topic))
    put_event(server)
    assert len(receive_until(sqs, url, 1)) == 1


def test_schedules_and_pipes_act_as_their_roles(new_server, options):
    server = new_server(*options, "--clock", "virtual").start()
    sqs = root(server, "sqs")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("from", "to", "scheduled")}
    scheduler = root(server, "scheduler")
    for name, statements in (("good", [{"Action": ["sqs:SendMessage", "sqs:CreateQueue"]}]), ("bad", [])):
        role = role_of(server, "scheduler.amazonaws.com", *statements, name=name)
        scheduler.create_schedule(Name=name, ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"},
                                  Target={"Arn": queue_arn(sqs, urls["scheduled"]), "RoleArn": role, "Input": name})
        scheduler.create_schedule(Name=name + "-call", ScheduleExpression="rate(1 hour)",
                                  FlexibleTimeWindow={"Mode": "OFF"},
                                  Target={"Arn": "arn:aws:scheduler:::aws-sdk:sqs:createQueue", "RoleArn": role,
                                          "Input": json.dumps({"QueueName": name + "-made"})})
    server.raw(b'{"advance":"1h"}', path="/_signalbox/clock")
    assert {message["Body"] for message in receive_all(sqs, urls["scheduled"])} == {"good"}
    made = [url.rsplit("/", 1)[1] for url in sqs.list_queues()["QueueUrls"]]
    assert "good-made" in made and "bad-made" not in made
    pipes = root(server, "pipes")
    role = role_of(server, "pipes.amazonaws.com", {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"]}, name="pipe")
    pipes.create_pipe(Name="p", RoleArn=role, Source=queue_arn(sqs, urls["from"]), Target=queue_arn(sqs, urls["to"]))
    root(server, "iam").put_role_policy(RoleName="pipe", PolicyName="more",
                                        PolicyDocument=policy({"Action": "sqs:SendMessage"}))
    sqs.send_message(QueueUrl=urls["from"], MessageBody="through")
    assert len(receive_until(sqs, urls["to"], 1)) == 1


def test_last_use_of_roles(server):
    role_of(server, "events.amazonaws.com", {"Action": "sqs:SendMessage"})
    iam, sqs = root(server, "iam"), root(server, "sqs")
    assert iam.get_role(RoleName="r")["Role"]["RoleLastUsed"] == {}
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    rule_to(server, queue_arn(sqs, url), role=f"arn:aws:iam::{ACCOUNT}:role/r")
    put_event(server)
    assert iam.get_role(RoleName="r")["Role"]["RoleLastUsed"]["Region"] == "us-east-1"


def test_tail_needs_a_right(server):
    user = User(server, {"Action": "events:*"})
    done = subprocess.run([BINARY, "tail", "--endpoint-url", server.endpoint], text=True, capture_output=True,
                          timeout=20, check=False, env={"AWS_ACCESS_KEY_ID": user.key["AccessKeyId"],
                                                        "AWS_SECRET_ACCESS_KEY": user.key["SecretAccessKey"],
                                                        "AWS_DEFAULT_REGION": "us-east-1"})
    assert done.returncode != 0 and "signalbox:Tail" in done.stderr, done


def test_buckets(server):
    s3 = root(server, "s3")
    s3.create_bucket(Bucket="everything-must-be-private", ObjectOwnership="ObjectWriter")
    s3.put_object(Bucket="everything-must-be-private", Key="MyCreditInfo", Body=b"1")
    user = User(server, {"Action": ["s3:GetObject", "s3:PutObject"],
                         "Resource": "arn:aws:s3:::everything-must-be-private/*"})
    mine = user.client("s3")
    assert mine.get_object(Bucket="everything-must-be-private", Key="MyCreditInfo")["Body"].read() == b"1"
    mine.put_object(Bucket="everything-must-be-private", Key="other", Body=b"2")
    assert denied(mine.put_object_acl, Bucket="everything-must-be-private", Key="MyCreditInfo", ACL="private") == (
        f"User: {user.arn} is not authorized to perform: s3:PutObjectAcl on resource: "
        "\"arn:aws:s3:::everything-must-be-private/MyCreditInfo\" because no identity-based policy allows the "
        "s3:PutObjectAcl action")
    denied(mine.list_objects_v2, Bucket="everything-must-be-private")
    for key, token, code in (("AKIANOBODY", None, "InvalidAccessKeyId"), (KEY, "x" * 40, "InvalidToken")):
        with pytest.raises(ClientError) as raised:
            client(server, "s3", {"AccessKeyId": key, "SecretAccessKey": SECRET, "SessionToken": token}).list_buckets()
        assert error_code(raised) == code
    status, _, body = server.raw(path="/everything-must-be-private/MyCreditInfo", method="GET")
    assert status == 403 and b"<Code>AccessDenied</Code>" in body


def test_every_operation_is_described(server):
    server.stop()
    assert "without a description" not in server.log_text(), server.log_text()


def test_who_does_not_sign_is_nobody(server):
    status, _, body = server.raw(b"Action=ListUsers&Version=2010-05-08",
                                 {"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 403 and b"MissingAuthenticationToken" in body


def test_credentials_are_needed(new_server):
    done = subprocess.run(new_server("--auth", "enforce").command(), text=True, capture_output=True, timeout=20,
                          check=False)
    assert done.returncode == 1 and "--credentials" in done.stderr


def test_objects(server):
    s3 = root(server, "s3")
    for bucket in ("mine", "others-too"):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="a/k", Body=b"x")
    user = User(server)
    mine = user.client("s3")
    for call in (mine.list_buckets, lambda: mine.get_object(Bucket="mine", Key="a/k"),
                 lambda: mine.put_object(Bucket="mine", Key="a/k", Body=b"y"),
                 lambda: mine.put_object_acl(Bucket="mine", Key="a/k", ACL="public-read"),
                 lambda: mine.list_objects_v2(Bucket="mine")):
        denied(call)
    user.set({"Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::mine/a/*"},
             {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::mine", "Condition": {"StringLike": {"s3:prefix": "a/*"}}})
    mine.put_object(Bucket="mine", Key="a/k", Body=b"z" * 100_000)
    assert mine.get_object(Bucket="mine", Key="a/k")["Body"].read() == b"z" * 100_000
    assert [o["Key"] for o in mine.list_objects_v2(Bucket="mine", Prefix="a/")["Contents"]] == ["a/k"]
    denied(mine.list_objects_v2, Bucket="mine")
    denied(mine.get_object, Bucket="others-too", Key="a/k")
    text = denied(mine.put_object_acl, Bucket="mine", Key="a/k", ACL="public-read")
    assert text.startswith(f"User: {user.arn} is not authorized to perform: s3:PutObjectAcl on resource: "
                           "\"arn:aws:s3:::mine/a/k\" because no identity-based policy allows")
    # Another account needs both sides.
    other = root(server, "s3", OTHER_KEY, OTHER_SECRET)
    denied(other.get_object, Bucket="mine", Key="a/k")
    s3.put_bucket_policy(Bucket="mine", Policy=resource_policy("s3:GetObject", {"AWS": OTHER}, "arn:aws:s3:::mine/*"))
    assert other.get_object(Bucket="mine", Key="a/k")["Body"].read() == b"z" * 100_000
    status, _, body = server.raw(path="/mine/a/k", method="GET")
    assert (status, b"<Code>AccessDenied</Code>" in body) == (403, True)
    s3.put_object_acl(Bucket="others-too", Key="a/k", ACL="public-read")
    assert server.raw(path="/others-too/a/k", method="GET")[::2] == (200, b"x")
    refused = mine.delete_objects(Bucket="mine", Delete={"Objects": [{"Key": "a/k"}]})
    assert refused["Errors"][0]["Code"] == "AccessDenied"


def test_buckets_tell_queues_that_let_them(server):
    s3, sqs = root(server, "s3"), root(server, "sqs")
    s3.create_bucket(Bucket="telling")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = queue_arn(sqs, url)
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    with pytest.raises(ClientError) as raised:
        s3.put_bucket_notification_configuration(Bucket="telling", NotificationConfiguration=configuration)
    assert error_code(raised) == "InvalidArgument"

    def let(account):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": resource_policy(
            "sqs:SendMessage", {"Service": "s3.amazonaws.com"}, arn, ArnLike={"aws:SourceArn": "arn:aws:s3:::telling"},
            StringEquals={"aws:SourceAccount": account})})

    let(ACCOUNT)
    s3.put_bucket_notification_configuration(Bucket="telling", NotificationConfiguration=configuration)
    s3.put_object(Bucket="telling", Key="told", Body=b"")
    receive_until(sqs, url, 2)
    let(OTHER)
    s3.put_object(Bucket="telling", Key="untold", Body=b"")
    let(ACCOUNT)
    s3.put_object(Bucket="telling", Key="told-again", Body=b"")
    assert [json.loads(m["Body"])["Records"][0]["s3"]["object"]["key"] for m in receive_until(sqs, url, 1)] == ["told-again"]


def test_attributes_of_objects_need_a_right_of_their_own(server):
    s3 = root(server, "s3")
    s3.create_bucket(Bucket="attributed")
    s3.put_bucket_versioning(Bucket="attributed", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="attributed", Key="k", Body=b"x")["VersionId"]
    user = User(server)
    mine = user.client("s3")
    given = {"Bucket": "attributed", "Key": "k", "ObjectAttributes": ["ETag"]}
    user.set({"Action": ["s3:GetObject", "s3:GetObjectVersion"]})
    assert "s3:GetObjectAttributes" in denied(mine.get_object_attributes, **given)
    assert "s3:GetObjectVersionAttributes" in denied(mine.get_object_attributes, VersionId=version, **given)
    user.set({"Action": ["s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"]})
    denied(mine.get_object_attributes, **given)
    user.set({"Action": ["s3:GetObject", "s3:GetObjectAttributes"]})
    mine.get_object_attributes(**given)
    denied(mine.get_object_attributes, VersionId=version, **given)
    user.set({"Action": ["s3:GetObjectVersion", "s3:GetObjectVersionAttributes"]})
    mine.get_object_attributes(VersionId=version, **given)
    denied(mine.get_object_attributes, **given)
    user.set({"Action": "s3:*"}, {"Effect": "Deny", "Action": "s3:GetObjectAttributes"})
    assert "explicit deny" in denied(mine.get_object_attributes, **given)


def test_tags_are_passed_on_with_a_right(server):
    s3 = root(server, "s3")
    s3.create_bucket(Bucket="tagged")
    s3.put_bucket_versioning(Bucket="tagged", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="tagged", Key="from", Body=b"x", Tagging="a=1")["VersionId"]
    s3.put_object(Bucket="tagged", Key="plain", Body=b"x")
    user = User(server)
    mine = user.client("s3")
    reads_and_writes = {"Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]}

    def copy(key="from", **more):
        return {"Bucket": "tagged", "Key": "to", "CopySource": {"Bucket": "tagged", "Key": key, **more}}

    user.set(reads_and_writes)
    mine.copy_object(**copy("plain"))
    mine.copy_object(TaggingDirective="REPLACE", **copy())
    assert "s3:GetObjectTagging" in denied(mine.copy_object, **copy())
    assert "s3:GetObjectVersionTagging" in denied(mine.copy_object, **copy(VersionId=version))
    for call in (lambda: mine.put_object(Bucket="tagged", Key="to", Tagging="a=1"),
                 lambda: mine.create_multipart_upload(Bucket="tagged", Key="to", Tagging="a=1"),
                 lambda: mine.copy_object(TaggingDirective="REPLACE", Tagging="a=1", **copy())):
        assert "s3:PutObjectTagging" in denied(call)
    user.set(reads_and_writes, {"Action": "s3:GetObjectTagging"})
    assert "s3:PutObjectTagging" in denied(mine.copy_object, **copy())
    user.set(reads_and_writes, {"Action": "s3:PutObjectTagging"})
    denied(mine.copy_object, **copy())
    user.set(reads_and_writes, {"Action": ["s3:GetObjectTagging", "s3:PutObjectTagging"]})
    mine.copy_object(**copy())
    denied(mine.copy_object, **copy(VersionId=version))
    user.set(reads_and_writes, {"Action": ["s3:GetObjectVersionTagging", "s3:PutObjectTagging"]})
    mine.copy_object(**copy(VersionId=version))
    assert s3.get_object_tagging(Bucket="tagged", Key="to")["TagSet"] == [{"Key": "a", "Value": "1"}]


def test_matchers_do_not_get_around_conditions_on_patterns(server):
    def allowed(**keys):
        return {"Action": "events:PutRule", "Condition": {"ForAllValues:StringEquals": keys}}

    user = User(server, allowed(**{"events:source": ["mine", "also"], "events:detail-type": ["t"],
                                   "events:detail.service": ["S3"]}))
    events = user.client("events")
    for pattern in ({"source": ["mine"]}, {"source": ["mine", "also"], "detail-type": ["t"]},
                    {"source": ["mine"], "detail": {"service": ["S3"]}},
                    {"$or": [{"source": ["mine"]}, {"source": ["also"]}]},
                    {"source": ["mine"], "$or": [{"detail": {"x": [1]}}, {"detail": {"y": [{"exists": False}]}}]}):
        events.put_rule(Name="r", EventPattern=json.dumps(pattern))
    matchers = ({"anything-but": "x"}, {"prefix": ""}, {"suffix": "e"}, {"exists": True}, {"exists": False},
                {"wildcard": "*"}, {"equals-ignore-case": "mine"}, {"anything-but": {"prefix": "z"}})
    patterns = [{"source": ["mine", one]} for one in matchers]
    patterns += [{"source": ["other"]}, {"source": ["mine"], "detail-type": [{"prefix": ""}]},
                 {"source": ["mine"], "detail": {"service": ["S3", {"prefix": ""}]}},
                 {"source": ["mine"], "detail": {"$or": [{"service": ["EC2"]}, {"service": ["S3"]}]}},
                 {"$or": [{"source": ["mine"]}, {"source": [{"prefix": "o"}]}]},
                 {"$or": [{"source": ["mine"]}, {"account": [ACCOUNT]}]}]
    for pattern in patterns:
        assert "events:PutRule" in denied(events.put_rule, Name="r", EventPattern=json.dumps(pattern)), pattern


def test_buckets_are_made_with_what_may_be_set(server):
    user = User(server, {"Action": "s3:CreateBucket"})
    mine = user.client("s3")
    mine.create_bucket(Bucket="made-private", ACL="private")
    assert "s3:PutBucketOwnershipControls" in denied(mine.create_bucket, Bucket="made-with-more",
                                                     ObjectOwnership="ObjectWriter")
    # Older SDKs know no tags here.
    body = b"<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>1</Value></Tag></Tags></CreateBucketConfiguration>"
    mine.meta.events.register("before-call.s3.CreateBucket", lambda params, **_: params.update(body=body))
    assert "s3:TagResource" in denied(mine.create_bucket, Bucket="made-with-more")
    user.set({"Action": ["s3:CreateBucket", "s3:TagResource"]})
    mine.create_bucket(Bucket="made-with-more")
