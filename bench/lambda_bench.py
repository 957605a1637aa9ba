#!/usr/bin/env python3
"""What Lambda adds to the functions it runs, on this machine.

usage: bench/lambda_bench.py [BINARY]

Prints: a warm invocation, over what the same handler takes by itself and over a request that runs nothing; cold starts by
runtime; asynchronous invocations and messages of an event source mapping a second. Needs g++ (for a compiled bootstrap),
python3 and node. One server with a synced log in a temporary folder.
"""

import base64
import io
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "release", "signalbox")
ACCOUNT = "000000000000"

COMPILED = r"""
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netinet/tcp.h>
int main() {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  sockaddr_in at{}; at.sin_family = AF_INET; at.sin_port = htons(9001); at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (sockaddr*)&at, sizeof at)) return 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  char buffer[65536], answer[1024];
  for (;;) {
    const char* next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
    write(fd, next, strlen(next));
    ssize_t got = read(fd, buffer, sizeof buffer - 1);
    if (got <= 0) return 0;
    buffer[got] = 0;
    char* id = strcasestr(buffer, "request-id: ") + 12;
    *strchr(id, '\r') = 0;
    snprintf(answer, sizeof answer, "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", id);
    write(fd, answer, strlen(answer));
    if (read(fd, buffer, sizeof buffer) <= 0) return 0;
  }
}
"""


class Client:
    """Requests on one connection, with as little of a client as there can be."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method, path, body=b"", service="lambda", headers=""):
        head = (f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}"
                f"Authorization: AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/us-east-1/{service}/aws4_request, "
                f"SignedHeaders=host, Signature={'0' * 64}\r\n\r\n")
        self.socket.sendall(head.encode() + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(65536)
        head, _, rest = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        while len(rest) < length:
            rest += self.socket.recv(65536)
        status = int(head.split(b" ", 2)[1])
        assert status < 300, (status, rest)
        return rest

    def json(self, target, body):
        return json.loads(self.ask("POST", "/", json.dumps(body).encode(), "sqs",
                                   f"X-Amz-Target: AmazonSQS.{target}\r\nContent-Type: application/x-amz-json-1.0\r\n"))


def zipped(name, data, mode=0o755):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (0o100000 | mode) << 16
        archive.writestr(entry, data)
    return base64.b64encode(out.getvalue()).decode()


def create(client, name, runtime, file, data, handler, **more):
    client.ask("POST", "/2015-03-31/functions", json.dumps({
        "FunctionName": name, "Runtime": runtime, "Handler": handler, "Role": f"arn:aws:iam::{ACCOUNT}:role/r",
        "Code": {"ZipFile": zipped(file, data)}, **more}).encode())


def invoke(client, name, how="RequestResponse"):
    return client.ask("POST", f"/2015-03-31/functions/{name}/invocations", b"{}",
                      headers=f"X-Amz-Invocation-Type: {how}\r\n")


def timed(work, times):
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1e6)
    took.sort()
    return f"p50 {statistics.median(took):7.0f} us   p99 {took[int(len(took) * 0.99)]:7.0f} us"


def measure(port, folder):
    client = Client(port)
    with open(folder + "/b.cpp", "w", encoding="utf-8") as file:
        file.write(COMPILED)
    subprocess.run(["g++", "-O2", "-static", "-w", "-o", folder + "/bootstrap", folder + "/b.cpp"], check=True)
    with open(folder + "/bootstrap", "rb") as file:
        compiled = file.read()
    runtimes = {
        "python": ("python3.12", "app.py", "def handler(event, context):\n    return {}\n", "app.handler"),
        "node": ("nodejs20.x", "app.js", "exports.handler = async () => ({});\n", "app.handler"),
        "compiled": ("provided.al2023", "bootstrap", compiled, "none"),
    }
    for name, (runtime, file, data, handler) in runtimes.items():
        create(client, name, runtime, file, data, handler)
        invoke(client, name)
        print(f"warm invoke, {name:9}{timed(lambda n=name: invoke(client, n), 1000)}")
    print(f"a request that runs nothing {timed(lambda: invoke(client, 'python', 'DryRun'), 1000)}")
    for name, (runtime, file, data, handler) in runtimes.items():
        took = []
        for i in range(10):
            create(client, f"{name}{i}", runtime, file, data, handler)
            start = time.perf_counter()
            invoke(client, f"{name}{i}")
            took.append((time.perf_counter() - start) * 1000)
        print(f"cold start, {name:10}median {statistics.median(took):6.1f} ms   best {min(took):6.1f} ms")
    count = 2000
    url = client.json("CreateQueue", {"QueueName": "done"})["QueueUrl"]
    client.ask("PUT", "/2019-09-25/functions/compiled/event-invoke-config", json.dumps({"DestinationConfig": {
        "OnSuccess": {"Destination": f"arn:aws:sqs:us-east-1:{ACCOUNT}:done"}}}).encode())
    start = time.perf_counter()
    for _ in range(count):
        invoke(client, "compiled", "Event")
    sent = time.perf_counter() - start
    depth = lambda queue: sum(int(v) for v in client.json("GetQueueAttributes", {
        "QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    })["Attributes"].values())
    while depth(url) < count:
        time.sleep(0.01)
    took = time.perf_counter() - start
    print(f"async invokes, one caller: {count / sent:6.0f}/s accepted, {count / took:6.0f}/s done (run, and its record sent)")
    source = client.json("CreateQueue", {"QueueName": "in"})["QueueUrl"]
    for _ in range(count // 10):
        client.json("SendMessageBatch", {"QueueUrl": source, "Entries": [
            {"Id": str(i), "MessageBody": "x" * 100} for i in range(10)]})
    start = time.perf_counter()
    client.ask("POST", "/2015-03-31/event-source-mappings", json.dumps({
        "EventSourceArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:in", "FunctionName": "compiled"}).encode())
    while depth(source) > 0:
        time.sleep(0.005)
    print(f"event source mapping, batches of 10: {count / (time.perf_counter() - start):6.0f} messages/s")


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([BINARY, "serve", "--port", "0", "--data", folder + "/data", "--log-level", "error"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            ready = server.stdout.readline()
            measure(int(re.search(r"http://[\d.]+:(\d+)", ready).group(1)), folder)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
