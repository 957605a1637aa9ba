"""SNS by e-mail: confirmation and unsubscribe links, the JSON kind, servers that refuse or are not there."""

import html
import json
import re
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text, queue_arn, receive_until

FROM = "alerts@example.com"


@pytest.fixture
def post(new_sink):
    return new_sink("--smtp-port", "0")


@pytest.fixture
def server_with_mail(new_server, post):
    return new_server("--smtp", post.smtp, "--smtp-from", FROM).start()


@pytest.fixture
def sns(server_with_mail, account):
    return server_with_mail.client("sns", account)


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="topic", Attributes={"DisplayName": "Größe \"A\""})["TopicArn"]


def browse(url, method="GET"):
    """The title and text of a page."""
    request = urllib.request.Request(url, data=b"" if method == "POST" else None, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        text = answer.read().decode()
    return re.search(r"<h1>(.*)</h1>", text).group(1), html.unescape(text)


def link(mail, page):
    return re.search(r"^(http\S+/" + page + r"\S*)$", mail["body"], re.MULTILINE).group(1)


def subscribed(sns, post, topic, address, protocol="email", **attributes):
    before = len(post.mails())
    sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=address, Attributes=attributes)
    mail = post.wait_for_mail(before + 1)[before]
    url = mail["body"]["SubscribeURL"] if protocol == "email-json" else link(mail, "confirm")
    urllib.request.urlopen(url, timeout=30).close()


def test_from_confirmation_to_the_end(sns, topic, post):
    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann+x@example.com")
    assert answer["SubscriptionArn"] == "pending confirmation"
    asked, = post.wait_for_mail(1)
    assert (asked["from"], asked["to"]) == (FROM, ["ann+x@example.com"])
    assert asked["subject"] == "AWS Notification - Subscription Confirmation"
    assert asked["headers"]["From"] == 'Größe "A" <' + FROM + ">"
    assert topic in asked["body"]
    title, text = browse(link(asked, "confirm"))
    assert title == "Subscription confirmed" and topic in text
    listed, = sns.list_subscriptions()["Subscriptions"]
    assert listed["Endpoint"] == "ann+x@example.com" and listed["SubscriptionArn"].startswith(topic)

    body = "Zeile eins\n.\n..punkte\n" + "ü" * 200 + "\n\ttrailing \n=3D"
    sns.publish(TopicArn=topic, Subject="Müde? " + "w" * 60, Message=body)
    mail = post.wait_for_mail(2)[1]
    assert mail["subject"] == "Müde? " + "w" * 60
    assert mail["body"].startswith(body + "\n\n--\n")
    assert mail["headers"]["List-Unsubscribe"] == "<" + link(mail, "unsubscribe") + ">"
    title, text = browse(link(mail, "unsubscribe"))
    assert title == "Stop these messages?" and "ann+x@example.com" in text
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1
    assert browse(link(mail, "unsubscribe"), "POST")[0] == "You are unsubscribed"
    assert browse(link(mail, "unsubscribe"))[0] == "You are not subscribed"
    assert sns.list_subscriptions()["Subscriptions"] == []


def test_json_mail(sns, topic, post):
    subscribed(sns, post, topic, "bob@example.com", "email-json")
    sns.publish(TopicArn=topic, Message="m", Subject="s")
    mail = post.wait_for_mail(2)[1]
    envelope = mail["body"]  # the sink shows JSON as it is
    assert (envelope["Type"], envelope["Message"], envelope["Subject"]) == ("Notification", "m", "s")
    assert mail["subject"] == "s"


def test_texts_for_mail_alone(sns, topic, post):
    subscribed(sns, post, topic, "bob@example.com")
    sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "d", "email": "for mail"}))
    mail = post.wait_for_mail(2)[1]
    assert mail["body"].startswith("for mail\n") and mail["subject"] == "AWS Notification Message"


def test_links_that_lead_nowhere(server_with_mail, sns, topic, post):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    good = link(post.wait_for_mail(1)[0], "confirm")
    for bad in (good.replace("Token=", "Token=0"), good.replace("TopicArn=arn", "TopicArn=<b>"),
                server_with_mail.endpoint + "/_signalbox/sns/unsubscribe"):
        with pytest.raises(urllib.error.HTTPError) as raised:
            browse(bad)
        assert raised.value.code in (400, 404)
        assert b"<b>" not in raised.value.read()
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "a b@example.com", "a@example.com\r\nRCPT TO:<x@y>", "<a@b>"])
def test_addresses_that_are_refused(sns, topic, address):
    with pytest.raises(ClientError) as raised:
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    assert (error_code(raised), error_text(raised)) == ("InvalidParameter", "Invalid parameter: Email address")


def test_without_a_mail_server(server, account):
    sns = server.client("sns", account)
    topic = sns.create_topic(Name="t")["TopicArn"]
    with pytest.raises(ClientError) as raised:
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    assert "--smtp" in error_text(raised)


def test_a_mailbox_that_does_not_exist(server_with_mail, sns, topic, post, account):
    sqs = server_with_mail.client("sqs", account)
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="refuse@example.com",
                  Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": queue_arn(sqs, url)})})
    letter, = receive_until(sqs, url, 1)
    assert topic in letter["Body"]
    assert post.mails() == []


def test_a_mail_server_that_is_busy(new_server, post, account):
    server = new_server("--smtp", post.smtp, "--clock", "virtual").start()
    sns = server.client("sns", account)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="fail-2@example.com")
    for _ in range(2):
        server.raw(b'{"advance":"9s"}', path="/_signalbox/clock")
        assert post.mails() == []
        server.raw(b'{"advance":"1s"}', path="/_signalbox/clock")
    assert post.wait_for_mail(1)[0]["to"] == ["fail-2@example.com"]


def test_mail_waits_for_its_server(new_server, new_sink, account):
    gone = new_sink("--smtp-port", "0")
    port = gone.smtp.rsplit(":", 1)[1]
    gone.end()
    server = new_server("--smtp", gone.smtp).start()
    sns = server.client("sns", account)
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    server.kill()
    back = new_sink("--smtp-port", port)
    server.options = (*server.options, "--clock", "virtual")
    server.start()
    deadline = time.monotonic() + 20
    while not back.mails():
        assert time.monotonic() < deadline
        server.raw(b'{"advance":"10m"}', path="/_signalbox/clock")
