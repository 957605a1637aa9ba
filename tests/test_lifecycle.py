"""Starting, stopping, starting again; and what refuses to start."""

import json
import signal
import subprocess
import threading

import pytest

from conftest import READY, queue_arn, receive_all


def fill(server):
    sqs, events = server.client("sqs"), server.client("events")
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "600"}, tags={"a": "b"})["QueueUrl"]
    fifo = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    events.create_event_bus(Name="bus")
    events.put_rule(Name="rule", EventBusName="bus", EventPattern='{"source":["a"]}', Tags=[{"Key": "k", "Value": "v"}])
    events.put_targets(Rule="rule", EventBusName="bus",
                       Targets=[{"Id": "1", "Arn": queue_arn(sqs, url), "InputPath": "$.detail"}])
    sqs.send_message(QueueUrl=url, MessageBody="in flight")
    sqs.receive_message(QueueUrl=url)
    sqs.send_message(QueueUrl=url, MessageBody="visible")
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=900)
    sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d")


def check(server):
    sqs, events = server.client("sqs"), server.client("events")
    url, fifo = (sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("q", "q.fifo"))
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}
    assert events.list_tags_for_resource(
        ResourceARN=events.describe_rule(Name="rule", EventBusName="bus")["Arn"])["Tags"] == [{"Key": "k", "Value": "v"}]
    events.put_events(Entries=[{"Source": "a", "DetailType": "t", "Detail": '{"n":1}', "EventBusName": "bus"}])
    assert sorted(m["Body"] for m in receive_all(sqs, url)) == ["visible", '{"n":1}']
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "3"
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"
    sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d")
    assert len(receive_all(sqs, fifo)) == 1, "the deduplication id is still known"


@pytest.mark.parametrize("durability", ["sync", "flush", "memory"])
def test_a_clean_stop_keeps_everything(new_server, durability):
    server = new_server("--durability", durability).start()
    fill(server)
    assert server.stop() == 0
    check(server.start())
    assert "stopped" in server.log_text()


@pytest.mark.parametrize("durability", ["sync", "flush"])
def test_a_kill_keeps_everything_acknowledged(new_server, durability):
    server = new_server("--durability", durability).start()
    fill(server)
    server.kill()
    check(server.start())


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_stop_answers_what_is_in_progress(new_server, signal_number):
    server = new_server().start()
    sqs = server.client("sqs", read_timeout=60)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    answers = []
    poll = threading.Thread(target=lambda: answers.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
    poll.start()
    deadline = 2000
    while b"signalbox_http_connections 2" not in server.raw(path="/metrics", method="GET")[2] and deadline:
        deadline -= 1
    server.process.send_signal(signal_number)
    assert server.process.wait(timeout=15) == 0
    poll.join(timeout=15)
    assert [answer["ResponseMetadata"]["HTTPStatusCode"] for answer in answers] == [200]
    assert "in progress" not in server.log_text()


def refused(server, port=0):
    done = subprocess.run(server.command(port), text=True, capture_output=True, timeout=20, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def test_second_process_on_the_same_data_is_refused(new_server, data):
    first = new_server().start()
    text = refused(new_server())
    assert f"The data directory {data} is in use by another process" in text
    assert first.raw(path="/health", method="GET")[0] == 200


def test_port_in_use_is_refused(new_server, tmp_path):
    first = new_server().start()
    text = refused(new_server(folder=str(tmp_path / "other")), first.port)
    assert f"Cannot listen on 127.0.0.1:{first.port}: Address already in use" in text


def test_open_network_is_refused_unless_asked_for(new_server):
    assert "--allow-open-network" in refused(new_server("--address", "0.0.0.0"))
    assert new_server("--address", "0.0.0.0", "--allow-open-network").start().endpoint.startswith("http://0.0.0.0:")


def test_authorities_that_are_none_are_refused(new_server, tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    assert "ca.pem holds no certificates" in refused(new_server("--outgoing-ca", str(tmp_path / "ca.pem")))


def test_unwritable_data_is_refused(new_server, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert "cannot" in refused(new_server(folder=str(tmp_path / "file")))


def test_options_come_from_flags_environment_and_file(new_server, tmp_path):
    file = tmp_path / "signalbox.conf"
    file.write_text("# comment\nlog-format=json\nlog-level=debug\n")
    server = new_server("--config", str(file), environment={"SIGNALBOX_LOG_LEVEL": "info"}).start()
    server.stop()
    lines = [json.loads(line) for line in server.log_text().splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert [line["message"] for line in lines] == ["listening", "stopped"]
    file.write_text("nonsense=1\n")
    done = subprocess.run(new_server("--config", str(file)).command(), text=True, capture_output=True, timeout=20,
                          check=False)
    assert done.returncode != 0
    assert "there is no option nonsense" in done.stderr


def test_ready_line_says_what_to_do_next(new_server):
    server = new_server()
    server.process = subprocess.Popen(server.command(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = server.process.stdout.readline()
    assert READY.match(line) and "Next: aws --endpoint-url" in line
