"""Functions and layers of other accounts and Regions: what their policies let others do, in every auth mode."""

import pytest

from functions import create, invoke, zipped
from test_lambda import ECHO, functions, make, refused  # noqa: F401 (fixtures)

OTHER = "210987654321"


@pytest.fixture
def other(server):
    return server.client("lambda", OTHER, read_timeout=60)


def test_function_of_another_region(server, functions, make, account):
    arn = make("f")
    elsewhere = server.client("lambda", account, region="eu-west-1")
    text = "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')"
    for call in (elsewhere.get_function, elsewhere.invoke, elsewhere.delete_function, elsewhere.publish_version,
                 elsewhere.get_policy):
        assert refused("ResourceNotFoundException", call, FunctionName=arn) == text


def test_function_of_another_account_needs_its_permission(functions, make, other, account):
    arn = make("f")
    message = refused("AccessDeniedException", other.get_function, FunctionName=arn)
    assert message == (f"User: arn:aws:iam::{OTHER}:root is not authorized to perform: lambda:GetFunction on resource: "
                       f"{arn} because no resource-based policy allows the lambda:GetFunction action")
    assert "f" in refused("ResourceNotFoundException", other.get_function, FunctionName="f")
    refused("AccessDeniedException", other.invoke, FunctionName=arn)
    refused("AccessDeniedException", other.get_function, FunctionName=arn + "none")
    functions.add_permission(FunctionName="f", StatementId="get", Action="lambda:GetFunction", Principal=OTHER)
    assert other.get_function(FunctionName=arn)["Configuration"]["FunctionArn"] == arn
    refused("AccessDeniedException", other.invoke, FunctionName=arn)
    functions.add_permission(FunctionName="f", StatementId="invoke", Action="lambda:InvokeFunction", Principal=OTHER)
    assert invoke(other, arn, {"a": 1})[0] == {"a": 1}
    assert invoke(other, f"{account}:function:f", 2)[0] == 2
    refused("AccessDeniedException", other.delete_function, FunctionName=arn)
    functions.add_permission(FunctionName="f", StatementId="delete", Action="lambda:DeleteFunction", Principal=OTHER)
    other.delete_function(FunctionName=arn)
    assert functions.list_functions()["Functions"] == []


def test_layer_of_another_account_needs_its_permission(functions, other):
    layer = functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped({"python/there.py": "here = 7\n"})})
    arn = layer["LayerVersionArn"]
    code = "import there\ndef handler(event, context):\n    return there.here\n"
    text = (f"User: arn:aws:iam::{OTHER}:root is not authorized to perform: lambda:GetLayerVersion on resource: {arn} "
            "because no resource-based policy allows the lambda:GetLayerVersion action")
    assert refused("AccessDeniedException", other.get_layer_version_by_arn, Arn=arn) == text
    assert refused("AccessDeniedException", lambda: create(other, "g", code, OTHER, Layers=[arn])) == text
    assert refused("ResourceNotFoundException", functions.get_layer_version_policy, LayerName="l", VersionNumber=1) == (
        "No policy is associated with the given resource.")
    added = functions.add_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s", Principal=OTHER,
                                                   Action="lambda:GetLayerVersion")
    policy = functions.get_layer_version_policy(LayerName="l", VersionNumber=1)
    assert added["RevisionId"] == policy["RevisionId"] and added["Statement"] in policy["Policy"]
    again = {"LayerName": "l", "VersionNumber": 1, "StatementId": "s", "Principal": "*", "Action": "lambda:GetLayerVersion"}
    refused("ResourceConflictException", functions.add_layer_version_permission, **again)
    refused("PreconditionFailedException", functions.add_layer_version_permission,
            **(again | {"StatementId": "t", "RevisionId": "other"}))
    assert refused("ResourceNotFoundException", functions.add_layer_version_permission,
                   **(again | {"VersionNumber": 9})).endswith(":layer:l:9 does not exist.")
    assert other.get_layer_version_by_arn(Arn=arn)["LayerVersionArn"] == arn
    create(other, "g", code, OTHER, Layers=[arn])
    assert invoke(other, "g")[0] == 7
    other.delete_function(FunctionName="g")
    functions.remove_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s")
    refused("AccessDeniedException", other.get_layer_version_by_arn, Arn=arn)
