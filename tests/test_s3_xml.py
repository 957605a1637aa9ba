"""Hostile XML."""

import http.client

import pytest


@pytest.fixture
def send(server, account):
    server.client("s3", account).create_bucket(Bucket=f"xml-{account}")

    def call(body, query="tagging", method="PUT"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request(method, f"/xml-{account}?{query}", body, {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    return call


GOOD = "<Tagging><TagSet><Tag><Key>k</Key><Value>v&#43;&#x20;w</Value></Tag></TagSet></Tagging>"


def test_good(send):
    assert send(GOOD)[0] == 204
    assert send(GOOD.replace("<Tagging>", '<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'))[0] == 204
    assert "<Value>v+ w</Value>" in send("", method="GET")[1]


@pytest.mark.parametrize("body", [
    "<", "<Tagging>", "text", GOOD + GOOD, GOOD.replace("TagSet", "Unknown"), GOOD.replace("<Key>k</Key>", ""),
    GOOD.replace("<Key>k</Key>", "<Key>k</Key><Key>k</Key>"),
    '<!DOCTYPE x [<!ENTITY e "eeee">]>' + GOOD.replace("k<", "&e;<"),
    '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + GOOD,
    "<Tagging>" * 100_000, "<Tagging><TagSet>" + "<Tag>" * 200_000,
])
def test_bad(send, body):
    status, text = send(body)
    assert status == 400 and "<Code>MalformedXML</Code>" in text, text[:500]


def test_names_what_it_does_not_know(send):
    body = "<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter/><Wish>1</Wish></Rule></LifecycleConfiguration>"
    status, text = send(body, "lifecycle")
    assert status == 400 and "Wish" in text
