#!/usr/bin/env python3
"""Events and rule sets for pattern_bench, the same in every run.

    bench/pattern_data.py FOLDER [EVENTS [COUNT...]]      default: 5000 events; 1, 1000, 100000 and 1000000 rules

Writes events.jsonl (CloudTrail-like, about 1.5 KB each), citylots.jsonl (deep arrays of coordinates) and
rules-KIND-COUNT.jsonl, an event or a pattern a line.
"""

import json
import os
import random
import sys

ACTIONS = [verb + noun for verb in ("Put", "Get", "Create", "Delete", "Describe", "List", "Update", "Start", "Stop", "Tag")
           for noun in ("Object", "ObjectAcl", "Bucket", "Volume", "Snapshot", "Role", "Policy", "Queue", "Function")]
SOURCES = ("s3", "ec2", "iam", "lambda", "sqs", "sns", "rds", "kms", "logs", "states")
REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
LARGEST = 100_000  # rules of a kind, but for those of MILLION
MILLION = ("exact1", "exact3", "mixed")


def event(choose):
    source = choose.choice(SOURCES)
    account = f"{choose.randrange(10 ** 12):012d}"
    digits = lambda count: f"{choose.randrange(16 ** count):0{count}x}"
    return {
        "version": "0", "id": f"{digits(8)}-{digits(4)}-4{digits(3)}-8{digits(3)}-{digits(12)}",
        "detail-type": "AWS API Call via CloudTrail", "source": f"aws.{source}", "account": account,
        "time": "2017-04-28T17:56:40Z", "region": choose.choice(REGIONS), "resources": [f"arn:aws:{source}:::thing-{digits(5)}"],
        "detail": {
            "eventVersion": "1.05",
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROA" + digits(16), "accountId": account,
                "arn": f"arn:aws:sts::{account}:assumed-role/role-{choose.randrange(1000)}/session",
                "accessKeyId": "ASIA" + digits(16),
                "sessionContext": {
                    "attributes": {"mfaAuthenticated": "false", "creationDate": "2017-04-28T15:00:00Z"},
                    "sessionIssuer": {"type": "Role", "principalId": "AROA" + digits(16), "accountId": account,
                                      "arn": f"arn:aws:iam::{account}:role/role-{choose.randrange(1000)}",
                                      "userName": f"role-{choose.randrange(1000)}"}}},
            "eventTime": "2017-04-28T17:56:40Z", "eventSource": f"{source}.amazonaws.com",
            "eventName": choose.choice(ACTIONS), "awsRegion": "us-east-1",
            "sourceIPAddress": ".".join(str(choose.randrange(1, 255)) for _ in range(4)),
            "userAgent": "aws-cli/1.11.28 Python/2.7.9 Linux/4.4 botocore/1.4.85",
            "requestParameters": {
                "bucketName": f"bucket-{choose.randrange(1_000_000)}",
                "key": f"path/{choose.randrange(1000)}/object-{digits(8)}.{choose.choice(('png', 'jpg', 'csv', 'log'))}",
                "size": choose.randrange(10_000_000),
                "accessControlList": {"x-amz-grant-read": "http://acs.amazonaws.com/groups/global/AllUsers"},
                "tagSet": {"items": [{"key": "env", "value": choose.choice(("prod", "dev"))},
                                     {"key": "team", "value": f"team-{choose.randrange(500)}"}]}},
            "responseElements": None, "requestID": digits(16), "eventID": digits(32), "eventType": "AwsApiCall",
            "recipientAccountId": account, "latencyMs": round(choose.random() * 1000, 3)}}


def city_lot(choose):
    points = [[round(-122.5 + choose.random() / 10, 12), round(37.7 + choose.random() / 10, 12), 0.0]
              for _ in range(choose.randrange(20, 60))]
    return {"type": "Feature", "properties": {"LOT_NUM": str(choose.randrange(999)), "STREET": f"STREET {choose.randrange(500)}"},
            "geometry": {"type": "Polygon", "coordinates": [points]}}


def parameters(**fields):
    return {"detail": {"requestParameters": fields}}


RULES = {
    "exact1": lambda i: parameters(bucketName=[f"bucket-{i}"]),
    "exact3": lambda i: {"source": [f"aws.{SOURCES[i % len(SOURCES)]}"],
                         "detail": {"eventName": [ACTIONS[i % len(ACTIONS)]], **parameters(bucketName=[f"bucket-{i}"])["detail"]}},
    "prefix": lambda i: parameters(key=[{"prefix": f"path/{i % 1000}/object-{i:06x}"}]),
    "suffix": lambda i: parameters(key=[{"suffix": f"{i:05x}.png"}]),
    "wildcard": lambda i: parameters(key=[{"wildcard": f"path/*/object-{i:05x}*.png"}]),
    "numeric": lambda i: parameters(size=[{"numeric": [">=", i * 10, "<", i * 10 + 15]}]),
    "anythingbut": lambda i: {"source": [f"aws.{SOURCES[i % len(SOURCES)]}"],
                              "detail": {"eventName": [{"anything-but": [ACTIONS[i % len(ACTIONS)]]}],
                                         **parameters(bucketName=[f"bucket-{i}"])["detail"]}},
    "cidr": lambda i: {"detail": {"sourceIPAddress": [{"cidr": f"{i >> 12 & 255}.{i >> 4 & 255}.{(i & 15) << 4}.0/24"}]}},
    "or": lambda i: {"$or": [parameters(bucketName=[f"bucket-{i}"]), {"detail": {"requestID": [f"{i:016x}"]}}]},
}
KINDS = list(RULES.values())
RULES["mixed"] = lambda i: KINDS[i % len(KINDS)](i)


def write(path, things):
    with open(path, "w", encoding="utf-8") as file:
        for thing in things:
            file.write(json.dumps(thing, separators=(",", ":")) + "\n")


def main():
    folder = sys.argv[1]
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    counts = [int(count) for count in sys.argv[3:]] or [1, 1000, 100_000, 1_000_000]
    os.makedirs(folder, exist_ok=True)
    choose = random.Random(1)
    write(f"{folder}/events.jsonl", (event(choose) for _ in range(events)))
    write(f"{folder}/citylots.jsonl", (city_lot(choose) for _ in range(events)))
    for kind, rule in RULES.items():
        for count in counts:
            if count <= LARGEST or kind in MILLION:
                write(f"{folder}/rules-{kind}-{count}.jsonl", (rule(i) for i in range(count)))


if __name__ == "__main__":
    main()
