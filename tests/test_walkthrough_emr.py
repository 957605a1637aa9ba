"""docs/walkthroughs/emr-steps.md: its commands, with the server and the sink of the test."""

import os
import re
import subprocess
import urllib.request

from conftest import ROOT
from functions import until

ACCOUNT = "123456789012"


def commands():
    """The blocks of the page, without the one that starts the server."""
    with open(os.path.join(ROOT, "docs", "walkthroughs", "emr-steps.md"), encoding="utf-8") as page:
        return re.findall(r"^```\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)[1:]


def run(block, server, folder):
    text = block.replace("http://127.0.0.1:4566", server.endpoint)
    script = f'set -e\naws() {{ command aws --endpoint-url {server.endpoint} "$@"; }}\n{text}'
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1",
                       AWS_PAGER="")
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, text=True, capture_output=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_step_that_fails_is_retried_and_told(new_server, new_sink, tmp_path):
    sink = new_sink("--smtp-port", "0")
    server = new_server("--smtp", sink.smtp).start()
    set_up, fail = commands()
    run(set_up, server, tmp_path)
    asked, = sink.wait_for_mail(1)
    link = re.search(r"^(http\S+/confirm\S*)$", asked["body"], re.MULTILINE).group(1)
    urllib.request.urlopen(link, timeout=30).close()
    run("\n".join(line for line in fail.splitlines() if "logs tail" not in line), server, tmp_path)
    mail = sink.wait_for_mail(2)[1]
    assert mail["to"] == ["ops@example.com"] and "CustomJAR" in mail["body"]
    logs = server.client("logs", ACCOUNT)
    assert until(lambda: [e for e in logs.filter_log_events(logGroupName="/aws/lambda/RetryStep")["events"]
                          if "retrying CustomJAR for the 1 time" in e["message"]])
    sqs = server.client("sqs", ACCOUNT)
    url = sqs.get_queue_url(QueueName="steps")["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"]) == 1
