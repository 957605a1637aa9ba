"""What goes over the wire: routes, errors and limits of both protocols, and rubbish."""

import json
import socket
import urllib.parse
import xml.etree.ElementTree as ElementTree

import pytest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def query(server, **parameters):
    status, headers, body = server.raw(urllib.parse.urlencode(parameters).encode(), FORM)
    return status, headers, body.decode()


def json_error(server, target, body):
    status, headers, answer = server.json_call(target, body)
    return status, answer.get("__type"), answer.get("message", answer.get("Message")), headers


def test_json_errors_of_sqs_carry_both_names(server):
    status, kind, message, headers = json_error(server, "AmazonSQS.GetQueueUrl", {"QueueName": "missing"})
    assert (status, kind) == (400, "com.amazonaws.sqs#QueueDoesNotExist")
    assert message.startswith("The specified queue does not exist")
    assert headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert headers["x-amzn-RequestId"]


def test_query_errors_are_xml(server):
    status, headers, body = query(server, Action="GetQueueUrl", QueueName="missing", Version="2012-11-05")
    assert status == 400
    assert headers["Content-Type"].startswith("text/xml")
    root = ElementTree.fromstring(body)
    name = {"q": "http://queue.amazonaws.com/doc/2012-11-05/"}
    assert root.tag == "{http://queue.amazonaws.com/doc/2012-11-05/}ErrorResponse"
    assert root.find("q:Error/q:Code", name).text == "AWS.SimpleQueueService.NonExistentQueue"
    assert root.find("q:Error/q:Type", name).text == "Sender"
    assert root.find("q:RequestId", name).text


def test_query_answers_are_xml(server):
    status, _, body = query(server, Action="CreateQueue", QueueName="made-by-query", Version="2012-11-05")
    assert status == 200
    root = ElementTree.fromstring(body)
    name = {"q": "http://queue.amazonaws.com/doc/2012-11-05/"}
    assert root.find("q:CreateQueueResult/q:QueueUrl", name).text.endswith("/000000000000/made-by-query")
    assert root.find("q:ResponseMetadata/q:RequestId", name).text


@pytest.mark.parametrize("target, body, status, kind, message", [
    ("AWSEvents.NoSuchThing", {}, 400, "UnknownOperationException", None),
    ("Nobody.NoSuchThing", {}, 400, "UnknownOperationException", None),
    ("AWSEvents.PutRule", b"{", 400, "SerializationException", None),
    ("AWSEvents.PutRule", b"[]", 400, "SerializationException", None),
    ("AWSEvents.PutRule", b'{"Name":"a"} x', 400, "SerializationException", None),
    ("AWSEvents.PutRule", b'{"Name":"\xff"}', 400, "SerializationException", None),
    ("AWSEvents.PutRule", {"Name": 5}, 400, "SerializationException",
     "NUMBER_VALUE can not be converted to a String"),
    ("AWSEvents.PutRule", {}, 400, "ValidationException",
     "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"),
    ("AWSEvents.PutRule", {"Name": "bad name", "State": "ODD"}, 400, "ValidationException",
     "2 validation errors detected: Value 'bad name' at 'name' failed to satisfy constraint: Member must satisfy "
     "regular expression pattern: [\\.\\-_A-Za-z0-9]+; Value 'ODD' at 'state' failed to satisfy constraint: Member "
     "must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]"),
    ("AWSEvents.PutRule", {"Name": "n" * 65}, 400, "ValidationException",
     f"1 validation error detected: Value '{'n' * 65}' at 'name' failed to satisfy constraint: Member must have "
     "length less than or equal to 64"),
    ("AWSEvents.PutEvents", {"Entries": []}, 400, "ValidationException", None),
    ("AWSEvents.ActivateEventSource", {"Name": "aws.partner/a/b"}, 501, "NotImplemented",
     "Signalbox does not implement events:ActivateEventSource yet."),
])
def test_json_errors(server, target, body, status, kind, message):
    answered = json_error(server, target, body)
    assert answered[:2] == (status, kind), answered
    if message is not None:
        assert answered[2] == message


def test_unknown_members_are_ignored(server):
    status, _, answer = server.json_call("AWSEvents.ListRules", {"Nonsense": {"a": [1]}, "Limit": 1})
    assert (status, answer) == (200, {"Rules": []})


@pytest.mark.parametrize("parameters, code", [
    ({"Action": "NoSuchThing", "Version": "2012-11-05"}, "InvalidAction"),
    ({"Version": "2012-11-05"}, "MissingAction"),
    ({"Action": "CreateQueue", "Version": "2012-11-05"}, "MissingParameter"),
    ({"Action": "ReceiveMessage", "QueueUrl": "u", "MaxNumberOfMessages": "x"}, "MalformedInput"),
])
def test_query_mistakes(server, parameters, code):
    status, _, body = query(server, **parameters)
    assert status == 400
    assert f"<Code>{code}</Code>" in body


def test_body_limit(server):
    status, _, body = server.raw(b"x" * (16 * 1024 * 1024 + 1), FORM)
    assert status == 413
    assert b"RequestEntityTooLarge" in body


def exchange(server, bytes_sent, answers=1):
    """Sends raw bytes and reads until so many answers' heads have come or the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(bytes_sent)
        received = b""
        while received.count(b"HTTP/1.1 ") < answers or not received.endswith((b"\n", b"}", b">")):
            more = connection.recv(65536)
            if not more:
                break
            received += more
        return received


@pytest.mark.parametrize("rubbish, status", [
    (b"\x00\x01\x02\r\n\r\n", b"400"),
    (b"GET / HTTP/9.9\r\n\r\n", b"400"),
    (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"431"),
    (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
    (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
])
def test_rubbish_is_answered_and_does_no_harm(server, rubbish, status):
    assert exchange(server, rubbish).startswith(b"HTTP/1.1 " + status)
    assert server.raw(path="/health", method="GET")[0] == 200


def test_requests_can_be_pipelined(server):
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert exchange(server, request * 3, answers=3).count(b'{"status":"ok"}') == 3


def test_health_and_metrics(server):
    status, headers, body = server.raw(path="/health", method="GET")
    assert (status, json.loads(body)) == (200, {"status": "ok"})
    assert headers["Content-Type"] == "application/json"
    server.json_call("AmazonSQS.ListQueues", {})
    status, headers, body = server.raw(path="/metrics", method="GET")
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4"
    text = body.decode()
    assert 'signalbox_requests_total{service="sqs",operation="ListQueues"}' in text
    assert "signalbox_store_commit_seconds_bucket{le=" in text
    assert server.raw(path="/health", method="HEAD")[2] == b""
