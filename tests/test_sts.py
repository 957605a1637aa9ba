"""STS: temporary credentials, with signatures checked."""

import json

import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text

KEY, SECRET, ACCOUNT = "AKIDROOT", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012"


def options(tmp_path, mode):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"{KEY} {SECRET} {ACCOUNT}\n")
    return "--auth", mode, "--credentials", str(credentials)


@pytest.fixture
def server(new_server, tmp_path):
    return new_server(*options(tmp_path, "verify")).start()


def session_client(server, service, credentials):
    return boto3.session.Session(credentials["AccessKeyId"], credentials["SecretAccessKey"],
                                 credentials["SessionToken"], region_name="us-east-1").client(
        service, endpoint_url=server.endpoint, config=botocore.config.Config(retries={"max_attempts": 0}))


def refused(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return error_code(raised), error_text(raised)


def trust(principal):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal,
         "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}]})


def test_role_sessions(server):
    iam, sts = (server.client(name, KEY, secret=SECRET) for name in ("iam", "sts"))
    arn = iam.create_role(RoleName="r", Path="/p/", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))["Role"]["Arn"]
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="me", DurationSeconds=900)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/me"
    credentials = answer["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    identity = session_client(server, "sts", credentials).get_caller_identity()
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert session_client(server, "sqs", credentials).create_queue(QueueName="q")["QueueUrl"].endswith(
        f"/{ACCOUNT}/q")
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="me", DurationSeconds=7200) == (
        "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    assert refused(sts.assume_role, RoleArn=arn + "x", RoleSessionName="me")[0] == "AccessDenied"
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="me", SerialNumber="arn:aws:iam::x:mfa/y",
                   TokenCode="123456")[0] == "ValidationError"
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="me", Policy="{}")[0] == "MalformedPolicyDocument"


def test_tokens_survive_kill_and_are_bound_to_their_key(server):
    iam, sts = (server.client(name, KEY, secret=SECRET) for name in ("iam", "sts"))
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": "*"}))["Role"]["Arn"]
    one = sts.assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]
    two = sts.assume_role(RoleArn=arn, RoleSessionName="two")["Credentials"]
    server.kill()
    server.start()
    assert session_client(server, "sts", one).get_caller_identity()["Arn"].endswith("/one")
    invalid = ("InvalidClientTokenId", "The security token included in the request is invalid.")
    for broken in (dict(one, SessionToken=two["SessionToken"]), dict(one, SessionToken="AAAA"),
                   dict(one, SessionToken="x" * 20000), dict(one, SessionToken=one["SessionToken"][:-8] + "AAAAAAA="),
                   dict(one, SessionToken=None)):
        assert refused(session_client(server, "sts", broken).get_caller_identity) == invalid
    assert refused(session_client(server, "sts", dict(one, SecretAccessKey="x")).get_caller_identity
                   )[0] == "SignatureDoesNotMatch"


def test_tokens_expire(new_server, tmp_path):
    server = new_server(*options(tmp_path, "verify"), "--clock", "virtual").start()
    iam, sts = (server.client(name, KEY, secret=SECRET) for name in ("iam", "sts"))
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": "*"}))["Role"]["Arn"]
    credentials = sts.assume_role(RoleArn=arn, RoleSessionName="ses", DurationSeconds=900)["Credentials"]
    client = session_client(server, "sts", credentials)
    assert client.get_caller_identity()["Account"] == ACCOUNT
    server.raw(b'{"advance":"14m59s"}', path="/_signalbox/clock")
    assert client.get_caller_identity()["Account"] == ACCOUNT
    server.raw(b'{"advance":"1s"}', path="/_signalbox/clock")
    assert refused(client.get_caller_identity) == (
        "ExpiredToken", "The security token included in the request is expired")
    queues = session_client(server, "events", credentials)
    assert refused(queues.list_rules)[0] == "ExpiredTokenException"


