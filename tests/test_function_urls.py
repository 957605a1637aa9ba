"""Function URLs: settings, and requests that they turn into events."""

import base64
import datetime
import json
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from functions import create

CODE = """
import json
def handler(event, context):
    path = event["rawPath"]
    if path == "/plain": return "just text"
    if path == "/object": return {"a": 1}
    if path == "/made": return {"statusCode": 201, "headers": {"X-Mine": "yes", "Content-Type": "text/plain"},
                                "cookies": ["c=1; Secure"], "body": "made"}
    if path == "/binary": return {"statusCode": 200, "isBase64Encoded": True, "body": "AAEC",
                                  "headers": {"Content-Type": "application/octet-stream"}}
    if path == "/list": return ["hello", 3, True]
    if path == "/text-status": return {"statusCode": "418", "body": "x"}
    if path == "/fail": raise ValueError("no")
    if path == "/split": return {"statusCode": 200, "headers": {"X-A": "b\\r\\nX-Evil: 1"}, "body": ""}
    if path == "/odd": return {"statusCode": 9999}
    return event
"""


@pytest.fixture
def functions(server, account):
    client = server.client("lambda", account)
    create(client, "f", CODE, account)
    return client


def ask(url, data=None, headers=None, method=None):
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def public(functions, **settings):
    url = functions.create_function_url_config(FunctionName="f", AuthType="NONE", **settings)["FunctionUrl"]
    functions.add_permission(FunctionName="f", StatementId="public", Action="lambda:InvokeFunctionUrl", Principal="*",
                             FunctionUrlAuthType="NONE")
    return url


def test_requests_become_events(functions, account):
    url = public(functions)
    status, headers, body = ask(url + "a%20b/c?x=1&x=2&y=%C3%A9", b'{"k": 1}',
                                {"Content-Type": "application/json", "X-Header": "v", "Cookie": "a=1; b=2"})
    event = json.loads(body)
    assert status == 200 and headers["Content-Type"] == "application/json"
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", "/a b/c")
    assert event["rawQueryString"] == "x=1&x=2&y=%C3%A9" and event["queryStringParameters"] == {"x": "1,2", "y": "é"}
    assert event["cookies"] == ["a=1", "b=2"] and event["headers"]["x-header"] == "v"
    assert event["body"] == '{"k": 1}' and event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["http"]["method"] == "POST" and context["http"]["path"] == "/a b/c"
    assert context["accountId"] == "anonymous" and context["domainPrefix"] in url
    assert datetime.datetime.strptime(context["time"], "%d/%b/%Y:%H:%M:%S +0000")
    assert event["headers"]["x-forwarded-proto"] == "http" and event["headers"]["x-forwarded-for"]
    assert event["headers"]["x-amzn-trace-id"].startswith("Root=1-")
    event = json.loads(ask(url, b"", {"X-Forwarded-For": "8.8.8.8, 9.9.9.9"})[2])
    assert event["headers"]["x-forwarded-for"] == "8.8.8.8" and event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    event = json.loads(ask(url, b"\0\1", {"Content-Type": "application/octet-stream"})[2])
    assert base64.b64decode(event["body"]) == b"\0\1" and event["isBase64Encoded"] is True


def test_answers_become_responses(functions):
    url = public(functions)
    assert ask(url + "plain")[2] == b"just text"
    assert ask(url + "object")[2] == b'{"a":1}'
    assert ask(url + "list")[2] == b'["hello",3,true]'
    assert ask(url + "text-status")[::2] == (418, b"x")
    status, headers, body = ask(url + "made")
    assert (status, headers["X-Mine"], headers["Set-Cookie"], body) == (201, "yes", "c=1; Secure", b"made")
    assert ask(url + "binary")[2] == b"\0\1\2"
    status, headers, body = ask(url + "fail")
    assert (status, body) == (502, b"Internal Server Error")
    assert headers["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert ask(url + "odd")[0] == 502
    status, headers, _ = ask(url + "split")
    assert status == 200 and headers["X-Evil"] is None


def test_who_may_call(server, functions, account):
    url = functions.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    assert ask(url)[0] == 403  # nothing permits it
    functions.update_function_url_config(FunctionName="f", AuthType="AWS_IAM")
    assert ask(url)[0] == 403
    request = botocore.awsrequest.AWSRequest("GET", url + "plain")
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(account, "secret"), "lambda", "us-east-1").add_auth(request)
    status, _, body = ask(url + "plain", headers=dict(request.headers.items()))
    assert (status, body) == (200, b"just text")
    botocore.auth.SigV4Auth(botocore.credentials.Credentials("999999999999", "s"), "lambda", "us-east-1").add_auth(request)
    assert ask(url + "plain", headers=dict(request.headers.items()))[0] == 403
    status, headers, body = ask(url.rsplit("/", 2)[0] + "/nothing/")
    assert (status, headers["Content-Type"], body) == (403, "application/json", b'{"Message":null}')


