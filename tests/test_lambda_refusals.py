"""What Lambda refuses, in AWS's words."""

import platform

import pytest

from functions import ROLE, create, invoke, zipped
from test_lambda import ECHO, functions, make, refused  # noqa: F401 (fixtures)


@pytest.mark.parametrize("runtime", ["python3.7", "python3.6", "nodejs14.x", "nodejs4.3", "ruby2.7", "go1.x", "provided"])
def test_retired_runtimes(functions, make, runtime):
    text = (f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions.")
    assert refused("InvalidParameterValueException", make, name="f", Runtime=runtime) == text
    make("f")
    assert refused("InvalidParameterValueException", functions.update_function_configuration, FunctionName="f",
                   Runtime=runtime) == text


@pytest.mark.parametrize("runtime", ["python2.7", "python3.8", "python3.9", "python3.13", "nodejs16.x", "nodejs22.x",
                                     "provided.al2", "provided.al2023"])
def test_runtimes_that_can_be_used(make, runtime):
    make("f", Runtime=runtime)


def test_environment_above_four_kilobytes_as_json(functions, make):
    name = lambda length: {"Variables": {"ab": "x" * length}}
    make("f", Environment=name(4096 - len('{"ab":""}')))
    message = refused("InvalidParameterValueException", functions.update_function_configuration, FunctionName="f",
                      Environment=name(4097 - len('{"ab":""}')))
    assert message.startswith("Lambda was unable to configure your environment variables because the environment "
                              'variables you have provided exceeded the 4KB limit. String measured: {"ab":"xxx')


def test_settings_of_asynchronous_invocations(functions, make, account):
    arn = make("f")
    put, get = functions.put_function_event_invoke_config, functions.get_function_event_invoke_config
    assert refused("InvalidParameterValueException", put, FunctionName="f") == (
        "You must specify at least one of error handling or destination setting.")
    assert refused("ResourceNotFoundException", put, FunctionName="none", MaximumRetryAttempts=1) == (
        "The function doesn't exist.")
    assert refused("ResourceNotFoundException", put, FunctionName="f", Qualifier="7", MaximumRetryAttempts=1) == (
        "The function doesn't exist.")
    for call in (get, functions.delete_function_event_invoke_config):
        assert refused("ResourceNotFoundException", call, FunctionName="f") == (
            f"The function {arn}:$LATEST doesn't have an EventInvokeConfig")
    where = lambda arn: {"OnFailure": {"Destination": arn}}
    assert refused("InvalidParameterValueException", put, FunctionName="f", DestinationConfig=where(arn)) == (
        "You can't specify the function as a destination for itself.")
    for bad in (arn + "x", f"arn:aws:dynamodb:us-east-1:{account}:table/t", f"arn:aws:sqs:us-east-1:{account}:q\0x"):
        assert refused("InvalidParameterValueException", put, FunctionName="f", DestinationConfig=where(bad)) == (
            f"The destination ARN {bad} is invalid.")
    queue = f"arn:aws:sqs:us-east-1:{account}:q"
    answer = put(FunctionName="f", DestinationConfig=where(queue))
    assert answer["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": queue}}
    answer = functions.update_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    assert answer["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": queue}}
    assert get(FunctionName="f")["FunctionArn"] == arn + ":$LATEST"


def test_concurrency_is_of_functions(functions, make):
    arn = make("f", Publish=True)
    for name in (arn + ":1", "f:1"):
        message = refused("InvalidParameterValueException", functions.put_function_concurrency, FunctionName=name,
                          ReservedConcurrentExecutions=1)
        assert message.startswith("This operation is permitted on Lambda functions only.")
    assert "below its minimum value of [" in refused(
        "InvalidParameterValueException", functions.put_function_concurrency, FunctionName="f",
        ReservedConcurrentExecutions=100000)


