"""SMS and mobile push through gateways: a sink stands in for both."""

import json

import pytest
from botocore.exceptions import ClientError

from conftest import error_code, error_text

NUMBER = "+14155550100"


@pytest.fixture
def reach(new_server, account, sink):
    """A server with both gateways: makes its SNS client; `path` and query say how the gateways answer."""
    def make(path="/"):
        server = new_server("--sns-sms-gateway", sink.url + "/sms" + path, "--sns-push-gateway",
                            sink.url + "/push" + path).start()
        return server.client("sns", account)
    return make


def refused(call, **request):
    with pytest.raises(ClientError) as raised:
        call(**request)
    return error_code(raised), error_text(raised)


def test_an_sms(reach, sink, account):
    sns = reach()
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional", "DefaultSenderID": "ACME"})
    sent = sns.publish(PhoneNumber="+1 (415) 555-0100", Message="hello", MessageAttributes={
        "AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Other"}})
    request, = sink.wait_for(1)
    assert request["path"].startswith("/sms")
    assert request["body"] == {"phoneNumber": NUMBER, "message": "hello", "messageId": sent["MessageId"],
                               "senderId": "Other", "smsType": "Transactional", "account": account,
                               "region": "us-east-1"}
    assert sns.get_sms_attributes()["attributes"] == {"DefaultSMSType": "Transactional", "DefaultSenderID": "ACME"}
    assert sns.get_sms_attributes(attributes=["DefaultSMSType"])["attributes"] == {"DefaultSMSType": "Transactional"}
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is False


def test_numbers_subscribe(reach, sink):
    sns = reach()
    topic = sns.create_topic(Name="t")["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=NUMBER)["SubscriptionArn"]
    assert arn.startswith(topic)
    sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "d", "sms": "short"}))
    body = sink.wait_for(1)[0]["body"]
    assert (body["phoneNumber"], body["message"], body["topicArn"], body["subscriptionArn"]) == (NUMBER, "short", topic, arn)


def test_numbers_opt_out(reach, sink):
    sns = reach("?status=410")
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=NUMBER)["isOptedOut"] is False
    sns.publish(PhoneNumber=NUMBER, Message="m")
    sink.wait_for(1)
    while not sns.check_if_phone_number_is_opted_out(phoneNumber=NUMBER)["isOptedOut"]:
        pass  # noted once the gateway's answer is in
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == [NUMBER]
    assert refused(sns.publish, PhoneNumber=NUMBER, Message="m")[0] == "OptedOut"
    sns.opt_in_phone_number(phoneNumber=NUMBER)
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []


def test_what_is_refused_of_sms(reach):
    sns = reach()
    assert refused(sns.publish, PhoneNumber="12ab", Message="m")[0] == "InvalidParameter"
    topic = sns.create_topic(Name="t")["TopicArn"]
    assert refused(sns.publish, PhoneNumber=NUMBER, TopicArn=topic, Message="m")[0] == "InvalidParameter"
    assert "too long" in refused(sns.publish, PhoneNumber=NUMBER, Message="m" * 1601)[1]
    for name in ("MonthlySpendLimit", "UsageReportS3Bucket", "DeliveryStatusIAMRole"):
        assert name in refused(sns.set_sms_attributes, attributes={name: "1"})[1]
    assert refused(sns.set_sms_attributes, attributes={"DefaultSMSType": "Loud"})[0] == "InvalidParameter"


def test_without_gateways(sns, account):
    topic = sns.create_topic(Name="t")["TopicArn"]
    assert "--sns-sms-gateway" in refused(sns.publish, PhoneNumber=NUMBER, Message="m")[1]
    assert "--sns-sms-gateway" in refused(sns.subscribe, TopicArn=topic, Protocol="sms", Endpoint=NUMBER)[1]
    assert "--sns-push-gateway" in refused(sns.create_platform_application, Name="a", Platform="GCM",
                                           Attributes={"PlatformCredential": "c"})[1]
    device = f"arn:aws:sns:us-east-1:{account}:endpoint/GCM/a/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
    assert "--sns-push-gateway" in refused(sns.publish, TargetArn=device, Message="m")[1]
    assert "--sns-push-gateway" in refused(sns.subscribe, TopicArn=topic, Protocol="application", Endpoint=device)[1]


@pytest.fixture
def application(reach):
    sns = reach()
    arn = sns.create_platform_application(Name="app", Platform="GCM", Attributes={
        "PlatformCredential": "secret", "PlatformPrincipal": "me"})["PlatformApplicationArn"]
    return sns, arn


