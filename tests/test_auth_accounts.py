"""What is one account's is not another's: neither by naming it, nor by having a service do it. In the modes that check
signatures."""

import json
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text, queue_arn, receive_until
from functions import zipped
from test_cloudtrail_trails import bucket_policy
from test_enforce import (ACCOUNT, KEY, OTHER, OTHER_KEY, OTHER_SECRET, SECRET, User, client, denied, policy,
                          resource_policy, root, trust)


@pytest.fixture(params=["verify", "enforce"])
def server(request, new_server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"{KEY} {SECRET} {ACCOUNT}\n{OTHER_KEY} {OTHER_SECRET} {OTHER}\n")
    made = new_server("--auth", request.param, "--credentials", str(credentials)).start()
    made.mode = request.param
    return made


def other(server, service):
    return root(server, service, OTHER_KEY, OTHER_SECRET)


def refused(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return error_code(raised)


def dead_letters(sqs):
    """A dead-letter queue with a message, and the queue that it is for."""
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = queue_arn(sqs, url)
    source = sqs.create_queue(QueueName="source", Attributes={
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="moved")
    return arn, queue_arn(sqs, source), source


def start_move(server, keys, source, destination=None):
    """The status of StartMessageMoveTask, which not every botocore knows."""
    body = json.dumps({"SourceArn": source, **({"DestinationArn": destination} if destination else {})})
    request = botocore.awsrequest.AWSRequest("POST", server.endpoint + "/", data=body, headers={
        "X-Amz-Target": "AmazonSQS.StartMessageMoveTask", "Content-Type": "application/x-amz-json-1.0"})
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(*keys), "sqs", "us-east-1").add_auth(request)
    return server.raw(body.encode(), dict(request.headers.items()))[0]


def test_messages_are_moved_within_what_the_caller_may(server):
    mine, theirs = root(server, "sqs"), other(server, "sqs")
    own, others = (KEY, SECRET), (OTHER_KEY, OTHER_SECRET)
    victim = queue_arn(mine, mine.create_queue(QueueName="victim")["QueueUrl"])
    dead, source, source_url = dead_letters(theirs)
    assert start_move(server, others, dead, victim) >= 400
    own_dead, own_arn, own_source = dead_letters(mine)
    # In another partition it would be another name for the queue, which no policy knows.
    assert start_move(server, own, own_dead.replace("aws", "aws-cn", 1)) >= 400
    assert start_move(server, own, own_dead, own_arn.replace("aws", "aws-cn", 1)) >= 400
    assert start_move(server, others, own_dead) >= 400
    if server.mode == "enforce":
        taking = ["sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        user = User(server, {"Action": taking, "Resource": own_dead})
        keys = (user.key["AccessKeyId"], user.key["SecretAccessKey"])
        assert start_move(server, keys, own_dead) >= 400
        assert start_move(server, keys, own_dead, victim) >= 400
        user.set({"Action": taking, "Resource": own_dead}, {"Action": "sqs:SendMessage"})
        own = keys
    assert start_move(server, own, own_dead, own_arn) == 200
    receive_until(mine, own_source, 1)
    assert start_move(server, others, dead, source) == 200
    receive_until(theirs, source_url, 1)


def test_trust_policies_count(server):
    iam, sts = root(server, "iam"), other(server, "sts")

    def role(name, principal, **more):
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
        return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [statement]}))["Role"]["Arn"]
    account = f"arn:aws:iam::{OTHER}:root"
    outside = other(server, "iam")
    outside.create_user(UserName="u")
    outside.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy({"Action": "sts:*"}))
    sts = client(server, "sts", outside.create_access_key(UserName="u")["AccessKey"])
    services = role("services", {"Service": "lambda.amazonaws.com"})
    guarded = role("guarded", {"AWS": account}, Condition={"StringEquals": {"sts:ExternalId": "42"}})
    somebody = role("somebody", {"AWS": f"arn:aws:iam::{OTHER}:user/u"})
    assert refused(sts.assume_role, RoleArn=services, RoleSessionName="me") == "AccessDenied"
    assert refused(sts.assume_role, RoleArn=guarded, RoleSessionName="me") == "AccessDenied"
    assert refused(sts.assume_role, RoleArn=guarded, RoleSessionName="me", ExternalId="43") == "AccessDenied"
    sts.assume_role(RoleArn=guarded, RoleSessionName="me", ExternalId="42")
    sts.assume_role(RoleArn=somebody, RoleSessionName="me")
    assert refused(sts.assume_role, RoleArn=somebody, RoleSessionName="me",
                   Tags=[{"Key": "k", "Value": "v"}]) == "AccessDenied"  # it does not trust sts:TagSession
    assert refused(sts.assume_role, RoleArn=f"arn:aws:iam::{ACCOUNT}:user/u", RoleSessionName="me") == "ValidationError"
    assert refused(sts.assume_role, RoleArn="no ARN but long enough", RoleSessionName="me") == "ValidationError"


