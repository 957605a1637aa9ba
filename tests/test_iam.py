"""IAM: users, groups, roles, policies, as boto3 and the aws CLI see them."""

import json
import os
import re
import subprocess

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text

ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
ALLOW_SQS = json.dumps({"Version": "2012-10-17",
                        "Statement": [{"Sid": "a", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]})


def trust(service="lambda.amazonaws.com"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})


@pytest.fixture
def iam(server, account):
    return server.client("iam", account)


def refused(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return error_code(raised), error_text(raised)


def test_users(iam, account):
    made = iam.create_user(UserName="bob", Path="/team/", Tags=[{"Key": "a", "Value": "1"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{account}:user/team/bob"
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", made["UserId"])
    assert iam.get_user(UserName="bob")["User"] == made
    assert refused(iam.create_user, UserName="BOB") == ("EntityAlreadyExists", "User with name BOB already exists.")
    assert refused(iam.get_user, UserName="eve") == ("NoSuchEntity", "The user with name eve cannot be found.")
    iam.update_user(UserName="bob", NewUserName="robert", NewPath="/")
    assert iam.get_user(UserName="robert")["User"]["UserId"] == made["UserId"]
    assert refused(iam.get_user, UserName="bob")[0] == "NoSuchEntity"
    iam.tag_user(UserName="robert", Tags=[{"Key": "A", "Value": "2"}, {"Key": "b", "Value": ""}])
    assert iam.list_user_tags(UserName="robert")["Tags"] == [{"Key": "A", "Value": "2"}, {"Key": "b", "Value": ""}]
    iam.untag_user(UserName="robert", TagKeys=["A"])
    assert iam.get_user(UserName="robert")["User"]["Tags"] == [{"Key": "b", "Value": ""}]
    iam.delete_user(UserName="robert")
    assert iam.list_users()["Users"] == []
    code, _ = refused(iam.create_user, UserName="no spaces")
    assert code == "ValidationError"


def test_pages(iam):
    names = [f"user-{i:02d}" for i in range(23)]
    for name in names:
        iam.create_user(UserName=name)
    pages = list(iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 10}))
    assert [len(page["Users"]) for page in pages] == [10, 10, 3]
    assert [user["UserName"] for page in pages for user in page["Users"]] == names
    assert refused(iam.list_users, Marker="nonsense")[0] == "ValidationError"


def test_access_keys(server, iam, account):
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key["AccessKeyId"]) and len(key["SecretAccessKey"]) == 40
    assert server.client("sts").get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == account
    assert "LastUsedDate" not in iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    as_bob = server.client("sts", key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert as_bob.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/bob"
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["UserName"] == "bob" and used["AccessKeyLastUsed"]["ServiceName"] == "sts"
    iam.create_access_key(UserName="bob")
    assert refused(iam.create_access_key, UserName="bob") == (
        "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
    iam.update_access_key(UserName="bob", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    states = {one["AccessKeyId"]: one["Status"] for one in
              iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]}
    assert states[key["AccessKeyId"]] == "Inactive" and sorted(states.values()) == ["Active", "Inactive"]
    assert refused(iam.delete_user, UserName="bob")[0] == "DeleteConflict"
    for one in states:
        iam.delete_access_key(UserName="bob", AccessKeyId=one)
    iam.delete_user(UserName="bob")


def test_groups(iam, account):
    iam.create_group(GroupName="devs")
    for name in ("ann", "bob"):
        iam.create_user(UserName=name)
        iam.add_user_to_group(GroupName="devs", UserName=name)
    assert [user["UserName"] for user in iam.get_group(GroupName="devs")["Users"]] == ["ann", "bob"]
    assert refused(iam.delete_group, GroupName="devs") == (
        "DeleteConflict", "Cannot delete entity, must remove users from group first.")
    iam.update_group(GroupName="devs", NewGroupName="makers")
    assert [group["Arn"] for group in iam.list_groups_for_user(UserName="ann")["Groups"]] == [
        f"arn:aws:iam::{account}:group/makers"]
    iam.remove_user_from_group(GroupName="makers", UserName="ann")
    iam.remove_user_from_group(GroupName="makers", UserName="bob")
    iam.delete_group(GroupName="makers")
    assert iam.list_groups()["Groups"] == []


def test_roles(iam, account):
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(), Description="d",
                           MaxSessionDuration=7200)["Role"]
    assert made["AssumeRolePolicyDocument"] == json.loads(trust())
    assert made["Arn"] == f"arn:aws:iam::{account}:role/r"
    assert "MaxSessionDuration" not in made
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["MaxSessionDuration"], role["Description"], role["RoleLastUsed"]) == (7200, "d", {})
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust("events.amazonaws.com"))
    statement = iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert refused(iam.update_assume_role_policy, RoleName="r", PolicyDocument=ALLOW_ALL)[0] == "MalformedPolicyDocument"
    iam.update_role(RoleName="r", Description="", MaxSessionDuration=3600)
    assert iam.get_role(RoleName="r")["Role"]["MaxSessionDuration"] == 3600
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    assert refused(iam.delete_role, RoleName="r")[0] == "DeleteConflict"
    assert iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"][0]["Roles"][0]["RoleName"] == "r"
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="r")
    iam.delete_instance_profile(InstanceProfileName="p")
    iam.delete_role(RoleName="r")
    assert refused(iam.get_role, RoleName="r") == ("NoSuchEntity", "The role with name r cannot be found.")


