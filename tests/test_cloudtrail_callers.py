"""CloudTrail: who called, and who was not let."""

import json
import os
import subprocess

import pytest
from botocore.exceptions import ClientError

from conftest import BINARY, error_code, error_text
from test_cloudtrail import look_up, look_up_until, queue_with_rule
from test_cloudtrail_trails import bucket_policy
from test_enforce import ACCOUNT, KEY, SECRET, User, client, options, root, server, trust  # noqa: F401


def test_calls_that_were_denied_are_recorded_and_told(server):
    user = User(server)
    receive = queue_with_rule(server, KEY, {
        "detail-type": ["AWS API Call via CloudTrail"], "detail": {"errorCode": ["AccessDenied"]}},
        secret=SECRET, arn_account=ACCOUNT)
    with pytest.raises(ClientError) as denied:
        user.client("sns").create_topic(Name="t")
    assert error_code(denied) in ("AuthorizationError", "AccessDenied")
    event, = receive()
    record, = look_up(root(server, "cloudtrail"), EventName="CreateTopic")
    assert event["detail"] == record
    assert (record["errorCode"], record["errorMessage"]) == ("AccessDenied", error_text(denied))
    assert record["requestParameters"] == {"name": "t"}
    assert record["userIdentity"] == {
        "type": "IAMUser", "principalId": record["userIdentity"]["principalId"], "arn": user.arn,
        "accountId": ACCOUNT, "accessKeyId": user.key["AccessKeyId"], "userName": "bob"}
    assert record["userIdentity"]["principalId"].startswith("AIDA")
    assert look_up(root(server, "cloudtrail"), Username="bob") == [record]


def test_sessions_say_whose_they_are(server):
    iam = root(server, "iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))["Role"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}))
    user = User(server, {"Action": "sts:AssumeRole"})
    session = user.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="at-work")["Credentials"]
    client(server, "sqs", session).create_queue(QueueName="q")
    record, = look_up(root(server, "cloudtrail"), EventName="CreateQueue")
    who = record["userIdentity"]
    assert (who["type"], who["arn"], who["accountId"]) == (
        "AssumedRole", f"arn:aws:sts::{ACCOUNT}:assumed-role/r/at-work", ACCOUNT)
    assert who["principalId"] == role["RoleId"] + ":at-work"
    issuer = who["sessionContext"]["sessionIssuer"]
    assert issuer == {"type": "Role", "principalId": role["RoleId"], "arn": role["Arn"], "accountId": ACCOUNT,
                      "userName": "r"}
    assert who["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assumed, = look_up_until(root(server, "cloudtrail"), EventName="AssumeRole")
    assert assumed["readOnly"] is True
    text = json.dumps(look_up(root(server, "cloudtrail")))
    for secret in (session["SecretAccessKey"], session["SessionToken"], user.key["SecretAccessKey"]):
        assert secret not in text


def test_secret_keys_of_users_are_left_out(server):
    user = User(server)
    made, = look_up(root(server, "cloudtrail"), EventName="CreateAccessKey")
    assert made["responseElements"]["accessKey"]["accessKeyId"] == user.key["AccessKeyId"]
    assert "secretAccessKey" not in made["responseElements"]["accessKey"]


def test_trails_deliver_where_policies_let_them(new_server, options):
    server = new_server(*options, "--clock", "virtual").start()
    s3, trail = root(server, "s3", s3={"addressing_style": "path"}), root(server, "cloudtrail")
    s3.create_bucket(Bucket="the-logs")
    s3.put_bucket_policy(Bucket="the-logs", Policy=bucket_policy("the-logs", ACCOUNT))
    trail.create_trail(Name="the-trail", S3BucketName="the-logs")
    trail.start_logging(Name="the-trail")
    root(server, "sqs").create_queue(QueueName="q")
    environment = {**os.environ, "AWS_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": KEY,
                   "AWS_SECRET_ACCESS_KEY": SECRET}
    subprocess.run([BINARY, "clock", "advance", "5m"], env=environment, timeout=60, check=True)
    assert "LatestDeliveryError" not in trail.get_trail_status(Name="the-trail")
    key, = (one["Key"] for one in s3.list_objects_v2(Bucket="the-logs")["Contents"])
    assert key.startswith(f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/")
