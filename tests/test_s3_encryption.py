"""Contents at rest: sealed under the server's key or the client's, and an error where the disk has changed them."""

import base64
import glob
import hashlib
import os

import pytest
from botocore.exceptions import ClientError

from conftest import error_code
from s3_raw import Raw, elements

BIG = b"a secret that takes more than a page of it " * 5000
KEY = b"k" * 32
CUSTOMER = {"x-amz-server-side-encryption-customer-algorithm": "AES256",
            "x-amz-server-side-encryption-customer-key": base64.b64encode(KEY).decode(),
            "x-amz-server-side-encryption-customer-key-md5": base64.b64encode(hashlib.md5(KEY).digest()).decode()}
OF_SOURCE = {name.replace("x-amz-", "x-amz-copy-source-"): value for name, value in CUSTOMER.items()}


@pytest.fixture
def bucket(server, account):
    Raw(server, account).ask("PUT", f"/bucket-{account}")
    return f"/bucket-{account}"


def test_told_everywhere(server, account, bucket):
    s3, name = server.client("s3", account), bucket[1:]
    told = [s3.put_object(Bucket=name, Key="k", Body=b"x"), s3.head_object(Bucket=name, Key="k"),
            s3.get_object(Bucket=name, Key="k"), s3.copy_object(Bucket=name, Key="c", CopySource=f"{name}/k"),
            s3.put_object(Bucket=name, Key="asked", Body=b"x", ServerSideEncryption="AES256")]
    upload = s3.create_multipart_upload(Bucket=name, Key="m", ServerSideEncryption="AES256")
    part = s3.upload_part(Bucket=name, Key="m", UploadId=upload["UploadId"], PartNumber=1, Body=b"x")
    done = s3.complete_multipart_upload(Bucket=name, Key="m", UploadId=upload["UploadId"],
                                        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]})
    assert {one.get("ServerSideEncryption") for one in (*told, upload, part, done)} == {"AES256"}


def test_the_default_of_buckets(server, account, bucket):
    s3, name = server.client("s3", account), bucket[1:]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
    rule["BucketKeyEnabled"] = True
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
    s3.delete_bucket_encryption(Bucket=name)
    assert s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]["BucketKeyEnabled"] is False
    with pytest.raises(ClientError) as raised:
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]})
    assert error_code(raised) == "NotImplemented"


@pytest.mark.parametrize("value, code", [("aws:kms", "NotImplemented"), ("DES", "InvalidEncryptionAlgorithmError")])
def test_other_encryption_is_refused(server, account, bucket, value, code):
    raw = Raw(server, account)
    assert raw.refused("PUT", f"{bucket}/k", b"x", {"x-amz-server-side-encryption": value})[1] == code


def test_nothing_is_read_off_the_disk(new_server, data):
    server = new_server().start()
    raw = Raw(server, "123456789012")
    raw.ask("PUT", "/bucket-of-secrets")
    for key, body in (("small", BIG[:1000]), ("big", BIG)):
        raw.ask("PUT", f"/bucket-of-secrets/{key}", body)
    assert server.stop() == 0
    for path in glob.glob(os.path.join(data, "**"), recursive=True):
        if os.path.isfile(path):
            assert b"a secret that takes" not in open(path, "rb").read(), path
    server.start()
    raw = Raw(server, "123456789012")
    assert raw.ask("GET", "/bucket-of-secrets/small")[2] == BIG[:1000]
    assert raw.ask("GET", "/bucket-of-secrets/big")[2] == BIG
    for first, last in ((0, 0), (65535, 65536), (65536, 131071), (100_000, 200_000), (len(BIG) - 1, len(BIG) - 1)):
        _, _, body = raw.ask("GET", "/bucket-of-secrets/big", headers={"range": f"bytes={first}-{last}"})
        assert body == BIG[first:last + 1], (first, last)


@pytest.mark.parametrize("damage", ["changed", "cut"])
def test_what_is_damaged_is_an_error(new_server, data, damage):
    server = new_server().start()
    raw = Raw(server, "123456789012")
    raw.ask("PUT", "/bucket")
    raw.ask("PUT", "/bucket/k", BIG)
    blob, = [path for path in glob.glob(os.path.join(data, "s3", "blobs", "*", "*"))]
    with open(blob, "r+b") as file:
        if damage == "cut":
            file.truncate(1000)
        else:
            file.seek(5000)
            file.write(b"other bytes")
    assert raw.refused("GET", "/bucket/k")[:2] == (500, "InternalError")
    assert "is damaged" in server.log_text()


