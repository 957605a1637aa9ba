"""A full disk gives errors, loses nothing acknowledged, and is recovered from when there is room again."""

import os
import signal
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from conftest import Server, error_code, receive_all

MEGABYTE = 1024 * 1024


class SmallDiskServer(Server):
    """A server whose data folder is a small file system of its own, in namespaces of its own."""

    def __init__(self, folder, disk):
        super().__init__(folder, "--log-level", "error")
        self.disk = disk

    def command(self, port=0):
        serve = " ".join(super().command(port))
        # The disk is a directory that outlives the process only through its copy: see `keep` and `bring_back`.
        script = f"mount -t tmpfs -o size=160m none {self.data} && cp -a {self.disk}/. {self.data}/ && exec {serve}"
        return ["unshare", "-Urm", "sh", "-c", script]

    @property
    def inside(self):
        return f"/proc/{self.process.pid}/root{self.data}"

    def free(self):
        status = os.statvfs(self.inside)
        return status.f_bavail * status.f_frsize

    def fill_but(self, left):
        with open(f"{self.inside}/filler", "wb") as filler:
            while self.free() > left:
                filler.write(b"x" * min(MEGABYTE, max(4096, self.free() - left)))
                filler.flush()

    def make_room(self):
        os.unlink(f"{self.inside}/filler")

    def keep(self):
        """What the disk holds now, as a kill leaves it: the next start begins with it. Nothing runs from then on."""
        self.process.send_signal(signal.SIGSTOP)
        subprocess.run(["cp", "-a", "--remove-destination", f"{self.inside}/.", self.disk], check=True)
        filler = os.path.join(self.disk, "filler")
        if os.path.exists(filler):
            os.unlink(filler)

    def restart(self):
        self.keep()
        self.kill()
        self.start()


@pytest.fixture
def server(tmp_path):
    if subprocess.run(["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"], check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("this machine lets nobody make namespaces with a file system in them")
    for name in ("data", "disk"):
        (tmp_path / name).mkdir()
    small = SmallDiskServer(str(tmp_path / "data"), str(tmp_path / "disk")).start()
    yield small
    if small.process is not None:
        small.kill()


def send_until_refused(sqs, url, sent):
    """Sends messages of 100 KB, noting the acknowledged; returns the error's code."""
    with pytest.raises(ClientError) as raised:
        for _ in range(2000):
            body = f"{len(sent)} " + "x" * 100_000
            sqs.send_message(QueueUrl=url, MessageBody=body)
            sent.append(body)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    return error_code(raised)


def send_when_possible(sqs, url, sent):
    """The store looks for room every few seconds."""
    deadline = time.monotonic() + 30
    while True:
        try:
            sqs.send_message(QueueUrl=url, MessageBody="the first after")
            sent.append("the first after")
            return
        except ClientError:
            assert time.monotonic() < deadline


@pytest.mark.parametrize("state", ["new", "restarted", "in use"])
def test_full_disk(server, state):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    sent = []
    if state == "restarted":
        server.restart()
        sqs = server.client("sqs")
        url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    if state == "in use":
        for i in range(20):
            sent.append(f"before {i}")
            sqs.send_message(QueueUrl=url, MessageBody=sent[-1])
    # With no room at all the first write since the start fails: RocksDB has nothing in memory to write out then.
    server.fill_but(0 if state == "restarted" else MEGABYTE)
    assert send_until_refused(sqs, url, sent) == "InternalFailure"
    assert send_until_refused(sqs, url, sent) == "InternalFailure"
    # Reading goes on.
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"] == {
        "ApproximateNumberOfMessages": str(len(sent))}
    if sent:
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] in sent
    assert server.raw(path="/health", method="GET")[0] == 200

    server.make_room()
    send_when_possible(sqs, url, sent)
    for i in range(20):
        sent.append(f"after {i}")
        sqs.send_message(QueueUrl=url, MessageBody=sent[-1])

    server.restart()
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "600"})
    assert sorted(m["Body"] for m in receive_all(sqs, url)) == sorted(sent)


def test_kill_while_the_disk_is_full(server):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    sent = []
    server.fill_but(MEGABYTE)
    send_until_refused(sqs, url, sent)
    send_until_refused(sqs, url, sent)
    server.restart()
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    assert sorted(m["Body"] for m in receive_all(sqs, url)) == sorted(sent)