def test_cors(functions):
    url = public(functions, Cors={"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 60})
    status, headers, _ = ask(url, method="OPTIONS", headers={"Origin": "https://a.example",
                                                             "Access-Control-Request-Method": "GET"})
    assert status == 204 and headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert (headers["Access-Control-Allow-Methods"], headers["Access-Control-Max-Age"]) == ("GET", "60")
    assert ask(url, headers={"Origin": "https://a.example"})[1]["Access-Control-Allow-Origin"] == "https://a.example"
    assert ask(url, headers={"Origin": "https://b.example"})[1]["Access-Control-Allow-Origin"] is None


def test_settings(server, functions, account):
    url = public(functions)
    assert functions.get_function_url_config(FunctionName="f")["FunctionUrl"] == url
    assert len(functions.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]) == 1
    with pytest.raises(functions.exceptions.ResourceConflictException):
        functions.create_function_url_config(FunctionName="f", AuthType="NONE")
    # Older SDKs do not know the member.
    status, _, body = server.raw(b'{"AuthType":"NONE","InvokeMode":"RESPONSE_STREAM"}', {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/lambda/aws4_request, "
                         "SignedHeaders=host, Signature=0", "Content-Type": "application/json"}, "/2021-10-31/functions/f/url")
    assert status == 400 and b"RESPONSE_STREAM" in body
    functions.delete_function_url_config(FunctionName="f")
    assert ask(url)[0] == 403
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function_url_config(FunctionName="f")


def test_mode_is_told_where_it_was_given(functions):
    assert "InvokeMode" not in functions.create_function_url_config(FunctionName="f", AuthType="NONE")
    assert "InvokeMode" not in functions.get_function_url_config(FunctionName="f")


def test_url_of_an_alias_that_is_gone(functions):
    functions.publish_version(FunctionName="f")
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    url = functions.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="NONE")["FunctionUrl"]
    functions.add_permission(FunctionName="f", Qualifier="live", StatementId="public", Principal="*",
                             Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    assert ask(url + "plain")[2] == b"just text"
    functions.delete_alias(FunctionName="f", Name="live")
    assert ask(url + "plain")[::2] == (403, b'{"Message":"Forbidden"}')


def test_no_such_function(functions):
    for call, more in ((functions.create_function_url_config, {"AuthType": "NONE"}),
                       (functions.get_function_url_config, {}), (functions.list_function_url_configs, {}),
                       (functions.delete_function_url_config, {})):
        with pytest.raises(functions.exceptions.ResourceNotFoundException, match="Function does not exist"):
            call(FunctionName="none", **more)


def test_urls_have_host_names(server, functions):
    url = public(functions)
    name = url.rstrip("/").rsplit("/", 1)[1]
    for domain in ("lambda-url.us-east-1.on.aws", f"lambda-url.us-east-1.localhost:{server.port}"):
        assert ask(server.endpoint + "/plain", headers={"Host": f"{name}.{domain}"})[2] == b"just text"
        event = json.loads(ask(server.endpoint + "/a/b", b"body", {"Host": f"{name}.{domain}", "Content-Type": "text/plain"},
                               "PUT")[2])
        assert (event["rawPath"], event["body"]) == ("/a/b", "body")
        assert event["requestContext"]["domainName"] == f"{name}.{domain}".split(":")[0]
        status, headers, body = ask(server.endpoint + "/plain", headers={"Host": f"nobody.{domain}"})
        assert (status, headers["Content-Type"], body) == (403, "application/json", b'{"Message":null}')
