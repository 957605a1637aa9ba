"""Lambda's API with boto3: functions, versions, aliases, layers, permissions, settings; and invoking them."""

import base64
import concurrent.futures
import hashlib
import io
import json
import re
import urllib.request
import zipfile

import botocore.exceptions
import pytest

from functions import ROLE, create, invoke, until, zipped

ECHO = "def handler(event, context):\n    return event\n"


@pytest.fixture
def functions(server, account):
    return server.client("lambda", account, read_timeout=60)


@pytest.fixture
def make(functions, account):
    return lambda name, code=ECHO, **settings: create(functions, name, code, account, **settings)


def refused(code, call, **request):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**request)
    assert caught.value.response["Error"]["Code"] == code, caught.value.response["Error"]
    return caught.value.response["Error"]["Message"]


def test_function_is_created_shown_listed_and_deleted(functions, make, account):
    arn = make("f", Description="d", Timeout=7, MemorySize=256, Environment={"Variables": {"AB": "1"}},
               Tags={"team": "blue"})
    assert arn == f"arn:aws:lambda:us-east-1:{account}:function:f"
    shown = functions.get_function(FunctionName="f")
    config = shown["Configuration"]
    code = zipped({"app.py": ECHO})
    assert config["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert (config["CodeSize"], config["Timeout"], config["MemorySize"]) == (len(code), 7, 256)
    assert (config["State"], config["LastUpdateStatus"], config["Version"]) == ("Active", "Successful", "$LATEST")
    assert config["Environment"] == {"Variables": {"AB": "1"}}
    assert shown["Tags"] == {"team": "blue"}
    with urllib.request.urlopen(shown["Code"]["Location"], timeout=20) as answer:
        assert zipfile.ZipFile(io.BytesIO(answer.read())).read("app.py").decode() == ECHO
    assert [f["FunctionName"] for f in functions.list_functions()["Functions"]] == ["f"]
    assert functions.get_function_configuration(FunctionName=arn)["FunctionArn"] == arn
    message = refused("ResourceConflictException", make, name="f")
    assert message == "Function already exist: f"
    functions.delete_function(FunctionName=f"{account}:function:f")
    assert "Function not found" in refused("ResourceNotFoundException", functions.get_function, FunctionName="f")
    assert functions.list_functions()["Functions"] == []


@pytest.mark.parametrize("settings, words", [
    ({"Runtime": "java21"}, "java21"),
    ({"VpcConfig": {"SubnetIds": ["s"], "SecurityGroupIds": ["g"]}}, "VpcConfig"),
    ({"TracingConfig": {"Mode": "Active"}}, "TracingConfig"),
    ({"KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k"}, "KMSKeyArn"),
    ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
    ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "4KB"),
    ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::bucket"}}, "destination"),
    ({"Code": {"ZipFile": b"no zip"}}, "unzip"),
    ({"Code": {"ImageUri": "i"}}, "ImageUri"),
])
def test_what_does_not_work_is_refused_by_name(functions, account, settings, words):
    request = {"FunctionName": "f", "Role": ROLE.format(account), "Runtime": "python3.12", "Handler": "app.handler",
               "Code": {"ZipFile": zipped({"app.py": ECHO})}} | settings
    assert words in refused("InvalidParameterValueException", functions.create_function, **request)
    assert functions.list_functions()["Functions"] == []


def test_role_of_another_account_is_refused(functions):
    message = refused("AccessDeniedException", lambda: create(functions, "f", ECHO, "999999999999"))
    assert message == "Cross-account pass role is not allowed."


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
def test_zip_that_leads_out_is_refused(functions, account, name):
    message = refused("InvalidParameterValueException", lambda: create(functions, "f", {name: "x"}, account))
    assert "leads out of the package" in message


def test_zip_bomb_is_refused(functions, account):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(26):
            archive.writestr(f"zeros{i}", bytes(10 * 1024 * 1024))
    assert len(out.getvalue()) < 1024 * 1024
    message = refused("InvalidParameterValueException", functions.create_function, FunctionName="f", Runtime="python3.12",
                      Handler="app.handler", Role=ROLE.format(account), Code={"ZipFile": out.getvalue()})
    assert "Unzipped size" in message


