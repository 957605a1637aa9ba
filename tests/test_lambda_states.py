"""What Lambda's answers say of functions, versions and aliases: states, revisions, what changes and what does not."""

import pytest

from functions import ROLE, create, invoke, until, zipped
from test_lambda import ECHO, functions, make, refused  # noqa: F401 (fixtures)


def created(functions, account, **settings):
    return functions.create_function(**({
        "FunctionName": "f", "Role": ROLE.format(account), "Runtime": "python3.12", "Handler": "app.handler",
        "Code": {"ZipFile": zipped({"app.py": ECHO})}} | settings))


def test_a_new_function_is_pending_and_then_active(functions, account):
    first = created(functions, account)
    assert (first["State"], first["StateReasonCode"]) == ("Pending", "Creating")
    assert first["StateReason"] == "The function is being created."
    assert "LastUpdateStatus" not in first
    assert invoke(functions, "f", 1)[0] == 1  # and ready for whoever does not wait
    then = functions.get_function_configuration(FunctionName="f")
    assert (then["State"], then["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in then and then["RevisionId"] != first["RevisionId"]
    if "RuntimeVersionConfig" in then:  # older SDKs do not know the member
        assert then["RuntimeVersionConfig"]["RuntimeVersionArn"].startswith("arn:aws:lambda:us-east-1::runtime:")
    again = functions.get_function_configuration(FunctionName="f")
    assert again["RevisionId"] == then["RevisionId"]


def test_updates_are_in_progress_and_then_successful(functions, account):
    created(functions, account)
    for update in (lambda: functions.update_function_configuration(FunctionName="f", Timeout=9),
                   lambda: functions.update_function_code(FunctionName="f", ZipFile=zipped({"app.py": ECHO + "#"}))):
        before = functions.get_function_configuration(FunctionName="f")
        answer = update()
        assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
        assert answer["LastUpdateStatusReasonCode"] == "Creating"
        then = functions.get_function_configuration(FunctionName="f")
        assert then["LastUpdateStatus"] == "Successful" and "LastUpdateStatusReason" not in then
        assert len({before["RevisionId"], answer["RevisionId"], then["RevisionId"]}) == 3
        functions.get_waiter("function_updated_v2").wait(FunctionName="f", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    refused("PreconditionFailedException", functions.update_function_configuration, FunctionName="f", Timeout=1,
            RevisionId=before["RevisionId"])
    functions.update_function_configuration(FunctionName="f", Timeout=1, RevisionId=then["RevisionId"])


def test_lists_tell_no_states(functions, account):
    created(functions, account, Publish=True)
    for listed in (functions.list_functions()["Functions"], functions.list_functions(FunctionVersion="ALL")["Functions"],
                   functions.list_versions_by_function(FunctionName="f")["Versions"]):
        for one in listed:
            assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & set(one)
            assert one["RevisionId"] and one["SnapStart"] == {"ApplyOn": "None", "OptimizationStatus": "Off"}


def test_creating_with_a_version_answers_the_function(functions, account):
    made = created(functions, account, Publish=True)
    assert made["Version"] == "1" and made["FunctionArn"].endswith(":function:f")
    functions.add_permission(FunctionName=made["FunctionArn"], StatementId="s", Action="lambda:InvokeFunction",
                             Principal="sns.amazonaws.com")
    functions.get_policy(FunctionName="f")
    shown = functions.get_function(FunctionName="f", Qualifier="1")["Configuration"]
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Active", "Successful")
    functions.delete_function(FunctionName=made["FunctionArn"])
    assert functions.list_functions()["Functions"] == []


def test_nothing_changed_makes_no_version(functions, account):
    created(functions, account, Publish=True, Description="d")
    assert functions.publish_version(FunctionName="f", Description="x")["Version"] == "1"
    functions.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
    assert functions.publish_version(FunctionName="f")["Version"] == "1"
    functions.update_function_configuration(FunctionName="f", Description="e")
    assert functions.publish_version(FunctionName="f", Description="x")["Version"] == "2"
    assert functions.publish_version(FunctionName="f", Description="y")["Version"] == "2"
    assert functions.get_function_configuration(FunctionName="f", Qualifier="2")["Description"] == "x"
    for i in range(3, 12):
        functions.update_function_code(FunctionName="f", ZipFile=zipped({"app.py": ECHO, f"{i}": ""}), Publish=True)
    versions = functions.list_versions_by_function(FunctionName="f")["Versions"]
    assert [v["Version"] for v in versions] == ["$LATEST", *map(str, range(1, 12))]
    assert functions.publish_version(FunctionName="f")["Version"] == "11"


def test_environment_without_variables_is_told(functions, account):
    assert "Environment" not in created(functions, account, FunctionName="g")
    assert created(functions, account, Environment={"Variables": {}})["Environment"] == {"Variables": {}}
    assert functions.get_function_configuration(FunctionName="f")["Environment"] == {"Variables": {}}
    functions.update_function_configuration(FunctionName="f", Environment={"Variables": {"AB": "1"}})
    functions.update_function_configuration(FunctionName="f", Environment={"Variables": {}})
    assert functions.get_function(FunctionName="f")["Configuration"]["Environment"] == {"Variables": {}}


def test_alias_without_weights_tells_no_routing(functions, account):
    created(functions, account, Publish=True)
    functions.update_function_code(FunctionName="f", ZipFile=zipped({"app.py": ECHO + "#"}), Publish=True)
    for routing in ({}, {"AdditionalVersionWeights": {}}):
        alias = functions.create_alias(FunctionName="f", Name="a", FunctionVersion="1", RoutingConfig=routing)
        assert "RoutingConfig" not in alias
        functions.delete_alias(FunctionName="f", Name="a")
    functions.create_alias(FunctionName="f", Name="a", FunctionVersion="1",
                           RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    updated = functions.update_alias(FunctionName="f", Name="a", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in updated and "RoutingConfig" not in functions.get_alias(FunctionName="f", Name="a")
    message = refused("ResourceNotFoundException", functions.update_alias, FunctionName="f", Name="none")
    assert message.startswith("Alias not found: arn:")
    message = refused("ResourceNotFoundException", functions.get_alias, FunctionName="f", Name="none")
    assert message.startswith("Cannot find alias arn: arn:")


def test_policies_have_the_revision_of_what_they_belong_to(functions, account):
    created(functions, account, Publish=True)
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    revisions = {
        "": lambda: functions.get_function_configuration(FunctionName="f")["RevisionId"],
        "1": lambda: functions.get_function_configuration(FunctionName="f", Qualifier="1")["RevisionId"],
        "live": lambda: functions.get_alias(FunctionName="f", Name="live")["RevisionId"],
    }
    for qualifier, revision in revisions.items():
        named = {"FunctionName": "f"} | ({"Qualifier": qualifier} if qualifier else {})
        before = revision()
        statement = named | {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
        message = refused("PreconditionFailedException", functions.add_permission, **statement, RevisionId="other")
        assert message.endswith("Call the GetPolicy API to retrieve the latest Revision Id")
        functions.add_permission(**statement, RevisionId=before)
        policy = functions.get_policy(**named)
        assert policy["RevisionId"] == revision() != before
        functions.remove_permission(**named, StatementId="s", RevisionId=policy["RevisionId"])
        assert revision() not in (before, policy["RevisionId"])
    before = revisions[""]()
    functions.tag_resource(Resource=functions.get_function(FunctionName="f")["Configuration"]["FunctionArn"], Tags={"a": "b"})
    assert revisions[""]() != before


def test_changes_of_policies_leave_the_running_function(functions, make):
    make("f", "import uuid\nME = str(uuid.uuid4())\ndef handler(event, context):\n    return ME\n")
    running = invoke(functions, "f")[0]
    functions.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com")
    until(lambda: invoke(functions, "f")[0] == running)  # it is free a moment after its answer, no sooner
    functions.update_function_configuration(FunctionName="f", Timeout=7)
    assert invoke(functions, "f")[0] != running


def test_account_counts_the_size_of_versions_and_layers(functions, account):
    size = lambda: functions.get_account_settings()["AccountUsage"]["TotalCodeSize"]
    code = len(zipped({"app.py": ECHO}))
    created(functions, account)
    assert size() == code
    functions.publish_version(FunctionName="f")
    assert size() == 2 * code
    functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped({"app.py": ECHO})})
    assert size() == 3 * code
    functions.delete_layer_version(LayerName="l", VersionNumber=1)
    assert size() == 2 * code


def test_what_is_not_set_is_told_as_such(functions, account):
    arn = created(functions, account, Publish=True)["FunctionArn"]
    signing = functions.get_function_code_signing_config(FunctionName="f")
    assert (signing["FunctionName"], signing.get("CodeSigningConfigArn", "")) == ("f", "")
    functions.delete_function_code_signing_config(FunctionName="f")
    assert functions.list_code_signing_configs()["CodeSigningConfigs"] == []
    if hasattr(functions, "get_runtime_management_config"):
        management = functions.get_runtime_management_config(FunctionName="f")
        assert management["UpdateRuntimeOn"] == "Auto" and management["FunctionArn"].startswith(arn)
    listed = functions.list_provisioned_concurrency_configs(FunctionName="f")
    assert listed["ProvisionedConcurrencyConfigs"] == []
    refused("ProvisionedConcurrencyConfigNotFoundException", functions.get_provisioned_concurrency_config,
            FunctionName="f", Qualifier="1")
    message = refused("InvalidParameterValueException", functions.put_provisioned_concurrency_config, FunctionName="f",
                      Qualifier="1", ProvisionedConcurrentExecutions=1)
    assert "ProvisionedConcurrentExecutions" in message
    if hasattr(functions, "get_function_recursion_config"):
        assert functions.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Terminate"
    for call in (functions.get_function_code_signing_config, functions.list_provisioned_concurrency_configs):
        assert refused("ResourceNotFoundException", call, FunctionName="none").startswith("Function not found: arn:")
