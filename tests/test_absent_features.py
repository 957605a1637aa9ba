"""Reads of features that are not there, as Terraform and others make them of every resource."""

import json

import pytest
from botocore.exceptions import ClientError
from test_logs import call

EMPTY = [
    ("logs", "describe_destinations", {}, "destinations"),
    ("logs", "describe_export_tasks", {}, "exportTasks"),
    ("cloudwatch", "describe_anomaly_detectors", {}, "AnomalyDetectors"),
    ("cloudwatch", "describe_insight_rules", {}, "InsightRules"),
    ("cloudwatch", "list_metric_streams", {}, "Entries"),
    ("cloudtrail", "list_event_data_stores", {}, "EventDataStores"),
    ("cloudtrail", "list_channels", {}, "Channels"),
    ("events", "list_event_sources", {}, "EventSources"),
    ("iam", "list_open_id_connect_providers", {}, "OpenIDConnectProviderList"),
    ("iam", "list_saml_providers", {}, "SAMLProviderList"),
    ("iam", "list_server_certificates", {}, "ServerCertificateMetadataList"),
    ("iam", "list_virtual_mfa_devices", {}, "VirtualMFADevices"),
]

NOT_THERE = [
    ("iam", "get_account_password_policy", {}, "NoSuchEntity",
     "The Password Policy with domain name 000000000000 cannot be found."),
    ("iam", "get_open_id_connect_provider",
     {"OpenIDConnectProviderArn": "arn:aws:iam::000000000000:oidc-provider/x.example.com"}, "NoSuchEntity", None),
    ("events", "describe_endpoint", {"Name": "e"}, "ResourceNotFoundException", "Endpoint e does not exist."),
    ("cloudwatch", "get_metric_stream", {"Name": "s"}, "ResourceNotFoundException", "MetricStream s does not exist"),
    ("logs", "delete_destination", {"destinationName": "d"}, "ResourceNotFoundException",
     "The specified destination does not exist."),
    ("events", "delete_endpoint", {"Name": "e"}, "ResourceNotFoundException", "Endpoint e does not exist."),
]


@pytest.mark.parametrize("service, call, given, member", EMPTY)
def test_lists_are_empty(server, service, call, given, member):
    assert getattr(server.client(service), call)(**given)[member] == []


@pytest.mark.parametrize("operation, plural, answer", [
    ("GetDataProtectionPolicy", False, {"logGroupIdentifier": "absent-group"}),
    ("DescribeFieldIndexes", True, {"fieldIndexes": []}),
    ("DescribeIndexPolicies", True, {"indexPolicies": []}),
    ("GetTransformer", False, {"__type": "ResourceNotFoundException",
                               "message": "No transformer is set for the specified log group."}),
])
def test_features_of_log_groups_are_of_groups_that_are_there(server, account, operation, plural, answer):
    """By hand: older SDKs do not know all of the operations."""
    server.client("logs", account).create_log_group(logGroupName="absent-group")
    asked = lambda name: call(server, operation, account,
                              **({"logGroupIdentifiers": [name]} if plural else {"logGroupIdentifier": name}))
    assert asked("absent-none")[1] == {"__type": "ResourceNotFoundException",
                                       "message": "The specified log group does not exist."}
    assert asked("absent-group")[1] == answer
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:absent-group"
    assert asked(arn)[1] == answer | ({"logGroupIdentifier": arn} if "logGroupIdentifier" in answer else {})


# With the status of the model's error.
STATUSES = [("iam", "get_account_password_policy", {}, 404), ("iam", "get_credential_report", {}, 410),
            ("iam", "get_server_certificate", {"ServerCertificateName": "c"}, 404),
            ("cloudwatch", "get_metric_stream", {"Name": "s"}, 404)]


@pytest.mark.parametrize("service, call, given, status", STATUSES)
def test_the_status_is_that_of_the_error(server, service, call, given, status):
    with pytest.raises(ClientError) as refused:
        getattr(server.client(service), call)(**given)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize("service, call, given, code, message", NOT_THERE)
def test_what_nobody_made_is_not_found(server, service, call, given, code, message):
    with pytest.raises(ClientError) as refused:
        getattr(server.client(service), call)(**given)
    assert refused.value.response["Error"]["Code"] == code
    assert message in (None, refused.value.response["Error"]["Message"])


def test_the_resource_is_looked_for_first(server):
    iam = server.client("iam")
    iam.create_user(UserName="absent-1")
    assert iam.list_mfa_devices(UserName="absent-1")["MFADevices"] == []
    with pytest.raises(ClientError) as refused:
        iam.get_login_profile(UserName="absent-1")
    assert refused.value.response["Error"]["Message"] == "Login Profile for User absent-1 cannot be found."
    with pytest.raises(ClientError) as refused:
        iam.delete_login_profile(UserName="absent-1")
    assert refused.value.response["Error"]["Code"] == "NoSuchEntity"
    with pytest.raises(ClientError) as refused:
        iam.list_mfa_devices(UserName="absent-2")
    assert "absent-2" in refused.value.response["Error"]["Message"]


def test_a_trail_without_insights(server):
    s3, trail = server.client("s3"), server.client("cloudtrail")
    s3.create_bucket(Bucket="absent-trail")
    s3.put_bucket_policy(Bucket="absent-trail", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": ["s3:GetBucketAcl", "s3:PutObject"],
         "Resource": ["arn:aws:s3:::absent-trail", "arn:aws:s3:::absent-trail/*"]}]}))
    arn = trail.create_trail(Name="absent-trail", S3BucketName="absent-trail")["TrailARN"]
    with pytest.raises(ClientError) as refused:
        trail.get_insight_selectors(TrailName=arn)
    assert refused.value.response["Error"]["Code"] == "InsightNotEnabledException"
    with pytest.raises(ClientError) as refused:
        trail.get_insight_selectors(TrailName="no-such-trail")
    assert refused.value.response["Error"]["Code"] == "TrailNotFoundException"
