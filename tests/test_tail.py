"""`signalbox tail`: live events, the rules they matched, what became of each delivery."""

import json
import os
import pty
import queue
import re
import subprocess
import threading

import pytest
from conftest import BINARY, queue_arn

PATTERN = '{"source":["shop"]}'


class Tail:
    """A `signalbox tail` process whose lines can be waited for."""

    def __init__(self, server, account, *options, secret="any"):
        environment = dict(os.environ, AWS_ENDPOINT_URL=server.endpoint, AWS_ACCESS_KEY_ID=account,
                           AWS_SECRET_ACCESS_KEY=secret, AWS_DEFAULT_REGION="us-east-1")
        self.process = subprocess.Popen([BINARY, "tail", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=environment)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def next(self):
        return self.lines.get(timeout=20)

    def until(self, count, kind):
        """That many lines of a kind; others between them are passed over."""
        found = []
        while len(found) < count:
            line = self.next()
            if line["kind"] == kind:
                found.append(line)
        return found

    def end(self):
        self.process.kill()
        self.process.wait(timeout=20)
        self.reader.join(timeout=20)
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def new_tail():
    made = []

    def make(*arguments, **options):
        made.append(Tail(*arguments, **options))
        assert made[-1].next() == {"kind": "watching"}
        return made[-1]

    yield make
    for tail in made:
        tail.end()


def entry(source="shop", **more):
    return {"Source": source, "DetailType": "Order placed", "Detail": '{"n":1}', **more}


def rule(events, name, targets, pattern=PATTERN, **more):
    arn = events.put_rule(Name=name, EventPattern=pattern, **more)["RuleArn"]
    events.put_targets(Rule=name, Targets=targets, **({"EventBusName": more["EventBusName"]} if more else {}))
    return arn


def test_events_their_rules_and_their_deliveries(server, account, events, sqs, new_tail):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    target = queue_arn(sqs, url)
    one = rule(events, "one", [{"Id": "1", "Arn": target}])
    events.put_rule(Name="two", EventPattern=PATTERN)
    tail = new_tail(server, account)
    ids = [result["EventId"] for result in
           events.put_events(Entries=[entry(), entry("other")])["Entries"]]
    shop, other = tail.next(), tail.next()
    assert (shop["event"]["id"], sorted(shop["rules"]), shop["bus"]) == (ids[0], ["one", "two"], "default")
    assert shop["event"]["detail"] == {"n": 1}
    assert (other["event"]["id"], other["rules"]) == (ids[1], [])
    delivery = tail.next()
    assert {name: delivery[name] for name in ("kind", "event", "rule", "target", "outcome", "attempts")} == {
        "kind": "delivery", "event": ids[0], "rule": one, "target": target, "outcome": "delivered", "attempts": 1}


def test_filters_and_other_accounts(server, account, events, new_tail):
    events.create_event_bus(Name="b")
    by_bus = new_tail(server, account, "--bus", "b")
    by_pattern = new_tail(server, account, "--pattern", '{"detail":{"n":[2]}}')
    stranger = new_tail(server, f"{(int(account) + 1) % 10 ** 12:012d}")
    events.put_events(Entries=[entry(), entry(EventBusName="b"), entry(Detail='{"n":2}')])
    assert by_bus.next()["bus"] == "b"
    assert by_pattern.next()["event"]["detail"] == {"n": 2}
    server.client("events", f"{(int(account) + 1) % 10 ** 12:012d}").put_events(Entries=[entry("mine")])
    assert stranger.next()["event"]["source"] == "mine"
    for tail in (by_bus, by_pattern, stranger):
        assert tail.lines.empty()


def test_what_is_retried_dead_lettered_and_dropped(server, account, events, sqs, new_sink, new_tail):
    sink = new_sink()
    dead = queue_arn(sqs, sqs.create_queue(QueueName="dead")["QueueUrl"])
    gone_url = sqs.create_queue(QueueName="gone")["QueueUrl"]
    gone = queue_arn(sqs, gone_url)
    connection = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters={
        "ApiKeyAuthParameters": {"ApiKeyName": "K", "ApiKeyValue": "v"}})["ConnectionArn"]

    def destination(name, path):
        return events.create_api_destination(Name=name, ConnectionArn=connection, HttpMethod="POST",
                                             InvocationEndpoint=sink.url + path)["ApiDestinationArn"]

    role = "arn:aws:iam::000000000000:role/r"
    flaky = destination("flaky", "/x?fail=1")
    broken = destination("broken", "/status/400")
    rule(events, "r", [
        {"Id": "flaky", "Arn": flaky, "RoleArn": role},
        {"Id": "broken", "Arn": broken, "RoleArn": role, "DeadLetterConfig": {"Arn": dead}},
        {"Id": "gone", "Arn": gone}])
    sqs.delete_queue(QueueUrl=gone_url)
    tail = new_tail(server, account)
    events.put_events(Entries=[entry()])
    assert tail.next()["rules"] == ["r"]
    seen = {}
    for line in tail.until(4, "delivery"):
        seen.setdefault(line["target"], []).append(line)
    assert [line["outcome"] for line in seen[flaky]] == ["retrying", "delivered"]
    assert seen[flaky][0]["nextAttempt"] > seen[flaky][0]["time"]
    assert "500" in seen[flaky][0]["message"]
    assert seen[flaky][1]["attempts"] == 2
    assert [line["outcome"] for line in seen[broken]] == ["dead-lettered"]
    assert [(line["outcome"], line["code"]) for line in seen[gone]] == [("dropped", "NO_RESOURCE")]


