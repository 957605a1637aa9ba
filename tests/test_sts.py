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
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


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
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="xyz", TransitiveTagKeys=["none"])[0] == \
        "InvalidParameterValue"


def test_refused_by_name(server):
    sts = server.client("sts", KEY, secret=SECRET)
    code, text = refused(sts.decode_authorization_message, EncodedMessage="x")
    assert code == "NotImplemented" and "sts:DecodeAuthorizationMessage" in text
