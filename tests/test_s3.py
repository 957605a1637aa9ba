"""Buckets and objects, with boto3 and with the `aws` command."""

import hashlib
import os
import random
import socket
import subprocess
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from conftest import error_code
from s3_raw import Raw


@pytest.fixture
def s3(server, account):
    return server.client("s3", account)


@pytest.fixture
def bucket(s3, account):
    name = f"bucket-{account}"
    s3.create_bucket(Bucket=name)
    return name


def refused(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return error_code(raised), raised.value.response["ResponseMetadata"]["HTTPStatusCode"]


def body(s3, bucket, key, **more):
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def test_buckets(server, s3, account):
    names = [f"b{i}.{account}" for i in range(3)]
    for name in names:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    listed = s3.list_buckets()
    assert [b["Name"] for b in listed["Buckets"]] == names
    assert len(listed["Owner"]["ID"]) == 64
    assert s3.get_bucket_location(Bucket=names[0])["LocationConstraint"] == "eu-west-1"
    assert s3.head_bucket(Bucket=names[0])["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"
    assert refused(s3.create_bucket, Bucket=names[0],
                   CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}) == ("BucketAlreadyOwnedByYou", 409)
    other = server.client("s3", f"{(int(account) + 1) % 10 ** 12:012d}")
    assert refused(other.create_bucket, Bucket=names[0]) == ("BucketAlreadyExists", 409)
    for name in ("Not_A_Bucket", "xn--abc", "sthree-abc", "amzn-s3-demo-abc", "abc-s3alias", "abc--ol-s3", "abc.mrap",
                 "abc--x-s3", "abc--table-s3"):
        assert refused(s3.create_bucket, Bucket=name) == ("InvalidBucketName", 400)
    s3.put_object(Bucket=names[0], Key="k", Body=b"")
    assert refused(s3.delete_bucket, Bucket=names[0]) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=names[0], Key="k")
    s3.delete_bucket(Bucket=names[0])
    assert refused(s3.head_bucket, Bucket=names[0]) == ("404", 404)
    assert refused(s3.list_objects_v2, Bucket=names[0]) == ("NoSuchBucket", 404)


@pytest.mark.parametrize("size", [0, 1, 1000, 32 * 1024, 32 * 1024 + 1, 70_000, 3_000_000])
def test_what_is_put_is_got(s3, bucket, size):
    content = random.randbytes(size)
    put = s3.put_object(Bucket=bucket, Key="a key/with é+& =", Body=content, ContentType="text/x", CacheControl="no-cache",
                        Metadata={"One": "1", "two": "b c"})
    etag = f'"{hashlib.md5(content).hexdigest()}"'
    assert put["ETag"] == etag
    got = s3.get_object(Bucket=bucket, Key="a key/with é+& =")
    assert got["Body"].read() == content
    assert (got["ETag"], got["ContentLength"], got["ContentType"]) == (etag, size, "text/x")
    assert got["CacheControl"] == "no-cache"
    assert got["Metadata"] == {"one": "1", "two": "b c"}
    head = s3.head_object(Bucket=bucket, Key="a key/with é+& =")
    assert (head["ContentLength"], head["ETag"], head["AcceptRanges"]) == (size, etag, "bytes")


@pytest.mark.parametrize("size", [1000, 100_000])
def test_ranges(s3, bucket, size):
    content = random.randbytes(size)
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    for given, expected in [("bytes=0-9", content[:10]), ("bytes=5-", content[5:]), ("bytes=-7", content[-7:]),
                            (f"bytes=0-{size * 2}", content), ("bytes=3-2", content), ("lines=1-2", content)]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=given)
        assert got["Body"].read() == expected, given
        status = got["ResponseMetadata"]["HTTPStatusCode"]
        assert status == (200 if given in ("bytes=3-2", "lines=1-2") else 206), given
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=1-4")["ContentRange"] == f"bytes 1-4/{size}"
    assert refused(s3.get_object, Bucket=bucket, Key="k", Range=f"bytes={size}-") == ("InvalidRange", 416)


