"""Condition keys of S3's actions, and what requests ask for beside the operation: in --auth enforce."""

import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text
from test_enforce import ACCOUNT, User, denied, options, root, server  # noqa: F401 (fixtures)


def conditional(condition, action="s3:*", effect="Deny", **more):
    return {"Effect": effect, "Action": action, "Resource": "*", "Condition": condition, **more}


@pytest.fixture
def s3(server):  # noqa: F811
    made = root(server, "s3", s3={"addressing_style": "path"})
    made.create_bucket(Bucket="bkt", ObjectOwnership="ObjectWriter")
    made.delete_public_access_block(Bucket="bkt")
    made.put_object(Bucket="bkt", Key="source", Body=b"x", Tagging="level=open")
    return made


PUT = {"Bucket": "bkt", "Key": "k", "Body": b"x"}
COPY = {"Bucket": "bkt", "Key": "k", "CopySource": "bkt/source"}


@pytest.mark.parametrize("condition, call, free, caught", [
    ({"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}}, "put_object", PUT, {"StorageClass": "STANDARD_IA"}),
    ({"StringEquals": {"s3:RequestObjectTag/team": "red"}}, "put_object", {**PUT, "Tagging": "team=blue"},
     {"Tagging": "a=b&team=red"}),
    ({"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": "secret"}}, "put_object", {**PUT, "Tagging": "team=x"},
     {"Tagging": "team=x&secret=y"}),
    ({"StringLike": {"s3:x-amz-grant-read": "*AllUsers*"}}, "put_object", PUT,
     {"GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'}),
    ({"StringEquals": {"s3:x-amz-acl": "public-read"}}, "put_object", {**PUT, "ACL": "private"}, {"ACL": "public-read"}),
    ({"StringLike": {"s3:x-amz-copy-source": "bkt/sour*"}}, "copy_object", {**COPY, "CopySource": "bkt/k0"},
     {"CopySource": "/bkt/source"}),
    ({"StringEquals": {"s3:x-amz-metadata-directive": "REPLACE"}}, "copy_object", COPY, {"MetadataDirective": "REPLACE"}),
    ({"Null": {"s3:x-amz-server-side-encryption": "false"}}, "put_object", PUT, {"ServerSideEncryption": "AES256"}),
    ({"StringEquals": {"s3:prefix": "private/"}}, "list_objects_v2", {"Bucket": "bkt"}, {"Prefix": "private/"}),
    ({"StringEquals": {"s3:delimiter": "/"}}, "list_objects_v2", {"Bucket": "bkt"}, {"Delimiter": "/"}),
    ({"NumericGreaterThan": {"s3:max-keys": "10"}}, "list_objects", {"Bucket": "bkt", "MaxKeys": 10}, {"MaxKeys": 11}),
    ({"StringEquals": {"s3:versionid": "null"}}, "get_object", {"Bucket": "bkt", "Key": "source"}, {"VersionId": "null"}),
    ({"StringEquals": {"s3:ExistingObjectTag/level": "open"}}, "get_object", {"Bucket": "bkt", "Key": "k0"},
     {"Key": "source"}),
    ({"StringEquals": {"s3:RequestObjectTag/team": "red"}}, "put_object_tagging",
     {"Bucket": "bkt", "Key": "source", "Tagging": {"TagSet": [{"Key": "team", "Value": "x"}]}},
     {"Tagging": {"TagSet": [{"Key": "team", "Value": "red"}]}}),
], ids=lambda value: next(iter(next(iter(value.values())))) if isinstance(value, dict) and len(value) == 1 and
    isinstance(next(iter(value.values())), dict) else None)
def test_conditions_are_met_by_what_requests_say(server, s3, condition, call, free, caught):  # noqa: F811
    s3.put_object(Bucket="bkt", Key="k0", Body=b"x")
    user = User(server, {"Action": "s3:*"}, conditional(condition))
    mine = getattr(user.client("s3"), call)
    mine(**free)
    denied(mine, **{**free, **caught})
    # The same in the bucket's policy.
    user.set({"Action": "s3:*"})
    mine(**free)
    s3.put_bucket_policy(Bucket="bkt", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        **conditional(condition), "Principal": {"AWS": user.arn}, "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]}]}))
    mine(**free)
    denied(mine, **{**free, **caught})


def test_conditions_on_conditional_writes(server, s3):  # noqa: F811
    user = User(server, {"Action": "s3:*"}, conditional({"StringEquals": {"s3:if-none-match": "*"}}))
    mine = user.client("s3")
    mine.put_object(**PUT)
    # The header itself: older SDKs do not know the parameter.
    mine.meta.events.register("before-call.s3.PutObject", lambda params, **_: params["headers"].update({"If-None-Match": "*"}))
    denied(mine.put_object, **{**PUT, "Key": "other"})
    user.set({"Action": "s3:*"})
    mine.put_object(**{**PUT, "Key": "other"})


def test_conditions_on_the_signature(server, s3):  # noqa: F811
    import urllib.error
    import urllib.request
    user = User(server, {"Action": "s3:*"}, conditional({"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}))
    mine = user.client("s3")
    link = mine.generate_presigned_url("get_object", {"Bucket": "bkt", "Key": "source"})

    def follow():
        try:
            return urllib.request.urlopen(link, timeout=30).status
        except urllib.error.HTTPError as problem:
            return problem.code
    mine.get_object(Bucket="bkt", Key="source")
    assert follow() == 403
    user.set({"Action": "s3:*"}, conditional({"NumericGreaterThan": {"s3:signatureAge": "600000"}}))
    assert follow() == 200
    user.set({"Action": "s3:*"}, conditional({"StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}}))
    mine.get_object(Bucket="bkt", Key="source")
    assert ("AWSAccessKeyId" in link) == (follow() == 403)


def test_lists_and_tags_of_new_objects_need_rights_of_their_own(server, s3):  # noqa: F811
    user = User(server, {"Action": "s3:PutObject"})
    mine = user.client("s3")
    mine.put_object(**PUT)
    assert "s3:PutObjectAcl" in denied(mine.put_object, **PUT, ACL="public-read")
    assert "s3:PutObjectTagging" in denied(mine.put_object, **PUT, Tagging="a=b")
    denied(mine.create_multipart_upload, Bucket="bkt", Key="k", ACL="public-read")
    user.set({"Action": ["s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging"]})
    mine.put_object(**PUT, ACL="public-read", Tagging="a=b")


def test_policies_that_would_not_do_what_they_say_are_refused(server, s3):  # noqa: F811
    def put(**statement):
        s3.put_bucket_policy(Bucket="bkt", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bkt/*", **statement}]}))
    for key in ("s3:no-such-key", "s3:x-amz-unheard-of", "sqs:x"):
        with pytest.raises(ClientError) as raised:
            put(Condition={"StringEquals": {key: "x"}})
        assert (error_code(raised), error_text(raised)) == ("MalformedPolicy", "Policy has an invalid condition key")
    for key in ("s3:TlsVersion", "s3:DataAccessPointArn", "s3:AccessPointNetworkOrigin"):
        put(Condition={"StringEquals": {key: "x"}})
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "s3:GetObject",
                 "Resource": "arn:aws:s3:::bkt/*"}
    with pytest.raises(ClientError) as raised:
        s3.put_bucket_policy(Bucket="bkt", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert error_code(raised) == "MalformedPolicy"
    put(Condition={"StringEquals": {"aws:Referer": "https://example.com/"}})


def test_keys_of_many_are_decided_one_by_one_for_whoever_asks(server, s3):  # noqa: F811
    s3.put_object(Bucket="bkt", Key="open/k", Body=b"x")
    s3.put_bucket_policy(Bucket="bkt", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::bkt/open/*"}]}))
    body = b"<Delete><Object><Key>open/k</Key></Object><Object><Key>source</Key></Object></Delete>"
    import base64
    import hashlib
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    status, _, text = server.raw(body, {"Content-MD5": digest, "Content-Type": "application/xml"}, "/bkt?delete")
    assert status == 200
    assert b"<Deleted><Key>open/k</Key>" in text
    assert b"<Error>" in text and b"<Code>AccessDenied</Code>" in text
    s3.head_object(Bucket="bkt", Key="source")
