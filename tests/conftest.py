"""The real server and real clients, as fixtures."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import boto3
import botocore.config
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("SIGNALBOX_BINARY", os.path.join(ROOT, "build", "release", "signalbox"))
REGION = "us-east-1"
PASSED = pytest.StashKey()
READY = re.compile(r"^Signalbox is ready at (https?://[\w.:\[\]]+)")


class Server:
    """A `signalbox serve` process on a free port. Its data folder outlives it, so it can be started again."""

    def __init__(self, data, *options, environment=None):
        self.data = data
        self.options = options
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        self.endpoint = None
        self.log = tempfile.TemporaryFile(mode="w+")

    def command(self, port=0):
        return [BINARY, "serve", "--port", str(port), "--data", self.data, *self.options]

    def start(self, port=0):
        self.process = subprocess.Popen(self.command(port), stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env=self.environment)
        line = self.process.stdout.readline()
        ready = READY.match(line)
        assert ready, f"the server did not start: {line!r}\n{self.log_text()}"
        self.endpoint = ready.group(1)
        return self

    @property
    def authority(self):
        """What clients are to trust, of a server with --tls self-signed."""
        return os.path.join(self.data, "tls", "ca.pem")

    @property
    def port(self):
        return int(self.endpoint.rsplit(":", 1)[1])

    def log_text(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        """Asks it to end and waits; returns its exit status."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=40)
        self.process.stdout.close()
        self.process = None
        return status

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=20)
        self.process.stdout.close()
        self.process = None

    def client(self, service, account="000000000000", region=REGION, secret="secret", **settings):
        settings.setdefault("retries", {"max_attempts": 0})
        return boto3.session.Session(account, secret, region_name=region).client(
            service, endpoint_url=self.endpoint, config=botocore.config.Config(**settings),
            verify=self.authority if self.endpoint.startswith("https:") else None)

    def raw(self, body=b"", headers=None, path="/", method="POST"):
        """One HTTP request without an SDK: status, headers, body."""
        request = urllib.request.Request(self.endpoint + path, data=body if method == "POST" else None,
                                         headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, dict(answer.headers), answer.read()

    def json_call(self, target, body, account="000000000000", region=REGION):
        """A call in the JSON protocol, as newer SDKs send it: status, headers, decoded body."""
        service = "sqs" if target.startswith("AmazonSQS") else "events"
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, headers, answer = self.raw(text, {
            "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1." + ("0" if service == "sqs" else "1"),
            "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{service}/aws4_request, "
                             f"SignedHeaders=host, Signature={'0' * 64}"})
        return status, headers, json.loads(answer) if answer else {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Notes on the test whether its body passed, for `tmp_path`."""
    outcome = yield
    if call.when == "call":
        item.stash[PASSED] = outcome.get_result().passed


@pytest.fixture
def tmp_path(request, tmp_path):
    """pytest's folder of a test. Goes when the test has passed: what 1400 servers keep would fill a disk."""
    yield tmp_path
    if request.node.stash.get(PASSED, False):
        shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def data(tmp_path):
    return str(tmp_path / "data")


@pytest.fixture
def new_server(data):
    """Makes servers on this test's data folder; ends those that still run."""
    made = []

    def make(*options, environment=None, folder=None):
        made.append(Server(folder or data, *options, environment=environment))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None:
            server.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for every test that keeps to an account of its own."""
    shared = Server(str(tmp_path_factory.mktemp("shared") / "data")).start()
    yield shared
    assert shared.stop() == 0


@pytest.fixture
def ordinary_server(tmp_path):
    """A server of a user who is not root, and has no control groups: started."""
    folder = tmp_path / "data"
    folder.mkdir()
    server = Server(str(folder))
    if os.geteuid() == 0:
        binary = shutil.copy(BINARY, tmp_path)  # the checkout may be in a folder that is root's alone
        for path in (tmp_path, *tmp_path.parents):
            if path == pathlib.Path(tempfile.gettempdir()):
                break
            os.chmod(path, 0o755)
        os.chown(folder, 12345, 12345)
        made = server.command
        server.command = lambda port=0: ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", binary,
                                         *made(port)[1:]]
    yield server.start()
    if server.process is not None:
        server.kill()


@pytest.fixture
def account():
    return f"{random.randrange(10 ** 12):012d}"


@pytest.fixture
def sqs(server, account):
    return server.client("sqs", account)


@pytest.fixture
def sns(server, account):
    return server.client("sns", account)


@pytest.fixture
def events(server, account):
    return server.client("events", account)


class Sink:
    """A `signalbox sink` process: an HTTP endpoint that answers as it is told."""

    def __init__(self, *options):
        self.process = subprocess.Popen([BINARY, "sink", *options], stdout=subprocess.PIPE, text=True)
        self.smtp = self.process.stdout.readline().split()[-1] if "--smtp-port" in options else None
        self.url = self.process.stdout.readline().split()[-1]
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.reader.start()

    def requests(self):
        with urllib.request.urlopen(self.url + "/_sink/requests", timeout=30) as answer:
            return json.load(answer)

    def wait_for(self, count, seconds=20):
        """The requests received, as soon as there are that many."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.requests()
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"{len(found)} of {count} requests came: {found}"

    def mails(self):
        with urllib.request.urlopen(self.url + "/_sink/mail", timeout=30) as answer:
            return json.load(answer)

    def wait_for_mail(self, count, seconds=20):
        """The mails received, as soon as there are that many."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.mails()
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, f"{len(found)} of {count} mails came: {found}"

    def end(self):
        if self.process.stdout.closed:
            return
        self.process.terminate()
        self.process.wait(timeout=20)
        self.reader.join(timeout=20)
        self.process.stdout.close()


@pytest.fixture
def new_sink():
    made = []

    def make(*options):
        made.append(Sink(*options))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def sink(new_sink):
    return new_sink()


def receive_until(sqs_client, url, count, seconds=20):
    """That many messages, as soon as they are there."""
    messages = []
    deadline = time.monotonic() + seconds
    while len(messages) < count:
        assert time.monotonic() < deadline, f"{len(messages)} of {count} messages came"
        messages += sqs_client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1,
                                               MessageAttributeNames=["All"]).get("Messages", [])
    return messages


def queue_arn(sqs_client, url):
    return sqs_client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive_all(sqs_client, url, **options):
    """Every message that can be received now; they stay in flight."""
    messages = []
    while True:
        more = sqs_client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **options).get("Messages", [])
        if not more:
            return messages
        messages += more


def error_code(raised):
    return raised.value.response["Error"]["Code"]


def error_text(raised):
    return raised.value.response["Error"]["Message"]