def test_conditions(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert body(s3, bucket, "k", IfMatch=etag) == b"1"
    assert refused(s3.get_object, Bucket=bucket, Key="k", IfMatch='"x"') == ("PreconditionFailed", 412)
    assert refused(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag) == ("304", 304)
    assert refused(s3.get_object, Bucket=bucket, Key="k", IfModifiedSince=modified) == ("304", 304)
    assert body(s3, bucket, "k", IfUnmodifiedSince=modified) == b"1"


def test_answers_headers_can_be_asked_for(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="a/b", ResponseContentDisposition="attachment")
    assert (got["ContentType"], got["ContentDisposition"]) == ("a/b", "attachment")
    assert refused(s3.get_object, Bucket=bucket, Key="k", ResponseContentType="a\r\nSet-Cookie: b")[0] == "InvalidArgument"


def test_what_is_not_done_is_refused_by_name(s3, bucket):
    for arguments in [{"ServerSideEncryption": "aws:kms"}, {"ObjectLockMode": "GOVERNANCE"},
                      {"WebsiteRedirectLocation": "/x"}, {"StorageClass": "GLACIER"}]:
        assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", **arguments) == ("NotImplemented", 501)
    assert refused(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "i"}}) == (
        "NotImplemented", 501)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_copies(s3, bucket):
    small, large = b"small", random.randbytes(200_000)
    for key, content in [("small", small), ("large", large)]:
        s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata={"a": "1"}, Tagging="t=1")
        s3.copy_object(Bucket=bucket, Key=key + " copy", CopySource={"Bucket": bucket, "Key": key})
        s3.copy_object(Bucket=bucket, Key=key + "2", CopySource=f"{bucket}/{key}", MetadataDirective="REPLACE",
                       Metadata={"b": "2"}, TaggingDirective="REPLACE")
        s3.delete_object(Bucket=bucket, Key=key)
        copy = s3.get_object(Bucket=bucket, Key=key + " copy")
        assert (copy["Body"].read(), copy["Metadata"], copy["TagCount"]) == (content, {"a": "1"}, 1)
        copy = s3.get_object(Bucket=bucket, Key=key + "2")
        assert (copy["Body"].read(), copy["Metadata"]) == (content, {"b": "2"})
        assert "TagCount" not in copy
    assert refused(s3.copy_object, Bucket=bucket, Key="small2", CopySource=f"{bucket}/small2") == ("InvalidRequest", 400)
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=f"{bucket}/none") == ("NoSuchKey", 404)


def test_lists(s3, bucket):
    keys = sorted(["a", "a/1", "a/2", "a/b/3", "b/1", "c", "d e", "é"], key=str.encode)
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    listed = s3.list_objects_v2(Bucket=bucket)
    assert [o["Key"] for o in listed["Contents"]] == keys
    assert (listed["KeyCount"], listed["IsTruncated"]) == (len(keys), False)
    by_folder = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [o["Key"] for o in by_folder["Contents"]] == ["a", "c", "d e", "é"]
    assert [p["Prefix"] for p in by_folder["CommonPrefixes"]] == ["a/", "b/"]
    inside = s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="a/")
    assert [o["Key"] for o in inside["Contents"]] == ["a/1", "a/2"]
    assert [p["Prefix"] for p in inside["CommonPrefixes"]] == ["a/b/"]
    for size in (1, 2, 3):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size})
        found = [(o["Key"] if "Key" in o else o["Prefix"]) for page in pages
                 for o in page.get("Contents", []) + page.get("CommonPrefixes", [])]
        assert sorted(found, key=str.encode) == ["a", "a/", "b/", "c", "d e", "é"]
        pages = s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
        assert [o["Key"] for page in pages for o in page["Contents"]] == keys
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, StartAfter="b/1")["Contents"]] == ["c", "d e", "é"]
    assert refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken="nonsense")[0] == "InvalidArgument"
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in keys + ["none"]]})
    assert len(deleted["Deleted"]) == len(keys) + 1
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_versions(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"null")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    ids = [s3.put_object(Bucket=bucket, Key="k", Body=content)["VersionId"] for content in (b"1", b"2" * 50_000)]
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"] is True
    assert refused(s3.get_object, Bucket=bucket, Key="k") == ("NoSuchKey", 404)
    assert refused(s3.get_object, Bucket=bucket, Key="k", VersionId=marker["VersionId"]) == ("MethodNotAllowed", 405)
    assert body(s3, bucket, "k", VersionId=ids[0]) == b"1"
    assert body(s3, bucket, "k", VersionId="null") == b"null"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    listed = s3.list_object_versions(Bucket=bucket)
    assert [v["VersionId"] for v in listed["Versions"]] == [ids[1], ids[0], "null"]
    assert [m["VersionId"] for m in listed["DeleteMarkers"] if m["IsLatest"]] == [marker["VersionId"]]
    for size in (1, 2):
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
        found = [v["VersionId"] for page in pages for v in page.get("DeleteMarkers", []) + page.get("Versions", [])]
        assert sorted(found) == sorted([marker["VersionId"], ids[1], ids[0], "null"])
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert body(s3, bucket, "k") == b"2" * 50_000
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"new null")
    assert body(s3, bucket, "k", VersionId="null") == b"new null"
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 3
    assert refused(s3.delete_bucket, Bucket=bucket) == ("BucketNotEmpty", 409)
    for version in s3.list_object_versions(Bucket=bucket)["Versions"]:
        s3.delete_object(Bucket=bucket, Key="k", VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=bucket)