def test_invoke_answers_what_the_handler_returns(functions, make):
    make("f")
    for event in ({"a": [1, 2.5, None, "é"]}, "text", 7, None, []):
        answer, response = invoke(functions, "f", event)
        assert answer == event
        assert response["StatusCode"] == 200 and response["ExecutedVersion"] == "$LATEST"
        assert "FunctionError" not in response
    answer = functions.invoke(FunctionName="f")
    assert json.load(answer["Payload"]) == {}
    assert functions.invoke(FunctionName="f", InvocationType="DryRun")["StatusCode"] == 204
    message = refused("InvalidRequestContentException", functions.invoke, FunctionName="f", Payload=b"{broken")
    assert "Could not parse request body into json" in message
    refused("RequestTooLargeException", functions.invoke, FunctionName="f", Payload=b'"' + b"x" * 6 * 1024 * 1024 + b'"')
    refused("ResourceNotFoundException", functions.invoke, FunctionName="g")


CONTEXT = """
import os
def handler(event, context):
    print("line one")
    print("zweite Zeile: \\u00e4")
    return {"id": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
            "version": context.function_version, "memory": context.memory_limit_in_mb, "group": context.log_group_name,
            "stream": context.log_stream_name, "left": context.get_remaining_time_in_millis(),
            "client": context.client_context.custom if context.client_context else None,
            "env": {k: os.environ.get(k) for k in ("MINE", "AWS_REGION", "LAMBDA_TASK_ROOT", "_HANDLER", "TZ")},
            "cwd": os.getcwd()}
"""


