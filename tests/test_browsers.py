"""What a page in somebody's browser may do: foreign origins, other names for the server, CORS."""

import json
import urllib.parse

import pytest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SQS = "Action=CreateQueue&QueueName=by-a-page&Version=2012-11-05"
FOREIGN = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}


def form(server, headers, body=SQS):
    return server.raw(body.encode(), {**FORM, **headers})


@pytest.mark.parametrize("headers", [
    FOREIGN, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "cross-site"},
    {"Host": "rebound.example"}, {"Host": "rebound.example", "Origin": "http://rebound.example"},
    {"Host": "127.0.0.1.nip.io"}, {"Host": "b.s3.evil.example"}])
def test_a_page_is_refused(server, account, headers):
    for method, path, body in (("POST", "/", SQS), ("GET", "/?" + SQS, ""), ("GET", "/metrics", ""), ("GET", "/health", ""),
                               ("POST", "/_signalbox/clock", "{}"), ("POST", "/2015-03-31/functions", "{}")):
        status, _, text = server.raw(body.encode(), {**FORM, **headers}, path, method)
        assert status == 403, (path, text)
        option = b"--allowed-hosts" if "Host" in headers else b"--cors-origins"
        assert option in text
    assert server.client("sqs").list_queues(QueueNamePrefix="by-a-page").get("QueueUrls", []) == []


