"""Hostile XML."""

import http.client
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError


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


def test_answers_are_documents_whatever_is_in_a_key(server, account):
    s3 = server.client("s3", account)
    s3.create_bucket(Bucket="marks")
    s3.put_object(Bucket="marks", Key="a\x01b", Body=b"")

    def get(path):
        scope = f"Credential={account}/20260101/us-east-1/s3/aws4_request"
        return server.raw(b"", {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00"}, path, "GET")

    status, _, text = get("/marks")
    assert status == 200 and b"<Key>a&#x1;b</Key>" in text, text  # as AWS says it: XML knows no such character
    status, _, text = get("/marks/nope%01")
    assert status == 404 and ElementTree.fromstring(text).find("Key").text == "nope\ufffd"
    status, _, text = get("/marks/%zz")
    error = ElementTree.fromstring(text)
    assert (status, error.find("Code").text, error.find("Message").text) == (
        400, "InvalidURI", "Couldn't parse the specified URI.")
    for path in ("/marks/%ff", "/%ff", "/marks?list-type=2&prefix=%ff"):
        status, _, text = get(path)
        assert (status, ElementTree.fromstring(text).find("Code").text) == (400, "InvalidURI"), path
    for name in ("a\0b", "a\ufffeb", "a\uffffb"):
        with pytest.raises(ClientError) as raised:
            server.client("iam", account).list_user_policies(UserName=name)
        assert "a\ufffdb" in raised.value.response["Error"]["Message"]


def test_names_what_it_does_not_know(send):
    body = "<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter/><Wish>1</Wish></Rule></LifecycleConfiguration>"
    status, text = send(body, "lifecycle")
    assert status == 400 and "Wish" in text
