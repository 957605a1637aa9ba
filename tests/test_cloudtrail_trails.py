"""CloudTrail's trails: settings, selectors, log files, digests."""

import gzip
import json
import os
import subprocess

import botocore.exceptions
import pytest

from conftest import error_code
from test_cloudtrail import advance, clock, look_up


def bucket_policy(bucket, account, prefix=""):
    """The policy of AWS's walkthrough, which lets CloudTrail deliver."""
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:GetBucketAcl",
             "Resource": f"arn:aws:s3:::{bucket}"},
            {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
             "Resource": f"arn:aws:s3:::{bucket}/{prefix}AWSLogs/{account}/*",
             "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}]})


class House:
    """One account of one server, with a bucket that takes log files."""

    def __init__(self, server, account, bucket):
        self.server, self.account, self.bucket = server, account, bucket
        self.trail = server.client("cloudtrail", account)
        self.s3 = server.client("s3", account, s3={"addressing_style": "path"})
        self.sqs = server.client("sqs", account)
        self.events = server.client("events", account)
        self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, account))

    def keys(self, kind="/CloudTrail/"):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [one["Key"] for page in pages for one in page.get("Contents", []) if kind in one["Key"]]

    def records(self):
        """All records of all log files."""
        found = []
        for key in self.keys():
            body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            found += json.loads(gzip.decompress(body))["Records"]
        return found

    def start(self, name="the-trail", **settings):
        self.trail.create_trail(Name=name, S3BucketName=self.bucket, **settings)
        self.trail.start_logging(Name=name)


@pytest.fixture
def still(new_server, account):
    server = new_server("--clock", "virtual").start()
    clock(server, "set", "2030-11-22T17:58:00Z")
    return House(server, account, "logs-of-" + account)


@pytest.fixture
def house(server, account):
    return House(server, account, "logs-of-" + account)


def test_the_life_of_a_trail(house, account):
    made = house.trail.create_trail(Name="my-trail", S3BucketName=house.bucket, S3KeyPrefix="",
                                    TagsList=[{"Key": "a", "Value": "b"}])
    arn = f"arn:aws:cloudtrail:us-east-1:{account}:trail/my-trail"
    assert (made["Name"], made["TrailARN"], made["S3BucketName"]) == ("my-trail", arn, house.bucket)
    assert (made["IncludeGlobalServiceEvents"], made["IsMultiRegionTrail"], made["LogFileValidationEnabled"],
            made["IsOrganizationTrail"]) == (True, False, False, False)
    shown = house.trail.get_trail(Name=arn)["Trail"]
    assert (shown["HomeRegion"], shown["HasCustomEventSelectors"], shown["HasInsightSelectors"]) == (
        "us-east-1", False, False)
    assert house.trail.describe_trails()["trailList"] == [shown]
    assert house.trail.list_trails()["Trails"] == [
        {"TrailARN": arn, "Name": "my-trail", "HomeRegion": "us-east-1"}]
    assert house.trail.get_trail_status(Name="my-trail")["IsLogging"] is False
    house.trail.start_logging(Name="my-trail")
    status = house.trail.get_trail_status(Name="my-trail")
    assert status["IsLogging"] is True and status["StartLoggingTime"]
    changed = house.trail.update_trail(Name="my-trail", IsMultiRegionTrail=True, EnableLogFileValidation=True)
    assert (changed["IsMultiRegionTrail"], changed["LogFileValidationEnabled"]) == (True, True)
    house.trail.add_tags(ResourceId=arn, TagsList=[{"Key": "c", "Value": "d"}])
    house.trail.remove_tags(ResourceId=arn, TagsList=[{"Key": "a"}])
    assert house.trail.list_tags(ResourceIdList=[arn])["ResourceTagList"] == [
        {"ResourceId": arn, "TagsList": [{"Key": "c", "Value": "d"}]}]
    elsewhere = house.server.client("cloudtrail", account, region="eu-west-1")
    assert [one["TrailARN"] for one in elsewhere.describe_trails()["trailList"]] == [arn]
    assert elsewhere.describe_trails(includeShadowTrails=False)["trailList"] == []
    with pytest.raises(elsewhere.exceptions.InvalidHomeRegionException):
        elsewhere.stop_logging(Name="my-trail")
    house.trail.stop_logging(Name="my-trail")
    house.trail.delete_trail(Name="my-trail")
    with pytest.raises(house.trail.exceptions.TrailNotFoundException):
        house.trail.get_trail(Name="my-trail")


