"""Bodies as SDKs of today send them: signed chunks, trailers, checksums; and what is broken of that."""

import base64
import datetime
import hashlib
import hmac
import http.client
import random
import zlib

import pytest

KEY, SECRET, ACCOUNT = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012"
SCOPE_END = "us-east-1/s3/aws4_request"


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    from conftest import Server
    folder = tmp_path_factory.mktemp("strict")
    (folder / "credentials").write_text(f"{KEY} {SECRET} {ACCOUNT}\n")
    server = Server(str(folder / "data"), "--auth", "verify", "--credentials", str(folder / "credentials")).start()
    server.client("s3", KEY, secret=SECRET).create_bucket(Bucket="streams")
    yield server
    assert server.stop() == 0


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256)


class Upload:
    """One PutObject, signed by hand."""

    def __init__(self, server, payload, headers=None, path="/streams/k"):
        self.server, self.payload, self.path = server, payload, path
        self.date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{self.date[:8]}/{SCOPE_END}"
        self.headers = {"host": f"127.0.0.1:{server.port}", "x-amz-date": self.date, "x-amz-content-sha256": payload,
                        **(headers or {})}
        key = ("AWS4" + SECRET).encode()
        for part in self.scope.split("/"):
            key = sign(key, part).digest()
        self.key = key
        names = ";".join(sorted(self.headers))
        canonical = "\n".join(["PUT", path, "", *(f"{n}:{self.headers[n]}" for n in sorted(self.headers)), "", names, payload])
        self.signature = sign(key, "\n".join(["AWS4-HMAC-SHA256", self.date, self.scope,
                                              hashlib.sha256(canonical.encode()).hexdigest()])).hexdigest()
        self.headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={KEY}/{self.scope}, SignedHeaders={names}, "
                                         f"Signature={self.signature}")
        self.previous = self.signature

    def chunk(self, data):
        self.previous = sign(self.key, "\n".join([
            "AWS4-HMAC-SHA256-PAYLOAD", self.date, self.scope, self.previous, hashlib.sha256(b"").hexdigest(),
            hashlib.sha256(data).hexdigest()])).hexdigest()
        return f"{len(data):x};chunk-signature={self.previous}\r\n".encode() + data + (b"\r\n" if data else b"")

    def trailer(self, name, value):
        digest = hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest()
        signature = sign(self.key, "\n".join(["AWS4-HMAC-SHA256-TRAILER", self.date, self.scope, self.previous, digest]))
        return f"{name}:{value}\r\nx-amz-trailer-signature:{signature.hexdigest()}\r\n\r\n".encode()

    def send(self, body, chunked=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.putrequest("PUT", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.putheader(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))))
        connection.endheaders()
        if chunked:
            for at in range(0, len(body), 50_000):
                piece = body[at:at + 50_000]
                connection.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            connection.send(b"0\r\n\r\n")
        else:
            connection.send(body)
        answer = connection.getresponse()
        return answer.status, answer.read()


def stored(server):
    return server.client("s3", KEY, secret=SECRET).get_object(Bucket="streams", Key="k", ChecksumMode="ENABLED")


def crc32(content):
    return base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()


@pytest.mark.parametrize("size", [10, 200_000, 3_000_000])
@pytest.mark.parametrize("transfer_chunks", [False, True])
def test_signed_chunks(strict, size, transfer_chunks):
    content = random.randbytes(size)
    upload = Upload(strict, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                    {"x-amz-decoded-content-length": str(size), "content-encoding": "aws-chunked"})
    pieces = [content[at:at + 65_536] for at in range(0, size, 65_536)]
    assert upload.send(b"".join(upload.chunk(p) for p in pieces) + upload.chunk(b"") + b"\r\n", transfer_chunks) == (200, b"")
    got = stored(strict)
    assert got["Body"].read() == content
    assert "ContentEncoding" not in got


@pytest.mark.parametrize("size", [10, 300_000])
@pytest.mark.parametrize("signed", [False, True])
def test_trailing_checksums(strict, size, signed):
    content = random.randbytes(size)
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" if signed else "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    def send(value, announced="x-amz-checksum-crc32"):
        upload = Upload(strict, kind, {"x-amz-decoded-content-length": str(size), "content-encoding": "aws-chunked",
                                       "x-amz-trailer": announced})
        if signed:
            return upload.send(upload.chunk(content) + upload.chunk(b"") + upload.trailer("x-amz-checksum-crc32", value))
        return upload.send(f"{size:x}\r\n".encode() + content + f"\r\n0\r\nx-amz-checksum-crc32:{value}\r\n\r\n".encode())

    assert send(crc32(content))[0] == 200
    got = stored(strict)
    assert (got["Body"].read(), got["ChecksumCRC32"]) == (content, crc32(content))
    status, text = send(crc32(content + b"x"))
    assert (status, b"<Code>BadDigest</Code>" in text) == (400, True)
    status, text = send(crc32(content), "x-amz-checksum-sha256")
    assert (status, b"<Code>MalformedTrailerError</Code>" in text) == (400, True)
    assert stored(strict)["ChecksumCRC32"] == crc32(content), "what was refused changed nothing"