def test_inline_policies(iam):
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=ALLOW_SQS)
    got = iam.get_user_policy(UserName="bob", PolicyName="p")
    assert got["PolicyDocument"] == json.loads(ALLOW_SQS)
    assert iam.list_user_policies(UserName="bob")["PolicyNames"] == ["p"]
    assert refused(iam.delete_user, UserName="bob") == (
        "DeleteConflict", "Cannot delete entity, must delete policies first.")
    assert refused(iam.get_user_policy, UserName="bob", PolicyName="q") == (
        "NoSuchEntity", "The user policy with name q cannot be found.")
    huge = ALLOW_SQS.replace("sqs:*", "sqs:" + "x" * 2100)
    assert refused(iam.put_user_policy, UserName="bob", PolicyName="q", PolicyDocument=huge) == (
        "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user bob")
    iam.delete_user_policy(UserName="bob", PolicyName="p")


@pytest.mark.parametrize("document", [
    "x", "[]", "{}", '{"Version":"2012-10-17"}', '{"Version":"1999-01-01","Statement":[]}', "{" * 5000,
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*"}}',
    '{"Version":"2012-10-17","Statement":{"Effect":"allow","Action":"*","Resource":"*"}}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"not-an-arn"}}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Nope":{"aws:x":"1"}}}}'])
def test_hostile_policies(iam, document):
    code, _ = refused(iam.create_policy, PolicyName="p", PolicyDocument=document)
    assert code in ("MalformedPolicyDocument", "ValidationError")