@pytest.mark.parametrize("headers", [
    {}, {"Host": "localhost"}, {"Host": "sqs.us-east-1.amazonaws.com"},
    {"Host": "host.docker.internal:4566"}, {"Host": "a.localhost:1"}, {"Host": "[::1]:1"}, {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin"}])
def test_programs_and_known_names_are_served(server, headers):
    status, _, _ = server.raw(b"Action=ListQueues&Version=2012-11-05", {**FORM, **headers})  # "a.localhost" is a bucket
    assert status != 403


def test_the_servers_own_pages_are_served(server):
    own = server.endpoint
    status, headers, _ = form(server, {"Origin": own}, "Action=ListQueues&Version=2012-11-05")
    assert status == 200
    assert headers["Access-Control-Allow-Origin"] == own
    other_name = own.replace("127.0.0.1", "localhost")
    assert form(server, {"Origin": other_name}, "Action=ListQueues&Version=2012-11-05")[0] == 200


def test_pages_that_are_allowed_get_cors_everywhere(new_server):
    app = "http://localhost:3000"
    server = new_server("--cors-origins", app + ",https://app.example.com", "--allowed-hosts", "box.example.com").start()
    for path in ("/", "/2015-03-31/functions/f", "/bucket/key", "/schedules/x"):
        status, headers, _ = server.raw(b"", {"Origin": app, "Access-Control-Request-Method": "PUT",
                                              "Access-Control-Request-Headers": "authorization,x-amz-target"},
                                        path, "OPTIONS")
        assert (status, headers["Access-Control-Allow-Origin"]) == (200, app)
        assert headers["Access-Control-Allow-Headers"] == "authorization,x-amz-target"
        assert "PUT" in headers["Access-Control-Allow-Methods"]
    # A success, an error of a service, and what no service answers.
    status, headers, text = form(server, {"Origin": app, "Host": "box.example.com"})
    assert status == 200 and b"by-a-page" in text
    assert headers["Access-Control-Allow-Origin"] == app and "Origin" in headers["Vary"]
    status, headers, _ = form(server, {"Origin": app}, "Action=GetQueueUrl&QueueName=none&Version=2012-11-05")
    assert status == 400 and headers["Access-Control-Allow-Origin"] == app
    assert "x-amzn-requestid" in headers["Access-Control-Expose-Headers"].lower()
    status, headers, _ = server.raw(b"", {"Origin": app}, "/nowhere/at/all", "GET")
    assert status >= 400 and headers["Access-Control-Allow-Origin"] == app
    assert server.raw(b"", {"Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"}, "/",
                      "OPTIONS")[0] == 403


def test_signatures_suffice_where_they_are_checked(new_server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text("AKIDEXAMPLE secret 123456789012\n")
    server = new_server("--auth", "verify", "--credentials", str(credentials)).start()
    sqs = server.client("sqs", "AKIDEXAMPLE", secret="secret")

    def as_a_page(request, **_):
        request.headers["Origin"] = "http://evil.example"

    sqs.meta.events.register("before-sign", as_a_page)
    assert sqs.list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert form(server, FOREIGN)[0] in (400, 403)  # but nobody signed


def test_links_in_messages_may_be_followed_from_anywhere(server):
    link = "/?" + urllib.parse.urlencode({"Action": "ConfirmSubscription", "Version": "2010-03-31", "Token": "none",
                                          "TopicArn": "arn:aws:sns:us-east-1:000000000000:none"})
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    status, _, text = server.raw(b"", followed, link, "GET")
    assert b"--cors-origins" not in text and status in (400, 404)
    assert server.raw(b"", followed, "/?" + SQS, "GET")[0] == 403


@pytest.mark.parametrize("option", [("--cors-origins", "app.example.com"), ("--cors-origins", "https://a/b"),
                                    ("--allowed-hosts", "http://a"), ("--allowed-hosts", "a.*.b")])
def test_options_that_are_none_are_named(new_server, option):
    with pytest.raises(AssertionError, match=option[0]):
        new_server(*option).start()


def test_json_calls_of_allowed_pages(new_server):
    server = new_server("--cors-origins", "*").start()
    body = json.dumps({"QueueName": "q"}).encode()
    status, headers, _ = server.raw(body, {"Origin": "https://any.example", "X-Amz-Target": "AmazonSQS.CreateQueue",
                                           "Content-Type": "application/x-amz-json-1.0"})
    assert status == 200 and headers["Access-Control-Allow-Origin"] == "https://any.example"


def test_a_buckets_rules_let_pages_ask_for_objects_and_no_other_service(server, account):
    """A page that a bucket's CORS rules name gets at that bucket: not by its name at anything else."""
    s3 = server.client("s3", account)
    rules = {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "PUT", "POST"], "AllowedHeaders": ["*"]}]}
    for name in ("open", "service", "2015-03-31"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_cors(Bucket=name, CORSConfiguration=rules)
    page = {"Origin": "http://evil.example"}
    scope = f"Credential={account}/20260101/us-east-1/s3/aws4_request"
    signed = {**page, "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00"}
    assert server.raw(b"", {**page, "Access-Control-Request-Method": "PUT"}, "/open/k", "OPTIONS")[0] == 200
    s3.put_object(Bucket="open", Key="k", Body=b"x")
    assert server.raw(b"", signed, "/open/other", "PUT")[0] == 200
    status, headers, text = server.raw(b"", signed, "/open/k", "GET")
    assert (status, headers["Access-Control-Allow-Origin"], text) == (200, "*", b"x")
    target = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}
    cbor = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    metrics = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    by_host = {"Host": f"open.s3.localhost:{server.port}"}
    for headers, path, method, body in (
            ({**by_host, **target}, "/", "POST", b"{}"), ({**by_host, **FORM}, "/", "POST", SQS.encode()),
            ({**by_host, **cbor}, metrics, "POST", b"\xa0"), (cbor, metrics, "POST", b"\xa0"), (target, "/open", "POST", b"{}"),
            ({}, "/2015-03-31/functions/", "GET", b"")):
        status, _, text = server.raw(body, {**page, **headers}, path, method)
        assert status == 403 and b"--cors-origins" in text, (headers, path, text)
    # Nor, by a copy, at another bucket that says nothing of that page.
    s3.create_bucket(Bucket="private")
    s3.put_object(Bucket="private", Key="k", Body=b"secret")
    assert server.raw(b"", {**signed, "X-Amz-Copy-Source": "/private/k"}, "/open/copy", "PUT")[0] == 403
    assert server.raw(b"", {**signed, "X-Amz-Copy-Source": "/open/k"}, "/open/copy", "PUT")[0] == 200
    s3.put_bucket_cors(Bucket="private", CORSConfiguration=rules)
    assert server.raw(b"", {**signed, "X-Amz-Copy-Source": "/private/k"}, "/open/copy", "PUT")[0] == 200


def test_content_of_a_bucket_has_its_bucket_alone(server, account):
    """A page that a bucket serves under its own name is of that name's origin: it gets at no more than the bucket."""
    s3 = server.client("s3", account)
    for name in ("pages", "others"):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="k", Body=name.encode())

    def signed(service):
        return {"Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/{service}/aws4_request, "
                                 "SignedHeaders=host, Signature=00"}

    host = f"pages.localhost:{server.port}"
    loads = {"Host": host, "Sec-Fetch-Site": "same-origin"}
    page = {**loads, "Origin": "http://" + host}
    target = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}
    for headers, path, method, body in (
            ({**page, **target, **signed("sqs")}, "/", "POST", b"{}"), ({**page, **target}, "/", "POST", b"{}"),
            ({**loads, **signed("lambda")}, "/2015-03-31/functions/", "GET", b""), (page, "/metrics", "GET", b""),
            ({**page, **FORM, **signed("sqs")}, "/", "POST", SQS.encode()), (loads, "/metrics", "GET", b""),
            (page, "/_signalbox/clock", "POST", b"{}"), (loads, "/_signalbox/tail", "GET", b""),
            ({**page, **signed("s3"), "x-amz-copy-source": "/others/k"}, "/copied", "PUT", b""),
            ({**page, **signed("s3"), "x-amz-copy-source": "others%2Fk"}, "/copied", "PUT", b""),
            ({**page, **signed("s3")}, "/copied?x-amz-copy-source=others/k", "PUT", b"")):
        status, _, text = server.raw(body, headers, path, method)
        assert status == 403 and b"--cors-origins" in text, (headers, path, text)
    assert server.raw(b"", {**page, **signed("s3"), "x-amz-copy-source": "/pages/k"}, "/copied", "PUT")[0] == 200
    assert server.raw(b"", {**loads, **signed("s3")}, "/k", "GET")[::2] == (200, b"pages")
    assert server.raw(b"", {"Host": host}, "/health", "GET")[0] == 200  # a program


