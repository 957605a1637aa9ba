"""Functions in --auth enforce: who may have them run, and what they may do by their roles."""

import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code
from functions import until, zipped
from test_enforce import ACCOUNT, User, denied, options, policy, role_of, root, server, trust  # noqa: F401 (fixtures)

SEND = """
import boto3
def handler(event, context):
    if isinstance(event, dict):
        return None
    try:
        boto3.client("sqs").send_message(QueueUrl=event, MessageBody="m")
        return boto3.client("sts").get_caller_identity()["Arn"]
    except Exception as error:
        return error.response["Error"]["Code"]
"""


def create(server, role, name="f", **settings):  # noqa: F811
    return root(server, "lambda").create_function(
        FunctionName=name, Role=role, Runtime="python3.12", Handler="app.handler", Timeout=30, MemorySize=512,
        Code={"ZipFile": zipped({"app.py": SEND})}, **settings)["FunctionArn"]


def run(server, event):  # noqa: F811
    answer = root(server, "lambda", read_timeout=60).invoke(FunctionName="f", Payload=json.dumps(event))
    return json.load(answer["Payload"])


def test_function_does_what_its_role_may(server):  # noqa: F811
    url = root(server, "sqs").create_queue(QueueName="q")["QueueUrl"]
    role = role_of(server, "lambda.amazonaws.com")
    create(server, role)
    assert run(server, url) in ("AccessDenied", "AccessDeniedException")
    logs = root(server, "logs")
    assert logs.describe_log_groups()["logGroups"] == []  # it may not write any
    root(server, "iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy(
        {"Action": "sqs:SendMessage"}, {"Action": "logs:*"}))
    assert run(server, url) == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/f@lambda_function"
    until(lambda: logs.describe_log_groups()["logGroups"])


def test_role_must_trust_lambda(server):  # noqa: F811
    role = role_of(server, "events.amazonaws.com")
    functions = root(server, "lambda")
    for wrong in (role, role + "-not-there"):
        with pytest.raises(ClientError, match="cannot be assumed by Lambda") as raised:
            create(server, wrong)
        assert error_code(raised) == "InvalidParameterValueException"
    iam = root(server, "iam")
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    create(server, role)
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust({"Service": "events.amazonaws.com"}))
    with pytest.raises(functions.exceptions.ClientError, match="cannot be assumed by Lambda"):
        functions.invoke(FunctionName="f")


def test_callers_need_a_right(server):  # noqa: F811
    role = role_of(server, "lambda.amazonaws.com")
    arn = create(server, role)
    user = User(server)
    denied(user.client("lambda").invoke, FunctionName="f")
    user.set({"Action": "lambda:InvokeFunction", "Resource": arn})
    user.client("lambda").invoke(FunctionName="f", InvocationType="DryRun")
    denied(user.client("lambda").list_functions)
    denied(user.client("lambda").create_function, FunctionName="g", Role=role, Runtime="python3.12", Handler="a.b",
           Code={"ZipFile": b"x"})


def test_mapping_reads_by_the_role(server):  # noqa: F811
    sqs = root(server, "sqs")
    url = sqs.create_queue(QueueName="in")["QueueUrl"]
    role = role_of(server, "lambda.amazonaws.com")
    create(server, role)
    functions = root(server, "lambda")
    wanted = {"FunctionName": "f", "EventSourceArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:in"}
    with pytest.raises(ClientError, match="role does not have permissions to call ReceiveMessage on SQS"):
        functions.create_event_source_mapping(**wanted)
    iam = root(server, "iam")
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy({"Action": "sqs:ReceiveMessage"}))
    with pytest.raises(ClientError, match="role does not have permissions to call DeleteMessage on SQS"):
        functions.create_event_source_mapping(**wanted)
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []
    sqs.send_message(QueueUrl=url, MessageBody="x")
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy({"Action": "sqs:*"}))
    functions.create_event_source_mapping(**wanted)
    count = lambda: sum(int(v) for v in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[
        "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"])["Attributes"].values())
    until(lambda: count() == 0, 60)