def test_managed_policies(iam, account):
    policy = iam.create_policy(PolicyName="p", PolicyDocument=ALLOW_SQS, Path="/x/")["Policy"]
    arn = policy["Arn"]
    assert arn == f"arn:aws:iam::{account}:policy/x/p" and policy["DefaultVersionId"] == "v1"
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW_ALL, SetAsDefault=True)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(v["VersionId"], v["IsDefaultVersion"]) for v in versions] == [("v2", True), ("v1", False)]
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == json.loads(ALLOW_SQS)
    for _ in range(3):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW_ALL)
    assert refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=ALLOW_ALL)[0] == "LimitExceeded"
    assert refused(iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"
    assert refused(iam.delete_policy_version, PolicyArn=arn, VersionId="v2") == (
        "DeleteConflict", "Cannot delete the default version of a policy.")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    for version in ("v2", "v3", "v4", "v5"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.create_user(UserName="bob")
    iam.create_group(GroupName="g")
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    attached = iam.list_attached_user_policies(UserName="bob")["AttachedPolicies"]
    assert {one["PolicyName"] for one in attached} == {"p", "AmazonSQSFullAccess"}
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [u["UserName"] for u in entities["PolicyUsers"]] == ["bob"]
    assert [g["GroupName"] for g in entities["PolicyGroups"]] == ["g"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 2
    assert refused(iam.delete_policy, PolicyArn=arn) == (
        "DeleteConflict", "Cannot delete a policy attached to entities.")
    assert refused(iam.attach_user_policy, UserName="bob", PolicyArn="arn:aws:iam::aws:policy/NoSuch") == (
        "NoSuchEntity", "Policy arn:aws:iam::aws:policy/NoSuch does not exist or is not attachable.")
    iam.detach_user_policy(UserName="bob", PolicyArn=arn)
    iam.detach_group_policy(GroupName="g", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    assert refused(iam.get_policy, PolicyArn=arn) == ("NoSuchEntity", f"Policy {arn} was not found.")


def test_policies_of_aws(iam):
    every = [policy for page in iam.get_paginator("list_policies").paginate(Scope="AWS") for policy in page["Policies"]]
    arns = {policy["Arn"] for policy in every}
    for arn in ("AdministratorAccess", "ReadOnlyAccess", "PowerUserAccess", "AmazonS3FullAccess", "AmazonSSMFullAccess",
                "AmazonS3ReadOnlyAccess", "service-role/AWSLambdaBasicExecutionRole", "AWSLambdaExecute", "AmazonKinesisFirehoseFullAccess",
                "service-role/AWSLambdaVPCAccessExecutionRole", "job-function/ViewOnlyAccess"):
        assert f"arn:aws:iam::aws:policy/{arn}" in arns
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert document == json.loads(ALLOW_ALL)
    assert refused(iam.delete_policy, PolicyArn=arn)[0] == "AccessDenied"


def test_boundaries(iam):
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=ALLOW_SQS)["Policy"]["Arn"]
    iam.create_user(UserName="bob", PermissionsBoundary=arn)
    assert iam.get_user(UserName="bob")["User"]["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    assert refused(iam.delete_policy, PolicyArn=arn)[0] == "DeleteConflict"
    usage = iam.list_policies(PolicyUsageFilter="PermissionsBoundary", Scope="Local")["Policies"]
    assert [policy["Arn"] for policy in usage] == [arn]
    iam.delete_user_permissions_boundary(UserName="bob")
    assert refused(iam.delete_user_permissions_boundary, UserName="bob")[0] == "NoSuchEntity"
    assert refused(iam.put_user_permissions_boundary, UserName="bob",
                   PermissionsBoundary=arn.replace("limit", "none"))[0] == "NoSuchEntity"


def test_account(iam, server):
    alias = "signalbox-" + iam.meta.endpoint_url.rsplit(":", 1)[1]
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    assert refused(server.client("iam", "111122223333").create_account_alias,
                   AccountAlias=alias)[0] == "EntityAlreadyExists"
    iam.delete_account_alias(AccountAlias=alias)
    iam.create_user(UserName="bob")
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=ALLOW_SQS)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["Roles"], summary["UsersQuota"]) == (1, 1, 5000)
    details = iam.get_account_authorization_details()
    assert details["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"] == json.loads(ALLOW_SQS)
    assert [policy["PolicyName"] for policy in details["Policies"]] == ["ReadOnlyAccess"]
    only = iam.get_account_authorization_details(Filter=["Role"])
    assert [role["RoleName"] for role in only["RoleDetailList"]] == ["r"] and only["UserDetailList"] == []


def test_simulation(iam, account):
    arn = iam.create_user(UserName="bob")["User"]["Arn"]
    iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:aws:sqs:*:{account}:mine"},
            {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
             "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]}))
    mine = f"arn:aws:sqs:us-east-1:{account}:mine"

    def decide(action, resource=mine, **more):
        return iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=[action], ResourceArns=[resource],
                                             **more)["EvaluationResults"][0]

    allowed = decide("sqs:SendMessage")
    assert allowed["EvalDecision"] == "allowed"
    assert allowed["MatchedStatements"][0]["SourcePolicyId"] == "user_bob_p"
    assert decide("sqs:DeleteQueue")["EvalDecision"] == "explicitDeny"
    assert decide("sqs:SendMessage", mine + "-not")["EvalDecision"] == "implicitDeny"
    assert decide("s3:GetObject", "arn:aws:s3:::b/k")["MissingContextValues"] == ["aws:SourceIp"]
    assert decide("s3:GetObject", "arn:aws:s3:::b/k", ContextEntries=[
        {"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["10.1.2.3"], "ContextKeyType": "ip"}]
                  )["EvalDecision"] == "allowed"
    boundary = decide("sqs:SendMessage", PermissionsBoundaryPolicyInputList=[ALLOW_SQS.replace("sqs:*", "s3:*")])
    assert boundary["EvalDecision"] == "implicitDeny"
    assert boundary["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    custom = iam.simulate_custom_policy(PolicyInputList=[ALLOW_SQS], ActionNames=["sqs:SendMessage", "s3:GetObject"])
    assert [one["EvalDecision"] for one in custom["EvaluationResults"]] == ["allowed", "implicitDeny"]
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"] == ["aws:SourceIp"]


def test_refused_by_name(iam):
    for call, arguments in [(iam.create_login_profile, {"UserName": "x", "Password": "secret-12"}),
                            (iam.create_service_linked_role, {"AWSServiceName": "events.amazonaws.com"}),
                            (iam.create_saml_provider, {"Name": "x", "SAMLMetadataDocument": "x" * 1000})]:
        code, text = refused(call, **arguments)
        assert code == "NotImplemented" and "iam:" in text


def test_everything_survives_kill(new_server):
    server = new_server().start()
    iam = server.client("iam", "123456789012")
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=ALLOW_SQS)
    iam.create_user(UserName="bob", Tags=[{"Key": "k", "Value": "v"}])
    iam.add_user_to_group(GroupName="g", UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    arn = iam.create_policy(PolicyName="m", PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW_SQS, SetAsDefault=True)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(), PermissionsBoundary=arn)
    iam.create_instance_profile(InstanceProfileName="i")
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    before = iam.get_account_authorization_details()
    server.kill()
    server.start()
    iam = server.client("iam", "123456789012")
    after = iam.get_account_authorization_details()
    before.pop("ResponseMetadata"), after.pop("ResponseMetadata")
    assert before == after
    assert [u["UserName"] for u in iam.get_group(GroupName="g")["Users"]] == ["bob"]
    as_bob = server.client("sts", key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert as_bob.get_caller_identity()["Arn"].endswith(":user/bob")
    server.stop()
    stored = b"".join(open(os.path.join(folder, name), "rb").read()
                      for folder, _, names in os.walk(server.data) for name in names)
    assert key["AccessKeyId"].encode() in stored and key["SecretAccessKey"].encode() not in stored


def test_command_line(server, account, tmp_path):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")

    def aws(*arguments):
        done = subprocess.run(["aws", "--endpoint-url", server.endpoint, *arguments], text=True, capture_output=True,
                              env=environment, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    policy = tmp_path / "trust_policy.json"
    policy.write_text(trust())
    role = aws("iam", "create-role", "--role-name", "AllowLogsAndS3ACL", "--assume-role-policy-document",
               f"file://{policy}")
    assert role["Role"]["Arn"] == f"arn:aws:iam::{account}:role/AllowLogsAndS3ACL"
    access = tmp_path / "access_policy.json"
    access.write_text(ALLOW_SQS)
    aws("iam", "put-role-policy", "--role-name", "AllowLogsAndS3ACL", "--policy-name", "a", "--policy-document",
        f"file://{access}")
    assert aws("iam", "list-role-policies", "--role-name", "AllowLogsAndS3ACL")["PolicyNames"] == ["a"]
    assert aws("sts", "get-caller-identity")["Arn"] == f"arn:aws:iam::{account}:root"


def test_resources_and_conditions_of_policies(iam):
    def put(resource="*", condition=None):
        statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": resource}
        if condition:
            statement["Condition"] = condition
        iam.put_user_policy(UserName="checked", PolicyName="p", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": statement}))
    iam.create_user(UserName="checked")
    put(condition={"StringEquals": {"a": "x"}})
    for resource, text in (
            ("arn:aws:s3::b", "The policy failed legacy parsing"),
            ("arn:aws", "Resource vendor must be fully qualified and cannot contain regexes."),
            ("arn:aws:iam:::x", 'IAM resource path must either be "*" or start with user/, federated-user/, role/, '
             "group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, "
             "report/, access-report/.")):
        assert refused(put, resource=resource) == ("MalformedPolicyDocument", text)
    assert refused(put, condition={"DateLessThan": {"aws:CurrentTime": "soon"}}) == (
        "MalformedPolicyDocument", "The policy failed legacy parsing")
    iam.delete_user_policy(UserName="checked", PolicyName="p")
    iam.delete_user(UserName="checked")


def test_policies_that_grant_a_service(iam):
    def policy(*statements):
        return json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": "*", **statement} for statement in statements]})

    user = iam.create_user(UserName="u")["User"]["Arn"]
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="reads", PolicyDocument=policy({"Action": ["S3:Get*", "sqs:*"]}))
    iam.put_user_policy(UserName="u", PolicyName="denies", PolicyDocument=policy({"Effect": "Deny", "Action": "s3:*"}))
    iam.put_group_policy(GroupName="g", PolicyName="all-but", PolicyDocument=policy({"NotAction": ["sqs:*", "s3:Put*"]}))
    arn = "arn:aws:iam::aws:policy/AmazonSNSReadOnlyAccess"
    iam.attach_user_policy(UserName="u", PolicyArn=arn)
    found = iam.list_policies_granting_service_access(Arn=user, ServiceNamespaces=["s3", "sqs", "sns"])
    assert {one["ServiceNamespace"]: [policy["PolicyName"] for policy in one["Policies"]]
            for one in found["PoliciesGrantingServiceAccess"]} == {
        "s3": ["reads", "all-but"], "sqs": ["reads"], "sns": ["AmazonSNSReadOnlyAccess", "all-but"]}
    assert found["PoliciesGrantingServiceAccess"][0]["Policies"][0] == {
        "PolicyName": "reads", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "u"}
    assert found["PoliciesGrantingServiceAccess"][2]["Policies"][0] == {
        "PolicyName": "AmazonSNSReadOnlyAccess", "PolicyType": "MANAGED", "PolicyArn": arn}
    assert refused(iam.list_policies_granting_service_access, Arn=user + "x", ServiceNamespaces=["s3"])[0] == "NoSuchEntity"
