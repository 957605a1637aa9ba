"""Archives and replays: what is kept, for how long, and what comes back, also over a kill -9."""

import json
import os
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from conftest import REGION, error_code, error_text, queue_arn, receive_all

ACCOUNT = "000000000000"
LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
FAR_AHEAD = datetime(2090, 1, 1, tzinfo=timezone.utc)
ACTIVE = ("STARTING", "RUNNING", "CANCELLING")


class House:
    """A server with a bus, a queue that gets every event of it, and an archive."""

    def __init__(self, server, account=ACCOUNT, bus="default", archive="archive", **options):
        self.server = server
        self.account = account
        self.bus = bus
        self.events = server.client("events", account)
        self.sqs = server.client("sqs", account)
        self.bus_arn = f"arn:aws:events:{REGION}:{account}:event-bus/{bus}"
        if bus != "default":
            self.events.create_event_bus(Name=bus)
        self.url = self.rule("all", {"source": ["app", "other"]})
        if archive:
            # Not of the calls that are made here, which are events, too.
            options.setdefault("EventPattern", '{"source": ["app", "other"]}')
            self.archive_arn = self.events.create_archive(ArchiveName=archive, EventSourceArn=self.bus_arn,
                                                          **options)["ArchiveArn"]

    def rule(self, name, pattern, **target):
        url = self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
        self.events.put_rule(Name=name, EventBusName=self.bus, EventPattern=json.dumps(pattern))
        self.events.put_targets(Rule=name, EventBusName=self.bus,
                                Targets=[{"Id": "q", "Arn": queue_arn(self.sqs, url), **target}])
        return url

    def rule_arn(self, name):
        return self.events.describe_rule(Name=name, EventBusName=self.bus)["Arn"]

    def put(self, *details, source="app", when=None):
        for start in range(0, len(details), 10):
            entries = [{"Source": source, "DetailType": "t", "Detail": json.dumps(d), "EventBusName": self.bus}
                       for d in details[start:start + 10]]
            for entry in entries:
                if when:
                    entry["Time"] = when
            assert self.events.put_events(Entries=entries)["FailedEntryCount"] == 0

    def start(self, name="replay", first=LONG_AGO, last=FAR_AHEAD, **destination):
        return self.events.start_replay(ReplayName=name, EventSourceArn=self.archive_arn, EventStartTime=first,
                                        EventEndTime=last, Destination={"Arn": self.bus_arn, **destination})

    def wait(self, name="replay", seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            found = self.events.describe_replay(ReplayName=name)
            if found["State"] not in ACTIVE:
                return found
            assert time.monotonic() < deadline, found

    def replay(self, name="replay", first=LONG_AGO, last=FAR_AHEAD, **destination):
        self.start(name, first, last, **destination)
        done = self.wait(name)
        assert done["State"] == "COMPLETED"
        return done

    def received(self, url=None):
        return [json.loads(message["Body"]) for message in receive_all(self.sqs, url or self.url)]

    def archived(self, name="archive"):
        found = self.events.describe_archive(ArchiveName=name)
        return found["EventCount"], found["SizeBytes"]


def details(events):
    return [event["detail"] for event in events]


@pytest.fixture
def house(server, account):
    return House(server, account)


@pytest.fixture
def still(new_server):
    server = new_server("--clock", "virtual").start()
    advance(server, set="2030-11-22T17:59:00Z")
    return server


def advance(server, **how):
    status, _, answer = server.raw(json.dumps(how or {"advance": "1h"}).encode(), path="/_signalbox/clock")
    assert status == 200, answer


def refused(call, code, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    assert error_code(raised) == code
    return error_text(raised)


def test_what_was_archived_comes_again_in_order_with_the_name_of_the_replay(house):
    house.put(*({"n": n} for n in range(25)))
    first = house.received()
    assert sorted(e["detail"]["n"] for e in first) == list(range(25))
    size = sum(len(json.dumps(e, separators=(",", ":"))) for e in first)
    assert house.archived() == (25, size)
    done = house.replay("again")
    again = house.received()
    assert [e["detail"]["n"] for e in sorted(again, key=lambda e: e["time"])] == list(range(25))
    assert {e.pop("replay-name") for e in again} == {"again"}
    assert sorted(again, key=lambda e: e["id"]) == sorted(first, key=lambda e: e["id"])
    assert done["EventLastReplayedTime"].strftime("%Y-%m-%dT%H:%M:%SZ") == max(e["time"] for e in first)
    assert done["ReplayStartTime"] <= done["ReplayEndTime"]
    assert house.archived() == (25, size)  # what is replayed is not archived


def test_order_is_that_of_the_events_times(new_server):
    house = House(new_server().start(), bus="orders")
    fifo = house.sqs.create_queue(QueueName="o.fifo", Attributes={
        "FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "3600"})["QueueUrl"]
    house.events.put_rule(Name="fifo", EventBusName="orders", EventPattern='{"replay-name":[{"exists":true}]}')
    house.events.put_targets(Rule="fifo", EventBusName="orders", Targets=[
        {"Id": "f", "Arn": queue_arn(house.sqs, fifo), "SqsParameters": {"MessageGroupId": "g"}}])
    times = [datetime(2024, 5, 1, 0, 0, second, tzinfo=timezone.utc) for second in (30, 10, 50, 10, 0)]
    for n, when in enumerate(times):
        house.put({"n": n}, when=when)
    house.replay()
    got = []
    while messages := house.sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=10).get("Messages"):
        got += [json.loads(m["Body"])["detail"]["n"] for m in messages]
        for message in messages:
            house.sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    assert got == [4, 1, 3, 0, 2]


def test_a_range_of_time_replays_what_happened_then(house):
    base = datetime(2024, 5, 1, tzinfo=timezone.utc)
    for minute in range(10):
        house.put({"minute": minute}, when=base + timedelta(minutes=minute))
    house.received()
    done = house.replay("some", base + timedelta(minutes=3), base + timedelta(minutes=6))
    assert sorted(e["detail"]["minute"] for e in house.received()) == [3, 4, 5, 6]
    assert done["EventLastReplayedTime"] == base + timedelta(minutes=6)
    done = house.replay("none", base + timedelta(days=1), base + timedelta(days=2))
    assert "EventLastReplayedTime" not in done
    assert house.received() == []


def test_an_archive_takes_what_matches_its_pattern(server, account):
    house = House(server, account, bus="kept", EventPattern=json.dumps({"detail": {"keep": [True]}}))
    house.put({"keep": True, "n": 1}, {"keep": False, "n": 2})
    assert house.archived()[0] == 1
    house.events.update_archive(ArchiveName="archive", EventPattern=json.dumps({"detail": {"keep": [False]}}),
                                Description="others", RetentionDays=3)
    house.put({"keep": True, "n": 3}, {"keep": False, "n": 4})
    found = house.events.describe_archive(ArchiveName="archive")
    assert (found["EventCount"], found["Description"], found["RetentionDays"]) == (2, "others", 3)
    assert json.loads(found["EventPattern"]) == {"detail": {"keep": [False]}}
    house.events.update_archive(ArchiveName="archive", EventPattern="")
    house.put({"n": 5}, source="nobody")
    found = house.events.describe_archive(ArchiveName="archive")
    assert found["EventCount"] == 3 and "EventPattern" not in found and found["Description"] == "others"
    house.received()
    house.rule("nobody", {"source": ["nobody"]})
    house.replay()
    assert sorted(e["detail"]["n"] for e in house.received()) == [1, 4]


def test_filters_replay_to_these_rules_only(house):
    one = house.rule("one", {"source": ["app"]})
    two = house.rule("two", {"source": ["app"]})
    house.put({"n": 1})
    for url in (house.url, one, two):
        assert len(house.received(url)) == 1
    house.replay("filtered", FilterArns=[house.rule_arn("one"), house.rule_arn("all")])
    assert [len(house.received(url)) for url in (house.url, one, two)] == [1, 1, 0]
    found = house.events.describe_replay(ReplayName="filtered")
    assert found["Destination"] == {"Arn": house.bus_arn,
                                    "FilterArns": [house.rule_arn("one"), house.rule_arn("all")]}


def test_archives_of_each_bus_on_the_way_take_what_is_forwarded_and_nothing_replayed(server, account):
    house = House(server, account, archive="first")
    other = House(server, account, bus="other", archive="second")
    house.events.put_rule(Name="on", EventPattern='{"source":["app"]}')
    house.events.put_targets(Rule="on", Targets=[{"Id": "b", "Arn": other.bus_arn}])
    house.put({"n": 1})
    assert house.archived("first")[0] == other.archived("second")[0] == 1
    house.replay("from-the-first")
    assert {e.get("replay-name") for e in other.received()} == {None, "from-the-first"}
    assert house.archived("first")[0] == other.archived("second")[0] == 1


def test_scheduled_events_are_archived(still):
    house = House(still, EventPattern='{"detail-type": ["Scheduled Event"]}')
    house.events.put_rule(Name="tick", ScheduleExpression="rate(1 hour)")
    house.events.put_targets(Rule="tick", Targets=[{"Id": "q", "Arn": queue_arn(house.sqs, house.url)}])
    assert house.archived()[0] == 0
    advance(still, advance="3h")
    assert house.archived()[0] == 3
    house.received()
    sched = house.rule("scheduled", {"source": ["aws.events"], "detail-type": ["Scheduled Event"]})
    house.replay()
    assert [e["detail-type"] for e in house.received(sched)] == ["Scheduled Event"] * 3


def test_retention_by_the_clock_over_a_restart(new_server):
    server = new_server("--clock", "virtual").start()
    advance(server, set="2030-11-22T17:59:00Z")
    house = House(server, RetentionDays=2)
    house.put({"n": 1}, {"n": 2})
    advance(server, advance="1d")
    house.put({"n": 3}, when=LONG_AGO)  # counts from when it came
    assert house.archived()[0] == 3
    server.kill()
    server.start()
    house.events, house.sqs = server.client("events"), server.client("sqs")
    assert house.archived()[0] == 3
    advance(server, advance="1d2h")
    count, size = house.archived()
    assert count == 1 and 0 < size < 400
    house.received()
    house.replay("left", LONG_AGO - timedelta(days=1))
    assert details(house.received()) == [{"n": 3}]
    house.events.update_archive(ArchiveName="archive", RetentionDays=1)
    advance(server, advance="1h")
    assert house.archived() == (0, 0)


def test_packed_events_come_back_as_they_were(new_server):
    server = new_server("--clock", "virtual").start()
    advance(server, set="2030-11-22T17:59:00Z")
    house = House(server)
    house.put(*({"n": n, "text": "ä" * 50} for n in range(400)))
    before = house.archived()
    house.received()
    advance(server, advance="2h")
    house.put(*({"n": n, "text": "later"} for n in range(400, 420)))
    packed = house.archived()
    assert packed[0] == 420
    server.kill()
    server.start()
    house.events, house.sqs = server.client("events"), server.client("sqs")
    assert house.archived() == packed and before[0] == 400
    house.received()
    house.replay()
    assert sorted(e["detail"]["n"] for e in house.received()) == list(range(420))
    middle = datetime(2030, 11, 22, 18, 30, tzinfo=timezone.utc)
    house.replay("only-the-packed", LONG_AGO, middle)
    got = house.received()
    assert sorted(e["detail"]["n"] for e in got) == list(range(400))
    assert {e["detail"]["text"] for e in got} == {"ä" * 50}


def put_many(house, count):
    house.put(*({"n": n} for n in range(count)))


def test_kill_9_in_the_middle_of_a_replay_then_every_event_once(new_server):
    server = new_server("--durability", "flush").start()
    house = House(server, bus="crash")
    count = 5000
    put_many(house, count)
    url = house.rule("replayed", {"replay-name": [{"exists": True}]})
    house.start()
    kills = 0
    deadline = time.monotonic() + 60
    # The first one as soon as anything is replayed, before it is through.
    while kills == 0 or (kills < 3 and house.events.describe_replay(ReplayName="replay")["State"] in ACTIVE):
        assert time.monotonic() < deadline
        if replayed(server) == 0:
            continue
        server.kill()
        kills += 1
        server.start()
        house.events, house.sqs = server.client("events"), server.client("sqs")
    assert house.wait()["State"] == "COMPLETED"
    assert replayed(server) < count  # it went on, it did not begin anew
    assert sorted(e["detail"]["n"] for e in house.received(url)) == list(range(count))
    assert house.archived("archive")[0] == count


def replayed(server):
    _, _, metrics = server.raw(path="/metrics", method="GET")
    for line in metrics.decode().splitlines():
        if line.startswith("signalbox_events_replayed_total"):
            return int(float(line.split()[-1]))
    raise AssertionError("no figure of replayed events")


def test_a_stop_in_the_middle_of_a_replay_is_clean_and_it_goes_on(new_server):
    server = new_server("--durability", "flush").start()
    house = House(server, bus="stop")
    put_many(house, 2000)
    url = house.rule("replayed", {"replay-name": [{"exists": True}]})
    house.start()
    assert server.stop() == 0
    server.start()
    house.events, house.sqs = server.client("events"), server.client("sqs")
    assert house.wait()["State"] == "COMPLETED"
    assert sorted(e["detail"]["n"] for e in house.received(url)) == list(range(2000))


def test_what_kill_9_leaves_is_all_that_was_acknowledged(new_server):
    server = new_server("--durability", "flush").start()
    house = House(server, bus="kept")
    for start in range(0, 300, 30):
        put_many(house, 30)
        server.kill()
        server.start()
        house.events, house.sqs = server.client("events"), server.client("sqs")
        assert house.archived()[0] == start + 30
    house.received()
    house.replay()
    assert len(house.received()) == 300


def test_a_cancelled_replay_ends(new_server):
    server = new_server("--durability", "flush").start()
    house = House(server, bus="cancel")
    put_many(house, 4000)
    house.start()
    answer = house.events.cancel_replay(ReplayName="replay")
    assert answer["State"] == "CANCELLING"
    assert answer["ReplayArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:replay/replay"
    done = house.wait()
    assert done["State"] == "CANCELLED" and done["ReplayEndTime"]
    text = refused(house.events.cancel_replay, "IllegalStatusException", ReplayName="replay")
    assert text == "Replay replay is not in a valid state for this operation."
    server.kill()
    server.start()
    assert server.client("events").describe_replay(ReplayName="replay")["State"] == "CANCELLED"
    refused(server.client("events").cancel_replay, "ResourceNotFoundException", ReplayName="other")


def test_a_replay_whose_archive_goes_fails(new_server):
    server = new_server("--durability", "flush").start()
    house = House(server, bus="gone")
    put_many(house, 4000)
    house.start()
    house.events.delete_archive(ArchiveName="archive")
    done = house.wait()
    assert (done["State"], done["StateReason"]) == ("FAILED", "Archive archive was deleted.")
    house.events.create_archive(ArchiveName="archive", EventSourceArn=house.bus_arn)
    assert house.archived() == (0, 0)


def test_moving_the_clock_waits_for_replays(still):
    house = House(still)
    put_many(house, 300)
    house.received()
    house.start()
    advance(still, advance="1d")
    assert house.events.describe_replay(ReplayName="replay")["State"] == "COMPLETED"


def test_listings_by_page_prefix_state_and_source(server, account):
    house = House(server, account, archive=None)
    other = House(server, account, bus="more", archive=None)
    for n in range(7):
        house.events.create_archive(ArchiveName=f"a-{n}", EventSourceArn=(other if n % 2 else house).bus_arn)
    house.archive_arn = f"arn:aws:events:{REGION}:{account}:archive/a-0"
    names, token = [], {}
    while True:
        page = house.events.list_archives(Limit=3, **token)
        names.append([a["ArchiveName"] for a in page["Archives"]])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == [["a-0", "a-1", "a-2"], ["a-3", "a-4", "a-5"], ["a-6"]]
    listed = house.events.list_archives
    assert [a["ArchiveName"] for a in listed(EventSourceArn=other.bus_arn)["Archives"]] == ["a-1", "a-3", "a-5"]
    assert len(listed(State="ENABLED")["Archives"]) == 7
    assert listed(State="DISABLED")["Archives"] == []
    assert [a["ArchiveName"] for a in listed(NamePrefix="a-6")["Archives"]] == ["a-6"]
    refused(listed, "ValidationException", NamePrefix="a", State="ENABLED")
    refused(listed, "ValidationException", NextToken="wrong")
    for n in range(4):
        house.replay(f"r-{n}")
    page = house.events.list_replays(Limit=3)
    assert [r["ReplayName"] for r in page["Replays"]] == ["r-0", "r-1", "r-2"]
    assert [r["ReplayName"] for r in house.events.list_replays(NextToken=page["NextToken"])["Replays"]] == ["r-3"]
    assert len(house.events.list_replays(State="COMPLETED")["Replays"]) == 4
    assert house.events.list_replays(State="FAILED")["Replays"] == []
    assert len(house.events.list_replays(EventSourceArn=house.archive_arn)["Replays"]) == 4
    refused(house.events.list_replays, "ValidationException", NamePrefix="r", State="FAILED")


def test_refusals_of_archives(house):
    create = house.events.create_archive
    text = refused(create, "ResourceAlreadyExistsException", ArchiveName="archive", EventSourceArn=house.bus_arn)
    assert text == "Archive archive already exists."
    refused(create, "InvalidEventPatternException", ArchiveName="x", EventSourceArn=house.bus_arn, EventPattern="{")
    refused(create, "ResourceNotFoundException", ArchiveName="x", EventSourceArn=house.bus_arn + "-none")
    assert "EventSourceArn" in refused(create, "ValidationException", ArchiveName="x",
                                       EventSourceArn=house.archive_arn)
    assert "EventSourceArn" in refused(create, "ValidationException", ArchiveName="x",
                                       EventSourceArn=f"arn:aws:events:{REGION}:999999999999:event-bus/default")
    for operation in ("describe_archive", "update_archive", "delete_archive"):
        text = refused(getattr(house.events, operation), "ResourceNotFoundException", ArchiveName="none")
        assert text == "Archive none does not exist."
    refused(house.events.update_archive, "InvalidEventPatternException", ArchiveName="archive", EventPattern="[]")
    for operation in ("CreateArchive", "UpdateArchive"):
        status, _, answer = house.server.json_call(f"AWSEvents.{operation}", {
            "ArchiveName": "archive", "EventSourceArn": house.bus_arn, "KmsKeyIdentifier": "alias/key"}, house.account)
        assert status == 400 and "KmsKeyIdentifier" in answer["message"]
    status, _, answer = house.server.json_call("AWSEvents.CreateArchive", {
        "ArchiveName": "x", "EventSourceArn": house.bus_arn, "RetentionDays": -1}, house.account)
    assert status == 400 and "retentionDays" in answer["message"]
    assert house.archived() == (0, 0)


def test_refusals_of_replays(house):
    house.events.create_event_bus(Name="other")
    start = house.events.start_replay
    asked = {"ReplayName": "r", "EventSourceArn": house.archive_arn, "EventStartTime": LONG_AGO,
             "EventEndTime": FAR_AHEAD, "Destination": {"Arn": house.bus_arn}}
    other = house.bus_arn.replace("default", "other")
    assert "Cross event bus replay" in refused(start, "ValidationException", **{**asked, "Destination": {"Arn": other}})
    refused(start, "ResourceNotFoundException", **{**asked, "Destination": {"Arn": house.bus_arn + "-none"}})
    assert "Destination.Arn" in refused(start, "ValidationException",
                                        **{**asked, "Destination": {"Arn": house.archive_arn}})
    assert "EventEndTime" in refused(start, "ValidationException", **{**asked, "EventEndTime": LONG_AGO})
    assert "EventSourceArn" in refused(start, "ValidationException", **{**asked, "EventSourceArn": house.bus_arn})
    text = refused(start, "ValidationException", **{**asked, "EventSourceArn": house.archive_arn + "-none"})
    assert text == "Parameter EventSourceArn is not valid. Reason: Archive archive-none does not exist."
    assert "FilterArns" in refused(start, "ValidationException", **{
        **asked, "Destination": {"Arn": house.bus_arn, "FilterArns": [house.rule_arn("all") + "x"]}})
    refused(house.events.describe_replay, "ResourceNotFoundException", ReplayName="r")
    house.replay("r")
    assert refused(start, "ResourceAlreadyExistsException", **asked) == "Replay r already exists."


def test_ten_replays_at_once_are_the_most(still):
    house = House(still)
    put_many(house, 5000)
    for n in range(10):
        house.start(f"r-{n}")
    active = len([r for r in house.events.list_replays()["Replays"] if r["State"] in ACTIVE])
    if active == 10:
        with pytest.raises(ClientError) as raised:
            house.start("one-more")
        assert error_code(raised) == "LimitExceededException"


def test_a_bus_with_an_archive_stays(server, account):
    house = House(server, account, bus="stays")
    house.events.remove_targets(Rule="all", EventBusName="stays", Ids=["q"])
    house.events.delete_rule(Name="all", EventBusName="stays")
    assert "archives" in refused(house.events.delete_event_bus, "ValidationException", Name="stays")
    house.events.delete_archive(ArchiveName="archive")
    house.events.delete_event_bus(Name="stays")


def test_accounts_are_apart(server, house):
    stranger = server.client("events", "424242424242")
    assert stranger.list_archives()["Archives"] == []
    refused(stranger.describe_archive, "ResourceNotFoundException", ArchiveName="archive")
    elsewhere = server.client("events", house.account, region="eu-west-1")
    refused(elsewhere.describe_archive, "ResourceNotFoundException", ArchiveName="archive")


def test_the_command_line(house):
    def aws(*arguments):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": house.account, "AWS_SECRET_ACCESS_KEY": "x",
                       "AWS_DEFAULT_REGION": REGION}
        done = subprocess.run(["aws", "--endpoint-url", house.server.endpoint, "events", *arguments], text=True,
                              capture_output=True, timeout=60, env=environment, check=True)
        return json.loads(done.stdout) if done.stdout.strip() else {}

    house.put({"n": 1})
    house.received()
    assert aws("describe-archive", "--archive-name", "archive")["EventCount"] == 1
    aws("start-replay", "--replay-name", "cli", "--event-source-arn", house.archive_arn, "--event-start-time",
        "2020-01-01T00:00:00Z", "--event-end-time", "2090-01-01T00:00:00Z", "--destination",
        json.dumps({"Arn": house.bus_arn}))
    assert house.wait("cli")["State"] == "COMPLETED"
    assert [e["replay-name"] for e in house.received()] == ["cli"]
