"""What a signature stands for: one service, the headers and the time that it names, in the modes that check it; and the links
that S3's clients make, in every mode."""

import http.client
import time
import urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import pytest

KEY, SECRET, ACCOUNT = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012"


@pytest.fixture(params=["verify", "enforce"])
def strict(request, new_server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"{KEY} {SECRET} {ACCOUNT}\n")
    return new_server("--auth", request.param, "--credentials", str(credentials)).start()


def send(server, method, target, headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, target, body=body, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(errors="replace")


def signed(server, service, body, headers, only=None, region="us-east-1"):
    """The headers of a POST, signed for that service; those not in `only` are left out of the signature."""
    covered = {name: value for name, value in headers.items() if only is None or name in only}
    request = botocore.awsrequest.AWSRequest("POST", server.endpoint + "/", data=body, headers=covered)
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer(botocore.credentials.Credentials(KEY, SECRET), service, region).add_auth(request)
    return {**headers, **dict(request.headers.items())}


def s3_client(server, version="s3v4", key=KEY, secret=SECRET):
    return boto3.client("s3", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=key,
                        aws_secret_access_key=secret, config=botocore.config.Config(
                            signature_version=version, s3={"addressing_style": "path"}, retries={"max_attempts": 0}))


def target_of(url):
    parts = urllib.parse.urlsplit(url)
    return parts.path + "?" + parts.query


QUEUES = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}
USERS = "Action=ListUsers&Version=2010-05-08"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_signature_is_for_one_service(strict):
    assert send(strict, "POST", "/", signed(strict, "sqs", "{}", QUEUES), "{}")[0] == 200
    for service in ("events", "iam", "s3", "", "sqs.amazonaws.com"):
        status, text = send(strict, "POST", "/", signed(strict, service, "{}", QUEUES), "{}")
        assert status in (400, 403), (service, text)
        assert "QueueUrls" not in text
        assert "correct service: 'sqs'" in text or "Credential" in text, text
    assert send(strict, "POST", "/", signed(strict, "iam", USERS, FORM), USERS)[0] == 200
    for service in ("sqs", "sts", "s3", ""):
        status, text = send(strict, "POST", "/", signed(strict, service, USERS, FORM), USERS)
        assert status >= 400 and "<ListUsersResult" not in text, (service, text)
    status, text = send(strict, "POST", "/", signed(strict, "sqs", "{}", QUEUES, region="us-east-1:x"), "{}")
    assert status == 403 and "Credential should be scoped to a valid region." in text


def test_events_are_watched_by_who_signs_for_events(strict):
    def begin(service, body):
        request = botocore.awsrequest.AWSRequest("POST", strict.endpoint + "/_signalbox/tail", data="{}")
        signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer(botocore.credentials.Credentials(KEY, SECRET), service, "us-east-1").add_auth(request)
        return send(strict, "POST", "/_signalbox/tail", dict(request.headers.items()), body)

    assert begin("events", "{}")[0] == 200
    assert begin("events", '{"bus":"default"}')[0] == 403
    for service, body in (("s3", "{}"), ("s3", '{"bus":"default"}'), ("sqs", "{}")):
        status, text = begin(service, body)
        assert status == 403 and "correct service: 'events'" in text, text


def test_headers_beyond_the_signature_are_refused(strict):
    headers = signed(strict, "sqs", "{}", QUEUES, only=["Content-Type"])
    status, text = send(strict, "POST", "/", headers, "{}")
    assert status in (400, 403)
    assert "InvalidSignatureException" in text
    assert "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization." in text


