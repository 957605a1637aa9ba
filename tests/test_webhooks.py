"""API destinations and connections: events that go out over HTTP, and what becomes of those that cannot."""

import base64
import glob
import http.server
import json
import os
import ssl
import subprocess
import threading

import pytest
from botocore.exceptions import ClientError
from conftest import BINARY, error_code, error_text, queue_arn, receive_until

BASIC = {"BasicAuthParameters": {"Username": "user", "Password": "a-secret-password"}}
PATTERN = {"source": ["shop"]}


def connect(events, name="c", auth=None, kind="BASIC", **invocation):
    parameters = dict(auth or BASIC)
    if invocation:
        parameters["InvocationHttpParameters"] = invocation
    return events.create_connection(Name=name, AuthorizationType=kind, AuthParameters=parameters)["ConnectionArn"]


def destination(events, url, connection=None, name="d", method="POST", **more):
    return events.create_api_destination(Name=name, ConnectionArn=connection or connect(events, name + "-c"),
                                         InvocationEndpoint=url, HttpMethod=method, **more)["ApiDestinationArn"]


def rule(events, arn, name="r", pattern=None, **target):
    events.put_rule(Name=name, EventPattern=json.dumps(pattern or PATTERN))
    put = events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": arn, **target}])
    assert put["FailedEntryCount"] == 0


def send(events, *details):
    put = events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": json.dumps(detail)}
                                     for detail in details])
    assert put["FailedEntryCount"] == 0


def dead_letters(sqs):
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    return url, {"DeadLetterConfig": {"Arn": queue_arn(sqs, url)}}


def attributes(message):
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def header(request, name):
    return {key.lower(): value for key, value in request["headers"].items()}.get(name.lower())


def advance(server, text):
    status, _, answer = server.raw(json.dumps({"advance": text}).encode(), path="/_signalbox/clock")
    assert status == 200, answer


def test_an_event_goes_out_as_aws_sends_it(events, sink):
    connection = connect(events, HeaderParameters=[{"Key": "X-Own", "Value": "of the connection"}],
                         QueryStringParameters=[{"Key": "k", "Value": "a b", "IsValueSecret": True}],
                         BodyParameters=[{"Key": "tenant", "Value": "t1"}])
    arn = destination(events, sink.url + "/orders/*/items/*?fixed=1", connection)
    rule(events, arn, HttpParameters={
        "PathParameterValues": ["$.detail.id", "x/y"],
        "HeaderParameters": {"X-Own": "of the target", "X-Type": "$.detail-type", "Host": "elsewhere"},
        "QueryStringParameters": {"k": "hidden", "n": "$.detail.n"}})
    send(events, {"id": "o 1", "n": 7})
    (request,) = sink.wait_for(1)
    assert request["method"] == "POST"
    assert request["path"] == "/orders/o%201/items/x%2Fy"
    assert request["query"] == "fixed=1&k=a%20b&n=7"
    assert header(request, "authorization") == "Basic " + base64.b64encode(b"user:a-secret-password").decode()
    assert header(request, "x-own") == "of the connection"
    assert header(request, "x-type") == "Order"
    assert header(request, "host") == sink.url.removeprefix("http://")
    assert header(request, "content-type") == "application/json; charset=utf-8"
    assert header(request, "user-agent") == "Amazon/EventBridge/ApiDestinations"
    assert request["body"]["detail"] == {"id": "o 1", "n": 7}
    assert request["body"]["tenant"] == "t1"


def test_keys_methods_and_made_input(events, sink):
    connection = connect(events, auth={"ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": "key"}},
                         kind="API_KEY")
    put = destination(events, sink.url + "/a", connection, "a", "PUT")
    get = destination(events, sink.url + "/b", connection, "b", "GET")
    rule(events, put, "ra", InputTransformer={"InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": '{"order":<id>}'})
    rule(events, get, "rb")
    send(events, {"id": 5})
    by_path = {request["path"]: request for request in sink.wait_for(2)}
    assert by_path["/a"]["method"] == "PUT" and by_path["/a"]["body"] == {"order": 5}
    assert header(by_path["/a"], "x-api-key") == "key"
    assert by_path["/b"]["method"] == "GET" and by_path["/b"]["body"] == ""


