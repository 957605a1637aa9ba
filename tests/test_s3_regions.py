"""Where buckets may be made, and how they are told."""

import pytest

from s3_raw import Raw, elements


def body(constraint):
    return (f'<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>{constraint}'
            "</LocationConstraint></CreateBucketConfiguration>").encode() if constraint else b""


@pytest.mark.parametrize("region, constraint, location", [
    ("us-east-1", None, ""), ("us-east-1", "eu-west-1", "eu-west-1"), ("us-east-1", "EU", "EU"), ("eu-west-1", "EU", "EU"),
    ("eu-west-1", "eu-west-1", "eu-west-1"), ("us-west-2", "us-west-2", "us-west-2"), ("aws-global", None, "")])
def test_taken(server, account, region, constraint, location):
    raw, name = Raw(server, account, region), f"bucket-{account}"
    status, headers, answer = raw.ask("PUT", f"/{name}", body(constraint))
    assert status == 200, answer
    assert headers["location"] == (f"/{name}" if not location else f"http://{name}.s3.amazonaws.com/")
    assert headers["x-amz-bucket-arn"] == f"arn:aws:s3:::{name}"
    _, _, answer = raw.ask("GET", f"/{name}?location")
    assert elements(answer, "LocationConstraint") == location


@pytest.mark.parametrize("region, constraint, code, text", [
    ("us-east-1", "us-east-1", "InvalidLocationConstraint", "The specified location-constraint is not valid"),
    ("us-east-1", "aws-global", "InvalidLocationConstraint", "The specified location-constraint is not valid"),
    ("us-east-1", "nowhere-1", "InvalidLocationConstraint", "The specified location-constraint is not valid"),
    ("us-west-2", "nowhere-1", "InvalidLocationConstraint", "The specified location-constraint is not valid"),
    ("us-west-2", None, "IllegalLocationConstraintException", "The unspecified location constraint is incompatible"),
    ("us-west-2", "us-east-1", "IllegalLocationConstraintException", "The us-east-1 location constraint is incompatible"),
    ("us-west-2", "EU", "IllegalLocationConstraintException", "The EU location constraint is incompatible"),
    ("eu-west-1", "eu-west-2", "IllegalLocationConstraintException", "The eu-west-2 location constraint is incompatible")])
def test_refused(server, account, region, constraint, code, text):
    raw = Raw(server, account, region)
    status, told, message, named = raw.refused("PUT", f"/bucket-{account}", body(constraint), members=["LocationConstraint"])
    assert (status, told) == (400, code) and message.startswith(text)
    assert named == (constraint if code == "InvalidLocationConstraint" else None)


def test_pages_of_buckets(server, account):
    raw = Raw(server, account)
    names = [f"b{i}-{account}" for i in range(3)]
    for name in names:
        raw.ask("PUT", f"/{name}", body("eu-west-1" if name == names[1] else None))
    _, _, answer = raw.ask("GET", "/?max-buckets=2")
    assert answer.count(b"<Bucket>") == 2 and answer.index(b"<Owner>") < answer.index(b"<Buckets>")
    assert elements(answer, "BucketArn", "BucketRegion") == [f"arn:aws:s3:::{names[0]}", "us-east-1"]
    _, _, rest = raw.ask("GET", "/?max-buckets=2&continuation-token=" + elements(answer, "ContinuationToken"))
    assert elements(rest, "Name") == names[2] and elements(rest, "ContinuationToken") is None
    _, _, europe = raw.ask("GET", "/?bucket-region=eu-west-1")
    assert elements(europe, "Name") == names[1] and europe.count(b"<Bucket>") == 1
    _, _, every = raw.ask("GET", "/?continuation-token=")
    assert every.count(b"<Bucket>") == 3
    _, _, begun = raw.ask("GET", f"/?prefix={names[2]}")
    assert elements(begun, "Name", "Prefix", "BucketRegion") == [names[2], names[2], "us-east-1"]
    assert raw.refused("GET", "/?bucket-region=nowhere", members=["ArgumentName"])[1::2] == ("InvalidArgument",
                                                                                          "bucket-region")


@pytest.mark.parametrize("owner, expected", [("0000", (400, "InvalidBucketOwnerAWSAccountID")),
                                             ("999999999999", (403, "AccessDenied"))])
def test_expected_owner(server, account, owner, expected):
    raw, name = Raw(server, account), f"bucket-{account}"
    raw.ask("PUT", f"/{name}")
    for path in ("?policy", "?acl", "/key", "?tagging", "?list-type=2"):
        refused = raw.refused("GET", f"/{name}{path}", headers={"x-amz-expected-bucket-owner": owner})
        assert refused[:2] == expected, path
    if expected[0] == 400:
        assert refused[2].endswith(f"must be an AWS Account ID... [{owner}]")
