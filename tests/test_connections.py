"""Connections stay in step: what SDKs send on one connection, with bodies, without, and asked for."""

import http.client
import json
import os
import subprocess

import pytest
from botocore.exceptions import ClientError

from conftest import REGION, error_code
from test_javascript import node_modules, walk  # noqa: F401: a fixture

BODIES = (b"x", b"", b"x", b"y" * 3_000_000, b"", b"", b"x")


def signed_for(service, account):
    return (f"AWS4-HMAC-SHA256 Credential={account}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, "
            f"Signature={'0' * 64}")


def test_objects_by_boto3(server, account):
    s3 = server.client("s3", account, max_pool_connections=1, read_timeout=10, s3={"addressing_style": "path"})
    s3.create_bucket(Bucket=f"boto-{account}")
    for body in BODIES:
        where = {"Bucket": f"boto-{account}", "Key": "k"}
        s3.put_object(**where, Body=body)
        assert s3.head_object(**where)["ContentLength"] == len(body)
        assert s3.get_object(**where)["Body"].read() == body
        with pytest.raises(ClientError) as missing:
            s3.head_object(Bucket=f"boto-{account}", Key="none")
        assert error_code(missing) == "404"
        with pytest.raises(ClientError) as missing:
            s3.put_object(Bucket=f"none-{account}", Key="k", Body=body)
        assert error_code(missing) == "NoSuchBucket"


def test_objects_by_javascript(server, account, node_modules):  # noqa: F811
    saw = walk("connections.mjs", server.endpoint, account)
    assert saw["lengths"] == [[1, 1], [0, 0], [1, 1], [3_000_000, 3_000_000], [0, 0], [1, 1]]
    assert saw["connections"] == 1


@pytest.mark.parametrize("cli", [path for path in ("/usr/bin/aws",) if os.path.exists(path)])
def test_objects_by_the_cli(server, account, cli, tmp_path):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="any", AWS_DEFAULT_REGION=REGION)
    for name, body in (("a", b"x"), ("b", b""), ("c", b"x"), ("d", b"y" * 100_000), ("e", b"")):
        (tmp_path / name).write_bytes(body)

    def s3(*arguments):
        done = subprocess.run([cli, "--endpoint-url", server.endpoint, "s3", *arguments], env=environment, text=True,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    s3("mb", f"s3://cli-{account}")
    s3("sync", str(tmp_path), f"s3://cli-{account}")
    assert [line.split()[2] for line in s3("ls", f"s3://cli-{account}").splitlines()] == ["1", "0", "1", "100000", "0"]


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_objects_by_curl(new_server, account, version, tmp_path):
    """One command, one connection: curl says how many it made. With TLS, as curl 7.88 does not use a connection of HTTP/2
    again that it began without."""
    server = new_server("--tls", "self-signed").start()
    bucket = f"{server.endpoint}/curl-{account}"
    command = ["curl", "--silent", version, "--cacert", server.authority, "--max-time", "60"]
    follow = ["-H", f"Authorization: {signed_for('s3', account)}", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD", "--write-out",
              "%{http_code} %{size_download} %{num_connects}\\n", "--output", "/dev/null"]
    requests = [["-X", "PUT", bucket]]
    for number, body in enumerate(BODIES):
        (tmp_path / str(number)).write_bytes(body)
        requests.append(["--upload-file", str(tmp_path / str(number)), bucket + "/k", "-H", "Expect: 100-continue"])
        requests += [["--head", bucket + "/k"], [bucket + "/k"], ["-X", "DELETE", bucket + "/none"]]
    for number, request in enumerate(requests):
        command += (["--next", "--silent", version, "--cacert", server.authority] if number else []) + follow + request
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    wanted = ["200 0"]
    for body in BODIES:
        wanted += ["200 0", "200 0", f"200 {len(body)}", "204 0"]
    assert [line.rsplit(" ", 1)[0] for line in lines] == wanted
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["1"] + ["0"] * (len(lines) - 1)


def test_refusals_by_the_services_themselves(new_server):
    """What is too large is refused as AWS refuses it, before it is sent."""
    server = new_server("--max-body-bytes", "1000").start()

    def ask(method, path, headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request(method, path, headers=dict(headers, **{"Content-Length": "100000", "Expect": "100-continue"}))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    status, headers, body = ask("POST", "/2015-03-31/functions", {"Authorization": signed_for("lambda", "000000000000")})
    assert (status, headers["x-amzn-ErrorType"]) == (413, "RequestEntityTooLargeException")
    assert json.loads(body)["message"] == "Request must be smaller than 1000 bytes for the CreateFunction operation"
    status, headers, body = ask("PUT", "/b?policy", {"Authorization": signed_for("s3", "000000000000")})
    assert (status, headers["Content-Type"]) == (400, "application/xml")
    assert b"<Code>MaxMessageLengthExceeded</Code>" in body
    status, headers, body = ask("POST", "/", {"Authorization": signed_for("sns", "000000000000"),
                                              "Content-Type": "application/x-www-form-urlencoded"})
    assert status == 413 and b"<Code>RequestEntityTooLarge</Code>" in body
    status, headers, body = ask("POST", "/", {"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"})
    assert status == 413 and json.loads(body)["__type"].endswith("RequestEntityTooLargeException")


def test_metrics_are_shared(server):
    """The page is written once a second, whoever asks; its length is told, and HEAD has no body."""
    texts = {server.raw(path="/metrics", method="GET")[2] for _ in range(20)}
    assert len(texts) < 20
    assert all(b"signalbox_requests_total" in text for text in texts)
