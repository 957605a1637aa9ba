"""What completes a multipart upload, and what is said of what does not."""

import base64
import hashlib
import zlib

import pytest

from s3_raw import Raw, elements

FIVE = b"5" * (5 * 1024 * 1024)


class Upload:
    def __init__(self, server, account, key="k", **headers):
        self.raw, self.bucket, self.key = Raw(server, account), f"bucket-{account}", key
        self.raw.ask("PUT", f"/{self.bucket}")
        self.path = f"/{self.bucket}/{key}"
        _, _, body = self.raw.ask("POST", self.path + "?uploads", headers=headers)
        self.id = elements(body, "UploadId")

    def part(self, number, body, headers=None):
        status, told, answer = self.raw.ask("PUT", f"{self.path}?partNumber={number}&uploadId={self.id}", body, headers)
        assert status == 200, answer
        return told["etag"].strip('"')

    def complete(self, *parts, headers=None, upload=None):
        """Parts are pairs of number and ETag, perhaps with more elements as text."""
        listed = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag>{''.join(more)}</Part>"
                         for n, etag, *more in parts)
        body = f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{listed}</CompleteMultipartUpload>'
        return self.raw.ask("POST", f"{self.path}?uploadId={upload or self.id}", body.encode(), headers)

    def refused(self, *parts, members=(), **more):
        status, _, answer = self.complete(*parts, **more)
        return (status, *elements(answer, "Code", "Message", *members))


def crc32(body):
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def sha256(body):
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


@pytest.mark.parametrize("headers", [{}, {"if-none-match": "*"}])
def test_asked_twice(server, account, headers):
    upload = Upload(server, account)
    etag = upload.part(1, b"x")
    first = upload.complete((1, etag), headers=headers)
    again = upload.complete((1, etag), headers=headers)
    assert first[0] == again[0] == 200
    assert elements(first[2], "ETag", "Location") == elements(again[2], "ETag", "Location")
    assert upload.refused((1, "0" * 32))[1] == "NoSuchUpload"
    upload.raw.ask("DELETE", upload.path)
    assert upload.refused((1, etag))[:2] == (404, "NoSuchUpload")


def test_asked_again_when_there_is_a_newer_version(server, account):
    upload = Upload(server, account)
    server.client("s3", account).put_bucket_versioning(Bucket=upload.bucket,
                                                       VersioningConfiguration={"Status": "Enabled"})
    etag = upload.part(1, b"x")
    _, made, _ = upload.complete((1, etag))
    upload.raw.ask("PUT", upload.path, b"newer")
    status, again, _ = upload.complete((1, etag))
    assert status == 200 and again["x-amz-version-id"] == made["x-amz-version-id"]
    assert upload.raw.ask("GET", upload.path)[2] == b"newer"


def test_no_such_upload(server, account):
    upload = Upload(server, account)
    text = ("The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
            "completed.")
    assert upload.refused(upload="none", members=["UploadId"]) == (404, "NoSuchUpload", text, "none")
    assert upload.refused() == (400, "InvalidRequest", "You must specify at least one part")