def test_broken_chunks_keep_nothing(strict):
    content = random.randbytes(200_000)
    client = strict.client("s3", KEY, secret=SECRET)
    client.put_object(Bucket="streams", Key="k", Body=b"before")

    def send(spoil):
        upload = Upload(strict, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", {"x-amz-decoded-content-length": str(len(content))})
        return upload.send(spoil(upload.chunk(content) + upload.chunk(b"") + b"\r\n"))

    for spoil, code in [(lambda b: b[:1000] + bytes([b[1000] ^ 1]) + b[1001:], b"SignatureDoesNotMatch"),
                        (lambda b: b[:-100], b"IncompleteBody"),
                        (lambda b: b"fffffffffffffffff" + b, b"IncompleteBody"),
                        (lambda b: b"x" * 100_000, b"IncompleteBody")]:
        status, text = send(spoil)
        assert status in (400, 403) and b"<Code>" + code + b"</Code>" in text, text
    assert client.get_object(Bucket="streams", Key="k")["Body"].read() == b"before"


def test_the_signed_hash_must_be_the_contents(strict):
    for size in (10, 200_000):
        upload = Upload(strict, hashlib.sha256(b"x" * size).hexdigest())
        assert upload.send(b"x" * size)[0] == 200
        status, text = Upload(strict, hashlib.sha256(b"x" * size).hexdigest()).send(b"y" * size)
        assert (status, b"XAmzContentSHA256Mismatch" in text) == (400, True)


@pytest.mark.parametrize("name", ["CRC32", "SHA1", "SHA256"])
def test_checksums_in_headers(server, account, name):
    s3 = server.client("s3", account)
    s3.create_bucket(Bucket=f"sums-{account}")
    digest = {"CRC32": lambda b: zlib.crc32(b).to_bytes(4, "big"), "SHA1": lambda b: hashlib.sha1(b).digest(),
              "SHA256": lambda b: hashlib.sha256(b).digest()}[name]
    text = base64.b64encode(digest(b"content")).decode()
    assert s3.put_object(Bucket=f"sums-{account}", Key="k", Body=b"content", **{"Checksum" + name: text})["Checksum" + name] == text
    got = s3.head_object(Bucket=f"sums-{account}", Key="k", ChecksumMode="ENABLED")
    assert got["Checksum" + name] == text
    with pytest.raises(s3.exceptions.ClientError) as raised:
        s3.put_object(Bucket=f"sums-{account}", Key="k", Body=b"other", **{"Checksum" + name: text})
    assert raised.value.response["Error"]["Code"] == "BadDigest"


def test_a_client_that_breaks_off(server, account):
    s3 = server.client("s3", account)
    s3.create_bucket(Bucket=f"cut-{account}")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", f"/cut-{account}/k")
    connection.putheader("Content-Length", "1000000")
    connection.putheader("Authorization", f"AWS4-HMAC-SHA256 Credential={account}/20260101/{SCOPE_END}, SignedHeaders=host, Signature=0")
    connection.endheaders()
    connection.send(b"x" * 300_000)
    connection.close()
    s3.put_object(Bucket=f"cut-{account}", Key="other", Body=b"")
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=f"cut-{account}")["Contents"]] == ["other"]


def test_bodies_that_are_not_streamed_have_a_bound(server, account):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", f"/some-bucket-{account}?policy")
    connection.putheader("Content-Length", str(20 * 1024 * 1024))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 400 and b"<Code>MaxMessageLengthExceeded</Code>" in answer.read()


def test_who_expects_to_continue_is_told_before_the_body(server, account):
    def begin(bucket):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.putrequest("PUT", f"/{bucket}/k")
        for name, value in [("Content-Length", "1000000"), ("Expect", "100-continue"), (
                "Authorization",
                f"AWS4-HMAC-SHA256 Credential={account}/20260101/{SCOPE_END}, SignedHeaders=host, Signature=0")]:
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    answer = begin(f"no-such-{account}").getresponse()
    assert answer.status == 404 and b"NoSuchBucket" in answer.read()
    s3 = server.client("s3", account)
    s3.create_bucket(Bucket=f"expects-{account}")
    connection = begin(f"expects-{account}")
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    connection.send(b"x" * 1_000_000)
    assert connection.getresponse().status == 200
    assert s3.head_object(Bucket=f"expects-{account}", Key="k")["ContentLength"] == 1_000_000