def test_application_life(application, account):
    sns, arn = application
    assert arn == f"arn:aws:sns:us-east-1:{account}:app/GCM/app"
    assert sns.get_platform_application_attributes(PlatformApplicationArn=arn)["Attributes"] == {"Enabled": "true"}
    sns.set_platform_application_attributes(PlatformApplicationArn=arn, Attributes={"Enabled": "false"})
    assert sns.list_platform_applications()["PlatformApplications"] == [
        {"PlatformApplicationArn": arn, "Attributes": {"Enabled": "false"}}]
    assert "EventEndpointCreated" in refused(sns.set_platform_application_attributes, PlatformApplicationArn=arn,
                                             Attributes={"EventEndpointCreated": "x"})[1]
    assert refused(sns.create_platform_application, Name="app", Platform="PAGER", Attributes={
        "PlatformCredential": "c"})[0] == "InvalidParameter"
    sns.delete_platform_application(PlatformApplicationArn=arn)
    assert refused(sns.get_platform_application_attributes, PlatformApplicationArn=arn)[0] == "NotFound"


def test_endpoint_life(application):
    sns, app = application
    make = lambda **more: sns.create_platform_endpoint(PlatformApplicationArn=app, **more)["EndpointArn"]
    one = make(Token="t1", CustomUserData="u")
    assert make(Token="t1", CustomUserData="u") == one
    assert "already exists with the same Token" in refused(
        sns.create_platform_endpoint, PlatformApplicationArn=app, Token="t1", CustomUserData="v")[1]
    two = make(Token="t2")
    assert "already exists" in refused(sns.set_endpoint_attributes, EndpointArn=two, Attributes={"Token": "t1"})[1]
    sns.set_endpoint_attributes(EndpointArn=two, Attributes={"Token": "t3"})
    assert make(Token="t3") == two and make(Token="t2") not in (one, two)
    assert sns.get_endpoint_attributes(EndpointArn=one)["Attributes"] == {
        "Enabled": "true", "Token": "t1", "CustomUserData": "u"}
    sns.delete_endpoint(EndpointArn=one)
    sns.delete_endpoint(EndpointArn=one)
    assert refused(sns.get_endpoint_attributes, EndpointArn=one)[0] == "NotFound"
    assert len(sns.list_endpoints_by_platform_application(PlatformApplicationArn=app)["Endpoints"]) == 2


def test_many_endpoints_are_paged(application):
    sns, app = application
    arns = {sns.create_platform_endpoint(PlatformApplicationArn=app, Token=f"t{i}")["EndpointArn"] for i in range(103)}
    pages = [page["Endpoints"] for page in
             sns.get_paginator("list_endpoints_by_platform_application").paginate(PlatformApplicationArn=app)]
    assert [len(page) for page in pages] == [100, 3]
    assert {one["EndpointArn"] for page in pages for one in page} == arns


def test_a_push(application, sink):
    sns, app = application
    device = sns.create_platform_endpoint(PlatformApplicationArn=app, Token="tok", CustomUserData="u")["EndpointArn"]
    sent = sns.publish(TargetArn=device, MessageStructure="json", Message=json.dumps({"default": "d", "GCM": '{"a":1}'}))
    request, = sink.wait_for(1)
    assert request["path"].startswith("/push")
    assert request["body"] == {
        "applicationArn": app, "endpointArn": device, "platform": "GCM", "token": "tok", "customUserData": "u",
        "message": '{"a":1}', "messageId": sent["MessageId"], "platformPrincipal": "me", "platformCredential": "secret"}
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="application", Endpoint=device)
    sns.publish(TopicArn=topic, Message="to all")
    assert sink.wait_for(2)[1]["body"]["message"] == "to all"
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    assert refused(sns.publish, TargetArn=device, Message="m")[0] == "EndpointDisabled"


def test_a_device_that_is_gone_is_disabled(reach, sink):
    sns = reach("?status=410")
    app = sns.create_platform_application(Name="app", Platform="APNS", Attributes={
        "PlatformCredential": "c"})["PlatformApplicationArn"]
    device = sns.create_platform_endpoint(PlatformApplicationArn=app, Token="tok")["EndpointArn"]
    sns.publish(TargetArn=device, Message="m")
    sink.wait_for(1)
    while sns.get_endpoint_attributes(EndpointArn=device)["Attributes"]["Enabled"] == "true":
        pass


def test_credentials_are_sealed(new_server, account, sink):
    server = new_server("--sns-push-gateway", sink.url).start()
    sns = server.client("sns", account)
    sns.create_platform_application(Name="app", Platform="GCM", Attributes={"PlatformCredential": "TopSecretWord"})
    server.stop()
    import os
    for folder, _, names in os.walk(server.data):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert b"TopSecretWord" not in file.read()
