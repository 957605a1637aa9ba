"""kill -9 in the middle of load, again and again, and what must be true afterwards.

The test runs it with 20 kills; by hand: python3 tests/crash.py --kills 100
"""

import argparse
import collections
import http.client
import json
import random
import sys
import tempfile
import threading

ACCOUNT = "123456789012"
QUEUES = ("events", "sent", "consumed", "ordered.fifo")


class Caller:
    """One connection; raises OSError or HTTPException when the server goes away under it."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.base = f"http://127.0.0.1:{port}/{ACCOUNT}/"

    def call(self, operation, **body):
        service = "events" if operation in ("PutEvents", "PutRule", "PutTargets", "ListRules") else "sqs"
        prefix = "AWSEvents." if service == "events" else "AmazonSQS."
        self.connection.request("POST", "/", json.dumps(body), {
            "X-Amz-Target": prefix + operation, "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/us-east-1/{service}/aws4_request, "
                             f"SignedHeaders=host, Signature={'0' * 64}"})
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text) if text else {}

    def url(self, queue):
        return self.base + queue


class Ledger:
    """What was tried and what was acknowledged, over all rounds."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tried = collections.defaultdict(set)  # by kind
        self.acknowledged = collections.defaultdict(set)
        self.wrong = []
        self.serial = 0
        self.operations = 0

    def new_ids(self, kind, count=1):
        with self.lock:
            ids = [f"{kind}-{self.serial + i}" for i in range(count)]
            self.serial += count
            self.tried[kind].update(ids)
            return ids

    def acknowledge(self, kind, ids):
        with self.lock:
            self.acknowledged[kind].update(ids)
            self.operations += 1

    def complain(self, text):
        with self.lock:
            self.wrong.append(text)


def put_events(caller, ledger):
    ids = ledger.new_ids("event", 3)
    ignored = ledger.new_ids("ignored")
    entries = [{"Source": "crash", "DetailType": "t", "Detail": json.dumps({"id": i})} for i in ids]
    entries.insert(1, {"Source": "nobody", "DetailType": "t", "Detail": json.dumps({"id": ignored[0]})})
    if caller.call("PutEvents", Entries=entries)["FailedEntryCount"] == 0:
        ledger.acknowledge("event", ids)


def send(caller, ledger):
    for queue, kind in (("sent", "message"), ("consumed", "consumed")):
        (one,) = ledger.new_ids(kind)
        caller.call("SendMessage", QueueUrl=caller.url(queue), MessageBody=one)
        ledger.acknowledge(kind, [one])
        many = ledger.new_ids(kind, 4)
        done = caller.call("SendMessageBatch", QueueUrl=caller.url(queue),
                           Entries=[{"Id": str(i), "MessageBody": body} for i, body in enumerate(many)])
        assert len(done["Successful"]) == 4
        ledger.acknowledge(kind, many)


def send_in_order(caller, ledger):
    (body,) = ledger.new_ids("ordered")
    caller.call("SendMessage", QueueUrl=caller.url("ordered.fifo"), MessageBody=body, MessageGroupId="only",
                MessageDeduplicationId=body)
    ledger.acknowledge("ordered", [body])


def consume(caller, ledger):
    url = caller.url("consumed")
    for message in caller.call("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10,
                               VisibilityTimeout=2).get("Messages", []):
        body = message["Body"]
        if body in ledger.acknowledged["deleted"]:
            ledger.complain(f"{body} was received after its deletion was acknowledged")
        with ledger.lock:
            ledger.tried["deleted"].add(body)
        caller.call("DeleteMessage", QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        ledger.acknowledge("deleted", [body])


WORK = [put_events, put_events, put_events, send, send, consume, consume, send_in_order]


def work_until_it_dies(port, work, ledger):
    try:
        caller = Caller(port)
        while True:
            work(caller, ledger)
    except (OSError, http.client.HTTPException):
        pass
    except Exception as problem:  # an answer that should not be
        ledger.complain(f"{work.__name__}: {problem!r}")


def prepare(port):
    caller = Caller(port)
    for queue in QUEUES:
        fifo = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
        caller.call("CreateQueue", QueueName=queue, Attributes={"VisibilityTimeout": "600", **fifo})
    caller.call("PutRule", Name="crash", EventPattern=json.dumps({"source": ["crash"]}))
    caller.call("PutTargets", Rule="crash",
                Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:events"}])


def drain(caller, queue):
    """Takes every message out of a queue, waiting for those still in flight."""
    url = caller.url(queue)
    bodies = []
    while True:
        messages = caller.call("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            counts = caller.call("GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
            if counts["ApproximateNumberOfMessagesNotVisible"] == "0":
                return bodies
            messages = caller.call("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10,
                                   WaitTimeSeconds=5).get("Messages", [])
        bodies += [message["Body"] for message in messages]
        if messages:
            caller.call("DeleteMessageBatch", QueueUrl=url, Entries=[
                {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)])


def check(port, ledger):
    """What is wrong now, as a list of texts."""
    wrong = list(ledger.wrong)
    caller = Caller(port)
    contents = {"event": [json.loads(body)["detail"]["id"] for body in drain(caller, "events")],
                "message": drain(caller, "sent"), "ordered": drain(caller, "ordered.fifo"),
                "consumed": drain(caller, "consumed")}
    for kind, found in contents.items():
        counted = collections.Counter(found)
        wrong += [f"{i} is there {n} times" for i, n in counted.items() if n > 1]
        wrong += [f"{i} was never sent" for i in counted.keys() - ledger.tried[kind]]
        must = ledger.acknowledged[kind] - (ledger.tried["deleted"] if kind == "consumed" else set())
        wrong += [f"{i} was acknowledged and is lost" for i in must - counted.keys()]
    wrong += [f"{i} is back after its deletion was acknowledged"
              for i in set(contents["consumed"]) & ledger.acknowledged["deleted"]]
    order = [int(body.rsplit("-", 1)[1]) for body in contents["ordered"]]
    if order != sorted(order):
        wrong.append("the FIFO queue lost its order")
    return wrong


def crash(server, kills, say=lambda text: None):
    """Runs the load with so many kills; returns what is wrong, and how many operations were acknowledged."""
    ledger = Ledger()
    choose = random.Random(kills)
    server.start()
    prepare(server.port)
    for round_number in range(kills):
        threads = [threading.Thread(target=work_until_it_dies, args=(server.port, work, ledger)) for work in WORK]
        enough = ledger.operations + choose.randrange(100, 1500)
        for thread in threads:
            thread.start()
        while ledger.operations < enough and any(thread.is_alive() for thread in threads):
            threads[0].join(timeout=0.001)
        server.kill()
        for thread in threads:
            thread.join()
        say(f"kill {round_number + 1} after {ledger.operations} acknowledged calls")
        if ledger.wrong:
            break
        server.start()
    return check(server.port, ledger), ledger.operations


def main():
    from conftest import Server
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--option", action="append", default=[], help="an option for `signalbox serve`")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, "--log-level", "error", *arguments.option)
        wrong, operations = crash(server, arguments.kills, print)
        server.stop()
    for text in wrong[:20]:
        print(text)
    print(f"{arguments.kills} kills, {operations} acknowledged calls, {len(wrong)} wrongs")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
