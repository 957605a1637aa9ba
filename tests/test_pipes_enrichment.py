"""What pipes ask functions before their targets or as targets, and what becomes of the answers."""

import json

import pytest

from conftest import receive_until
from functions import create, until
from test_pipes import FROM_START, Place, bodies, left

CODE = """
import json
def handler(events, context):
    asked = [json.loads(e["body"]) for e in events]
    first = asked[0]
    if isinstance(first, dict) and "answer" in first:
        return first["answer"]
    if isinstance(first, dict) and first.get("fail"):
        raise Exception("no")
    return [{"n": a, "of": len(asked)} for a in asked]
"""


def pipe(server, account, batch, **more):
    place = Place(server, account)
    arn = create(server.client("lambda", account), "enrich", CODE, account)
    url, source = place.queue("from", VisibilityTimeout="30")
    out_url, out = place.queue("to")
    parameters = {"SqsQueueParameters": {"BatchSize": batch, "MaximumBatchingWindowInSeconds": 2 if batch > 1 else 0},
                  **more}
    place.pipe(source, out, Enrichment=arn, SourceParameters=parameters)
    return place, url, out_url


def test_a_function_gets_the_batch_and_its_answers_take_its_place(server, account):
    place, url, out_url = pipe(server, account, 3)
    place.sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": str(i)} for i in range(3)])
    got = [json.loads(b) for b in bodies(receive_until(place.sqs, out_url, 3))]
    assert sorted(g["n"] for g in got) == [0, 1, 2] and {g["of"] for g in got} == {3}
    until(lambda: left(place, url) == 0)


def test_empty_answers_end_it_there(server, account):
    place, url, out_url = pipe(server, account, 1, FilterCriteria={"Filters": [
        {"Pattern": '{"body": {"kind": ["asked"]}}'}]})
    place.sqs.send_message(QueueUrl=url, MessageBody='{"kind": "filtered", "answer": "filtered"}')
    for answer in ([], {}, "", None, [{}], "text", [{"n": 1}, {"n": 2}]):
        place.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"kind": "asked", "answer": answer}))
    got = bodies(receive_until(place.sqs, out_url, 4))
    until(lambda: left(place, url) == 0)
    assert sorted(text.replace(" ", "") for text in got) == ['"text"', '{"n":1}', '{"n":2}', "{}"]
    assert left(place, out_url) == 4


@pytest.mark.parametrize("answer, failed", [
    ('{"batchItemFailures": [{"itemIdentifier": ids[b]} for b in ids if b == "bad"]}', ["bad"]),
    ('{"batchItemFailures": [{"itemIdentifier": ids[b]} for b in ids if b == "bad"] + [{"itemIdentifier": "no"}]}',
     ["a", "b", "bad"]),
    ('{"batchItemFailures": [{"itemIdentifier": ""}]}', ["a", "b", "bad"]),
    ('{"batchItemFailures": [{"id": "x"}]}', ["a", "b", "bad"]),
    ('{"batchItemFailures": []}', []),
    ('{"batchItemFailures": None}', []),
    ('{}', []),
    ('None', []),
    ('"done"', []),
])
def test_messages_that_a_target_function_reports_come_back(server, account, answer, failed):
    place = Place(server, account)
    dead_url, dead = place.queue("dead")
    url, source = place.queue("from", VisibilityTimeout="1", RedrivePolicy=json.dumps(
        {"deadLetterTargetArn": dead, "maxReceiveCount": 1}))
    target = create(server.client("lambda", account), "target", f"""
def handler(events, context):
    ids = {{e["body"]: e["messageId"] for e in events}}
    return {answer}
""", account)
    place.pipe(source, target, SourceParameters={
        "SqsQueueParameters": {"BatchSize": 3, "MaximumBatchingWindowInSeconds": 2}})
    place.sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": b, "MessageBody": b} for b in ("a", "b", "bad")])
    until(lambda: left(place, url) == 0)
    assert left(place, dead_url) == len(failed)
    if failed:
        assert sorted(bodies(receive_until(place.sqs, dead_url, len(failed)))) == failed


def test_a_stream_goes_on_at_the_first_record_that_a_target_function_reports(server, account):
    place = Place(server, account)
    source = place.stream()
    told_url, _ = place.queue("told")
    target = create(server.client("lambda", account), "target", """
import base64, boto3, json, os
def handler(events, context):
    data = [base64.b64decode(e["data"]).decode() for e in events]
    boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody=json.dumps(data))
    if os.path.exists("/tmp/seen"): return
    open("/tmp/seen", "w").close()
    return {"batchItemFailures": [{"itemIdentifier": events[i]["sequenceNumber"]} for i in (3, 2)]}
""", account, Timeout=10, Environment={"Variables": {"URL": told_url}})
    place.put("a", "b", "late", "c")
    place.pipe(source, target, SourceParameters=FROM_START)
    got = [json.loads(b) for b in bodies(receive_until(place.sqs, told_url, 2))]
    assert sorted(got, key=len) == [["late", "c"], ["a", "b", "late", "c"]]
