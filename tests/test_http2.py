"""HTTP/2 without TLS, as clients speak it that know beforehand: curl, and the JavaScript client of Kinesis."""

import json
import os
import socket
import struct
import subprocess
import threading

from conftest import REGION
from functions import until

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def curl(server, *options, target=None, body=None, path="/"):
    """Status, version of HTTP and body of one answer."""
    command = ["curl", "--silent", "--http2-prior-knowledge", "--max-time", "30", "--write-out",
               "\n%{http_code} %{http_version}", *options, server.endpoint + path]
    if target:
        command += ["-H", f"X-Amz-Target: {target}", "-H", "Content-Type: application/x-amz-json-1.0", "-H",
                    f"Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/{REGION}/sqs/aws4_request, "
                    "SignedHeaders=host, Signature=0"]
    done = subprocess.run(command + (["--data-binary", "@-"] if body is not None else []), input=body, capture_output=True,
                          check=True)
    answer, _, last = done.stdout.rpartition(b"\n")
    status, version = last.split()
    return int(status), version.decode(), answer


def test_calls(server):
    status, version, answer = curl(server, target="AmazonSQS.CreateQueue", body=b'{"QueueName":"http2"}')
    assert (status, version) == (200, "2")
    url = json.loads(answer)["QueueUrl"]
    assert url.startswith(server.endpoint)
    text = "é" * 400_000
    message = json.dumps({"QueueUrl": url, "MessageBody": text}).encode()
    assert curl(server, target="AmazonSQS.SendMessage", body=message)[0] == 200
    _, _, received = curl(server, target="AmazonSQS.ReceiveMessage", body=json.dumps({"QueueUrl": url}).encode())
    assert json.loads(received)["Messages"][0]["Body"] == text
    status, _, refused = curl(server, target="AmazonSQS.GetQueueUrl", body=b'{"QueueName":"none"}')
    assert status == 400 and b"QueueDoesNotExist" in refused


def test_plain_pages_and_heads(server):
    assert curl(server, path="/health") == (200, "2", b'{"status":"ok"}\n')
    for path in ("/health", "/metrics"):
        for version in ("--http1.1", "--http2-prior-knowledge"):
            done = subprocess.run(["curl", "-sS", "-I", version, server.endpoint + path, "--max-time", "20"],
                                  text=True, capture_output=True, check=True)
            assert done.stdout.split()[1] == "200" and "NoSuchBucket" not in done.stdout
    status, version, head = curl(server, "--head", path="/")  # not what is asked for, but without a body
    assert (status, version) == (404, "2") and b"content-length: " in head


def test_many_at_once_on_one_connection(server):
    """More than the server lets in at once, and one with too long a header among them."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "javascript", "http2.mjs")
    done = subprocess.run(["node", script, server.endpoint, "300"], capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == {"fine": 300, "long": "ERR_HTTP2_STREAM_ERROR", "after": 200}


def test_a_body_that_is_too_long(new_server):
    server = new_server("--max-body-bytes", "100000").start()
    assert curl(server, body=b"x" * 99_000)[0] == 400
    status, _, answer = curl(server, body=b"x" * 300_000)
    assert status == 413 and b"<Code>RequestEntityTooLarge</Code>" in answer
    assert curl(server, path="/health")[0] == 200


def exchange(server, *pieces):
    """What comes back for these bytes until the server closes the connection or has nothing more to say."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        for piece in pieces:
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while more := client.recv(65536):
            answer += more
        return answer


def test_hostile_frames(server):
    settings = exchange(server, PREFACE[:10], PREFACE[10:], SETTINGS)
    assert settings[3] == 4  # the first frame is SETTINGS
    goaway = b"\x07\x00\x00\x00\x00\x00"
    for frames in (b"GET / HTTP/1.1\r\n\r\n" + b"x" * 100,     # no frames at all
                   b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",    # a frame of 16 MiB
                   b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00",  # a window that opens by nothing
                   b"\x00\x00\x01\x00\x00\x00\x00\x00\x01x"):  # data of a stream that was never opened
        assert goaway in exchange(server, PREFACE, SETTINGS, frames), frames
    assert exchange(server, b"PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert exchange(server, b"PRI") == b""
    assert server.raw(path="/health", method="GET")[0] == 200


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def head(method, path):
    """A block of headers that no table holds."""
    def number(value):
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    def text(value):
        return (bytes([len(value)]) if len(value) < 127 else b"\x7f" + number(len(value) - 127)) + value

    fields = ((b":method", method), (b":scheme", b"http"), (b":path", path), (b":authority", b"localhost"))
    return b"".join(b"\0" + text(name) + text(value) for name, value in fields)


def test_bodies_of_requests_that_are_reset_are_not_kept(new_server):
    """While answers wait to be fetched, requests wait for their turn; those that are reset are gone."""
    # AddressSanitizer keeps what was given back for a while: hardly any of it here, where memory is measured.
    asan = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    server = new_server(environment={"ASAN_OPTIONS": asan}).start()

    def resident():
        with open(f"/proc/{server.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024

    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        threading.Thread(target=lambda: [None for _ in iter(lambda: client.recv(65536), b"")], daemon=True).start()
        client.sendall(PREFACE + frame(4, 0, 0, struct.pack(">HI", 4, 0)))  # no window: answers stay
        stream = 1
        for _ in range(20):  # answers that repeat a long path
            block = head(b"GET", b"/" + b"b" * 60_000)
            pieces = [block[at:at + 16384] for at in range(0, len(block), 16384)]
            client.sendall(b"".join(frame(1 if n == 0 else 9, (n == 0) | (4 if n == len(pieces) - 1 else 0), stream, piece)
                                    for n, piece in enumerate(pieces)))
            stream += 2
        before = resident()
        for _ in range(100):
            client.sendall(frame(1, 4, stream, head(b"POST", b"/")) + frame(0, 0, stream, b" " * 16384) * 62 +
                           frame(0, 1, stream) + frame(3, 0, stream, struct.pack(">I", 8)))
            stream += 2
        assert server.raw(path="/health", method="GET")[0] == 200
        assert resident() - before < 50, "MB"


def test_a_stop_answers_what_waits(new_server):
    server = new_server().start()
    url = json.loads(curl(server, target="AmazonSQS.CreateQueue", body=b'{"QueueName":"q"}')[2])["QueueUrl"]
    headers = ["-H", "X-Amz-Target: AmazonSQS.ReceiveMessage", "-H", "Content-Type: application/x-amz-json-1.0"]
    waiting = subprocess.Popen(["curl", "--silent", "--http2-prior-knowledge", "--max-time", "60", *headers,
                                "--data-binary", json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}), server.endpoint],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # That request and the one that asks.
    until(lambda: b"\nsignalbox_http_requests_in_progress 2\n" in server.raw(path="/metrics", method="GET")[2])
    assert server.stop() == 0
    assert waiting.communicate(timeout=30)[0] == b"{}"
    assert waiting.returncode == 0
