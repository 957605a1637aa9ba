"""Settings of buckets: what is answered where nothing is set up, what is refused and how, pages, tags of S3 Control."""

import json

import pytest
from botocore.exceptions import ClientError

from s3_raw import Raw, elements


@pytest.fixture
def s3(server, account):
    return server.client("s3", account)


@pytest.fixture
def bucket(s3, account):
    s3.create_bucket(Bucket=f"bucket-{account}")
    return f"bucket-{account}"


def refusal(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return raised.value.response["Error"]


@pytest.mark.parametrize("query, code", [
    ("cors", "NoSuchCORSConfiguration"), ("website", "NoSuchWebsiteConfiguration"), ("tagging", "NoSuchTagSet"),
    ("replication", "ReplicationConfigurationNotFoundError"), ("object-lock", "ObjectLockConfigurationNotFoundError"),
    ("lifecycle", "NoSuchLifecycleConfiguration"), ("policy", "NoSuchBucketPolicy"),
    ("metadataConfiguration", "MetadataConfigurationNotFound"), ("metadataTable", "MetadataConfigurationNotFound"),
    ("analytics&id=a", "NoSuchConfiguration"), ("inventory&id=a", "NoSuchConfiguration")])
def test_not_set_up(server, account, bucket, query, code):
    raw = Raw(server, account)
    assert raw.refused("GET", f"/{bucket}?{query}")[:2] == (404, code)
    assert raw.refused("GET", f"/none-{account}?{query}")[:2] == (404, "NoSuchBucket")


@pytest.mark.parametrize("query, root", [
    ("accelerate", "AccelerateConfiguration"), ("logging", "BucketLoggingStatus"), ("versioning", "VersioningConfiguration"),
    ("notification", "NotificationConfiguration"), ("requestPayment", "RequestPaymentConfiguration"),
    ("analytics", "ListBucketAnalyticsConfigurationResult"), ("inventory", "ListInventoryConfigurationsResult"),
    ("metrics", "ListMetricsConfigurationsResult"), ("encryption", "ServerSideEncryptionConfiguration")])
def test_not_set_up_is_empty(server, account, bucket, query, root):
    status, _, body = Raw(server, account).ask("GET", f"/{bucket}?{query}")
    assert status == 200 and f"<{root} xmlns=" in body.decode()


def test_statuses(server, account, bucket):
    raw = Raw(server, account)
    tags = b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
    assert raw.ask("PUT", f"/{bucket}?tagging", tags)[0] == 204
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                                                     "Resource": f"arn:aws:s3:::{bucket}/*"}}
    assert raw.ask("PUT", f"/{bucket}?policy", json.dumps(policy).encode())[0] == 204
    assert raw.refused("PUT", f"/{bucket}?policy", b"no policy")[1:] == (
        "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")


def test_tags_of_s3_control(server, account, bucket, s3):
    raw, path, headers = Raw(server, account), f"/v20180820/tags/arn%3Aaws%3As3%3A%3A%3A{bucket}", {"x-amz-account-id": account}
    status, _, body = raw.ask("GET", path, headers=headers)
    assert status == 200 and b"<ListTagsForResourceResult" in body and b"<Tag>" not in body
    tags = b"<TagResourceRequest><Tags><Tag><Key>k</Key><Value>v</Value></Tag><Tag><Key>l</Key><Value>w</Value></Tag></Tags>" \
           b"</TagResourceRequest>"
    assert raw.ask("POST", path, tags, headers)[0] == 204
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "w"}]
    assert raw.ask("DELETE", path + "?tagKeys=k", headers=headers)[0] == 204
    status, _, body = raw.ask("GET", path, headers={**headers, "host": f"{account}.localhost:{server.port}"})
    assert elements(body, "Key") == "l" and body.count(b"<Tag>") == 1
    assert raw.refused("GET", path + "x", headers=headers)[:2] == (404, "NoSuchResource")