def test_operations_answer_as_documented(events):
    connection = connect(events, HeaderParameters=[{"Key": "A", "Value": "seen"},
                                                   {"Key": "B", "Value": "unseen", "IsValueSecret": True}])
    described = events.describe_connection(Name="c")
    assert described["ConnectionArn"] == connection
    assert described["ConnectionState"] == "AUTHORIZED"
    assert described["AuthParameters"]["BasicAuthParameters"] == {"Username": "user"}
    assert described["AuthParameters"]["InvocationHttpParameters"]["HeaderParameters"] == [
        {"Key": "A", "Value": "seen", "IsValueSecret": False}, {"Key": "B", "IsValueSecret": True}]
    assert described["SecretArn"].startswith("arn:aws:secretsmanager:us-east-1:")
    arn = destination(events, "https://example.com/x", connection, InvocationRateLimitPerSecond=5)
    assert events.describe_api_destination(Name="d")["InvocationRateLimitPerSecond"] == 5
    assert [one["Name"] for one in events.list_api_destinations(ConnectionArn=connection)["ApiDestinations"]] == ["d"]
    assert [one["Name"] for one in events.list_connections(NamePrefix="c")["Connections"]] == ["c"]
    events.update_api_destination(Name="d", HttpMethod="PATCH", InvocationRateLimitPerSecond=9)
    described = events.describe_api_destination(Name="d")
    assert (described["HttpMethod"], described["InvocationRateLimitPerSecond"]) == ("PATCH", 9)
    assert described["ApiDestinationArn"] == arn
    assert events.deauthorize_connection(Name="c")["ConnectionState"] == "DEAUTHORIZED"
    assert events.describe_api_destination(Name="d")["ApiDestinationState"] == "INACTIVE"
    events.update_connection(Name="c", AuthorizationType="BASIC", AuthParameters=BASIC)
    assert events.describe_api_destination(Name="d")["ApiDestinationState"] == "ACTIVE"
    events.delete_api_destination(Name="d")
    assert events.delete_connection(Name="c")["ConnectionState"] == "DELETING"


@pytest.mark.parametrize("call, code, text", [
    (lambda e: connect(e, "c"), "ResourceAlreadyExistsException", "Connection c already exists."),
    (lambda e: connect(e, "n", {"ApiKeyAuthParameters": {"ApiKeyName": "a", "ApiKeyValue": "b"}}),
     "ValidationException", "AuthParameters is not valid"),
    (lambda e: connect(e, "n", kind="OAUTH_CLIENT_CREDENTIALS", auth={"OAuthParameters": {
        "ClientParameters": {"ClientID": "i", "ClientSecret": "s"}, "AuthorizationEndpoint": "nowhere",
        "HttpMethod": "POST"}}), "ValidationException", "AuthorizationEndpoint is not valid"),
    (lambda e: e.describe_connection(Name="n"), "ResourceNotFoundException", "Connection 'n' does not exist"),
    (lambda e: e.describe_api_destination(Name="n"), "ResourceNotFoundException", "'n' does not exist"),
    (lambda e: destination(e, "ftp://h/", e.describe_connection(Name="c")["ConnectionArn"]), "ValidationException",
     "InvocationEndpoint is not valid"),
    (lambda e: destination(e, "http://h/", e.describe_connection(Name="c")["ConnectionArn"] + "0"),
     "ResourceNotFoundException", "does not exist"),
    (lambda e: rule(e, "arn:aws:events:us-east-1:000000000000:api-destination/d/1"), "ValidationException",
     "another account"),
])
def test_refusals(events, call, code, text):
    connect(events)
    with pytest.raises(ClientError) as raised:
        call(events)
    assert error_code(raised) == code
    assert text in error_text(raised)