def test_context_environment_logs_and_tail(server, functions, make, account):
    arn = make("f", CONTEXT, Environment={"Variables": {"MINE": "yes"}}, Timeout=5)
    context = base64.b64encode(json.dumps({"custom": {"k": "v"}}, indent=1).encode()).decode()  # of several lines
    answer, response = invoke(functions, "f", {}, LogType="Tail", ClientContext=context)
    request_id = response["ResponseMetadata"]["RequestId"]
    assert answer["id"] == request_id and answer["arn"] == arn and answer["name"] == "f"
    assert (answer["version"], answer["memory"], answer["group"]) == ("$LATEST", "128", "/aws/lambda/f")
    assert 0 < answer["left"] <= 5000 and answer["client"] == {"k": "v"} and answer["cwd"] == "/var/task"
    assert answer["env"] == {"MINE": "yes", "AWS_REGION": "us-east-1", "LAMBDA_TASK_ROOT": "/var/task",
                             "_HANDLER": "app.handler", "TZ": ":UTC"}
    tail = base64.b64decode(response["LogResult"]).decode().splitlines()
    assert tail[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert tail[1:3] == ["line one", "zweite Zeile: ä"]
    assert tail[3] == f"END RequestId: {request_id}"
    assert re.match(rf"REPORT RequestId: {request_id}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
                    r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t$", tail[4])
    logs = server.client("logs", account)

    def logged():
        try:
            events = logs.get_log_events(logGroupName="/aws/lambda/f", logStreamName=answer["stream"],
                                         startFromHead=True)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return [e["message"] for e in events] if len(events) >= 5 else None

    assert until(logged) == [line + "\n" for line in tail]  # line ends are kept, as on AWS
    assert re.match(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$", answer["stream"])


ERRORS = """
import sys, os
class MyError(Exception): pass
def handler(event, context):
    if event == "raise": raise MyError("it went wrong")
    if event == "exit": sys.exit(3)
    if event == "crash": os.kill(os.getpid(), 11)
    if event == "unserializable": return object()
    return "good"
"""


def test_errors_of_the_function_are_told_as_aws_does(functions, make):
    make("f", ERRORS)
    answer, response = invoke(functions, "f", "raise")
    assert response["StatusCode"] == 200 and response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "MyError" and answer["errorMessage"] == "it went wrong"
    assert answer["requestId"] == response["ResponseMetadata"]["RequestId"]
    assert answer["stackTrace"][0].startswith('  File "/var/task/app.py", line 5, in handler')
    answer, response = invoke(functions, "f", "unserializable")
    assert response["FunctionError"] == "Unhandled" and answer["errorType"] == "Runtime.MarshalError"
    answer, response = invoke(functions, "f", "exit", LogType="Tail")
    id = response["ResponseMetadata"]["RequestId"]
    assert answer == {"errorType": "Runtime.ExitError",
                      "errorMessage": f"RequestId: {id} Error: Runtime exited with error: exit status 3"}
    assert "REPORT" in base64.b64decode(response["LogResult"]).decode()
    answer, response = invoke(functions, "f", "crash")
    assert answer["errorMessage"].endswith("Runtime exited with error: signal: segmentation fault")
    assert invoke(functions, "f", "fine")[0] == "good"


@pytest.mark.parametrize("code, handler, error", [
    ("def other(e, c): pass\n", "app.handler", "Runtime.HandlerNotFound"),
    ("import nothing_like_this\n", "app.handler", "Runtime.ImportModuleError"),
    ("def handler(e, c) pass\n", "app.handler", "Runtime.UserCodeSyntaxError"),
    ("raise ValueError('at start')\n", "app.handler", "ValueError"),
    ("def handler(e, c): pass\n", "nodot", "Runtime.MalformedHandlerName"),
])
def test_errors_of_the_start(functions, make, code, handler, error):
    make("f", code, Handler=handler)
    answer, response = invoke(functions, "f")
    assert response["FunctionError"] == "Unhandled" and answer["errorType"] == error, answer


def test_timeout_ends_the_function(functions, make):
    make("f", "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 1\n", Timeout=1)
    assert invoke(functions, "f", 0)[0] == 1
    answer, response = invoke(functions, "f", 60)
    id = response["ResponseMetadata"]["RequestId"]
    assert response["FunctionError"] == "Unhandled"
    assert answer == {"errorType": "Sandbox.Timedout",
                      "errorMessage": f"RequestId: {id} Error: Task timed out after 1.00 seconds"}
    assert invoke(functions, "f", 0)[0] == 1


def test_workers_are_kept_warm_and_new_code_gets_new_ones(functions, make, account):
    count = "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return [n, %d]\n"
    make("f", count % 1)
    assert invoke(functions, "f")[0] == [1, 1]
    until(lambda: invoke(functions, "f")[0] == [3, 1])  # a worker is free a moment after its answer, no sooner
    functions.update_function_code(FunctionName="f", ZipFile=zipped({"app.py": count % 2}))
    assert invoke(functions, "f")[0] == [1, 2]
    until(lambda: invoke(functions, "f")[0] == [2, 2])
    functions.update_function_configuration(FunctionName="f", MemorySize=192)
    assert invoke(functions, "f")[0] == [1, 2]


def test_versions_aliases_and_weights(functions, make, account):
    who = "def handler(event, context):\n    return [%d, context.function_version, context.invoked_function_arn]\n"
    arn = make("f", who % 1)
    first = functions.publish_version(FunctionName="f", Description="one")
    assert (first["Version"], first["FunctionArn"], first["Description"]) == ("1", arn + ":1", "one")
    assert functions.publish_version(FunctionName="f")["Version"] == "1"  # nothing changed
    functions.update_function_code(FunctionName="f", ZipFile=zipped({"app.py": who % 2}), Publish=True)
    versions = functions.list_versions_by_function(FunctionName="f")["Versions"]
    assert [v["Version"] for v in versions] == ["$LATEST", "1", "2"]
    alias = functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert alias["AliasArn"] == arn + ":live"
    assert invoke(functions, "f", Qualifier="live")[0] == [1, "1", arn + ":live"]
    assert invoke(functions, arn + ":2")[0] == [2, "2", arn + ":2"]
    assert invoke(functions, "f:live")[1]["ExecutedVersion"] == "1"
    functions.update_alias(FunctionName="f", Name="live",
                           RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    ran = {invoke(functions, "f", Qualifier="live")[0][0] for _ in range(40)}
    assert ran == {1, 2}
    functions.update_alias(FunctionName="f", Name="live", FunctionVersion="2",
                           RoutingConfig={"AdditionalVersionWeights": {}})
    assert {invoke(functions, "f", Qualifier="live")[0][0] for _ in range(10)} == {2}
    message = refused("ResourceConflictException", functions.delete_function, FunctionName="f", Qualifier="2")
    assert "referenced by alias" in message
    functions.delete_function(FunctionName="f", Qualifier="1")
    refused("ResourceNotFoundException", functions.invoke, FunctionName="f", Qualifier="1")
    assert [a["Name"] for a in functions.list_aliases(FunctionName="f")["Aliases"]] == ["live"]
    revision = functions.get_alias(FunctionName="f", Name="live")["RevisionId"]
    refused("PreconditionFailedException", functions.update_alias, FunctionName="f", Name="live", RevisionId="other")
    functions.update_alias(FunctionName="f", Name="live", RevisionId=revision, Description="now")
    functions.delete_alias(FunctionName="f", Name="live")
    refused("ResourceNotFoundException", functions.get_alias, FunctionName="f", Name="live")


def test_layers_are_at_opt(functions, make):
    layer = lambda text: functions.publish_layer_version(
        LayerName="l", Content={"ZipFile": zipped({"python/mine.py": f"value = '{text}'\n", "data.txt": text})},
        CompatibleRuntimes=["python3.12"])
    first, second = layer("one"), layer("two")
    assert (first["Version"], second["Version"]) == (1, 2)
    code = "import mine\ndef handler(event, context):\n    return [mine.value, open('/opt/data.txt').read()]\n"
    make("f", code, Layers=[first["LayerVersionArn"]])
    assert invoke(functions, "f")[0] == ["one", "one"]
    functions.update_function_configuration(FunctionName="f", Layers=[second["LayerVersionArn"]])
    assert invoke(functions, "f")[0] == ["two", "two"]
    assert [v["Version"] for v in functions.list_layer_versions(LayerName="l")["LayerVersions"]] == [2, 1]
    assert functions.list_layers()["Layers"][0]["LatestMatchingVersion"]["Version"] == 2
    assert functions.get_layer_version_by_arn(Arn=first["LayerVersionArn"])["Version"] == 1
    functions.delete_layer_version(LayerName="l", VersionNumber=2)
    refused("ResourceNotFoundException", functions.get_layer_version, LayerName="l", VersionNumber=2)
    functions.update_function_configuration(FunctionName="f", MemorySize=192)  # it keeps what it has
    assert invoke(functions, "f")[0] == ["two", "two"]
    assert layer("three")["Version"] == 3


def test_permissions_make_a_policy(functions, make, account):
    arn = make("f")
    said = functions.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction",
                                    Principal="events.amazonaws.com", SourceAccount=account,
                                    SourceArn=f"arn:aws:events:us-east-1:{account}:rule/r")
    statement = {"Sid": "s", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
                 "Action": "lambda:InvokeFunction", "Resource": arn,
                 "Condition": {"StringEquals": {"AWS:SourceAccount": account},
                               "ArnLike": {"AWS:SourceArn": f"arn:aws:events:us-east-1:{account}:rule/r"}}}
    assert json.loads(said["Statement"]) == statement
    policy = functions.get_policy(FunctionName="f")
    assert json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    refused("ResourceConflictException", functions.add_permission, FunctionName="f", StatementId="s",
            Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
    refused("ResourceNotFoundException", functions.remove_permission, FunctionName="f", StatementId="t")
    functions.remove_permission(FunctionName="f", StatementId="s", RevisionId=policy["RevisionId"])
    refused("ResourceNotFoundException", functions.get_policy, FunctionName="f")


def test_reserved_concurrency_throttles(functions, make):
    make("f")
    functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert refused("TooManyRequestsException", functions.invoke, FunctionName="f") == "Rate Exceeded."
    assert functions.get_function_concurrency(FunctionName="f")["ReservedConcurrentExecutions"] == 0
    settings = functions.get_account_settings()
    limit = settings["AccountLimit"]["ConcurrentExecutions"]
    assert settings["AccountUsage"]["FunctionCount"] == 1
    message = refused("InvalidParameterValueException", functions.put_function_concurrency, FunctionName="f",
                      ReservedConcurrentExecutions=limit)
    assert "UnreservedConcurrentExecution" in message
    functions.delete_function_concurrency(FunctionName="f")
    assert invoke(functions, "f", 1)[0] == 1


def test_tags(functions, make):
    arn = make("f", Tags={"a": "1"})
    functions.tag_resource(Resource=arn, Tags={"b": "2"})
    functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}


def test_all_is_there_after_a_restart(new_server):
    server = new_server().start()
    functions = server.client("lambda")
    arn = create(functions, "f", ECHO, Environment={"Variables": {"SECRET": "hunter2hunter2"}})
    functions.publish_version(FunctionName="f")
    functions.create_alias(FunctionName="f", Name="a", FunctionVersion="1")
    functions.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
    layer = functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped({"x": "y"})})
    functions.update_function_configuration(FunctionName="f", Layers=[layer["LayerVersionArn"]])
    before = functions.get_function(FunctionName="f")["Configuration"]
    server.kill()
    functions = server.start().client("lambda")
    assert functions.get_function(FunctionName="f")["Configuration"] == before
    assert invoke(functions, "f", 1)[0] == 1
    assert invoke(functions, "f", 2, Qualifier="a")[0] == 2
    assert json.loads(functions.get_policy(FunctionName="f")["Policy"])["Statement"][0]["Resource"] == arn
    assert server.stop() == 0
    import subprocess
    found = subprocess.run(["grep", "-rl", "hunter2hunter2", server.data], capture_output=True, text=True).stdout
    assert found == ""  # sealed


def test_pages(functions, make):
    for i in range(5):
        make(f"f{i}")
    names = []
    for page in functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}):
        assert len(page["Functions"]) <= 2
        names += [f["FunctionName"] for f in page["Functions"]]
    assert names == [f"f{i}" for i in range(5)]