def test_pages(server, account, bucket, s3):
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [
        {"AllowedOrigins": ["https://app.example.com"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["*"],
         "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}]})
    raw = Raw(server, None)
    ask = {"origin": "https://app.example.com", "access-control-request-method": "PUT",
           "access-control-request-headers": "Content-Type"}
    status, headers, _ = raw.ask("OPTIONS", f"/{bucket}/k", headers=ask)
    assert status == 200
    assert {name: headers[name] for name in headers if name.startswith("access-control")} == {
        "access-control-allow-origin": "https://app.example.com", "access-control-allow-methods": "PUT",
        "access-control-allow-headers": "content-type", "access-control-expose-headers": "ETag",
        "access-control-max-age": "60", "access-control-allow-credentials": "true"}
    for change in ({"origin": "https://evil.example.com"}, {"access-control-request-method": "DELETE"}):
        assert raw.refused("OPTIONS", f"/{bucket}/k", headers={**ask, **change})[:2] == (403, "AccessForbidden")
    for lacking, text in (("origin", "Insufficient information. Origin request header needed."),
                          ("access-control-request-method", "Invalid Access-Control-Request-Method: null")):
        status, _, body = raw.ask("OPTIONS", f"/{bucket}/k", headers={n: v for n, v in ask.items() if n != lacking})
        assert status == 400 and elements(body, "Code", "Message") == ["BadRequest", text]
    status, headers, _ = raw.ask("PUT", f"/{bucket}/k", b"x", {"origin": "https://app.example.com"})
    assert status == 200 and headers["access-control-allow-origin"] == "https://app.example.com"
    assert headers["access-control-expose-headers"] == "ETag"
    s3.delete_bucket_cors(Bucket=bucket)
    assert refusal(s3.get_bucket_cors, Bucket=bucket)["Code"] == "NoSuchCORSConfiguration"


def test_version_ids_and_markers(server, account, bucket, s3):
    raw, foreign = Raw(server, account), "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for method in ("GET", "DELETE"):
        assert raw.refused(method, f"/{bucket}/k?versionId={foreign}", members=["ArgumentName", "ArgumentValue"]) == (
            400, "InvalidArgument", "Invalid version id specified", "versionId", foreign)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": foreign}]})
    assert [one["Code"] for one in answer["Errors"]] == ["NoSuchVersion"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    copied = s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", MetadataDirective="REPLACE")
    assert copied["VersionId"] == "null" and "CopySourceVersionId" not in copied
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    for path in ("acl", "tagging"):
        status, headers, body = raw.ask("GET", f"/{bucket}/k?{path}")
        assert (status, *elements(body, "Code", "Method", "ResourceType")) == (405, "MethodNotAllowed", "GET", "DeleteMarker")
        assert headers["x-amz-version-id"] == marker
    _, _, body = raw.ask("GET", f"/{bucket}?versions")
    assert elements(body, "VersionIdMarker", "ChecksumType") == ["", "FULL_OBJECT"]


def test_conditions_of_writes(server, account, bucket):
    raw = Raw(server, account)
    for headers, header, why in (
            ({"if-match": "x", "if-none-match": "*"}, "If-Match,If-None-Match",
             "Multiple conditional request headers present in the request"),
            ({"if-none-match": "x"}, "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"),
            ({"if-match": "*"}, "If-Match", "We don't accept the provided value of If-Match header for this API")):
        assert raw.refused("PUT", f"/{bucket}/k", b"x", headers, ["Header", "additionalMessage"]) == (
            501, "NotImplemented", "A header you provided implies functionality that is not implemented", header, why)


def test_copies_by_url(server, account, bucket, s3):
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x")
    raw = Raw(server, account)
    source = {"x-amz-copy-source": f"http://s3.amazonaws.com/{bucket}/a%20b"}
    assert raw.ask("PUT", f"/{bucket}/copy", headers=source)[0] == 200
    for text, message in (("%zz/k", "Invalid copy source encoding."), (f"{bucket}/", "Invalid copy source object key"),
                          (bucket, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")):
        assert raw.refused("PUT", f"/{bucket}/copy", headers={"x-amz-copy-source": text}, members=["ArgumentName"])[1:] == (
            "InvalidArgument", message, "x-amz-copy-source")


@pytest.mark.parametrize("query", ["list-type=2&", "", "versions&"])
def test_keys_in_listings_are_encoded(server, account, bucket, s3, query):
    for key in ("a b", "a+b", "100%", "run books/x"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    raw = Raw(server, account)
    _, headers, body = raw.ask("GET", f"/{bucket}?{query}delimiter=/&encoding-type=url")
    for key in ("a+b", "a%2Bb", "100%25"):
        assert f"<Key>{key}</Key>" in body.decode()
    assert "<Prefix>run+books/</Prefix>" in body.decode() and headers["x-amz-bucket-region"] == "us-east-1"
    assert raw.refused("GET", f"/{bucket}?{query}encoding-type=base64", members=["ArgumentName", "ArgumentValue"]) == (
        400, "InvalidArgument", "Invalid Encoding Method specified in Request", "encoding-type", "base64")


OBJECTS = "arn:aws:s3:::{}/*"


@pytest.mark.parametrize("change, text", [
    ({"Effect": "hello"}, "Invalid effect: hello"), ({"Effect": None}, "Missing required field Effect"),
    ({"Principal": None}, "Missing required field Principal"), ({"Action": None}, "Missing required field Action"),
    ({"Resource": None}, "Missing required field Resource"), ({"Principals": "*"}, "Unknown field Principals"),
    ({"Action": "invalid_action"}, "Policy has invalid action"), ({"Action": []}, "Policy has invalid action"),
    ({"Action": ["s3:GetObject", "s3:GetObjects"]}, "Policy has invalid action"),
    ({"Action": "s3:ListAllMyBuckets"}, "Policy has invalid action"), ({"Action": "sqs:*"}, "Policy has invalid action"),
    ({"Resource": "*"}, "Policy has invalid resource"), ({"Resource": "nothing"}, "Policy has invalid resource"),
    ({"Resource": [OBJECTS, "arn:aws:s3:::another/*"]}, "Policy has invalid resource"),
    ({"Resource": []}, "Policy has invalid resource"),
    ({"Action": "s3:ListBucket"}, "Action does not apply to any resource(s) in statement"),
    ({"Action": ["s3:GetObject", "s3:ListBucket"]}, "Action does not apply to any resource(s) in statement"),
    ({"Resource": "arn:aws:s3:::{}"}, "Action does not apply to any resource(s) in statement"),
    ({"Principal": {"AWS": "nobody"}}, "Invalid principal in policy"),
])
def test_what_is_wrong_with_a_statement(s3, bucket, change, text):
    named = lambda value: [one.format(bucket) for one in value] if isinstance(value, list) else (
        value.format(bucket) if isinstance(value, str) else value)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS, **change}
    statement = {key: named(value) for key, value in statement.items() if value is not None}
    error = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert (error["Code"], error["Message"]) == ("MalformedPolicy", text)


@pytest.mark.parametrize("policy, text", [
    ('{"Version"', "This policy contains invalid Json"), ("{}", "Missing required field Statement"),
    ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
    ('{"Version": "2020-01-01", "Statement": []}', "The policy must contain a valid version string"),
    ('{"Statements": []}', "Unknown field Statements"),
])
def test_what_is_wrong_with_a_policy(s3, bucket, policy, text):
    error = refusal(s3.put_bucket_policy, Bucket=bucket, Policy=policy)
    assert (error["Code"], error["Message"]) == ("MalformedPolicy", text)


@pytest.mark.parametrize("action, resource", [
    ("s3:*", "arn:aws:s3:::{}"), ("*", OBJECTS), ("s3:Get*", "arn:aws:s3:::{}"), ("S3:getobject", OBJECTS),
    (["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::{}", OBJECTS]), ("s3:ListBucket", "arn:aws:s3:::{}*"),
    (["s3:GetBucketAcl", "s3:PutObject"], ["arn:aws:s3:::{}", "arn:aws:s3:::{}/logs/*"]),
    ("s3:GetObject", "arn:aws:s3:::{}/${{aws:username}}/*"),
])
def test_policies_that_are_taken(s3, bucket, action, resource):
    resources = [one.format(bucket) for one in ([resource] if isinstance(resource, str) else resource)]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": action, "Resource": resources}}))
