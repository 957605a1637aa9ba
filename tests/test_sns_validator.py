"""Signatures of SNS messages, checked by the sns-validator package with its own idea of whom to trust."""

import json
import os
import subprocess

import test_javascript
from conftest import queue_arn, receive_until

node_modules = test_javascript.node_modules
HOST = "sns.us-east-1.amazonaws.com"


def test_the_validator_accepts_our_signatures(new_server, account, sink, node_modules, tmp_path):
    server = new_server("--public-url", "https://" + HOST).start()
    sns, sqs = server.client("sns", account), server.client("sqs", account)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(sqs, url))
    for version in "12":
        sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
        sns.publish(TopicArn=topic, Message="one\ntwo ü \U0001f600", Subject="subject " + version)
        sns.publish(TopicArn=topic, Message="without a subject")
    messages = [json.loads(message["Body"]) for message in receive_until(sqs, url, 4)]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=sink.url)
    messages.append(sink.wait_for(1)[0]["body"])

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-days", "2", "-subj", "/CN=" + HOST, "-addext", "subjectAltName=DNS:" + HOST], check=True,
                   capture_output=True)
    (tmp_path / "messages.json").write_text(json.dumps(messages))
    done = subprocess.run(["node", "validate_sns.mjs", server.endpoint, tmp_path / "messages.json", key, certificate],
                          cwd=test_javascript.FOLDER, env=dict(os.environ, NODE_EXTRA_CA_CERTS=str(certificate)),
                          text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    saw = json.loads(done.stdout)
    changed = "The message signature is invalid."
    assert sorted(saw["verdicts"]) == sorted(
        [["Notification", version, "valid", changed] for version in "1122"] +
        [["SubscriptionConfirmation", "2", "valid", changed]])
    fetched, = saw["fetched"]
    assert fetched.startswith(HOST + "/") and fetched.endswith(".pem")
