"""Who may do what with buckets and objects: lists, policies, public access blocks, ownership, signatures, in every mode."""

import json

import botocore
import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError

from conftest import error_code

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
KEY, SECRET, ACCOUNT = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012"


def other_account(account):
    return f"{(int(account) + 1) % 10 ** 12:012d}"


@pytest.fixture
def s3(server, account):
    return server.client("s3", account)


@pytest.fixture
def other(server, account):
    return server.client("s3", other_account(account))


@pytest.fixture
def bucket(s3, account):
    s3.create_bucket(Bucket=f"bucket-{account}")
    return f"bucket-{account}"


def outcome(call, **arguments):
    try:
        call(**arguments)
        return "OK"
    except ClientError as problem:
        return problem.response["Error"]["Code"]


def anonymous(server, path, method="GET", body=b""):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path, body=body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_walkthrough_of_the_private_bucket(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="MyCreditInfo")
    acl = s3.get_object_acl(Bucket=bucket, Key="MyCreditInfo")
    assert [g["Grantee"]["ID"] for g in acl["Grants"]] == [acl["Owner"]["ID"]]
    assert anonymous(server, f"/{bucket}/MyCreditInfo")[0] == 403
    s3.put_object_acl(Bucket=bucket, Key="MyCreditInfo", ACL="public-read")
    acl = s3.get_object_acl(Bucket=bucket, Key="MyCreditInfo")
    assert {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ"} in acl["Grants"]
    assert anonymous(server, f"/{bucket}/MyCreditInfo") == (200, b"")
    assert anonymous(server, f"/{bucket}/MyCreditInfo", "PUT", b"x")[0] == 403
    assert anonymous(server, f"/{bucket}/MyCreditInfo?acl")[0] == 403
    s3.put_object_acl(Bucket=bucket, Key="MyCreditInfo", ACL="private")
    assert anonymous(server, f"/{bucket}/MyCreditInfo")[0] == 403


def test_lists_of_buckets(server, s3, other, bucket):
    assert anonymous(server, f"/{bucket}")[0] == 403
    assert outcome(other.list_objects_v2, Bucket=bucket) == "AccessDenied"
    assert anonymous(server, f"/{bucket}/none")[0] == 403, "who may not list is not told what is missing"
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    assert anonymous(server, f"/{bucket}")[0] == 200
    assert anonymous(server, f"/{bucket}/none")[0] == 404
    assert anonymous(server, f"/{bucket}/anybody", "PUT", b"x")[0] == 200
    other.put_object(Bucket=bucket, Key="others", Body=b"mine")
    assert outcome(s3.get_object, Bucket=bucket, Key="others") == "AccessDenied", "the writer's object"
    other.put_object_acl(Bucket=bucket, Key="others", ACL="bucket-owner-full-control")
    assert s3.get_object(Bucket=bucket, Key="others")["Body"].read() == b"mine"
    assert outcome(s3.delete_object, Bucket=bucket, Key="others") == "OK"


def test_grants(server, s3, other, bucket):
    other_id = other.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", GrantRead=f'id="{other_id}"')
    assert outcome(other.get_object, Bucket=bucket, Key="k") == "OK"
    assert outcome(other.get_object_acl, Bucket=bucket, Key="k") == "AccessDenied"
    assert anonymous(server, f"/{bucket}/k")[0] == 403
    acl = s3.get_object_acl(Bucket=bucket, Key="k")
    assert len(acl["Grants"]) == 1, "grant headers stand in place of the canned list"
    owner = acl["Owner"]
    s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy={"Owner": owner, "Grants": [
        {"Grantee": {"Type": "CanonicalUser", "ID": owner["ID"]}, "Permission": "FULL_CONTROL"},
        {"Grantee": {"Type": "CanonicalUser", "ID": other_id}, "Permission": "READ_ACP"}]})
    assert outcome(other.get_object, Bucket=bucket, Key="k") == "AccessDenied"
    assert outcome(other.get_object_acl, Bucket=bucket, Key="k") == "OK"
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="authenticated-read")
    assert outcome(other.get_object, Bucket=bucket, Key="k") == "OK"
    assert anonymous(server, f"/{bucket}/k")[0] == 403
    assert outcome(s3.put_object, Bucket=bucket, Key="k", GrantRead='emailAddress="a@b.c"') == "UnresolvableGrantByEmailAddress"
    assert outcome(s3.put_object, Bucket=bucket, Key="k", GrantRead='id="zz"') == "InvalidArgument"