def test_oauth_asks_once_and_again_when_refused(events, new_sink):
    tokens = new_sink("--body", '{"access_token":"t0k3n","token_type":"Bearer","expires_in":3600}')
    sink = new_sink()
    auth = {"OAuthParameters": {
        "ClientParameters": {"ClientID": "id", "ClientSecret": "hush"}, "AuthorizationEndpoint": tokens.url + "/token",
        "HttpMethod": "POST", "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "Value": "all"}]}}}
    connection = connect(events, auth=auth, kind="OAUTH_CLIENT_CREDENTIALS")
    (asked,) = tokens.wait_for(1)
    assert asked["body"] == "client_id=id&client_secret=hush&grant_type=client_credentials&scope=all"
    rule(events, destination(events, sink.url + "/x?fail=1&status=401", connection))
    send(events, {"n": 1}, {"n": 2})
    received = sink.wait_for(3)
    assert {header(request, "authorization") for request in received} == {"Bearer t0k3n"}
    assert sorted(request["status"] for request in received) == [200, 200, 401]
    # At the creation; at most by each of two threads for a delivery; and after the refusal.
    assert 2 <= len(tokens.requests()) <= 3
    described = events.describe_connection(Name="c")
    assert described["ConnectionState"] == "AUTHORIZED"
    assert "ClientSecret" not in json.dumps(described, default=str)


def test_oauth_that_is_not_granted_deauthorizes(events, new_sink):
    tokens = new_sink("--status", "403")
    auth = {"OAuthParameters": {"ClientParameters": {"ClientID": "id", "ClientSecret": "hush"},
                                "AuthorizationEndpoint": tokens.url, "HttpMethod": "POST"}}
    connect(events, auth=auth, kind="OAUTH_CLIENT_CREDENTIALS")
    tokens.wait_for(1)
    while (described := events.describe_connection(Name="c"))["ConnectionState"] == "AUTHORIZING":
        pass
    assert described["ConnectionState"] == "DEAUTHORIZED"
    assert "403" in described["StateReason"]


@pytest.mark.parametrize("path, text", [
    ("/status/500", "HTTP status code 500"),
    ("/x?close=body", "cannot be reached"),
    ("/x?close=headers", "cannot be reached"),
])
def test_faults_are_tried_again_and_then_dead_letters(new_server, sink, path, text):
    server = new_server("--clock", "virtual").start()
    events, sqs = server.client("events"), server.client("sqs")
    url, dead = dead_letters(sqs)
    rule(events, destination(events, sink.url + path), RetryPolicy={"MaximumRetryAttempts": 2}, **dead)
    send(events, {"n": 1})
    sink.wait_for(1)
    advance(server, "1m")
    assert len(sink.requests()) == 3
    (letter,) = receive_until(sqs, url, 1)
    told = attributes(letter)
    assert told["ERROR_CODE"] == "SDK_CLIENT_ERROR" and text in told["ERROR_MESSAGE"]
    assert (told["EXHAUSTED_RETRY_CONDITION"], told["RETRY_ATTEMPTS"]) == ("MaximumRetryAttempts", "2")
    assert told["RULE_ARN"].endswith(":rule/r") and ":api-destination/d/" in told["TARGET_ARN"]
    assert json.loads(letter["Body"])["detail"] == {"n": 1}


def test_retry_after_is_kept_to(new_server, sink):
    server = new_server("--clock", "virtual").start()
    events = server.client("events")
    rule(events, destination(events, sink.url + "/x?status=429&retry-after=100&fail=1"))
    send(events, {})
    sink.wait_for(1)
    advance(server, "99s")
    assert len(sink.requests()) == 1
    advance(server, "2s")
    assert [request["status"] for request in sink.requests()] == [429, 200]


@pytest.mark.parametrize("path", ["/status/400", "/status/302", "/x?status=429&retry-after=-1"])
def test_answers_that_are_final_are_not_tried_again(events, sqs, sink, path):
    url, dead = dead_letters(sqs)
    rule(events, destination(events, sink.url + path), **dead)
    send(events, {})
    (letter,) = receive_until(sqs, url, 1)
    assert attributes(letter)["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes(letter)
    assert len(sink.requests()) == 1


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "2852039166"])
def test_forbidden_addresses_are_not_called(events, sqs, address):
    url, dead = dead_letters(sqs)
    rule(events, destination(events, f"http://{address}/latest/meta-data"), **dead)
    send(events, {})
    (letter,) = receive_until(sqs, url, 1)
    assert "is not permitted" in attributes(letter)["ERROR_MESSAGE"]


@pytest.mark.parametrize("value", [".", ".."])
def test_a_path_parameter_does_not_lead_out(events, sqs, sink, value):
    url, dead = dead_letters(sqs)
    rule(events, destination(events, sink.url + "/orders/*"), HttpParameters={"PathParameterValues": ["$.detail.id"]},
         **dead)
    send(events, {"id": value})
    (letter,) = receive_until(sqs, url, 1)
    assert "path parameter" in attributes(letter)["ERROR_MESSAGE"]
    assert sink.requests() == []


def test_private_addresses_only_where_wanted(new_server, sink):
    server = new_server("--outgoing", "public").start()
    events, sqs = server.client("events"), server.client("sqs")
    url, dead = dead_letters(sqs)
    rule(events, destination(events, sink.url), **dead)
    send(events, {})
    (letter,) = receive_until(sqs, url, 1)
    assert "127.0.0.1 is not permitted" in attributes(letter)["ERROR_MESSAGE"]
    assert sink.requests() == []


def test_one_that_hangs_holds_up_nobody(events, sink):
    rule(events, destination(events, sink.url + "/stuck?hang=1", name="stuck"), "stuck")
    rule(events, destination(events, sink.url + "/fine", name="fine"), "fine")
    for _ in range(5):
        send(events, *({"n": n} for n in range(10)))
    deadline_free = sink.wait_for(50 + 1)
    while sum(request["path"] == "/fine" for request in deadline_free) < 50:
        deadline_free = sink.requests()
    assert sum(request["path"] == "/stuck" for request in deadline_free) <= 16


def test_what_waits_survives_kill_9(new_server, new_sink):
    server = new_server("--clock", "virtual").start()
    events = server.client("events")
    closed = new_sink()
    port = closed.url.rsplit(":", 1)[1]
    closed.end()
    rule(events, destination(events, f"http://127.0.0.1:{port}/hook"))
    for n in range(30):
        send(events, *({"n": n * 10 + i} for i in range(10)))
    server.kill()
    server.start()
    again = new_sink("--port", port)
    advance(server, "10m")
    received = again.wait_for(300)
    assert sorted(request["body"]["detail"]["n"] for request in received) == list(range(300))


@pytest.mark.parametrize("fault", ["status=500", "status=429&retry-after=5", "hang=1", "close=body", "close=headers"])
def test_a_restart_during_a_fault_loses_nothing(new_server, sink, fault):
    server = new_server("--clock", "virtual").start()
    events = server.client("events")
    rule(events, destination(events, f"{sink.url}/x?{fault}&fail=1"))
    send(events, {"n": 1})
    sink.wait_for(1)
    server.kill()
    server.start()
    advance(server, "1m")
    assert [request["body"]["detail"] for request in sink.wait_for(2)] == [{"n": 1}] * 2
    assert sink.requests()[-1]["status"] == 200


def test_a_rate_is_kept(new_server, sink):
    server = new_server("--clock", "virtual").start()
    events = server.client("events")
    rule(events, destination(events, sink.url, InvocationRateLimitPerSecond=3))
    send(events, *({"n": n} for n in range(10)))
    sink.wait_for(3)
    for expected in (6, 9, 10):
        advance(server, "1s")
        assert len(sink.requests()) == expected


def test_what_is_deleted_meanwhile_is_told(new_server, sink):
    server = new_server("--clock", "virtual").start()
    events, sqs = server.client("events"), server.client("sqs")
    url, dead = dead_letters(sqs)
    rule(events, destination(events, sink.url + "/status/503"), **dead)
    send(events, {})
    sink.wait_for(1)
    events.delete_api_destination(Name="d")
    server.stop()
    server.start()
    sqs = server.client("sqs")
    advance(server, "1m")
    (letter,) = receive_until(sqs, url.replace(url.split("/")[2], server.endpoint.split("/")[2]), 1)
    assert attributes(letter)["ERROR_CODE"] == "NO_RESOURCE"
    assert attributes(letter)["RETRY_ATTEMPTS"] == "1"


def test_secrets_are_sealed_at_rest(new_server, data):
    server = new_server().start()
    connect(server.client("events"), HeaderParameters=[{"Key": "K", "Value": "another-secret", "IsValueSecret": True}])
    server.kill()
    stored = b"".join(open(path, "rb").read() for path in glob.glob(data + "/**", recursive=True)
                      if os.path.isfile(path))
    assert b"events.connection" in stored
    assert b"a-secret-password" not in stored and b"another-secret" not in stored
    assert os.stat(data + "/secrets.key").st_mode & 0o077 == 0
    server.start()
    assert server.client("events").describe_connection(Name="c")["ConnectionState"] == "AUTHORIZED"
    server.stop()
    os.remove(data + "/secrets.key")
    done = subprocess.run(server.command(), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "--secrets-key" in done.stderr


class Echo(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def https(tmp_path):
    """An HTTPS server for "localhost" whose certificate only those trust who are told: its port, bodies, certificate."""
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True,
                   capture_output=True)
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    served.bodies = []
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served, certificate
    served.shutdown()
    served.server_close()


@pytest.mark.parametrize("host, trusted, delivered", [("localhost", True, True), ("localhost", False, False),
                                                      ("127.0.0.1", True, False)])
def test_https_with_its_certificate_checked(new_server, https, host, trusted, delivered):
    served, certificate = https
    server = new_server(*(["--outgoing-ca", certificate] if trusted else [])).start()
    events, sqs = server.client("events"), server.client("sqs")
    url, dead = dead_letters(sqs)
    rule(events, destination(events, f"https://{host}:{served.server_port}/x"), RetryPolicy={"MaximumRetryAttempts": 0},
         **dead)
    send(events, {"n": 1})
    if delivered:
        while not served.bodies:
            pass
        assert json.loads(served.bodies[0])["detail"] == {"n": 1}
    else:
        (letter,) = receive_until(sqs, url, 1)
        assert "TLS could not be set up" in attributes(letter)["ERROR_MESSAGE"]
        assert served.bodies == []


# Patterns of the posts, on custom sources: an account's own events may not say that they are AWS's.
SEED = [
    ({"detail-type": ["EC2 Instance State-change Notification"], "detail": {"state": ["terminated"]}},
     "EC2 Instance State-change Notification", {"instance-id": "i-1", "state": "terminated"}),
    ({"detail-type": ["EMR Step Status Change"], "detail": {"state": ["FAILED"]}},
     "EMR Step Status Change", {"state": "FAILED", "stepId": "s-1", "severity": "ERROR"}),
    ({"detail-type": ["CodePipeline Stage Execution State Change"], "detail": {"state": ["FAILED"], "pipeline": ["p"]}},
     "CodePipeline Stage Execution State Change", {"pipeline": "p", "stage": "Deploy", "state": "FAILED"}),
    ({"detail-type": ["AWS Health Event"], "detail": {"service": ["EC2"], "eventTypeCategory": ["issue"]}},
     "AWS Health Event", {"service": "EC2", "eventTypeCategory": "issue", "eventTypeCode": "AWS_EC2_OUTAGE"}),
]


def test_patterns_of_the_posts_reach_a_webhook(events, sink):
    arn = destination(events, sink.url)
    for n, (pattern, _, _) in enumerate(SEED):
        rule(events, arn, f"r{n}", pattern)
    events.put_events(Entries=[{"Source": "my.copy", "DetailType": kind, "Detail": json.dumps(detail)}
                               for _, kind, detail in SEED])
    assert (sorted(request["body"]["detail-type"] for request in sink.wait_for(len(SEED)))
            == sorted(kind for _, kind, _ in SEED))


def test_with_the_aws_cli(server, account, sink, events):
    def aws(*arguments):
        done = subprocess.run(["aws", "--endpoint-url", server.endpoint, "--region", "us-east-1", "events", *arguments],
                              env=dict(os.environ, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="any"), text=True,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else {}

    connection = aws("create-connection", "--name", "cli", "--authorization-type", "API_KEY", "--auth-parameters",
                     "ApiKeyAuthParameters={ApiKeyName=X-Key,ApiKeyValue=v}")
    # The CLI would fetch an http:// address on its command line and send what is there.
    made = aws("create-api-destination", "--cli-input-json", json.dumps({
        "Name": "cli", "ConnectionArn": connection["ConnectionArn"], "InvocationEndpoint": sink.url,
        "HttpMethod": "POST"}))
    rule(events, made["ApiDestinationArn"])
    send(events, {"n": 1})
    assert header(sink.wait_for(1)[0], "x-key") == "v"


def test_the_sink_answers_as_told(sink):
    def curl(path, *options):
        return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *options, sink.url + path],
                              capture_output=True, text=True, timeout=60, check=False)

    assert curl("/status/503").stdout == "503"
    assert [curl("/x?fail=2").stdout for _ in range(3)] == ["500", "500", "200"]
    assert curl("/x?close=body").returncode == 18
    assert curl("/x?hang=1", "-m", "0.2").returncode == 28
    assert curl("/b", "-d", '{"a": 1}').stdout == "200"
    assert sink.requests()[-1]["body"] == {"a": 1}
    sink.process.terminate()
    sink.reader.join(timeout=20)
    assert json.loads(sink.lines[0])["path"] == "/status/503"
    assert sink.process.wait(timeout=20) == 0


def test_a_sink_says_that_its_port_is_taken(sink):
    assert subprocess.run([BINARY, "sink", "--port", sink.url.rsplit(":", 1)[1]], capture_output=True, timeout=20,
                          check=False).returncode == 1
