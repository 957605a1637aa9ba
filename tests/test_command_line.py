"""Every aws CLI that is installed (Debian's version 2 always; version 1 where there is one) against one server."""

import json
import os
import re
import subprocess

import pytest


def installed_clis():
    """One path for each version of the `aws` CLI on this machine."""
    found = {}
    for folder in ["/usr/bin", "/usr/local/bin", *os.environ["PATH"].split(":")]:
        path = os.path.join(folder, "aws")
        if os.access(path, os.X_OK):
            said = subprocess.run([path, "--version"], text=True, capture_output=True, check=False)
            version = re.match(r"aws-cli/(\S+)", said.stdout + said.stderr)
            if version:
                found.setdefault(version.group(1), path)
    return found


CLIS = installed_clis()


@pytest.fixture(params=CLIS.values(), ids=CLIS.keys())
def aws(request, server, account, tmp_path):
    """Runs one aws command: exit status, what it printed (decoded when JSON), what it complained."""
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "any", "AWS_PAGER": "",
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_DEFAULT_OUTPUT": "json", "HOME": str(tmp_path)}

    def run(*arguments):
        done = subprocess.run([request.param, "--endpoint-url", server.endpoint, *arguments], cwd=tmp_path,
                              env=environment, text=True, capture_output=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr

    return run


def test_a_message_there_and_back(aws, tmp_path):
    status, made, complaint = aws("sqs", "create-queue", "--queue-name", "cli.fifo", "--attributes",
                                  "FifoQueue=true,ContentBasedDeduplication=true")
    assert status == 0, complaint
    url = made["QueueUrl"]
    (tmp_path / "attributes.json").write_text('{"n": {"DataType": "Number", "StringValue": "1"}}')
    status, sent, complaint = aws("sqs", "send-message", "--queue-url", url, "--message-body", "a & b = <ç>",
                                  "--message-group-id", "g", "--message-attributes", "file://attributes.json")
    assert status == 0, complaint
    _, received, _ = aws("sqs", "receive-message", "--queue-url", url, "--attribute-names", "All",
                         "--message-attribute-names", "All")
    (message,) = received["Messages"]
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "a & b = <ç>")
    assert message["MessageAttributes"] == {"n": {"DataType": "Number", "StringValue": "1"}}
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])[0] == 0
    _, left, _ = aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All")
    assert left["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_the_cli_turns_pages_by_itself(aws):
    for i in range(3):
        aws("sqs", "create-queue", "--queue-name", f"page-{i}")
    status, listed, complaint = aws("sqs", "list-queues", "--queue-name-prefix", "page-", "--page-size", "1")
    assert status == 0, complaint
    assert [url.rsplit("/", 1)[1] for url in listed["QueueUrls"]] == ["page-0", "page-1", "page-2"]


@pytest.mark.parametrize("command, complaint", [
    (("sqs", "get-queue-url", "--queue-name", "missing"),
     r"\(AWS\.SimpleQueueService\.NonExistentQueue\) when calling the GetQueueUrl operation: The specified queue does"),
    (("events", "describe-rule", "--name", "missing"),
     r"\(ResourceNotFoundException\) when calling the DescribeRule operation: Rule missing does not exist on EventBus"),
], ids=["sqs", "events"])
def test_errors_read_as_from_aws(aws, command, complaint):
    status, printed, complained = aws(*command)
    assert status in (254, 255)  # 255: version 1 before 1.20
    assert printed is None
    assert re.search(complaint, complained), complained


def test_event_patterns_are_tried_from_files(aws, tmp_path):
    event = {"id": "1", "detail-type": "t", "source": "my.app", "account": "123456789012", "region": "us-east-1",
             "time": "2017-04-28T17:56:40Z", "resources": [], "detail": {"n": 5}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    for wanted, result in (5, True), (6, False):
        (tmp_path / "pattern.json").write_text(json.dumps({"detail": {"n": [wanted]}}))
        status, tried, complaint = aws("events", "test-event-pattern", "--event-pattern", "file://pattern.json",
                                       "--event", "file://event.json")
        assert (status, tried) == (0, {"Result": result}), complaint