def test_another_objects_file_is_no_content(new_server, data):
    server = new_server().start()
    raw = Raw(server, "123456789012")
    bodies = {"a": BIG, "b": BIG[::-1], "copy": BIG}
    raw.ask("PUT", "/bucket")
    raw.ask("PUT", "/bucket/a", bodies["a"])
    raw.ask("PUT", "/bucket/b", bodies["b"])
    raw.ask("PUT", "/bucket/copy", headers={"x-amz-copy-source": "/bucket/a"})
    for key, body in bodies.items():
        assert raw.ask("GET", f"/bucket/{key}")[2] == body
    server.stop()
    blobs = glob.glob(os.path.join(data, "s3", "blobs", "*", "*"))
    of_b, = (path for path in blobs if os.stat(path).st_nlink == 1)
    of_a, _ = (path for path in blobs if path != of_b)  # a's, or its copy's
    os.rename(of_a, of_a + "-")
    os.rename(of_b, of_a)
    os.rename(of_a + "-", of_b)
    raw = Raw(server.start(), "123456789012")
    answers = {key: raw.ask("GET", f"/bucket/{key}") for key in bodies}
    assert answers["b"][0] == 500
    assert sorted(answers[key][0] for key in ("a", "copy")) == [200, 500]
    assert all(status == 500 or body == bodies[key] for key, (status, _, body) in answers.items())
    assert "is damaged" in server.log_text()


def test_keys_of_clients(server, account, bucket):
    raw = Raw(server, account)
    for key, body in (("small", b"small"), ("big", BIG)):
        path = f"{bucket}/{key}"
        _, headers, _ = raw.ask("PUT", path, body, CUSTOMER)
        assert headers["x-amz-server-side-encryption-customer-algorithm"] == "AES256"
        assert "x-amz-server-side-encryption" not in headers
        assert raw.refused("GET", path)[:2] == (400, "InvalidRequest")
        assert raw.ask("GET", path, headers=CUSTOMER)[2] == body
        other = base64.b64encode(b"o" * 32).decode(), base64.b64encode(hashlib.md5(b"o" * 32).digest()).decode()
        wrong = dict(zip(CUSTOMER, ("AES256", *other)))
        assert raw.refused("GET", path, headers=wrong)[:2] == (403, "AccessDenied")
        assert raw.ask("HEAD", path)[0] == 400
        status, _, _ = raw.ask("PUT", f"{bucket}/plain", headers={"x-amz-copy-source": path, **OF_SOURCE})
        assert status == 200 and raw.ask("GET", f"{bucket}/plain")[2] == body
        assert raw.refused("GET", f"{bucket}/plain", headers=CUSTOMER)[:2] == (400, "InvalidRequest")
        assert raw.refused("PUT", f"{bucket}/copy", headers={"x-amz-copy-source": path})[:2] == (400, "InvalidRequest")
        status, _, _ = raw.ask("PUT", f"{bucket}/copy", headers={"x-amz-copy-source": path, **OF_SOURCE, **CUSTOMER})
        assert status == 200 and raw.ask("GET", f"{bucket}/copy", headers=CUSTOMER)[2] == body


def test_uploads_under_keys_of_clients(server, account, bucket):
    raw = Raw(server, account)
    _, _, body = raw.ask("POST", f"{bucket}/m?uploads", headers=CUSTOMER)
    path = f"{bucket}/m?partNumber=1&uploadId=" + elements(body, "UploadId")
    assert raw.refused("PUT", path, b"x")[:2] == (400, "InvalidRequest")
    _, headers, _ = raw.ask("PUT", path, BIG, CUSTOMER)
    listed = (f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{headers['etag']}</ETag></Part>"
              "</CompleteMultipartUpload>")
    assert raw.ask("POST", f"{bucket}/m?uploadId=" + elements(body, "UploadId"), listed.encode())[0] == 200
    assert raw.ask("GET", f"{bucket}/m", headers=CUSTOMER)[2] == BIG