def test_throttled_invocations_say_why(functions, make):
    make("f")
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(functions.exceptions.TooManyRequestsException) as caught:
        functions.invoke(FunctionName="f")
    response = caught.value.response
    assert response["Error"]["Message"] == "Rate Exceeded."
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_layers(functions, make):
    layer = functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped({"a": "1"})})
    again = functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped({"a": "2"})})
    first, second = layer["LayerVersionArn"], again["LayerVersionArn"]
    assert refused("InvalidParameterValueException", make, name="f", Layers=[first, second]) == (
        "Two different versions of the same layer are not allowed to be referenced in the same function. "
        f"{first} and {second} are versions of the same layer.")
    elsewhere = first.replace("us-east-1", "eu-west-1")
    assert refused("InvalidParameterValueException", make, name="f", Layers=[elsewhere]) == (
        "Layers are not in the same region as the function. Layers are expected to be in region us-east-1.")
    none = first[:-1] + "9"
    assert refused("InvalidParameterValueException", make, name="f", Layers=[none]) == (
        f"Layer version {none} does not exist.")
    assert refused("ResourceNotFoundException", functions.get_layer_version, LayerName="l", VersionNumber=9) == (
        "The resource you requested does not exist.")
    for call in (functions.get_layer_version, functions.delete_layer_version):
        assert refused("InvalidParameterValueException", call, LayerName="l", VersionNumber=0) == (
            "Layer Version Cannot be less than 1")
    functions.delete_layer_version(LayerName="l", VersionNumber=9)
    assert functions.list_layer_versions(LayerName="none")["LayerVersions"] == []
    make("f", Layers=[first])
    functions.update_function_configuration(FunctionName="f", Layers=[])
    assert "Layers" not in functions.get_function_configuration(FunctionName="f")


def test_tags(functions, make, account):
    arn = make("f", Publish=True)
    assert refused("InvalidParameterValueException", functions.tag_resource, Resource=arn + ":1", Tags={"a": "b"}) == (
        "Tags on function aliases and versions are not supported. Please specify a function ARN.")
    assert refused("InvalidParameterValueException", functions.tag_resource, Resource=arn, Tags={}) == (
        "An error occurred and the request cannot be processed.")
    assert refused("InvalidParameterValueException", functions.tag_resource, Resource=arn,
                   Tags={str(i): "" for i in range(51)}) == "Number of tags exceeds resource tag limit."
    assert refused("ResourceNotFoundException", functions.list_tags, Resource=arn + "x") == (
        f"Function not found: {arn}x")
    refused("ValidationException", functions.list_tags, Resource=f"arn:aws:lambda:us-east-1:{account}:layer:l")
    assert functions.list_tags(Resource=arn)["Tags"] == {}


def test_deletions(functions, make):
    arn = make("f", Publish=True)
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert refused("InvalidParameterValueException", functions.delete_function, FunctionName="f", Qualifier="live") == (
        "Deletion of aliases is not currently supported.")
    assert refused("InvalidParameterValueException", functions.delete_function, FunctionName="f",
                   Qualifier="$LATEST") == "$LATEST version cannot be deleted without deleting the function."
    functions.delete_function(FunctionName="f", Qualifier="9")
    assert refused("ResourceNotFoundException", functions.remove_permission, FunctionName="f", StatementId="s") == (
        "No policy is associated with the given resource.")
    assert refused("ResourceNotFoundException", functions.get_policy, FunctionName="f") == (
        "The resource you requested does not exist.")
    assert "ExecutedVersion" not in functions.invoke(FunctionName="f", InvocationType="DryRun")