def test_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=1&b=x%20y")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "c", "Value": ""}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    assert refused(s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "aws:x", "Value": ""}]}) == ("InvalidTag", 400)
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "t", "Value": "v"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "t", "Value": "v"}]


@pytest.mark.parametrize("key", ["a//b", "/lead", "trail/", ".", "..", "a/../b", "%41", "a?b", "a#b", "+", "\t", "x" * 1024, "日本"])
def test_keys_are_taken_as_they_are(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert body(s3, bucket, key) == key.encode()
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert refused(s3.put_object, Bucket=bucket, Key="x" * 1025, Body=b"") == ("KeyTooLongError", 400)


def test_multipart(s3, bucket):
    part = random.randbytes(5 * 1024 * 1024)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", Metadata={"m": "1"})["UploadId"]
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    tags = [s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=n, Body=b)["ETag"]
            for n, b in [(1, part), (2, b"unused"), (3, b"the end")]]
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789" * 10_000)
    copied = s3.upload_part_copy(Bucket=bucket, Key="big", UploadId=upload, PartNumber=3,
                                 CopySource=f"{bucket}/source", CopySourceRange="bytes=0-49999")["CopyPartResult"]["ETag"]
    assert [p["Size"] for p in s3.list_parts(Bucket=bucket, Key="big", UploadId=upload)["Parts"]] == [len(part), 6, 50_000]
    complete = dict(Bucket=bucket, Key="big", UploadId=upload)
    parts = [{"PartNumber": 1, "ETag": tags[0]}, {"PartNumber": 3, "ETag": copied}]
    for bad, code in [(parts[::-1], "InvalidPartOrder"), ([{"PartNumber": 1, "ETag": '"x"'}], "InvalidPart"),
                      ([{"PartNumber": 2, "ETag": tags[1]}, parts[1]], "EntityTooSmall")]:
        assert refused(s3.complete_multipart_upload, **complete, MultipartUpload={"Parts": bad}) == (code, 400)
    done = s3.complete_multipart_upload(**complete, MultipartUpload={"Parts": parts})
    digests = hashlib.md5(part).digest() + hashlib.md5(b"0123456789" * 5000).digest()
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    got = s3.get_object(Bucket=bucket, Key="big")
    assert got["Body"].read() == part + b"0123456789" * 5000
    assert got["Metadata"] == {"m": "1"}
    across = s3.get_object(Bucket=bucket, Key="big", Range=f"bytes={len(part) - 3}-{len(part) + 2}")["Body"].read()
    assert across == part[-3:] + b"012"
    assert s3.head_object(Bucket=bucket, Key="big", PartNumber=2)["ContentLength"] == 50_000
    assert s3.complete_multipart_upload(**complete, MultipartUpload={"Parts": parts})["ETag"] == done["ETag"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="big", UploadId=upload)
    assert refused(s3.list_parts, Bucket=bucket, Key="big", UploadId=upload) == ("NoSuchUpload", 404)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls(server, account, bucket, version):
    s3 = server.client("s3", account, signature_version=version)
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    urllib.request.urlopen(urllib.request.Request(put, data=b"by link", method="PUT"), timeout=30).close()
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    with urllib.request.urlopen(get, timeout=30) as answer:
        assert answer.read() == b"by link"


