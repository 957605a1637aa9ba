"""Whom policies of resources name: users and roles themselves, and not who has their names later."""

import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, queue_arn
from functions import zipped
from test_enforce import ACCOUNT, User, denied, options, resource_policy, role_of, root, server  # noqa: F401 (fixtures)


class Bucket:
    unknown = "MalformedPolicy"

    def __init__(self, server):
        self.s3 = root(server, "s3")
        self.s3.create_bucket(Bucket="saved")
        self.s3.put_object(Bucket="saved", Key="k", Body=b"")

    def let(self, arn):
        self.s3.put_bucket_policy(Bucket="saved", Policy=resource_policy(
            "s3:GetObject", {"AWS": arn}, "arn:aws:s3:::saved/*"))

    def shown(self):
        return self.s3.get_bucket_policy(Bucket="saved")["Policy"]

    def use(self, user):
        return user.client("s3").get_object, {"Bucket": "saved", "Key": "k"}


class Queue:
    unknown = "InvalidAttributeValue"

    def __init__(self, server):
        self.sqs = root(server, "sqs")
        self.url = self.sqs.create_queue(QueueName="saved")["QueueUrl"]
        self.arn = queue_arn(self.sqs, self.url)

    def let(self, arn):
        policy = {"Policy": resource_policy("sqs:SendMessage", {"AWS": arn}, self.arn)}
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes=policy)
        # The same queue once more, which it is only where the policy is the same.
        self.sqs.create_queue(QueueName="saved", Attributes=policy)

    def shown(self):
        return self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["Policy"])["Attributes"]["Policy"]

    def use(self, user):
        return user.client("sqs").send_message, {"QueueUrl": self.url, "MessageBody": "m"}


class Topic:
    unknown = "InvalidParameter"

    def __init__(self, server):
        self.sns = root(server, "sns")
        self.arn = self.sns.create_topic(Name="saved")["TopicArn"]

    def let(self, arn):
        policy = resource_policy("sns:Publish", {"AWS": arn}, self.arn)
        self.sns.set_topic_attributes(TopicArn=self.arn, AttributeName="Policy", AttributeValue=policy)
        self.sns.create_topic(Name="saved", Attributes={"Policy": policy})

    def shown(self):
        return self.sns.get_topic_attributes(TopicArn=self.arn)["Attributes"]["Policy"]

    def use(self, user):
        return user.client("sns").publish, {"TopicArn": self.arn, "Message": "m"}


class Function:
    unknown = "InvalidParameterValueException"

    def __init__(self, server):
        self.functions = root(server, "lambda")
        self.functions.create_function(
            FunctionName="saved", Runtime="python3.11", Handler="f.handler", Role=role_of(server, "lambda.amazonaws.com"),
            Code={"ZipFile": zipped({"f.py": "def handler(event, context):\n    return event\n"})})
        self.statements = 0

    def let(self, arn):
        self.statements += 1
        answer = self.functions.add_permission(FunctionName="saved", StatementId=f"s{self.statements}",
                                               Action="lambda:InvokeFunction", Principal=arn)
        assert json.loads(answer["Statement"])["Principal"] == {"AWS": arn}

    def shown(self):
        return self.functions.get_policy(FunctionName="saved")["Policy"]

    def use(self, user):
        return user.client("lambda").invoke, {"FunctionName": "saved", "Payload": b"{}"}