def test_under_a_buckets_name_that_browsers_do_not_trust_is_the_bucket_alone(new_server):
    """Browsers say nothing there of where a request comes from: whoever asks, it is for the bucket."""
    server = new_server("--allowed-hosts", "*.box.test").start()
    scope = "Credential=111122223333/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"

    def get(service, path, host="pages.s3.box.test"):
        return server.raw(b"", {"Host": host, "Authorization": "AWS4-HMAC-SHA256 " + scope.format(service)}, path, "GET")[0]

    assert get("lambda", "/2015-03-31/functions/") == 403
    assert get("s3", "/k") == 404
    assert get("lambda", "/2015-03-31/functions/", "api.box.test") == 200


def test_pages_beside_may_show_what_is_stored_and_no_more(server, account):
    """A page at another port is of the same site: browsers leave out Origin there where it only loads something."""
    s3 = server.client("s3", account)
    s3.create_bucket(Bucket="pictures")
    s3.put_object(Bucket="pictures", Key="k", Body=b"x", ACL="public-read")
    beside = {"Sec-Fetch-Site": "same-site"}
    assert server.raw(b"", beside, "/pictures/k", "GET")[0] == 200
    assert server.raw(b"", beside, "/health", "GET")[0] == 200
    status, _, text = server.raw(b"", beside, "/?" + SQS, "GET")
    assert status == 403 and b"--cors-origins" in text