def test_boto3_inside_finds_the_server(server, functions, make, account):
    sqs = server.client("sqs", account)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    make("f", """
import boto3
def handler(event, context):
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=event, MessageBody="from the function")
    return boto3.client("sts").meta.endpoint_url
""", Timeout=30, MemorySize=512)
    answer, response = invoke(functions, "f", url)
    assert "FunctionError" not in response, answer
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "from the function"
    assert answer == f"http://127.0.0.1:{server.port}"


NODE = """
exports.handler = async (event, context) => {
  console.log('hello', { a: 1 });
  if (event === 'throw') throw new TypeError('bad');
  return { event, id: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0, name: context.functionName };
};
exports.back = (event, context, callback) => setTimeout(() => callback(null, event + 1), 5);
exports.late = () => { setTimeout(() => { throw new Error('later') }, 5); return new Promise(() => {}); };
"""


def test_node(functions, make):
    make("f", {"index.js": NODE}, Runtime="nodejs20.x", Handler="index.handler")
    answer, response = invoke(functions, "f", 1, LogType="Tail")
    assert answer == {"event": 1, "id": response["ResponseMetadata"]["RequestId"], "left": True, "name": "f"}
    tail = base64.b64decode(response["LogResult"]).decode().splitlines()
    assert tail[1].split("\t")[1:] == [answer["id"], "INFO", "hello { a: 1 }"]
    answer, response = invoke(functions, "f", "throw")
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("TypeError", "bad")
    assert answer["trace"][0] == "TypeError: bad"
    functions.update_function_configuration(FunctionName="f", Handler="index.back")
    assert invoke(functions, "f", 41)[0] == 42
    functions.update_function_configuration(FunctionName="f", Handler="index.late")
    answer, response = invoke(functions, "f", 1)
    assert response["FunctionError"] == "Unhandled" and (answer["errorType"], answer["errorMessage"]) == ("Error", "later")
    make("g", {"app.mjs": "export const handler = async (event) => event * 2;\n"}, Runtime="nodejs20.x",
         Handler="app.handler")
    assert invoke(functions, "g", 4)[0] == 8


