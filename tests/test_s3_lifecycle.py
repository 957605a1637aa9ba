"""Lifecycle rules: which are taken, and what they do as time goes by."""

import pytest

from s3_raw import Raw, elements


def body(*rules):
    return ("<LifecycleConfiguration>" + "".join(f"<Rule><Status>Enabled</Status>{rule}</Rule>" for rule in rules) +
            "</LifecycleConfiguration>").encode()


EXPIRES = "<Expiration><Days>7</Days></Expiration>"
TAG = "<Tag><Key>{0}</Key><Value>v</Value></Tag>"


@pytest.fixture
def raw(server, account):
    made = Raw(server, account)
    made.bucket = f"/bucket-{account}"
    made.ask("PUT", made.bucket)
    return made


@pytest.mark.parametrize("condition", [
    "<Filter/>", "<Prefix>p</Prefix>", "<Filter><Prefix>p</Prefix></Filter>", f"<Filter>{TAG.format('a')}</Filter>",
    f"<Filter><And>{TAG.format('a')}{TAG.format('b')}</And></Filter>",
    f"<Filter><And><Prefix>p</Prefix>{TAG.format('a')}</And></Filter>",
    "<Filter><And><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan><ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>"])
def test_taken(raw, condition):
    status, headers, answer = raw.ask("PUT", raw.bucket + "?lifecycle", body(condition + EXPIRES))
    assert status == 200, answer
    assert headers["x-amz-transition-default-minimum-object-size"] == "all_storage_classes_128K"


@pytest.mark.parametrize("rule, code, text", [
    (EXPIRES, "MalformedXML", ""), ("<Filter/><Prefix>p</Prefix>" + EXPIRES, "MalformedXML", ""),
    (f"<Filter><Prefix>p</Prefix>{TAG.format('a')}</Filter>" + EXPIRES, "MalformedXML", ""),
    ("<Filter/>", "InvalidRequest", "At least one action needs to be specified in a rule."),
    (f"<Filter><And>{TAG.format('a')}{TAG.format('a')}</And></Filter>" + EXPIRES, "InvalidRequest",
     "Duplicate Tag Keys are not allowed."),
    ("<Filter/><Expiration><Days>0</Days></Expiration>", "InvalidArgument",
     "'Days' for Expiration action must be a positive integer"),
    ("<Filter/><Expiration><Date>2030-01-01T10:00:00Z</Date></Expiration>", "InvalidArgument", "'Date' must be at midnight GMT"),
    ("<Filter/><Transition><Days>10</Days><StorageClass>STANDARD_IA</StorageClass></Transition>", "InvalidArgument",
     "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'"),
    ("<Filter/><Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>", "NotImplemented", None)])
def test_refused(raw, rule, code, text):
    _, told, message = raw.refused("PUT", raw.bucket + "?lifecycle", body(rule))
    assert told == code and (not text or message == text)


def test_expiration_is_told(raw):
    raw.ask("PUT", raw.bucket + "?lifecycle", body("<ID>r</ID><Filter/>" + EXPIRES))
    _, put, _ = raw.ask("PUT", raw.bucket + "/k", b"x")
    _, head, _ = raw.ask("HEAD", raw.bucket + "/k")
    assert put["x-amz-expiration"] == head["x-amz-expiration"] and 'rule-id="r"' in put["x-amz-expiration"]
    _, named, _ = raw.ask("HEAD", raw.bucket + "/k?versionId=null")
    assert "x-amz-expiration" not in named


def test_objects_move_to_another_class(new_server):
    server = new_server("--clock", "virtual").start()
    raw = Raw(server, "123456789012")
    raw.ask("PUT", "/bucket")
    rule = "<Filter/><Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
    assert raw.ask("PUT", "/bucket?lifecycle", body(rule))[0] == 200
    for key, size in (("large", 200_000), ("small", 10)):
        raw.ask("PUT", f"/bucket/{key}", b"x" * size)
    status, _, answer = server.raw(b'{"advance": "960h"}', {"Content-Type": "application/json"}, path="/_signalbox/clock")
    assert status == 200, answer
    assert raw.ask("HEAD", "/bucket/large")[1].get("x-amz-storage-class") == "STANDARD_IA"
    assert "x-amz-storage-class" not in raw.ask("HEAD", "/bucket/small")[1]
    assert raw.ask("GET", "/bucket/large")[2] == b"x" * 200_000