def test_virtual_hosts(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"v", ACL="public-read")
    for host in (f"{bucket}.s3.localhost:4566", f"{bucket}.localhost", f"{bucket}.s3.us-east-1.amazonaws.com"):
        assert server.raw(path="/k", method="GET", headers={"Host": host})[::2] == (200, b"v")


def test_aws_command(server, account, bucket, tmp_path):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}

    def aws(*arguments):
        done = subprocess.run(["aws", "--endpoint-url", server.endpoint, "s3", *arguments], env=environment, text=True,
                              capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    folder = tmp_path / "from"
    (folder / "deep").mkdir(parents=True)
    contents = {"small": b"s", "deep/large": random.randbytes(20 * 1024 * 1024), "deep/empty": b""}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1_500_000_000, 1_500_000_000))  # older than what comes of it, by whole seconds
    aws("sync", str(folder), f"s3://{bucket}/x")
    assert aws("sync", str(folder), f"s3://{bucket}/x") == ""
    aws("cp", f"s3://{bucket}/x/deep/large", str(tmp_path / "large"))
    assert (tmp_path / "large").read_bytes() == contents["deep/large"]
    aws("sync", f"s3://{bucket}/x", str(tmp_path / "to"))
    assert {n: (tmp_path / "to" / n).read_bytes() for n in contents} == contents
    assert "PRE deep/" in aws("ls", f"s3://{bucket}/x/")
    aws("mv", f"s3://{bucket}/x/deep/large", f"s3://{bucket}/y")
    aws("rm", "--recursive", f"s3://{bucket}/")
    aws("rb", f"s3://{bucket}")


def test_names_that_the_server_has_pages_for(server, account):
    s3 = server.client("s3", account)
    for name in ("health", "metrics"):
        try:
            s3.create_bucket(Bucket=name)
        except ClientError as problem:
            assert problem.response["Error"]["Code"] == "BucketAlreadyExists"
            continue
        assert s3.list_objects_v2(Bucket=name)["Name"] == name
        s3.delete_bucket(Bucket=name)


def test_unknown_paths_without_a_signature(server):
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(server.endpoint + "/no-such-bucket-here/key", timeout=30)
    assert raised.value.code == 404
    assert b"<Code>NoSuchBucket</Code>" in raised.value.read()


def test_versions_have_ids(server, account, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    raw = Raw(server, account)
    text = "Version id cannot be the empty string"
    for method, path in (("GET", "?versionId="), ("GET", "?tagging&versionId="), ("DELETE", "?versionId="),
                         ("GET", "?acl&versionId=")):
        assert raw.refused(method, f"/{bucket}/k{path}", members=["ArgumentName", "ArgumentValue"]) == (
            400, "InvalidArgument", text, "versionId", ""), path
    assert raw.refused("PUT", f"/{bucket}/c", headers={"x-amz-copy-source": f"{bucket}/k?versionId="},
                       members=["ArgumentName"]) == (400, "InvalidArgument", text, "x-amz-copy-source")


def test_bodies_have_lengths(server, account, s3, bucket):
    url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
    path = url.removeprefix(server.endpoint)

    def put(headers, body=b""):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: close\r\n{headers}\r\n"
                               .encode() + body)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    answer = put("")
    assert answer.startswith(b"HTTP/1.1 411 ") and b"<Code>MissingContentLength</Code>" in answer, answer
    assert put("Content-Length: 0\r\n").startswith(b"HTTP/1.1 200 ")
    assert put("Transfer-Encoding: chunked\r\n", b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    url = s3.generate_presigned_url("upload_part", {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1})
    path = url.removeprefix(server.endpoint)
    answer = put("")
    assert answer.startswith(b"HTTP/1.1 411 ") and b"<Code>MissingContentLength</Code>" in answer, answer
    assert put("Content-Length: 0\r\n").startswith(b"HTTP/1.1 200 ")
    assert put("Content-Length: 1\r\n", b"x").startswith(b"HTTP/1.1 200 ")


def test_a_list_that_lets_images_be_read(s3, bucket):
    s3.put_object(Bucket=bucket, Key="image", Body=b"x", ACL="aws-exec-read")
    grants = [(grant["Grantee"]["ID"][:8], grant["Permission"])
              for grant in s3.get_object_acl(Bucket=bucket, Key="image")["Grants"]]
    assert grants[1:] == [("6aa5a366", "READ")] and grants[0][1] == "FULL_CONTROL"
