"""--auth verify: signatures are checked."""

import datetime
import subprocess

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError

from conftest import error_code

KEY, SECRET, ACCOUNT = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012"


@pytest.fixture
def server(new_server, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"# key secret account\n\n{KEY} {SECRET} {ACCOUNT}\n")
    return new_server("--auth", "verify", "--credentials", str(credentials)).start()


@pytest.mark.parametrize("service, call", [("sqs", "list_queues"), ("events", "list_rules")])
def test_who_signs_well_gets_in(server, service, call):
    assert getattr(server.client(service, KEY, secret=SECRET), call)()
    for key, secret, code in [(KEY, "wrong", "SignatureDoesNotMatch"), ("NOBODY", SECRET, "InvalidClientTokenId")]:
        with pytest.raises(ClientError) as raised:
            getattr(server.client(service, key, secret=secret), call)()
        assert error_code(raised) in (code, "UnrecognizedClientException", "InvalidSignatureException")
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


def test_account_is_the_credentials(server):
    url = server.client("sqs", KEY, secret=SECRET).create_queue(QueueName="q")["QueueUrl"]
    assert url == f"{server.endpoint}/{ACCOUNT}/q"


def test_unsigned_requests_are_refused(server):
    status, _, body = server.raw(b"Action=ListQueues", {"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 403
    assert b"MissingAuthenticationToken" in body


def signed(server, when, body=b"Action=ListQueues&Version=2012-11-05", tamper=None):
    request = botocore.awsrequest.AWSRequest("POST", server.endpoint + "/", data=body, headers={
        "Content-Type": "application/x-www-form-urlencoded"})
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY, SECRET), "sqs", "us-east-1")

    # The steps of add_auth, at a time of our choice.
    request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(text, request))
    return server.raw(tamper or body, dict(request.headers.items()))


def test_clock_skew(server):
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert signed(server, now)[0] == 200
    assert signed(server, now - datetime.timedelta(minutes=14))[0] == 200
    for minutes in (-16, 16):
        status, _, body = signed(server, now + datetime.timedelta(minutes=minutes))
        assert status == 403
        assert b"SignatureDoesNotMatch" in body or b"RequestTimeTooSkewed" in body or b"RequestExpired" in body


def test_changed_body_is_noticed(server):
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    status, _, body = signed(server, now, tamper=b"Action=ListQueues&Version=2012-11-06")
    assert status == 403
    assert b"SignatureDoesNotMatch" in body


def test_presigned_url(server):
    sqs = server.client("sqs", KEY, secret=SECRET)
    url = sqs.generate_presigned_url("list_queues", ExpiresIn=60, HttpMethod="GET")
    path = url[len(server.endpoint):]
    status, _, body = server.raw(path=path, method="GET")
    assert status == 200, body
    assert b"<ListQueuesResponse" in body
    status, _, body = server.raw(path=path.replace("Action=ListQueues", "Action=CreateQueue"), method="GET")
    assert status == 403


def test_bad_credentials_files_are_refused(new_server, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("AKID only-two\n")
    twice = tmp_path / "twice"
    twice.write_text(f"AKID secret {ACCOUNT}\nAKID other 222222222222\n")
    for options, word in [(("--auth", "verify"), "--credentials"),
                          (("--auth", "verify", "--credentials", str(broken)), "line 1"),
                          (("--auth", "verify", "--credentials", str(twice)), "line 2: the access key AKID"),
                          (("--auth", "verify", "--credentials", str(tmp_path / "none")), "none")]:
        done = subprocess.run(new_server(*options).command(), text=True, capture_output=True, timeout=20, check=False)
        assert done.returncode == 1
        assert word in done.stderr