def test_trails_that_are_refused(house, account):
    def refused(**settings):
        settings = {"Name": "t-1", "S3BucketName": house.bucket, **settings}
        with pytest.raises(botocore.exceptions.ClientError) as error:
            house.trail.create_trail(**settings)
        return error_code(error)

    assert refused(Name="a--b") == "InvalidTrailNameException"
    assert refused(S3BucketName="none-of-" + account) == "S3BucketDoesNotExistException"
    assert refused(IsMultiRegionTrail=True, IncludeGlobalServiceEvents=False) == "InvalidParameterCombinationException"
    assert refused(KmsKeyId="alias/a") == "UnsupportedOperationException"
    assert refused(IsOrganizationTrail=True) == "UnsupportedOperationException"
    assert refused(SnsTopicName="none") == "InsufficientSnsTopicPolicyException"
    arn = f"arn:aws:logs:us-east-1:{account}:log-group:none:*"
    assert refused(CloudWatchLogsLogGroupArn=arn) == "InvalidParameterCombinationException"
    assert refused(CloudWatchLogsLogGroupArn=arn, CloudWatchLogsRoleArn=f"arn:aws:iam::{account}:role/r") == (
        "InvalidCloudWatchLogsLogGroupArnException")
    house.trail.create_trail(Name="t-1", S3BucketName=house.bucket)
    assert refused() == "TrailAlreadyExistsException"
    house.s3.put_bucket_policy(Bucket=house.bucket, Policy=bucket_policy(house.bucket, "999999999999"))
    assert refused(Name="t-2") == "InsufficientS3BucketPolicyException"
    house.s3.delete_bucket_policy(Bucket=house.bucket)
    assert refused(Name="t-2") == "InsufficientS3BucketPolicyException"
    house.s3.put_bucket_policy(Bucket=house.bucket, Policy=bucket_policy(house.bucket, account))
    for i in range(2, 6):
        house.trail.create_trail(Name=f"t-{i}", S3BucketName=house.bucket)
    assert refused(Name="t-6") == "MaximumNumberOfTrailsExceededException"


