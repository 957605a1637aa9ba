"""--auth enforce: whatever a function is called, and whatever Lambda's condition keys say."""

import json

import pytest

from conftest import queue_arn
from functions import zipped
from test_enforce import ACCOUNT, User, denied, options, policy, role_of, root, server  # noqa: F401 (fixtures)
from test_lambda_enforce import create

FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"


def user_but(server, **deny):  # noqa: F811
    """A user who may do everything except that."""
    return User(server, {"Action": "*"}, {"Effect": "Deny", "Resource": "*", "Action": "lambda:*", **deny})


@pytest.fixture
def role(server):  # noqa: F811
    return role_of(server, "lambda.amazonaws.com")


def test_the_latest_version_is_the_function(server, role):  # noqa: F811
    create(server, role)
    create(server, role, "g")
    functions = user_but(server, Resource=FUNCTION + "f").client("lambda")
    for name in ("f", "f:$LATEST", FUNCTION + "f:$LATEST", f"{ACCOUNT}:function:f:$LATEST"):
        denied(functions.update_function_code, FunctionName=name, ZipFile=zipped({"app.py": ""}))
        denied(functions.update_function_configuration, FunctionName=name, Timeout=3)
        denied(functions.publish_version, FunctionName=name)
        denied(functions.put_function_event_invoke_config, FunctionName=name, MaximumRetryAttempts=0)
        denied(functions.get_function, FunctionName=name)
        denied(functions.invoke, FunctionName=name)
    denied(functions.invoke, FunctionName="f", Qualifier="$LATEST")
    functions.update_function_configuration(FunctionName="g", Timeout=3)
    # A version is a resource of its own to the operations that know versions.
    root(server, "lambda").publish_version(FunctionName="f")
    functions.get_function(FunctionName="f:1")
    denied(functions.put_function_event_invoke_config, FunctionName="f:1", MaximumRetryAttempts=0)