def test_packages_that_are_too_large(functions, make, new_server, account):
    server = new_server("--max-body-bytes", str(80 * 1024 * 1024)).start()
    client = server.client("lambda", read_timeout=120)
    request = {"FunctionName": "f", "Role": ROLE.format("000000000000"), "Runtime": "python3.12", "Handler": "app.handler"}
    limit = 50 * 1024 * 1024
    for size, text in ((limit + 1, "Zipped size must be smaller than 52428800 bytes"),
                       (limit + 1024 * 1024, "Request must be smaller than 70167211 bytes for the CreateFunction operation")):
        with pytest.raises(client.exceptions.ClientError) as caught:
            client.create_function(**request, Code={"ZipFile": b"P" * size})
        error = caught.value.response
        assert error["Error"] == {"Code": "RequestEntityTooLargeException", "Message": text} | {
            k: v for k, v in error["Error"].items() if k == "Type"}
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_permissions(functions, make):
    arn = make("f", Publish=True)
    statement = {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    add = functions.add_permission
    assert refused("InvalidParameterValueException", add, **statement | {"Principal": "invalid.nonaws.com"}) == (
        "The provided principal was invalid. Please check the principal and try again.")
    assert refused("InvalidParameterValueException", add, **statement, Qualifier="$LATEST") == (
        "We currently do not support adding policies for $LATEST.")
    assert refused("ResourceNotFoundException", add, **statement, Qualifier="9") == f"Function not found: {arn}:9"
    for call in (add, functions.get_policy, functions.remove_permission):
        more = {"add_permission": statement, "remove_permission": {"StatementId": "s"}}.get(call.__name__, {})
        assert refused("ResourceNotFoundException", call, **{"FunctionName": "f"} | more, Qualifier="none") == (
            f"Cannot find alias arn: {arn}:none")
    add(**statement)
    assert refused("ResourceNotFoundException", functions.remove_permission, FunctionName="f", StatementId="t") == (
        "Statement t is not found in resource policy.")


@pytest.mark.parametrize("runtime", ["python3", "nope", "dotnetcore9"])
def test_runtimes_that_there_never_were(functions, make, runtime):
    message = refused("InvalidParameterValueException", make, name="f", Runtime=runtime)
    assert message.startswith(f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value "
                              "set: [") and message.endswith("] or be a valid ARN") and "python3.12" in message
    make("f")
    assert message == refused("InvalidParameterValueException", functions.update_function_configuration,
                              FunctionName="f", Runtime=runtime)


def test_provisioned_concurrency_is_for_versions(functions, make):
    make("f")
    assert refused("InvalidParameterValueException", functions.put_provisioned_concurrency_config, FunctionName="f",
                   Qualifier="$LATEST", ProvisionedConcurrentExecutions=1) == (
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")


def test_what_is_no_zip(functions, account):
    assert refused("InvalidParameterValueException", functions.create_function, FunctionName="f", Runtime="python3.12",
                   Handler="app.handler", Role=ROLE.format(account), Code={"ZipFile": b"no zip"}) == (
        "Could not unzip uploaded file. Please check your file, then try to upload again.")


def other_architecture():
    return "x86_64" if platform.machine() == "aarch64" else "arm64"


@pytest.mark.parametrize("runtime, handler", [("python3.12", "app.handler"), ("nodejs20.x", "app.handler")])
def test_interpreted_packages_run_whatever_architecture_they_are_for(functions, make, runtime, handler):
    code = {"app.py": "import platform\ndef handler(event, context): return platform.machine()",
            "app.mjs": "import os from 'node:os'; export const handler = async () => os.machine()"}
    make("f", code, Runtime=runtime, Handler=handler, Architectures=[other_architecture()])
    assert functions.get_function(FunctionName="f")["Configuration"]["Architectures"] == [other_architecture()]
    assert invoke(functions, "f")[0] == platform.machine()
    again = functions.update_function_code(FunctionName="f", ZipFile=zipped(code))
    assert again["Architectures"] == [other_architecture()]
    again = functions.update_function_code(FunctionName="f", ZipFile=zipped(code), Architectures=["x86_64"])
    assert again["Architectures"] == ["x86_64"]
    assert invoke(functions, "f")[0] == platform.machine()


def test_machine_code_is_for_the_hosts_architecture_only(functions, make):
    other = other_architecture()
    text = refused("InvalidParameterValueException", lambda **settings: make("f", {"bootstrap": "#!/bin/sh"}, **settings),
                   Runtime="provided.al2023", Handler="none", Architectures=[other])
    assert "provided.al2023" in text and "machine code" in text
    make("g", {"bootstrap": "#!/bin/sh"}, Runtime="provided.al2023", Handler="none")
    refused("InvalidParameterValueException", functions.update_function_code, FunctionName="g",
            ZipFile=zipped({"bootstrap": "#!/bin/sh"}), Architectures=[other])
    make("h", "def handler(event, context): pass", Architectures=[other])
    refused("InvalidParameterValueException", functions.update_function_configuration, FunctionName="h",
            Runtime="provided.al2023")


def test_layers_are_of_any_architecture(functions, make):
    layer = functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped({"a": "b"})},
                                            CompatibleArchitectures=["arm64", "x86_64"])
    assert layer["CompatibleArchitectures"] == ["arm64", "x86_64"]
    for architecture in ("arm64", "x86_64"):
        assert len(functions.list_layers(CompatibleArchitecture=architecture)["Layers"]) == 1
        make("f-" + architecture, "def handler(event, context): return open('/opt/a').read()",
               Architectures=[architecture], Layers=[layer["LayerVersionArn"]])
        assert invoke(functions, "f-" + architecture)[0] == "b"
