"""TLS: certificates of the server's own and of others, both versions of HTTP on one port."""

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from conftest import BINARY, error_code

ROOT = "AKIDROOT", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012"


@pytest.fixture
def server(new_server):
    return new_server("--tls", "self-signed").start()


def curl(server, *options, authority=None):
    """Exit status, HTTP status and version, and body."""
    command = ["curl", "--silent", "--cacert", authority or server.authority, "--max-time", "30", "--write-out",
               "\n%{http_code} %{http_version}", *options]
    done = subprocess.run(command, capture_output=True, check=False)
    answer, _, last = done.stdout.rpartition(b"\n")
    return done.returncode, last.decode(), answer


def localhost(server):
    return f"https://localhost:{server.port}"


def test_what_is_told_and_kept(server):
    assert server.endpoint.startswith("https://127.0.0.1:")
    line = server.process.stdout.readline()
    assert line == f"Clients trust it by its authority's certificate: export AWS_CA_BUNDLE={server.authority}\n"
    folder = os.path.dirname(server.authority)
    for key in ("ca.key", "server.key"):
        assert stat.S_IMODE(os.stat(os.path.join(folder, key)).st_mode) == 0o600
    kept = {name: open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder)}
    assert server.stop() == 0
    server.start()
    assert kept == {name: open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder)}


def test_clients(server):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert url == f"{server.endpoint}/000000000000/q"  # the links are https, too
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    for version in ("--http1.1", "--http2"):
        for name in ("localhost", "127.0.0.1"):
            got = curl(server, version, f"https://{name}:{server.port}/health")
            assert got == (0, "200 2" if version == "--http2" else "200 1.1", b'{"status":"ok"}\n')
    below = f"bucket.s3.localhost:{server.port}"  # OpenSSL matches no *.localhost, and this
    assert curl(server, "--http2", "--resolve", f"{below}:127.0.0.1", f"https://{below}/")[1] == "404 2"
    for below in ("bucket.s3.eu-west-1", "abc.lambda-url.eu-west-1", "abc.lambda-url.us-east-1"):
        below += f".localhost:{server.port}"
        assert curl(server, "--resolve", f"{below}:127.0.0.1", f"https://{below}/")[0] == 0
    assert curl(server, f"{server.endpoint}/health", authority="/etc/ssl/certs/ca-certificates.crt")[0] == 60
    listed = subprocess.run(["/usr/bin/aws", "--endpoint-url", localhost(server), "--region", "us-east-1", "sqs", "list-queues"],
                            env=dict(os.environ, AWS_CA_BUNDLE=server.authority, AWS_ACCESS_KEY_ID="000000000000",
                                     AWS_SECRET_ACCESS_KEY="any"), text=True, capture_output=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout)["QueueUrls"] == [f"{localhost(server)}/000000000000/q"]
    clock = subprocess.run([BINARY, "clock", "get", "--endpoint-url", localhost(server)], text=True, capture_output=True, check=False,
                           env=dict(os.environ, AWS_CA_BUNDLE=server.authority))
    assert clock.returncode == 0, clock.stderr


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_objects(server, version, tmp_path):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="bucket")
    large = os.urandom(20_000_000)  # more than a body may be that is not read in pieces
    (tmp_path / "large").write_bytes(large)
    link = s3.generate_presigned_url("put_object", Params={"Bucket": "bucket", "Key": "k"})
    done, status, answer = curl(server, version, "--upload-file", str(tmp_path / "large"), link)
    assert (done, status.split()[0]) == (0, "200"), answer
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == large
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    done, status, answer = curl(server, version, link)
    assert (done, status) == (0, "200 2" if version == "--http2" else "200 1.1")
    assert answer == large
    for body in (b"x", b"", b"x"):
        s3.put_object(Bucket="bucket", Key="k", Body=body)
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == body


def test_a_long_poll_over_tls(server):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    waiting = subprocess.Popen(["/usr/bin/aws", "--endpoint-url", server.endpoint, "--region", "us-east-1", "sqs", "receive-message",
                                "--queue-url", url, "--wait-time-seconds", "20"], stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, AWS_CA_BUNDLE=server.authority, AWS_ACCESS_KEY_ID="000000000000",
                                        AWS_SECRET_ACCESS_KEY="any"))
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert json.loads(waiting.communicate(timeout=60)[0])["Messages"][0]["Body"] == "hello"


def test_what_is_no_tls(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while more := plain.recv(4096):
            answer += more
    assert answer.startswith(b"HTTP/1.1 400 ") and b"https://" in answer
    context = ssl.create_default_context(cafile=server.authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as old, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(old, server_hostname="localhost")


def test_secure_transport(new_server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(" ".join(ROOT) + "\n")
    options = ("--auth", "enforce", "--credentials", str(credentials))
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*",
                 "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    server = new_server(*options, "--tls", "self-signed").start()
    s3 = server.client("s3", ROOT[0], secret=ROOT[1])
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    assert server.stop() == 0
    server = new_server(*options).start()
    with pytest.raises(ClientError) as refused:
        server.client("s3", ROOT[0], secret=ROOT[1]).put_object(Bucket="bucket", Key="k", Body=b"x")
    assert error_code(refused) == "AccessDenied"


def test_a_bucket_that_wants_a_newer_version(new_server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(" ".join(ROOT) + "\n")
    server = new_server("--auth", "enforce", "--credentials", str(credentials), "--tls", "self-signed").start()
    s3 = server.client("s3", ROOT[0], secret=ROOT[1])
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                 "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
                 "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.3"}}}
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    for version in ("--http1.1", "--http2"):
        assert curl(server, version, "--tls-max", "1.2", link)[1].startswith("403 ")
        assert curl(server, version, "--tlsv1.3", link)[1].startswith("200 ")


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                    str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True)


def shown(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(plain) as secure:
            return secure.getpeercert(binary_form=True)


def test_certificates_of_others(new_server, tmp_path):
    make_certificate(tmp_path, "first")
    server = new_server("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")).start()
    authority = str(tmp_path / "cert.pem")
    assert curl(server, "--http2", f"{server.endpoint}/health", authority=authority)[1] == "200 2"
    before = shown(server)
    make_certificate(tmp_path, "second")
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while shown(server) == before:
        assert time.monotonic() < deadline
    assert curl(server, f"{server.endpoint}/health", authority=authority)[1] == "200 2"
    after = shown(server)
    (tmp_path / "cert.pem").write_text("rubbish")
    server.process.send_signal(signal.SIGHUP)
    while "the certificates stay as they are" not in server.log_text():
        assert time.monotonic() < deadline
    assert shown(server) == after


@pytest.mark.parametrize("options, says", [
    (("--tls-cert", "c.pem"), "--tls-cert and --tls-key go together"),
    (("--tls-cert", "c.pem", "--tls-key", "k.pem"), "c.pem is no certificate"),
    (("--tls-cert", "c.pem", "--tls-key", "k.pem", "--tls", "self-signed"), "does not go with --tls-cert"),
    (("--tls", "self-signed", "--address", "0.0.0.0"), "without --auth enforce"),
    (("--tls", "maybe"), "--tls"),
])
def test_what_does_not_start(new_server, data, options, says):
    done = subprocess.run(new_server(*options).command(), text=True, capture_output=True, timeout=30, check=False)
    assert done.returncode != 0 and says in done.stderr + done.stdout