BOOTSTRAP = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
while :; do
  curl -sS -D /tmp/headers -o /tmp/event $api/invocation/next
  id=$(grep -i '^lambda-runtime-aws-request-id' /tmp/headers | tr -d '\\r' | cut -d' ' -f2)
  echo "working on $id"
  curl -sS -o /dev/null -d "{\\"got\\":$(cat /tmp/event)}" $api/invocation/$id/response
done
"""


def test_provided_runtime_with_a_bootstrap(functions, make):
    make("f", {"bootstrap": BOOTSTRAP}, Runtime="provided.al2023", Handler="none", mode=0o755)
    for i in range(3):
        assert invoke(functions, "f", i)[0] == {"got": i}
    make("g", {"other": "x"}, Runtime="provided.al2", Handler="none")
    answer, response = invoke(functions, "g")
    assert response["FunctionError"] == "Unhandled" and "exit status 127" in answer["errorMessage"]


def test_a_runtime_that_ends_at_once_is_the_functions_own_fault(functions, make):
    """However quickly: the server has looked at its sandbox before anything of the function ran."""
    make("f", {"bootstrap": "#!/bin/sh\nexit 3\n"}, Runtime="provided.al2023", Handler="none", mode=0o755)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        for answer, response in pool.map(lambda _: invoke(functions, "f"), range(50)):
            assert response["FunctionError"] == "Unhandled" and "exit status 3" in answer["errorMessage"]


def test_old_python_runs_on_what_there_is(functions, make):
    make("f", "from __future__ import print_function\nprint('Loading function')\ndef lambda_handler(event, context):\n"
              "    print('in')\n    return\n", Runtime="python2.7", Handler="app.lambda_handler")
    answer, response = invoke(functions, "f", LogType="Tail")
    assert answer is None and "FunctionError" not in response
    assert "Loading function" in base64.b64decode(response["LogResult"]).decode()