def test_roles_are_of_the_account(server):
    theirs = f"arn:aws:iam::{OTHER}:role/r"
    other(server, "iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust(
        {"Service": ["events.amazonaws.com", "scheduler.amazonaws.com", "pipes.amazonaws.com", "lambda.amazonaws.com"]}))
    sqs = root(server, "sqs")
    arn = queue_arn(sqs, sqs.create_queue(QueueName="q")["QueueUrl"])
    events = root(server, "events")
    events.put_rule(Name="r", EventPattern='{"source":["x"]}')
    for call, arguments in (
            (events.put_targets, {"Rule": "r", "Targets": [{"Id": "1", "Arn": arn, "RoleArn": theirs}]}),
            (root(server, "scheduler").create_schedule, {
                "Name": "s", "ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": arn, "RoleArn": theirs, "Input": "x"}}),
            (root(server, "pipes").create_pipe, {"Name": "p", "Source": arn, "Target": arn, "RoleArn": theirs}),
            (root(server, "lambda").create_function, {
                "FunctionName": "f", "Runtime": "python3.12", "Role": theirs, "Handler": "m.h",
                "Code": {"ZipFile": zipped({"m.py": ""})}})):
        assert refused(call, **arguments) in ("AccessDenied", "AccessDeniedException"), call


def test_rules_do_not_reach_other_accounts(server):
    sqs, events = root(server, "sqs"), other(server, "events")
    arn = queue_arn(sqs, sqs.create_queue(QueueName="q")["QueueUrl"])
    events.put_rule(Name="r", EventPattern='{"source":["x"]}')
    assert refused(events.put_targets, Rule="r", Targets=[{"Id": "1", "Arn": arn}]) == "ValidationException"


def test_buckets_tell_queues_of_other_accounts_that_let_them(server):
    sqs, s3 = root(server, "sqs"), other(server, "s3")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = queue_arn(sqs, url)
    s3.create_bucket(Bucket="tells")
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    assert refused(s3.put_bucket_notification_configuration, Bucket="tells",
                   NotificationConfiguration=configuration) == "InvalidArgument"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": resource_policy(
        "sqs:SendMessage", {"Service": "s3.amazonaws.com"}, arn)})
    s3.put_bucket_notification_configuration(Bucket="tells", NotificationConfiguration=configuration)
    s3.put_object(Bucket="tells", Key="k", Body=b"x")
    receive_until(sqs, url, 2)  # the test event is the first


def ask(url, endpoint, credentials=None, service="lambda", region="us-east-1"):
    """A function URL's answer, signed where there are credentials."""
    request = botocore.awsrequest.AWSRequest("GET", url)
    if credentials:
        botocore.auth.SigV4Auth(botocore.credentials.Credentials(*credentials), service, region).add_auth(request)
    try:
        sent = urllib.request.Request(url, headers=dict(request.headers.items()))
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as problem:
        return problem.code