class Bus:
    unknown = "ValidationException"

    def __init__(self, server):
        self.events = root(server, "events")
        self.arn = self.events.create_event_bus(Name="saved")["EventBusArn"]

    def let(self, arn):
        self.events.put_permission(EventBusName="saved", Policy=resource_policy(
            "events:PutEvents", {"AWS": arn}, self.arn))

    def shown(self):
        shown = self.events.describe_event_bus(Name="saved")["Policy"]
        assert self.events.list_event_buses(NamePrefix="saved")["EventBuses"][0]["Policy"] == shown
        return shown

    def use(self, user):
        return user.client("events").put_events, {"Entries": [
            {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": "saved"}]}


def last_principal(text):
    statements = json.loads(text)["Statement"]
    return (statements[-1] if isinstance(statements, list) else statements)["Principal"]["AWS"]


def delete(iam, user):
    for key in iam.list_access_keys(UserName=user.name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user.name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=user.name)


@pytest.mark.parametrize("kind", [Bucket, Queue, Topic, Function, Bus])
def test_who_gets_a_name_later_is_not_who_was_named(server, kind):  # noqa: F811
    iam = root(server, "iam")
    resource = kind(server)
    bob = User(server)
    call, request = resource.use(bob)
    denied(call, **request)
    resource.let(bob.arn)
    call(**request)
    assert last_principal(resource.shown()) == bob.arn

    server.kill()
    server.start(port=server.port)
    call(**request)
    assert last_principal(resource.shown()) == bob.arn
    first = iam.get_user(UserName="bob")["User"]["UserId"]
    delete(iam, bob)
    assert last_principal(resource.shown()) == first
    second = User(server)
    assert second.arn == bob.arn
    call, request = resource.use(second)
    denied(call, **request)
    resource.let(second.arn)
    call(**request)

    # A new name is the same user.
    iam.update_user(UserName="bob", NewUserName="rob")
    assert last_principal(resource.shown()) == f"arn:aws:iam::{ACCOUNT}:user/rob"
    call(**request)

    before = resource.shown()
    for nobody in (f"arn:aws:iam::{ACCOUNT}:user/bob", f"arn:aws:iam::{ACCOUNT}:role/nobody", first,
                   f"arn:aws-cn:iam::{ACCOUNT}:user/rob", f"arn:aws-us-gov:iam::{ACCOUNT}:root", "arn:aws:iam::*:root"):
        with pytest.raises(ClientError) as raised:
            resource.let(nobody)
        assert error_code(raised) == resource.unknown, nobody
    assert resource.shown() == before
    # Of an account of which this server knows nothing anybody may be named.
    resource.let("arn:aws:iam::999988887777:user/ada")
    assert last_principal(resource.shown()) == "arn:aws:iam::999988887777:user/ada"


def test_principals_that_cannot_be(server):  # noqa: F811
    """Of a type that the service does not know, or in words that no principal of that type has."""
    s3, sqs, iam = root(server, "s3"), root(server, "sqs"), root(server, "iam")
    s3.create_bucket(Bucket="possible")
    queue = sqs.create_queue(QueueName="possible")["QueueUrl"]

    def bucket(principal):
        s3.put_bucket_policy(Bucket="possible", Policy=resource_policy(
            "s3:GetObject", principal, "arn:aws:s3:::possible/*"))

    def queue_policy(principal):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": resource_policy(
            "sqs:SendMessage", principal, queue_arn(sqs, queue))})

    def role(principal):
        iam.create_role(RoleName="possible", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRoleWithWebIdentity"}]}))

    canonical = {"CanonicalUser": "0" * 64}
    federated = [{"Federated": name} for name in (
        "x", "arn:aws:iam::111122223333:user/u", "arn:aws-cn:iam::111122223333:saml-provider/p",
        "https://accounts.google.com", "*")]
    for put, code, wrong in ((bucket, "MalformedPolicy", federated),
                             (queue_policy, "InvalidAttributeValue", [*federated, canonical]),
                             (role, "MalformedPolicyDocument", [*federated, canonical])):
        for principal in wrong:
            with pytest.raises(ClientError) as raised:
                put(principal)
            assert error_code(raised) == code, principal
    with pytest.raises(ClientError) as raised:
        role({"Federated": "x"})
    message = raised.value.response["Error"]["Message"]
    assert message == "Federated principals must be valid domain names or SAML metadata ARNs"
    bucket(canonical)
    queue_policy({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/p"})
    role({"Federated": ["accounts.google.com", f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.com/a"]})


def test_policies_of_log_groups_name_users_themselves(server):  # noqa: F811
    iam, logs = root(server, "iam"), root(server, "logs")
    bob = User(server)
    document = resource_policy("logs:PutLogEvents", {"AWS": bob.arn}, "*")
    kept = logs.put_resource_policy(policyName="p", policyDocument=document)["resourcePolicy"]
    assert last_principal(kept["policyDocument"]) == bob.arn
    first = iam.get_user(UserName="bob")["User"]["UserId"]
    delete(iam, bob)
    shown = logs.describe_resource_policies()["resourcePolicies"]
    assert [last_principal(one["policyDocument"]) for one in shown] == [first]
    with pytest.raises(ClientError) as raised:
        logs.put_resource_policy(policyName="q", policyDocument=document)
    assert error_code(raised) == "InvalidParameterException"


def test_a_deny_that_leaves_out_one_user_leaves_out_no_other(server):  # noqa: F811
    """NotPrincipal: all that the caller is must be named."""
    s3, iam = root(server, "s3"), root(server, "iam")
    resource = Bucket(server)
    bob = User(server, {"Action": "s3:*"})
    s3.put_bucket_policy(Bucket="saved", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "NotPrincipal": {"AWS": [bob.arn, f"arn:aws:iam::{ACCOUNT}:root"]},
         "Action": "s3:GetObject", "Resource": "arn:aws:s3:::saved/*"}]}))
    call, request = resource.use(bob)
    call(**request)
    iam.delete_user_policy(UserName="bob", PolicyName="p")
    delete(iam, bob)
    call, request = resource.use(User(server, {"Action": "s3:*"}))
    denied(call, **request)