def test_selectors_are_kept_and_checked(house):
    house.trail.create_trail(Name="t-1", S3BucketName=house.bucket)
    assert house.trail.get_event_selectors(TrailName="t-1")["EventSelectors"] == [
        {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [],
         "ExcludeManagementEventSources": []}]
    basic = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False, "ExcludeManagementEventSources": [],
              "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::everything-must-be-private/"]}]}]
    assert house.trail.put_event_selectors(TrailName="t-1", EventSelectors=basic)["EventSelectors"] == basic
    advanced = [{"Name": "puts", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::a/"]}, {"Field": "eventName", "NotEquals": ["GetObject"]}]}]
    house.trail.put_event_selectors(TrailName="t-1", AdvancedEventSelectors=advanced)
    shown = house.trail.get_event_selectors(TrailName="t-1")
    assert shown["AdvancedEventSelectors"] == advanced and "EventSelectors" not in shown
    assert house.trail.get_trail(Name="t-1")["Trail"]["HasCustomEventSelectors"] is True
    for bad in ({"EventSelectors": basic, "AdvancedEventSelectors": advanced}, {},
                {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]},
                {"EventSelectors": [{"DataResources": [{"Type": "AWS::SQS::Queue", "Values": ["arn:aws:sqs"]}]}]}):
        with pytest.raises(house.trail.exceptions.InvalidEventSelectorsException):
            house.trail.put_event_selectors(TrailName="t-1", **bad)


def test_log_files_come_every_five_minutes(still, account):
    still.start()
    still.sqs.create_queue(QueueName="q")
    still.sqs.send_message(QueueUrl=still.sqs.get_queue_url(QueueName="q")["QueueUrl"], MessageBody="m")
    assert still.keys() == []
    advance(still.server, 120)
    key, = still.keys()
    start = f"AWSLogs/{account}/CloudTrail/us-east-1/2030/11/22/{account}_CloudTrail_us-east-1_20301122T1800Z_"
    assert key.startswith(start) and key.endswith(".json.gz") and len(key) == len(start) + 16 + 8
    head = still.s3.head_object(Bucket=still.bucket, Key=key)
    assert (head["ContentType"], head["ContentEncoding"]) == ("application/json", "gzip")
    records = still.records()
    names = [record["eventName"] for record in records]
    assert "CreateQueue" in names and "SendMessage" not in names
    assert "PutObject" not in names
    created, = (record for record in records if record["eventName"] == "CreateQueue")
    assert created == look_up(still.trail, EventName="CreateQueue")[0]
    status = still.trail.get_trail_status(Name="the-trail")
    assert status["LatestDeliveryTime"] and not status.get("LatestDeliveryError")
    still.trail.stop_logging(Name="the-trail")
    advance(still.server, 300)
    before = len(still.keys())
    still.sqs.create_queue(QueueName="not-recorded")
    advance(still.server, 300)
    assert len(still.keys()) == before


def test_a_multi_region_trail_has_files_of_each_region(still, account):
    still.start(IsMultiRegionTrail=True)
    still.sqs.create_queue(QueueName="here")
    still.server.client("sqs", account, region="eu-west-1").create_queue(QueueName="there")
    advance(still.server, 120)
    regions = {key.split("/")[3] for key in still.keys()}
    assert regions == {"us-east-1", "eu-west-1"}


def test_what_a_bucket_does_not_take_is_tried_again(still, account):
    still.start()
    still.s3.delete_bucket_policy(Bucket=still.bucket)
    still.sqs.create_queue(QueueName="q")
    advance(still.server, 120)
    assert still.keys() == []
    assert still.trail.get_trail_status(Name="the-trail")["LatestDeliveryError"] == "AccessDenied"
    still.s3.put_bucket_policy(Bucket=still.bucket, Policy=bucket_policy(still.bucket, account))
    still.server.kill()
    still.server.start()
    again = House.__new__(House)
    again.__dict__.update(still.__dict__)
    again.s3 = still.server.client("s3", account, s3={"addressing_style": "path"})
    advance(still.server, 300)
    names = [record["eventName"] for record in again.records()]
    assert names.count("CreateQueue") == 1
    assert not still.server.client("cloudtrail", account).get_trail_status(Name="the-trail").get("LatestDeliveryError")


def test_files_are_told_to_a_topic_and_their_records_to_a_log_group(still, account):
    sns, logs = still.server.client("sns", account), still.server.client("logs", account)
    topic = sns.create_topic(Name="files")["TopicArn"]
    url = still.sqs.create_queue(QueueName="files")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{account}:files",
                  Attributes={"RawMessageDelivery": "true"})
    logs.create_log_group(logGroupName="calls")
    role = f"arn:aws:iam::{account}:role/to-logs"
    still.start(SnsTopicName="files", CloudWatchLogsRoleArn=role,
                CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{account}:log-group:calls:*")
    still.sqs.create_queue(QueueName="q")
    advance(still.server, 120)
    message, = still.sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"s3Bucket": still.bucket, "s3ObjectKey": still.keys()}
    events = logs.get_log_events(logGroupName="calls", logStreamName=f"{account}_CloudTrail_us-east-1",
                                 startFromHead=True)["events"]
    assert [json.loads(event["message"]) for event in events] == still.records()
    status = still.trail.get_trail_status(Name="the-trail")
    assert status["LatestNotificationTime"] and status["LatestCloudWatchLogsDeliveryTime"]


