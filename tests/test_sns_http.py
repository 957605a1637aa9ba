"""SNS to HTTP endpoints: the handshake, notifications, retries, dead letters."""

import base64
import http.server
import json
import threading
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from conftest import Sink, error_code, queue_arn, receive_until
from test_sns import is_signed


def advance(server, by):
    server.raw(json.dumps({"advance": by}).encode(), path="/_signalbox/clock")


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="topic")["TopicArn"]


def subscribe(sns, topic, url, **attributes):
    return sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url, Attributes=attributes,
                         ReturnSubscriptionArn=True)["SubscriptionArn"]


def confirmed(sns, sink, topic, path, **attributes):
    """Subscribes a path of the sink and confirms, as endpoints do: with a GET of the URL that they are sent."""
    before = len(sink.requests())
    arn = subscribe(sns, topic, sink.url + path, **attributes)
    asked = sink.wait_for(before + 1)[before]["body"]
    assert arn in get(asked["SubscribeURL"])
    return arn


def test_handshake(server, sns, topic, sink):
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=sink.url + "/hook")
    assert answer["SubscriptionArn"] == "pending confirmation"
    asked, = sink.wait_for(1)
    body, headers = asked["body"], asked["headers"]
    assert headers["x-amz-sns-message-type"] == body["Type"] == "SubscriptionConfirmation"
    assert headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert headers["User-Agent"] == "Amazon Simple Notification Service Agent"
    assert headers["x-amz-sns-topic-arn"] == body["TopicArn"] == topic
    assert headers["x-amz-sns-message-id"] == body["MessageId"]
    assert "x-amz-sns-subscription-arn" not in headers
    assert body["SubscribeURL"].startswith(server.endpoint + "/?Action=ConfirmSubscription&TopicArn=" + topic)
    listed, = sns.list_subscriptions()["Subscriptions"]
    assert (listed["SubscriptionArn"], listed["Endpoint"]) == ("PendingConfirmation", sink.url + "/hook")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsPending"] == "1"
    sns.publish(TopicArn=topic, Message="for nobody yet")
    with pytest.raises(ClientError) as raised:
        sns.confirm_subscription(TopicArn=topic, Token="0" * 64)
    assert error_code(raised) == "InvalidParameter"
    arn = sns.confirm_subscription(TopicArn=topic, Token=body["Token"])["SubscriptionArn"]
    assert sns.confirm_subscription(TopicArn=topic, Token=body["Token"])["SubscriptionArn"] == arn
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert (attributes["PendingConfirmation"], attributes["ConfirmationWasAuthenticated"]) == ("false", "true")
    assert json.loads(attributes["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]["numRetries"] == 3
    sns.publish(TopicArn=topic, Message="hello", Subject="s", MessageAttributes={
        "a": {"DataType": "String", "StringValue": "b"}})
    told = sink.wait_for(2)[1]
    assert (told["body"]["Type"], told["body"]["Message"]) == ("Notification", "hello")
    assert told["body"]["MessageAttributes"] == {"a": {"Type": "String", "Value": "b"}}
    assert told["headers"]["x-amz-sns-message-type"] == "Notification"
    assert told["headers"]["x-amz-sns-subscription-arn"] == arn


def test_a_subscription_that_is_pending_is_asked_again(sns, topic, sink):
    first = subscribe(sns, topic, sink.url)
    assert subscribe(sns, topic, sink.url) == first
    one, two = sink.wait_for(2)
    assert one["body"]["Token"] == two["body"]["Token"]


def test_raw_notifications(sns, topic, sink):
    confirmed(sns, sink, topic, "/", RawMessageDelivery="true", DeliveryPolicy=json.dumps(
        {"requestPolicy": {"headerContentType": "application/json"}}))
    sns.publish(TopicArn=topic, Message='{"n":1}', Subject="lost")
    told = sink.wait_for(2)[1]
    assert told["body"] == {"n": 1}
    assert told["headers"]["x-amz-sns-rawdelivery"] == "true"
    assert told["headers"]["Content-Type"] == "application/json"


def test_the_end_of_a_subscription(server, sns, topic, sink, tmp_path):
    arn = confirmed(sns, sink, topic, "/")
    sns.unsubscribe(SubscriptionArn=arn)
    told = sink.wait_for(2)[1]["body"]
    assert told["Type"] == "UnsubscribeConfirmation" and arn in told["Message"]
    assert is_signed(server, told, ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
                     tmp_path)
    sns.publish(TopicArn=topic, Message="for nobody")
    assert arn in get(told["SubscribeURL"])  # takes it back
    sns.publish(TopicArn=topic, Message="back")
    assert sink.wait_for(3)[2]["body"]["Message"] == "back"


def test_authenticate_on_unsubscribe(server, sns, topic, sink):
    arn = subscribe(sns, topic, sink.url)
    token = sink.wait_for(1)[0]["body"]["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    with pytest.raises(urllib.error.HTTPError) as raised:
        get(f"{server.endpoint}/?Action=Unsubscribe&SubscriptionArn={arn}")
    assert raised.value.code == 403
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_links_work_without_a_signature_where_signatures_are_checked(new_server, tmp_path, account, sink):
    (tmp_path / "credentials").write_text(f"AKID secret {account}\n")
    server = new_server("--auth", "verify", "--credentials", str(tmp_path / "credentials")).start()
    sns = server.client("sns", "AKID", secret="secret")
    topic = sns.create_topic(Name="t")["TopicArn"]
    arn = confirmed(sns, sink, topic, "/")
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["ConfirmationWasAuthenticated"] == "false"
    with pytest.raises(urllib.error.HTTPError) as raised:
        get(f"{server.endpoint}/?Action=DeleteTopic&TopicArn={topic}")
    assert raised.value.code == 403
    get(f"{server.endpoint}/?Action=Unsubscribe&SubscriptionArn={arn}")
    assert sns.list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize("endpoint", ["https://host/", "ftp://host/", "http://", "http://a b/"])
def test_endpoints_that_are_refused(sns, topic, endpoint):
    with pytest.raises(ClientError) as raised:
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
    assert error_code(raised) == "InvalidParameter"


@pytest.fixture
def slow(new_server, account):
    """A server whose clock stands still: the server, its SNS and SQS, a topic."""
    server = new_server("--clock", "virtual").start()
    sns, sqs = server.client("sns", account), server.client("sqs", account)
    return server, sns, sqs, sns.create_topic(Name="t")["TopicArn"]


def messages(sink):
    return [request["body"]["Message"] for request in sink.requests()[1:]]


def test_retries_by_the_default_policy(slow):
    server, sns, sqs, topic = slow
    sink = Sink()
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    confirmed(sns, sink, topic, "/", RedrivePolicy=json.dumps({"deadLetterTargetArn": queue_arn(sqs, url)}))
    sink.end()
    # Nobody listens any more: three retries, 20 seconds apart, then the dead-letter queue.
    sns.publish(TopicArn=topic, Message="m")
    for _ in range(3):
        advance(server, "19s")
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        advance(server, "1s")
    letter, = receive_until(sqs, url, 1)
    assert json.loads(letter["Body"])["Message"] == "m"
    assert "MessageAttributes" not in letter


def test_retries_in_four_phases(slow, sink):
    server, sns, sqs, topic = slow
    policy = {"healthyRetryPolicy": {"numRetries": 6, "numNoDelayRetries": 1, "numMinDelayRetries": 1,
                                     "numMaxDelayRetries": 1, "minDelayTarget": 1, "maxDelayTarget": 5,
                                     "backoffFunction": "linear"}}
    subscribe(sns, topic, sink.url + "/?fail=9", DeliveryPolicy=json.dumps(policy))
    # The confirmation is refused nine times over, so only that of the retries is seen here: 0, 1, 1, 3, 5, 5 seconds.
    seen = [len(sink.wait_for(2))]
    for _ in range(16):
        advance(server, "1s")
        seen.append(len(sink.requests()))
    assert seen == [2, 3, 4, 4, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 7, 7]


def test_what_an_endpoint_refuses_is_not_tried_again(slow, sink):
    server, sns, sqs, topic = slow
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    subscribe(sns, topic, sink.url + "/status/404", RawMessageDelivery="true",
              RedrivePolicy=json.dumps({"deadLetterTargetArn": queue_arn(sqs, url)}))
    token = sink.wait_for(1)[0]["body"]["Token"]
    # What asked for the confirmation was refused, and is a dead letter.
    receive_until(sqs, url, 1)
    sns.confirm_subscription(TopicArn=topic, Token=token)
    sns.publish(TopicArn=topic, Message="m")
    assert receive_until(sqs, url, 1)[0]["Body"] == "m"
    assert len(sink.requests()) == 2


def test_throttling(slow, sink):
    server, sns, _, topic = slow
    confirmed(sns, sink, topic, "/", DeliveryPolicy=json.dumps({"throttlePolicy": {"maxReceivesPerSecond": 2}}))
    advance(server, "1s")
    for i in range(5):
        sns.publish(TopicArn=topic, Message=str(i))
    sink.wait_for(3)
    advance(server, "1s")
    assert len(sink.wait_for(5)) == 5
    advance(server, "1s")
    assert len(sink.wait_for(6)) == 6


def test_unconfirmed_subscriptions_end_after_two_days(slow, sink):
    server, sns, _, topic = slow
    subscribe(sns, topic, sink.url)
    token = sink.wait_for(1)[0]["body"]["Token"]
    server.kill()
    server.start()
    advance(server, "47h")
    sns = server.client("sns", topic.split(":")[4])
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1
    advance(server, "1h")
    assert sns.list_subscriptions()["Subscriptions"] == []
    with pytest.raises(ClientError) as raised:
        sns.confirm_subscription(TopicArn=topic, Token=token)
    assert error_code(raised) == "InvalidParameter"


def test_nothing_is_lost_between_publish_and_delivery(new_server, account, new_sink):
    server = new_server().start()
    sns = server.client("sns", account)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sink = new_sink()
    confirmed(sns, sink, topic, "/?delay=300")
    for i in range(20):
        sns.publish(TopicArn=topic, Message=str(i))
    server.kill()
    server.start()
    deadline = time.monotonic() + 30
    while set(messages(sink)) != {str(i) for i in range(20)}:
        assert time.monotonic() < deadline, messages(sink)


def test_passwords_in_endpoints(sns, topic):
    seen = []

    class Guarded(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.headers.get("Authorization"), body))
            self.send_response(200 if self.headers.get("Authorization") else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="r"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            if len(seen) == 2:
                done.set()

        def log_message(self, *_):
            pass

    done = threading.Event()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as guarded:
        threading.Thread(target=guarded.serve_forever, daemon=True).start()
        subscribe(sns, topic, f"http://user:pass%40word@127.0.0.1:{guarded.server_port}/")
        assert done.wait(20)
        guarded.shutdown()
    assert [authorization for authorization, _ in seen] == [
        None, "Basic " + base64.b64encode(b"user:pass@word").decode()]
    listed, = sns.list_subscriptions()["Subscriptions"]
    assert listed["Endpoint"] == f"http://user:****@127.0.0.1:{guarded.server_port}/"