def test_links_do_what_they_name_and_nothing_else(strict):
    s3, sqs, sts = s3_client(strict), strict.client("sqs", KEY, secret=SECRET), strict.client("sts", KEY, secret=SECRET)
    s3.create_bucket(Bucket="victim")
    s3.put_object(Bucket="victim", Key="shared", Body=b"meant for you")
    s3.put_object(Bucket="victim", Key="secret", Body=b"THE SECRET")
    sqs.create_queue(QueueName="q")
    get = target_of(s3.generate_presigned_url("get_object", {"Bucket": "victim", "Key": "shared"}))
    assert send(strict, "GET", get) == (200, "meant for you")
    for target in ("AmazonSQS.ListQueues", "AWSEvents.ListRules", "DynamoDB_20120810.ListTables"):
        status, text = send(strict, "GET", get, {**QUEUES, "X-Amz-Target": target}, "{}")
        assert status >= 400 and "QueueUrls" not in text and "Rules" not in text
        assert '"HeadersNotSigned":"x-amz-target"' in text, text
    status, text = send(strict, "GET", get, {"Smithy-Protocol": "rpc-v2-cbor"})
    assert status >= 400 or text == "meant for you"
    put = target_of(s3.generate_presigned_url("put_object", {"Bucket": "victim", "Key": "upload"}))
    status, text = send(strict, "PUT", put, {"x-amz-copy-source": "/victim/secret", "X-Amz-Acl": "public-read"})
    assert status == 403
    assert "<Code>AccessDenied</Code><Message>There were headers present in the request which were not signed" in text
    assert "<HeadersNotSigned>x-amz-copy-source, x-amz-acl</HeadersNotSigned>" in text
    assert send(strict, "PUT", put, body=b"mine")[0] == 200
    assert send(strict, "GET", "/victim/upload")[0] == 403
    for change in (("/shared?", "/secret?"), ("Expires=3600", "Expires=9000"), ("us-east-1", "eu-west-1")):
        status, text = send(strict, "GET", get.replace(*change))
        assert status == 403 and "<Code>SignatureDoesNotMatch</Code>" in text, text
        assert f"<AWSAccessKeyId>{KEY}</AWSAccessKeyId><StringToSign>" in text and "<CanonicalRequest>" in text
    assert "incorrect service &quot;sqs&quot;" not in send(strict, "GET", get)[1]
    who = target_of(sts.generate_presigned_url("get_caller_identity", HttpMethod="GET"))
    assert send(strict, "GET", who)[0] == 200
    assert "QueueUrls" not in send(strict, "GET", who, {**QUEUES, "X-Amz-Target": "AmazonSQS.ListQueues"})[1]


def test_one_signature_at_a_time(strict):
    s3 = s3_client(strict)
    s3.create_bucket(Bucket="once")
    s3.put_object(Bucket="once", Key="k", Body=b"x")
    get = target_of(s3.generate_presigned_url("get_object", {"Bucket": "once", "Key": "k"}))
    header = {"Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, "
                               "Signature=00"}
    status, text = send(strict, "GET", get, header)
    assert status == 400 and "<Code>InvalidArgument</Code><Message>Only one auth mechanism allowed" in text, text