def test_lists_of_parts(server, account):
    upload = Upload(server, account)
    small, last = upload.part(1, b"small"), upload.part(3, b"last")
    assert upload.refused((3, last), (1, small), members=["UploadId"]) == (
        400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.",
        upload.id)
    members = ["ETag", "PartNumber", "UploadId"]
    assert upload.refused((2, small), members=members)[1::2] == ("InvalidPart", small, upload.id)
    assert upload.refused((1, last), members=members)[3:] == (last, "1", upload.id)
    assert upload.refused((1, small), (3, last), members=["PartNumber", "ETag", "ProposedSize", "MinSizeAllowed"]) == (
        400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", "1", small, "5", "5242880")


def test_checksums_that_the_upload_has_not(server, account):
    upload = Upload(server, account)
    etag = upload.part(1, b"x")
    assert upload.refused((1, etag, f"<ChecksumSHA256>{sha256(b'x')}</ChecksumSHA256>"))[:2] == (400, "InvalidPart")


def test_composite_parts_need_their_checksums(server, account):
    upload = Upload(server, account, **{"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-type": "COMPOSITE"})
    status, _, answer = upload.raw.ask("PUT", f"{upload.path}?partNumber=1&uploadId={upload.id}", b"x")
    assert (status, elements(answer, "Message")) == (
        400, "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null")
    etag = upload.part(1, b"x", {"x-amz-checksum-sha256": sha256(b"x")})
    assert upload.refused((1, etag)) == (
        400, "InvalidRequest", "The upload was created using a sha256 checksum. The complete request must include the "
                               "checksum for each part. It was missing for part 1 in the request.")
    assert upload.refused((1, etag, f"<ChecksumCRC32>{crc32(b'x')}</ChecksumCRC32>")) == (
        400, "BadDigest", "The crc32 you specified for part 1 did not match what we received.")
    wrong = f"<ChecksumSHA256>{sha256(b'y')}</ChecksumSHA256>"
    assert upload.refused((1, etag, wrong))[:2] == (400, "InvalidPart")
    status, _, answer = upload.complete((1, etag, f"<ChecksumSHA256>{sha256(b'x')}</ChecksumSHA256>"))
    digest = base64.b64encode(hashlib.sha256(hashlib.sha256(b"x").digest()).digest()).decode()
    assert status == 200 and elements(answer, "ChecksumSHA256", "ChecksumType") == [digest + "-1", "COMPOSITE"]


def test_the_checksum_of_the_whole(server, account):
    upload = Upload(server, account, **{"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "FULL_OBJECT"})
    etags = [(n, upload.part(n, body, {"x-amz-checksum-crc32": crc32(body)})) for n, body in ((1, FIVE), (2, b"end"))]
    wrong = {"x-amz-checksum-crc32": crc32(b"y"), "x-amz-checksum-type": "FULL_OBJECT"}
    assert upload.refused(*etags, headers=wrong) == (400, "BadDigest",
                                                     "The crc32 you specified did not match the calculated checksum.")
    other = {"x-amz-checksum-type": "COMPOSITE"}
    assert upload.refused(*etags, headers=other)[2].startswith("The upload was created using the FULL_OBJECT checksum mode")
    size = {"x-amz-mp-object-size": "7"}
    assert upload.refused(*etags, headers=size)[2].endswith(f"value 7 does not match what was computed: {len(FIVE) + 3}")
    right = {"x-amz-checksum-crc32": crc32(FIVE + b"end"), "x-amz-checksum-type": "FULL_OBJECT"}
    status, _, answer = upload.complete(*etags, headers=right)
    assert status == 200 and elements(answer, "ChecksumCRC32", "ChecksumType") == [crc32(FIVE + b"end"), "FULL_OBJECT"]


@pytest.mark.parametrize("headers, text", [
    ({"x-amz-checksum-type": "COMPOSITE"}, "The x-amz-checksum-type header can only be used with the "
                                           "x-amz-checksum-algorithm header."),
    ({"x-amz-checksum-algorithm": "SHA1", "x-amz-checksum-type": "FULL_OBJECT"},
     "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm."),
    ({"x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE"},
     "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm."),
    ({"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "SOME"},
     "Value for x-amz-checksum-type header is invalid."),
    ({"x-amz-checksum-algorithm": "CRC16"}, "Checksum algorithm provided is unsupported. Please try again with any of the "
                                            "valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")])
def test_kinds_of_checksum(server, account, headers, text):
    raw = Raw(server, account)
    raw.ask("PUT", f"/bucket-{account}")
    assert raw.refused("POST", f"/bucket-{account}/k?uploads", headers=headers) == (400, "InvalidRequest", text)


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("write", ["PUT", "DELETE"])
def test_a_write_since_the_upload_began(server, account, write, versioned):
    Raw(server, account).ask("PUT", f"/bucket-{account}")
    if versioned:
        server.client("s3", account).put_bucket_versioning(Bucket=f"bucket-{account}",
                                                           VersioningConfiguration={"Status": "Enabled"})
    Raw(server, account).ask("PUT", f"/bucket-{account}/k", b"old")
    upload = Upload(server, account)
    etag = upload.part(1, b"x")
    _, headers, _ = upload.raw.ask(write, upload.path, b"new" if write == "PUT" else b"")
    condition = {"if-match": headers["etag"]} if write == "PUT" else {"if-none-match": "*"}
    assert upload.refused((1, etag), headers=condition, members=["Condition", "Key"]) == (
        409, "ConditionalRequestConflict", "The conditional request cannot succeed due to a conflicting operation against "
                                           "this resource.",
        "If-Match" if write == "PUT" else "If-None-Match", "k")
    assert upload.complete((1, etag))[0] == 200


def test_conditions_without_a_write(server, account):
    upload = Upload(server, account)
    etag = upload.part(1, b"x")
    assert upload.refused((1, etag), headers={"if-match": "x"})[:2] == (404, "NoSuchKey")
    assert upload.complete((1, etag), headers={"if-none-match": "*"})[0] == 200
    other = Upload(server, account)
    etag = other.part(1, b"x")
    assert other.refused((1, etag), headers={"if-none-match": "*"}, members=["Condition"])[1::2] == (
        "PreconditionFailed", "If-None-Match")


def test_parts_of_copies(server, account):
    upload = Upload(server, account)
    upload.raw.ask("PUT", f"/{upload.bucket}/source", b"0123456789")
    path = f"{upload.path}?partNumber=1&uploadId={upload.id}"
    source = {"x-amz-copy-source": f"{upload.bucket}/source"}
    for given in ("bytes=0-", "bytes=-5", "bytes=5-2", "0-5", "bytes=a-b"):
        refused = upload.raw.refused("PUT", path, headers={**source, "x-amz-copy-source-range": given}, members=["ArgumentName"])
        assert refused[:2] == (400, "InvalidArgument") and "must be of the form bytes=first-last" in refused[2], given
        assert refused[3] == "x-amz-copy-source-range"
    assert upload.raw.refused("PUT", path, headers={**source, "x-amz-copy-source-range": "bytes=5-10"}) == (
        400, "InvalidArgument", "Range specified is not valid for source object of size: 10")
    assert upload.raw.refused("PUT", path, headers={**source, "x-amz-copy-source-if-match": "no"}, members=["Condition"])[1::2] \
        == ("PreconditionFailed", "x-amz-copy-source-If-Match")
    status, _, answer = upload.raw.ask("PUT", path, headers={**source, "x-amz-copy-source-range": "bytes=3-9"})
    assert status == 200
    upload.complete((1, elements(answer, "ETag").replace("&quot;", "")))
    assert upload.raw.ask("GET", upload.path)[2] == b"3456789"


def test_a_copy_is_one_whole(server, account):
    upload = Upload(server, account, **{"x-amz-checksum-algorithm": "SHA256"})
    etags = [(n, upload.part(n, body, {"x-amz-checksum-sha256": sha256(body)}),
              f"<ChecksumSHA256>{sha256(body)}</ChecksumSHA256>") for n, body in ((1, FIVE), (2, b"end"))]
    assert upload.complete(*etags)[0] == 200
    status, _, answer = upload.raw.ask("PUT", f"/{upload.bucket}/copy", headers={"x-amz-copy-source": upload.path})
    assert status == 200
    assert elements(answer, "ETag").replace("&quot;", "") == hashlib.md5(FIVE + b"end").hexdigest()
    assert elements(answer, "ChecksumSHA256", "ChecksumType") == [sha256(FIVE + b"end"), "FULL_OBJECT"]
    _, _, attributes = upload.raw.ask("GET", f"/{upload.bucket}/copy?attributes",
                                      headers={"x-amz-object-attributes": "ObjectParts,ETag"})
    assert elements(attributes, "ObjectParts") is None


@pytest.mark.parametrize("checksums", [False, True])
def test_attributes_of_parts(server, account, checksums):
    upload = Upload(server, account, **({"x-amz-checksum-algorithm": "CRC32"} if checksums else {}))
    more = f"<ChecksumCRC32>{crc32(b'x')}</ChecksumCRC32>" if checksums else ""
    etag = upload.part(1, b"x", {"x-amz-checksum-crc32": crc32(b"x")} if checksums else {})
    upload.complete((1, etag, more))
    _, _, body = upload.raw.ask("GET", f"{upload.path}?attributes", headers={"x-amz-object-attributes": "ObjectParts"})
    assert elements(body, "PartsCount") == "1"
    assert (elements(body, "ChecksumCRC32"), b"<MaxParts>" in body) == ((crc32(b"x"), True) if checksums else (None, False))


def test_lists_of_uploads(server, account):
    upload = Upload(server, account)
    _, _, body = upload.raw.ask("GET", f"/{upload.bucket}?uploads")
    assert elements(body, "KeyMarker", "UploadIdMarker", "NextKeyMarker", "NextUploadIdMarker", "IsTruncated") == [
        "", "", "k", upload.id, "false"]
    assert elements(body, "DisplayName") == "root" and "<Prefix>" not in body.decode()
    _, _, body = upload.raw.ask("GET", f"{upload.path}?uploadId={upload.id}")
    assert elements(body, "ID", "DisplayName") == [f"arn:aws:iam::{account}:root", "root"]
    assert upload.raw.refused("GET", f"/{upload.bucket}?uploads&encoding-type=base64", members=["ArgumentName"])[1:] == (
        "InvalidArgument", "Invalid Encoding Method specified in Request", "encoding-type")