def test_the_command_line_accepts_the_digests(still, account):
    still.start(EnableLogFileValidation=True)
    advance(still.server, 300)
    for i in range(2):
        still.sqs.create_queue(QueueName=f"q{i}")
        advance(still.server, 3600)
        advance(still.server, 300)
    assert len(still.keys("/CloudTrail-Digest/")) == 2
    environment = {**os.environ, "AWS_ENDPOINT_URL": still.server.endpoint, "AWS_ACCESS_KEY_ID": account,
                   "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}

    def validate():
        arn = f"arn:aws:cloudtrail:us-east-1:{account}:trail/the-trail"
        return subprocess.run(["aws", "cloudtrail", "validate-logs", "--trail-arn", arn, "--verbose",
                               "--start-time", "2030-11-22T00:00:00Z", "--end-time", "2030-11-24T00:00:00Z"],
                              env=environment, capture_output=True, text=True, timeout=120, check=False)

    done = validate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2/2 digest files valid" in done.stdout
    files = len(still.keys())
    assert f"{files}/{files} log files valid" in done.stdout
    # Who changes a file is found out.
    key = still.keys()[0]
    still.s3.put_object(Bucket=still.bucket, Key=key, Body=gzip.compress(b'{"Records":[]}'))
    done = validate()
    assert "INVALID" in done.stdout + done.stderr


def test_data_events_of_a_bucket_where_a_trail_selects_them(house, account):
    """The walkthrough that finds out who makes objects public."""
    private, other = f"private-{account}", f"other-{account}"
    house.s3.create_bucket(Bucket=private)
    house.s3.create_bucket(Bucket=other)
    for bucket in (private, other):
        house.s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={
            "Rules": [{"ObjectOwnership": "ObjectWriter"}]})
        house.s3.delete_public_access_block(Bucket=bucket)
        house.s3.put_object(Bucket=bucket, Key="MyCreditInfo", Body=b"")
    url = house.sqs.create_queue(QueueName="acls")["QueueUrl"]
    house.events.put_rule(Name="S3ObjectACLAutoRemediate", EventPattern=json.dumps({
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["s3.amazonaws.com"], "eventName": ["PutObjectAcl", "PutObject"],
                   "requestParameters": {"bucketName": [private, other]}}}))
    house.events.put_targets(Rule="S3ObjectACLAutoRemediate", Targets=[
        {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{account}:acls"}])
    house.s3.put_object_acl(Bucket=private, Key="MyCreditInfo", ACL="public-read")  # no trail yet
    house.start()
    house.trail.put_event_selectors(TrailName="the-trail", EventSelectors=[{
        "IncludeManagementEvents": False, "ReadWriteType": "All",
        "DataResources": [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{private}/"]}]}])
    house.s3.put_object_acl(Bucket=other, Key="MyCreditInfo", ACL="public-read")
    house.s3.put_object_acl(Bucket=private, Key="MyCreditInfo", ACL="public-read")
    messages = house.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)["Messages"]
    detail, = (json.loads(message["Body"])["detail"] for message in messages)
    assert (detail["eventName"], detail["readOnly"], detail["managementEvent"], detail["eventCategory"]) == (
        "PutObjectAcl", False, False, "Data")
    parameters = detail["requestParameters"]
    assert (parameters["bucketName"], parameters["key"], parameters["x-amz-acl"], parameters["acl"]) == (
        private, "MyCreditInfo", "public-read", "")
    assert {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{private}/MyCreditInfo"} in detail["resources"]
    assert {"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{private}"} in detail["resources"]
    assert not look_up(house.trail, EventName="PutObjectAcl")  # the history is of management events


def test_data_events_of_queues(still, account):
    still.start()
    url = still.sqs.create_queue(QueueName="watched")["QueueUrl"]
    still.sqs.create_queue(QueueName="other")
    still.trail.put_event_selectors(TrailName="the-trail", AdvancedEventSelectors=[{"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::SQS::Queue"]},
        {"Field": "resources.ARN", "Equals": [f"arn:aws:sqs:us-east-1:{account}:watched"]},
        {"Field": "readOnly", "Equals": ["false"]}]}])
    still.sqs.send_message(QueueUrl=url, MessageBody="a secret")
    still.sqs.send_message(QueueUrl=url.replace("watched", "other"), MessageBody="a secret")
    still.sqs.receive_message(QueueUrl=url)
    advance(still.server, 120)
    sent, = (record for record in still.records() if record["eventCategory"] == "Data")
    assert sent["eventName"] == "SendMessage"
    assert sent["requestParameters"] == {"queueUrl": url, "messageBody": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    assert sent["resources"] == [{"accountId": account, "type": "AWS::SQS::Queue",
                                  "ARN": f"arn:aws:sqs:us-east-1:{account}:watched"}]