def test_links_of_version_2(strict):
    s3 = s3_client(strict, "s3")
    s3.create_bucket(Bucket="old")
    s3.put_object(Bucket="old", Key="a b", Body=b"x", Metadata={"Venue": "123"}, ContentType="text/plain")
    assert s3.get_object(Bucket="old", Key="a b")["Body"].read() == b"x"
    get = target_of(s3.generate_presigned_url("get_object", {
        "Bucket": "old", "Key": "a b", "ResponseContentDisposition": 'attachment; filename="a b+c.txt"'}))
    assert "AWSAccessKeyId" in get
    assert send(strict, "GET", get) == (200, "x")
    for change in (("a%20b?", "a?"), ("filename", "name"), ("Signature=", "Signature=A")):
        assert "<Code>SignatureDoesNotMatch</Code>" in send(strict, "GET", get.replace(*change))[1]
    assert send(strict, "PUT", get, body=b"y")[0] == 403
    for more in ("&acl", "&policy", "&encryption"):
        assert send(strict, "GET", get + more)[0] == 403
    put = target_of(s3.generate_presigned_url("put_object", {
        "Bucket": "old", "Key": "put", "Metadata": {"venue": "123"}, "ContentType": "text/css"}))
    assert send(strict, "PUT", put, body=b"y")[0] == 200
    put_object = s3.head_object(Bucket="old", Key="put")
    assert (put_object["Metadata"], put_object["ContentType"]) == ({"venue": "123"}, "text/css")
    status, text = send(strict, "PUT", put, {"x-amz-acl": "public-read"}, b"y")
    assert status == 403 and "<Code>SignatureDoesNotMatch</Code>" in text
    with pytest.raises(s3.exceptions.ClientError) as raised:
        s3_client(strict, "s3", secret="wrong").list_buckets()
    assert raised.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_what_stands_in_the_query_of_a_link_is_a_header(strict):
    s3 = s3_client(strict)
    s3.create_bucket(Bucket="hoisted")
    signer = botocore.auth.S3SigV4QueryAuth(botocore.credentials.Credentials(KEY, SECRET), "s3", "us-east-1", expires=60)
    query = "x-amz-meta-venue=a%20b&x-amz-storage-class=STANDARD_IA&x-amz-tagging=k%3Dv"
    request = botocore.awsrequest.AWSRequest("PUT", f"{strict.endpoint}/hoisted/k?{query}")
    signer.add_auth(request)
    assert send(strict, "PUT", target_of(request.url), body=b"x")[0] == 200
    made = s3.head_object(Bucket="hoisted", Key="k")
    assert (made["Metadata"], made["StorageClass"]) == ({"venue": "a b"}, "STANDARD_IA")
    assert s3.get_object_tagging(Bucket="hoisted", Key="k")["TagSet"] == [{"Key": "k", "Value": "v"}]
    status, _ = send(strict, "PUT", target_of(request.url).replace("STANDARD_IA", "STANDARD"), body=b"x")
    assert status == 403


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_links_end_in_every_mode(server, strict, version):
    for place, key, secret in ((server, "000000000000", "test"), (strict, KEY, SECRET)):
        s3 = s3_client(place, version, key, secret)
        s3.create_bucket(Bucket="late")
        s3.put_object(Bucket="late", Key="k", Body=b"x")
        get = target_of(s3.generate_presigned_url("get_object", {"Bucket": "late", "Key": "k"}, ExpiresIn=1))
        put = target_of(s3.generate_presigned_url("put_object", {"Bucket": "late", "Key": "k"}, ExpiresIn=1))
        ends = time.monotonic() + 30
        while send(place, "GET", get)[0] == 200:
            assert time.monotonic() < ends
        for method, link in (("GET", get), ("PUT", put)):
            until = time.monotonic() + 30
            while (answer := send(place, method, link, body=b"y" if method == "PUT" else None))[0] == 200:
                assert time.monotonic() < until
            assert answer[0] == 403
            assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in answer[1]
            assert "<Expires>20" in answer[1] and "<ServerTime>20" in answer[1]
            assert ("<X-Amz-Expires>1</X-Amz-Expires>" in answer[1]) == (version == "s3v4")
        s3.delete_object(Bucket="late", Key="k")
        s3.delete_bucket(Bucket="late")


def test_links_that_cannot_be_read(server, strict):
    for place, key, secret in ((server, "000000000000", "test"), (strict, KEY, SECRET)):
        s3 = s3_client(place, key=key, secret=secret)
        link = target_of(s3.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}, ExpiresIn=604801))
        status, text = send(place, "GET", link)
        assert status == 400 and "<Code>AuthorizationQueryParametersError</Code>" in text
        assert "X-Amz-Expires must be less than a week (in seconds)" in text
        for change, words in ((("Expires=604801", "Expires=-1"), "X-Amz-Expires must be non-negative"),
                              (("Expires=604801", "Expires=1e3"), "X-Amz-Expires should be a number"),
                              (("X-Amz-Date=", "X-Date="), "requires the X-Amz-Algorithm, X-Amz-Credential"),
                              (("HMAC-SHA256", "HMAC-SHA1"), "X-Amz-Algorithm only supports")):
            status, text = send(place, "GET", link.replace(*change))
            assert status == 400 and words in text, text
