"""What lies in the data folder: who may read it, and that what is missing there is noticed."""

import glob
import os
import shutil
import stat

import pytest

SECRET = {"AuthorizationType": "API_KEY",
          "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "THEVALUE"}}}


def send(server, count):
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for number in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=f"m{number}")


def why_not(server):
    with pytest.raises(AssertionError) as refused:
        server.start()
    server.process.wait(timeout=20)
    server.process = None
    return str(refused.value)


def test_the_folder_is_its_owners(new_server, data):
    server = new_server().start()
    assert stat.S_IMODE(os.stat(data).st_mode) == 0o700
    server.stop()
    os.chmod(data, 0o755)
    server.start()
    assert stat.S_IMODE(os.stat(data).st_mode) == 0o700


@pytest.mark.parametrize("durability", ["sync", "flush"])
@pytest.mark.parametrize("how", ["cut", "empty", "gone"])
def test_a_log_of_writes_that_lost_something_is_refused(new_server, data, durability, how):
    server = new_server("--durability", durability).start()
    send(server, 20)
    server.kill()
    log = max(glob.glob(data + "/*.log"))
    shutil.copy(log, data + ".log")
    if how == "gone":
        os.unlink(log)
    else:
        os.truncate(log, 0 if how == "empty" else os.path.getsize(log) - 100)
    for _ in range(2):
        text = why_not(server)
        assert "is not whole" in text and data + "/ACKNOWLEDGED" in text, text
    shutil.copy(data + ".log", log)
    server.start()
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "20"


def test_the_named_way_out_leads_out(new_server, data):
    server = new_server().start()
    send(server, 3)
    server.kill()
    os.unlink(max(glob.glob(data + "/*.log")))
    assert "is not whole" in why_not(server)
    os.unlink(data + "/ACKNOWLEDGED")
    server.start()
    assert server.client("sqs").list_queues().get("QueueUrls", []) == []


def test_kills_and_stops_are_no_loss(new_server):
    server = new_server()
    for number in range(3):
        server.start()
        send(server, 5)
        server.kill() if number % 2 else server.stop()
    server.start()


def test_a_key_that_is_missing_or_another_is_refused(new_server, data):
    server = new_server().start()
    events = server.client("events")
    events.create_connection(Name="c", **SECRET)
    server.stop()
    os.rename(data + "/secrets.key", data + ".key")
    text = why_not(server)
    assert "secrets.key is missing" in text and "--secrets-key" in text
    assert not os.path.exists(data + "/secrets.key")
    with open(data + "/secrets.key", "w", encoding="ascii") as file:
        file.write("ab" * 32 + "\n")
    assert "another key" in why_not(server)
    os.rename(data + ".key", data + "/secrets.key")
    server.start()
    assert server.client("events").describe_connection(Name="c")["ConnectionState"] == "AUTHORIZED"