def test_urls_that_may_not_be_public(server, role):  # noqa: F811
    create(server, role)
    functions = user_but(server, Condition={"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}).client("lambda")
    denied(functions.create_function_url_config, FunctionName="f", AuthType="NONE")
    functions.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")
    denied(functions.update_function_url_config, FunctionName="f", AuthType="NONE")
    denied(functions.add_permission, FunctionName="f", StatementId="s", Action="lambda:InvokeFunctionUrl", Principal="*",
           FunctionUrlAuthType="NONE")
    functions.update_function_url_config(FunctionName="f", Cors={"AllowOrigins": ["*"]})
    root(server, "lambda").update_function_url_config(FunctionName="f", AuthType="NONE")
    denied(functions.delete_function_url_config, FunctionName="f")


def test_permissions_that_may_not_be_taken_away(server, role):  # noqa: F811
    create(server, role)
    owner = root(server, "lambda")
    for statement, principal in (("s3", "s3.amazonaws.com"), ("account", "111122223333"), ("all", "*")):
        owner.add_permission(FunctionName="f", StatementId=statement, Action="lambda:InvokeFunction",
                             Principal=principal)
    owner.add_permission(FunctionName="f", StatementId="url", Action="lambda:InvokeFunctionUrl",
                         Principal="sns.amazonaws.com", FunctionUrlAuthType="NONE")
    kept = [{"Effect": "Deny", "Resource": "*", "Action": "lambda:RemovePermission",
             "Condition": {"StringEquals": {"lambda:" + key: value}}}
            for key, value in (("Principal", ["111122223333", "*"]), ("FunctionUrlAuthType", "NONE"))]
    functions = User(server, {"Action": "*"}, *kept).client("lambda")
    for statement in ("account", "all", "url"):
        denied(functions.remove_permission, FunctionName="f", StatementId=statement)
    functions.remove_permission(FunctionName="f", StatementId="s3")


def test_permissions_that_may_not_be_given_to_everybody(server, role):  # noqa: F811
    create(server, role)
    functions = user_but(server, Condition={"StringEquals": {"lambda:Principal": "*"}}).client("lambda")
    denied(functions.add_permission, FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="*")
    functions.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal=ACCOUNT)


def test_mappings_by_their_functions(server, role):  # noqa: F811
    iam, sqs = root(server, "iam"), root(server, "sqs")
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy({"Action": "sqs:*"}))
    create(server, role)
    create(server, role, "g")
    source = queue_arn(sqs, sqs.create_queue(QueueName="q")["QueueUrl"])
    root_functions = root(server, "lambda")
    functions = user_but(server, Condition={"ArnLike": {"lambda:FunctionArn": FUNCTION + "f"}}).client("lambda")
    denied(functions.create_event_source_mapping, FunctionName="f", EventSourceArn=source)
    of_g = functions.create_event_source_mapping(FunctionName="g", EventSourceArn=source)["UUID"]
    denied(functions.update_event_source_mapping, UUID=of_g, FunctionName="f")
    denied(functions.update_event_source_mapping, UUID=of_g, FunctionName="f:$LATEST")
    functions.update_event_source_mapping(UUID=of_g, FunctionName="g", BatchSize=2)
    root_functions.update_event_source_mapping(UUID=of_g, FunctionName="f")
    for call in (functions.get_event_source_mapping, functions.delete_event_source_mapping,
                 functions.update_event_source_mapping):
        denied(call, UUID=of_g)

    tagged = User(server, {"Action": "*"}, {"Effect": "Deny", "Action": "*", "Condition": {
        "StringEquals": {"aws:ResourceTag/env": "dev"}}}, name="ada").client("lambda")
    mapping = f"arn:aws:lambda:us-east-1:{ACCOUNT}:event-source-mapping:{of_g}"
    root_functions.tag_resource(Resource=mapping, Tags={"env": "dev"})
    denied(tagged.delete_event_source_mapping, UUID=of_g)
    denied(tagged.untag_resource, Resource=mapping, TagKeys=["env"])
    root_functions.untag_resource(Resource=mapping, TagKeys=["env"])
    tagged.delete_event_source_mapping(UUID=of_g)


def test_layers_are_used_by_who_may_get_them(server, role):  # noqa: F811
    functions = root(server, "lambda")
    layer = functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped({"a": "b"})})["LayerVersionArn"]
    code = {"Role": role, "Runtime": "python3.12", "Handler": "app.handler",
            "Code": {"ZipFile": zipped({"app.py": ""})}}
    without = user_but(server, Action="lambda:GetLayerVersion").client("lambda")
    denied(without.create_function, FunctionName="f", Layers=[layer], **code)
    without.create_function(FunctionName="f", **code)
    denied(without.update_function_configuration, FunctionName="f", Layers=[layer])
    # The example of AWS: layers of one account alone.
    others = User(server, {"Action": ["lambda:GetLayerVersion", "iam:PassRole"]}, {
        "Action": ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"],
        "Condition": {"ForAllValues:StringLike": {"lambda:Layer": ["arn:aws:lambda:*:999999999999:layer:*:*"]}}},
        name="ada").client("lambda")
    denied(others.create_function, FunctionName="g", Layers=[layer], **code)
    others.create_function(FunctionName="g", **code)


def test_a_role_that_acts_for_one_function_alone(server, role):  # noqa: F811
    url = root(server, "sqs").create_queue(QueueName="q")["QueueUrl"]
    functions = root(server, "lambda", read_timeout=60)
    root(server, "iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy(
        {"Action": "sqs:*", "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": FUNCTION + "f"}}}))
    for name in ("f", "g"):
        create(server, role, name)
    answers = [json.load(functions.invoke(FunctionName=name, Payload=json.dumps(url))["Payload"]) for name in ("f", "g")]
    assert answers[0] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/f@lambda_function"
    assert answers[1] in ("AccessDenied", "AccessDeniedException")
