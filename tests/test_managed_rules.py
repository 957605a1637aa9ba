"""What AWS shows of an archive among the rules of its bus: a rule that the service manages."""

import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text

MANAGED_BY = "prod.vhs.events.aws.internal"


@pytest.fixture
def archive(events):
    """An archive of the default bus, with a pattern."""
    bus = events.describe_event_bus()["Arn"]
    return events.create_archive(ArchiveName="a", EventSourceArn=bus, EventPattern='{"source": ["x"]}')["ArchiveArn"]


def test_it_is_described_and_listed(events, archive):
    rule = events.describe_rule(Name="Events-Archive-a")
    assert rule["ManagedBy"] == MANAGED_BY and rule["State"] == "ENABLED"
    assert json.loads(rule["EventPattern"]) == {"source": ["x"], "replay-name": [{"exists": False}]}
    events.put_rule(Name="mine", EventPattern='{"source": ["x"]}')
    listed = {rule["Name"]: rule.get("ManagedBy") for rule in events.list_rules()["Rules"]}
    assert listed == {"Events-Archive-a": MANAGED_BY, "mine": None}
    [target] = events.list_targets_by_rule(Rule="Events-Archive-a")["Targets"]
    assert target["Arn"] == "arn:aws:events:us-east-1:::" and archive in target["InputTransformer"]["InputTemplate"]


@pytest.mark.parametrize("change", [
    lambda events: events.put_rule(Name="Events-Archive-a", EventPattern='{"source": ["y"]}'),
    lambda events: events.disable_rule(Name="Events-Archive-a"),
    lambda events: events.delete_rule(Name="Events-Archive-a"),
    lambda events: events.put_targets(Rule="Events-Archive-a",
                                      Targets=[{"Id": "1", "Arn": "arn:aws:events:us-east-1:000000000000:event-bus/b", "RoleArn": "arn:aws:iam::000000000000:role/r"}]),
    lambda events: events.remove_targets(Rule="Events-Archive-a", Ids=["Events-Archive-a"]),
    lambda events: events.tag_resource(ResourceARN=events.describe_rule(Name="Events-Archive-a")["Arn"],
                                       Tags=[{"Key": "k", "Value": "v"}]),
])
def test_nobody_changes_it(events, archive, change):
    with pytest.raises(ClientError) as raised:
        change(events)
    assert error_code(raised) == "ManagedRuleException"
    assert error_text(raised) == "Events-Archive-a is a managed rule. Set 'force' parameter to true to override."


def test_it_goes_with_its_archive(events, archive):
    events.delete_archive(ArchiveName="a")
    with pytest.raises(ClientError) as raised:
        events.describe_rule(Name="Events-Archive-a")
    assert error_code(raised) == "ResourceNotFoundException"


def test_a_rule_of_that_name_is_in_the_way(events):
    events.put_rule(Name="Events-Archive-b", EventPattern='{"source": ["x"]}')
    with pytest.raises(ClientError) as raised:
        events.create_archive(ArchiveName="b", EventSourceArn=events.describe_event_bus()["Arn"])
    assert error_code(raised) == "ResourceAlreadyExistsException"


def test_the_default_bus_has_a_time_of_creation_that_stays(server, account):
    created = server.json_call("AWSEvents.DescribeEventBus", {}, account)[2]["CreationTime"]
    assert server.json_call("AWSEvents.DescribeEventBus", {}, account)[2]["CreationTime"] == created
    [bus] = server.json_call("AWSEvents.ListEventBuses", {}, account)[2]["EventBuses"]
    assert bus["CreationTime"] == created