def test_iam_decides_on_function_urls(server):
    functions, iam = root(server, "lambda"), root(server, "iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))["Role"]["Arn"]
    arn = functions.create_function(FunctionName="f", Runtime="python3.12", Role=role, Handler="m.h", Timeout=30, Code={
        "ZipFile": zipped({"m.py": "def h(event, context): return 'hello'"})})["FunctionArn"]
    url = functions.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")["FunctionUrl"]
    place = server.endpoint
    assert ask(url, place) == 403
    assert ask(url, place, (KEY, SECRET)) == 200
    assert ask(url, place, (KEY, "wrong")) == 403
    assert ask(url, place, (KEY, SECRET), "sqs") == 403  # signed for another service
    assert ask(url, place, (KEY, SECRET), region="eu-west-1") == 403  # or for another Region
    user = User(server)
    keys = (user.key["AccessKeyId"], user.key["SecretAccessKey"])
    if server.mode == "enforce":
        assert ask(url, place, keys) == 403
        user.set({"Action": "lambda:InvokeFunctionUrl", "Resource": arn,
                  "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}})
        assert ask(url, place, keys) == 403
        user.set({"Action": "lambda:InvokeFunctionUrl", "Resource": arn,
                  "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}})
    assert ask(url, place, keys) == 200
    assert ask(url, place, (OTHER_KEY, OTHER_SECRET)) == 403
    functions.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunctionUrl", Principal=OTHER,
                             FunctionUrlAuthType="AWS_IAM")
    assert ask(url, place, (OTHER_KEY, OTHER_SECRET)) == 200


def test_a_trail_writes_to_a_bucket_of_another_account(server):
    s3 = root(server, "s3")
    s3.create_bucket(Bucket="logs")
    trails = other(server, "cloudtrail")
    assert refused(trails.create_trail, Name="trail", S3BucketName="logs") == "InsufficientS3BucketPolicyException"
    s3.put_bucket_policy(Bucket="logs", Policy=bucket_policy("logs", OTHER))
    assert trails.create_trail(Name="trail", S3BucketName="logs")["S3BucketName"] == "logs"
    assert refused(trails.create_trail, Name="trail2", S3BucketName="none") == "S3BucketDoesNotExistException"


def test_services_are_named_with_their_region_too(server):
    if server.mode == "verify":
        pytest.skip("within an account nobody is asked")
    sqs, events = root(server, "sqs"), root(server, "events")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = queue_arn(sqs, url)
    events.put_rule(Name="r", EventPattern='{"source":["x"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    for name in ("events.eu-west-1.amazonaws.com", "events.us-east-1.amazonaws.com"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={
            "Policy": resource_policy("sqs:SendMessage", {"Service": name}, arn)})
        events.put_events(Entries=[{"Source": "x", "DetailType": name, "Detail": "{}"}])
    messages = receive_until(sqs, url, 1)
    assert [json.loads(one["Body"])["detail-type"] for one in messages] == [name]


def test_sessions_end_with_who_they_came_from(server):
    iam = root(server, "iam")
    bob = User(server, {"Action": "*"})
    make = lambda: iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))
    make()
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy({"Action": "*"}))
    sts = bob.client("sts")
    of_role = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="session")["Credentials"]
    of_user = sts.get_session_token()["Credentials"]
    federated = sts.get_federation_token(Name="fed", Policy=policy({"Action": "*"}))["Credentials"]
    of_root = root(server, "sts").get_session_token()["Credentials"]
    for keys in (of_role, of_user, federated, of_root):
        client(server, "sqs", keys).list_queues()
    iam.delete_role_policy(RoleName="r", PolicyName="p")
    iam.delete_role(RoleName="r")
    assert refused(client(server, "sts", of_role).get_caller_identity) == "InvalidClientTokenId"
    make()  # another one of that name
    assert refused(client(server, "sqs", of_role).list_queues) == "InvalidClientTokenId"
    assert refused(client(server, "s3", of_role).list_buckets) == "InvalidToken"
    iam.delete_access_key(UserName="bob", AccessKeyId=bob.key["AccessKeyId"])
    client(server, "sqs", of_user).list_queues()  # keys go, sessions stay, as on AWS
    bob.set()
    iam.delete_user(UserName="bob")
    for keys in (of_user, federated):
        assert refused(client(server, "sqs", keys).list_queues) == "InvalidClientTokenId"
    client(server, "sqs", of_root).list_queues()
