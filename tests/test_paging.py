"""The corners of listings: the last page, tokens of other listings, bounds, things deleted between two pages."""

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, queue_arn


@pytest.fixture
def arn(sqs):
    return queue_arn(sqs, sqs.create_queue(QueueName="target")["QueueUrl"])


@pytest.fixture
def rules(events, arn):
    """Four rules with one target each, and four more targets at the first rule."""
    names = [f"rule-{i}" for i in range(4)]
    for name in names:
        events.put_rule(Name=name, EventPattern='{"source":["a"]}')
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    events.put_targets(Rule="rule-0", Targets=[{"Id": str(i), "Arn": arn} for i in range(2, 5)])
    return names


LISTINGS = [
    ("list_rules", {}, lambda page: [rule["Name"] for rule in page["Rules"]]),
    ("list_rule_names_by_target", {"TargetArn": None}, lambda page: page["RuleNames"]),
    ("list_targets_by_rule", {"Rule": "rule-0"}, lambda page: [target["Id"] for target in page["Targets"]]),
]


@pytest.mark.parametrize("operation, arguments, names", LISTINGS, ids=[listing[0] for listing in LISTINGS])
def test_the_last_full_page_has_no_token(events, arn, rules, operation, arguments, names):
    call = getattr(events, operation)
    arguments = {key: value or arn for key, value in arguments.items()}
    everything = names(call(**arguments))
    assert len(everything) == 4
    first = call(**arguments, Limit=2)
    last = call(**arguments, Limit=2, NextToken=first["NextToken"])
    assert names(first) + names(last) == everything
    assert "NextToken" not in last
    assert "NextToken" not in call(**arguments, Limit=4)


def test_what_is_deleted_between_two_pages_does_not_disturb(events, rules):
    first = events.list_rules(Limit=2)
    assert [rule["Name"] for rule in first["Rules"]] == rules[:2]
    events.remove_targets(Rule="rule-1", Ids=["1"])
    events.delete_rule(Name="rule-1")
    rest = events.list_rules(NextToken=first["NextToken"])
    assert [rule["Name"] for rule in rest["Rules"]] == rules[2:]


def test_a_token_belongs_to_its_listing(events, sqs, rules):
    token = events.list_rules(Limit=1)["NextToken"]
    with pytest.raises(ClientError) as raised:
        events.list_targets_by_rule(Rule="rule-0", NextToken=token)
    assert error_code(raised) == "ValidationException"
    with pytest.raises(ClientError) as raised:
        sqs.list_queues(MaxResults=1, NextToken=token)
    assert error_code(raised) == "InvalidParameterValue"


@pytest.mark.parametrize("limit, word", [(0, "greater than or equal to 1"), (101, "less than or equal to 100")])
def test_bounds_of_a_page(server, account, limit, word):
    status, _, answer = server.json_call("AWSEvents.ListRules", {"Limit": limit}, account)
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert answer["message"] == (f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy "
                                 f"constraint: Member must have value {word}")