def test_a_terminal_gets_colours_and_no_control_characters(server, account, events):
    events.put_rule(Name="one", EventPattern=PATTERN)
    master, slave = pty.openpty()
    environment = dict(os.environ, AWS_ENDPOINT_URL=server.endpoint, AWS_ACCESS_KEY_ID=account)
    process = subprocess.Popen([BINARY, "tail"], stdout=slave, env=environment)
    os.close(slave)
    shown = ""
    try:
        while "Watching" not in shown:
            shown += os.read(master, 4096).decode()
        events.put_events(Entries=[entry(DetailType="Sly \x1b[2J type")])
        while "matched" not in shown:
            shown += os.read(master, 4096).decode()
    finally:
        process.kill()
        process.wait(timeout=20)
        os.close(master)
    assert "\x1b[32mmatched one" in shown
    assert "\x1b[2J" not in shown
    assert re.search(r"Sly  ?\[2J type", shown)


def test_refusals(server, account, new_server, tmp_path):
    def tail(*options, endpoint=server.endpoint, secret="any"):
        return subprocess.run([BINARY, "tail", *options], capture_output=True, text=True, timeout=20, check=False,
                              env=dict(os.environ, AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID=account,
                                       AWS_SECRET_ACCESS_KEY=secret))
    done = tail("--pattern", "{")
    assert (done.returncode, "Event pattern is not valid" in done.stderr) == (1, True)
    done = tail("--pattern", "file:///nowhere")
    assert (done.returncode, "cannot read" in done.stderr) == (1, True)
    done = tail(endpoint="http://127.0.0.1:1")
    assert (done.returncode, "no answer" in done.stderr) == (1, True)
    credentials = tmp_path / "credentials"
    credentials.write_text(f"{account} right {account}\n")
    strict = new_server("--auth", "verify", "--credentials", str(credentials)).start()
    done = tail(endpoint=strict.endpoint, secret="wrong")
    assert (done.returncode, "does not match" in done.stderr) == (1, True)


def test_a_signed_watch(new_server, account, new_tail, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"{account} right {account}\n")
    strict = new_server("--auth", "verify", "--credentials", str(credentials)).start()
    tail = new_tail(strict, account, secret="right")
    strict.client("events", account, secret="right").put_events(Entries=[entry()])
    assert tail.next()["event"]["source"] == "shop"
    assert strict.raw(path="/_signalbox/tail?watch=x", method="GET")[0] == 403