def test_session_and_federation_tokens(server):
    iam = server.client("iam", KEY, secret=SECRET)
    iam.create_user(UserName="bob")
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = server.client("sts", key["AccessKeyId"], secret=key["SecretAccessKey"])
    credentials = bob.get_session_token(DurationSeconds=900)["Credentials"]
    session = session_client(server, "sts", credentials)
    assert session.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert refused(session.get_session_token) == (
        "AccessDenied", "Cannot call GetSessionToken with session credentials")
    federated = bob.get_federation_token(Name="guest", Policy=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    assert federated["FederatedUser"]["FederatedUserId"] == f"{ACCOUNT}:guest"
    assert session_client(server, "sts", federated["Credentials"]).get_caller_identity()["Arn"] == \
        f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    assert bob.get_access_key_info(AccessKeyId=credentials["AccessKeyId"])["Account"] == ACCOUNT


def test_chains_and_tags(server):
    iam, sts = (server.client(name, KEY, secret=SECRET) for name in ("iam", "sts"))
    arn = iam.create_role(RoleName="r", MaxSessionDuration=43200,
                          AssumeRolePolicyDocument=trust({"AWS": "*"}))["Role"]["Arn"]
    first = sts.assume_role(RoleArn=arn, RoleSessionName="one", SourceIdentity="me",
                            Tags=[{"Key": "team", "Value": "a"}, {"Key": "own", "Value": "b"}],
                            TransitiveTagKeys=["team"])
    chained = session_client(server, "sts", first["Credentials"])
    assert refused(chained.assume_role, RoleArn=arn, RoleSessionName="two", DurationSeconds=7200) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
    assert refused(chained.assume_role, RoleArn=arn, RoleSessionName="two",
                   Tags=[{"Key": "team", "Value": "other"}])[0] == "InvalidParameterValue"
    assert refused(chained.assume_role, RoleArn=arn, RoleSessionName="two", SourceIdentity="you")[0] == "ValidationError"
    second = chained.assume_role(RoleArn=arn, RoleSessionName="two", Tags=[{"Key": "own", "Value": "c"}])
    assert second["SourceIdentity"] == "me"
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="xyz", TransitiveTagKeys=["none"]) == (
        "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
    assert refused(chained.assume_role, RoleArn=arn, RoleSessionName="two", Tags=[{"Key": "TEAM", "Value": "a"}]) == (
        "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a "
        "transitive tag key from the calling session.")
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="xyz", Tags=[
        {"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])[0] == "InvalidParameterValue"
    for key in ("aws:a", "AWS:a"):
        assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="xyz", Tags=[{"Key": key, "Value": "1"}]) == (
            "ValidationError", "aws: prefixed tag key names are not allowed for external use.")
    assert refused(sts.assume_role, RoleArn="arn:aws:iam::123456789012:user/x", RoleSessionName="xyz") == (
        "ValidationError", "arn:aws:iam::123456789012:user/x is invalid")


def test_refused_by_name(server):
    sts = server.client("sts", KEY, secret=SECRET)
    code, text = refused(sts.decode_authorization_message, EncodedMessage="x")
    assert code == "NotImplemented" and "sts:DecodeAuthorizationMessage" in text


def test_trust_is_in_somebody_not_in_a_name(new_server, tmp_path):
    server = new_server(*options(tmp_path, "verify")).start()
    iam = server.client("iam", KEY, secret=SECRET)

    def user_client():
        key = iam.create_access_key(UserName="gone")["AccessKey"]
        return key["AccessKeyId"], server.client("sts", key["AccessKeyId"], secret=key["SecretAccessKey"])

    def shown(role="r"):
        return iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]

    user = iam.create_user(UserName="gone", Path="/p/")["User"]
    middle = iam.create_role(RoleName="middle", AssumeRolePolicyDocument=trust({"AWS": user["Arn"]}))["Role"]
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": [user["Arn"], middle["Arn"], ACCOUNT]
                                                                        }))["Role"]["Arn"]
    assert shown() == [user["Arn"], middle["Arn"], ACCOUNT]
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust({"AWS": user["Arn"]}))
    key, sts = user_client()
    sts.assume_role(RoleArn=arn, RoleSessionName="me")
    # A name that changes is still somebody's.
    iam.update_user(UserName="gone", NewUserName="renamed")
    assert shown() == user["Arn"].replace("gone", "renamed")
    sts.assume_role(RoleArn=arn, RoleSessionName="me")
    iam.update_user(UserName="renamed", NewUserName="gone")
    iam.delete_access_key(UserName="gone", AccessKeyId=key)
    iam.delete_user(UserName="gone")
    assert shown() == user["UserId"]
    iam.create_user(UserName="gone", Path="/p/")
    _, sts = user_client()
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="me")[0] == "AccessDenied"
    assert shown() == user["UserId"]
    server.kill()
    server.start()
    iam = server.client("iam", KEY, secret=SECRET)
    assert shown() == user["UserId"]
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust({"AWS": user["Arn"]}))
    _, sts = user_client()
    sts.assume_role(RoleArn=arn, RoleSessionName="me")
    # Roles alike.
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust({"AWS": middle["Arn"]}))
    iam.delete_role(RoleName="middle")
    assert shown() == middle["RoleId"]


def test_principals_must_exist(server):
    iam, s3 = (server.client(name, KEY, secret=SECRET) for name in ("iam", "s3"))
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))
    for none in (f"arn:aws:iam::{ACCOUNT}:user/none", f"arn:aws:iam::{ACCOUNT}:role/p/r"):
        expected = ("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{none}"')
        assert refused(iam.create_role, RoleName="x", AssumeRolePolicyDocument=trust({"AWS": none})) == expected
        assert refused(iam.update_assume_role_policy, RoleName="r",
                       PolicyDocument=trust({"AWS": [ACCOUNT, none]})) == expected
    # Of an account that nothing is known of, anybody may be.
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust({"AWS": "arn:aws:iam::999999999999:user/none"}))
    s3.create_bucket(Bucket="principled")

    def policy(principal):
        return json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:GetObject",
             "Resource": "arn:aws:s3:::principled/*"}]})

    s3.put_bucket_policy(Bucket="principled", Policy=policy(f"arn:aws:iam::{ACCOUNT}:role/r"))
    assert refused(s3.put_bucket_policy, Bucket="principled", Policy=policy(f"arn:aws:iam::{ACCOUNT}:role/none")) == (
        "MalformedPolicy", "Invalid principal in policy")


def test_no_tokens_of_web_identity(server):
    sts = server.client("sts", KEY, secret=SECRET)
    # Older SDKs do not know the operation.
    sts.meta.events.register("before-call.sts.GetCallerIdentity", lambda params, **_: params["body"].update(
        {"Action": "GetWebIdentityToken", "Audience.member.1": "a", "SigningAlgorithm": "RS256"}))
    assert refused(sts.get_caller_identity)[0] == "OutboundWebIdentityFederationDisabledException"