def policy(bucket, effect="Allow", principal="*", action="s3:GetObject", resource="/*", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": effect, "Principal": principal, "Action": action, "Resource": f"arn:aws:s3:::{bucket}{resource}", **more}]})


def test_policies(server, s3, other, account, bucket):
    s3.put_object(Bucket=bucket, Key="open/k", Body=b"x")
    s3.put_object(Bucket=bucket, Key="shut", Body=b"x")
    assert outcome(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"
    text = policy(bucket, resource="/open/*")
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert anonymous(server, f"/{bucket}/open/k")[0] == 200
    assert anonymous(server, f"/{bucket}/shut")[0] == 403
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        bucket, principal={"AWS": f"arn:aws:iam::{other_account(account)}:root"}, action=["s3:GetObject", "s3:PutObject"]))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    assert outcome(other.get_object, Bucket=bucket, Key="shut") == "OK"
    assert outcome(other.put_object, Bucket=bucket, Key="theirs", Body=b"") == "OK"
    assert outcome(other.delete_object, Bucket=bucket, Key="shut") == "AccessDenied"
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, effect="Deny", action="s3:*", resource="/shut"))
    assert outcome(s3.get_object, Bucket=bucket, Key="shut") == "AccessDenied", "an explicit deny binds the owner too"
    assert outcome(s3.get_object, Bucket=bucket, Key="open/k") == "OK"
    s3.delete_bucket_policy(Bucket=bucket)
    assert outcome(s3.get_object, Bucket=bucket, Key="shut") == "OK"
    for bad in ["{", policy("another-bucket"), policy(bucket).replace("Principal", "Nobody")]:
        assert outcome(s3.put_bucket_policy, Bucket=bucket, Policy=bad) == "MalformedPolicy", bad


def test_public_access_block(server, s3, bucket):
    assert outcome(s3.get_public_access_block, Bucket=bucket) == "NoSuchPublicAccessBlockConfiguration"
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="public-read")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))

    def block(**settings):
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=settings)

    block(IgnorePublicAcls=True)
    assert anonymous(server, f"/{bucket}/k")[0] == 200, "the policy lets it"
    block(RestrictPublicBuckets=True)
    assert anonymous(server, f"/{bucket}/k")[0] == 200, "the list lets it"
    block(IgnorePublicAcls=True, RestrictPublicBuckets=True)
    assert anonymous(server, f"/{bucket}/k")[0] == 403
    block(BlockPublicAcls=True, BlockPublicPolicy=True)
    assert outcome(s3.put_object, Bucket=bucket, Key="k", ACL="public-read") == "AccessDenied"
    assert outcome(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == "AccessDenied"
    assert outcome(s3.put_bucket_policy, Bucket=bucket, Policy=policy(bucket)) == "AccessDenied"
    s3.delete_public_access_block(Bucket=bucket)
    assert outcome(s3.put_object, Bucket=bucket, Key="k", ACL="public-read") == "OK"


def test_ownership(s3, other, account, bucket):
    def controls(name):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": name}]})

    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "ObjectWriter"}]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, principal={"AWS": other_account(account)},
                                                      action=["s3:PutObject", "s3:PutObjectAcl"]))
    other.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert outcome(s3.get_object, Bucket=bucket, Key="k") == "AccessDenied"
    controls("BucketOwnerEnforced")
    assert outcome(s3.get_object, Bucket=bucket, Key="k") == "OK"
    assert outcome(s3.put_object_acl, Bucket=bucket, Key="k", ACL="public-read") == "AccessControlListNotSupported"
    assert outcome(s3.put_object, Bucket=bucket, Key="k", ACL="bucket-owner-full-control") == "OK"
    controls("BucketOwnerPreferred")
    other.put_object(Bucket=bucket, Key="k2", Body=b"x", ACL="bucket-owner-full-control")
    assert outcome(s3.get_object, Bucket=bucket, Key="k2") == "OK"
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    assert outcome(s3.get_bucket_ownership_controls, Bucket=bucket) == "OwnershipControlsNotFoundError"


def test_expected_owners(s3, account, bucket):
    assert outcome(s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner=account) == "OK"
    assert outcome(s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner=other_account(account)) == "AccessDenied"


def test_closed_buckets(new_server):
    server = new_server("--s3-closed-buckets").start()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="closed")
    assert outcome(s3.put_object, Bucket="closed", Key="k", ACL="public-read") == "AccessControlListNotSupported"
    assert all(s3.get_public_access_block(Bucket="closed")["PublicAccessBlockConfiguration"].values())


@pytest.fixture
def strict(new_server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"{KEY} {SECRET} {ACCOUNT}\n")
    return new_server("--auth", "verify", "--credentials", str(credentials)).start()


def test_signatures(strict):
    s3 = strict.client("s3", KEY, secret=SECRET)
    s3.create_bucket(Bucket="signed")
    for key, content in [("k", b"x"), ("a b//é+~", b"y" * 200_000)]:
        s3.put_object(Bucket="signed", Key=key, Body=content)
        assert s3.get_object(Bucket="signed", Key=key)["Body"].read() == content
    assert outcome(strict.client("s3", KEY, secret="wrong").list_buckets) == "SignatureDoesNotMatch"
    assert anonymous(strict, "/signed/k")[0] == 403
    s3.put_object_acl(Bucket="signed", Key="k", ACL="public-read")
    assert anonymous(strict, "/signed/k") == (200, b"x")
    old = s3.generate_presigned_url("get_object", Params={"Bucket": "signed", "Key": "k"})
    assert anonymous(strict, old.removeprefix(strict.endpoint)) == (200, b"x")  # of version 2
    s3 = strict.client("s3", KEY, secret=SECRET, signature_version="s3v4")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "signed", "Key": "a b//é+~"})
    assert anonymous(strict, link.removeprefix(strict.endpoint))[1] == b"y" * 200_000
    status, text = anonymous(strict, link.removeprefix(strict.endpoint).replace("X-Amz-Signature=", "X-Amz-Signature=0"))
    assert (status, b"SignatureDoesNotMatch" in text) == (403, True)
