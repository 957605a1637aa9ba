"""Keys are what stands behind the bucket in the path, whatever that is; and where buckets are asked for."""

import socket

import pytest

from s3_raw import Raw, elements

KEYS = ["/", "//", "a//b", "a/", "/a", ".", "..", "a/../b", "./a", "a b+c", "100%", "한글/ü", "a?b#c", "~!@$&'()*,;=:", "a%2Fb"]


@pytest.fixture
def bucket(server, account):
    name = f"bucket-{account}"
    server.client("s3", account).create_bucket(Bucket=name)
    return name


@pytest.fixture
def names_below_localhost(monkeypatch):
    """They are this machine (RFC 6761), in browsers and curl; Debian's C library asks a name server, unless it is told."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: resolve(
        "127.0.0.1" if isinstance(host, str) and host.endswith(".localhost") else host, *more, **named))


@pytest.mark.usefixtures("names_below_localhost")
@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("key", KEYS)
def test_any_key(server, account, bucket, key, style):
    s3 = server.client("s3", account, s3={"addressing_style": style}) if style == "path" else virtual(server, account)
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    plain = server.client("s3", account, s3={"addressing_style": "path"})
    assert [one["Key"] for one in plain.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert plain.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def virtual(server, account):
    """A client that names buckets in the host."""
    import boto3
    import botocore.config
    return boto3.session.Session(account, "secret", region_name="us-east-1").client(
        "s3", endpoint_url=f"http://s3.localhost:{server.port}",
        config=botocore.config.Config(s3={"addressing_style": "virtual"}, retries={"max_attempts": 0}))


def test_a_slash_does_not_make_a_bucket(server, account):
    raw = Raw(server, account)
    assert raw.refused("PUT", f"/none-{account}//")[:2] == (404, "NoSuchBucket")
    assert server.client("s3", account).list_buckets()["Buckets"] == []


def test_a_slash_behind_the_bucket_is_none(server, account, bucket):
    status, headers, body = Raw(server, account).ask("GET", f"/{bucket}/")
    assert status == 200 and elements(body, "Name") == bucket
    assert headers["x-amz-bucket-region"] == "us-east-1"


def test_headers_of_a_bucket(server, account, bucket):
    status, headers, _ = Raw(server, account).ask("HEAD", f"/{bucket}")
    assert status == 200
    assert headers["x-amz-bucket-arn"] == f"arn:aws:s3:::{bucket}"
    assert headers["x-amz-bucket-region"] == "us-east-1"
    assert headers["x-amz-access-point-alias"] == "false"
