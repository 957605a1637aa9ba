"""kill -9 while objects and parts are put: what was acknowledged is there, whole; and no blob stays without an object."""

import hashlib
import os
import random
import threading

from botocore.exceptions import BotoCoreError, ClientError


def blobs(data):
    return sum(len(files) for _, _, files in os.walk(os.path.join(data, "s3")))


def test_kill_while_putting(new_server, data):
    server = new_server().start()
    server.client("s3").create_bucket(Bucket="bucket")
    kept, acknowledged, uploads, lock = {}, set(), [], threading.Lock()
    part = random.randbytes(5 * 1024 * 1024)

    def put(number, s3, stop):
        serial = 0
        try:
            while not stop.is_set():
                serial += 1
                size = random.choice([100, 20_000, 300_000])
                content = random.randbytes(size)
                key = f"{number}/{serial % 20}"
                with lock:
                    kept.setdefault(key, set()).add(hashlib.md5(content).hexdigest())  # may be there
                s3.put_object(Bucket="bucket", Key=key, Body=content)
                with lock:
                    kept[key] = {hashlib.md5(content).hexdigest()}  # is there
                    acknowledged.add(key)
        except (BotoCoreError, ClientError, OSError):
            pass

    def upload(s3):
        try:
            one = s3.create_multipart_upload(Bucket="bucket", Key="big")["UploadId"]
            tag = s3.upload_part(Bucket="bucket", Key="big", UploadId=one, PartNumber=1, Body=part)["ETag"]
            with lock:
                uploads.append((one, tag))
            for number in range(2, 100):
                s3.upload_part(Bucket="bucket", Key="big", UploadId=one, PartNumber=number, Body=part)
        except (BotoCoreError, ClientError, OSError):
            pass

    for _ in range(4):
        stop = threading.Event()
        threads = [threading.Thread(target=put, args=(n, server.client("s3"), stop)) for n in range(3)]
        threads.append(threading.Thread(target=upload, args=(server.client("s3"),)))
        for thread in threads:
            thread.start()
        threads[0].join(timeout=0.8)
        server.kill()
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
        server.start()
        s3 = server.client("s3")
        for key, digests in kept.items():
            try:
                content = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
            except ClientError as problem:
                assert problem.response["Error"]["Code"] == "NoSuchKey"
                assert key not in acknowledged, key
                continue
            assert hashlib.md5(content).hexdigest() in digests, key
            kept[key] = {hashlib.md5(content).hexdigest()}
    assert acknowledged and uploads
    one, tag = uploads[-1]
    s3.complete_multipart_upload(Bucket="bucket", Key="big", UploadId=one, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    assert s3.get_object(Bucket="bucket", Key="big")["Body"].read() == part
    for other in s3.list_multipart_uploads(Bucket="bucket").get("Uploads", []):
        s3.abort_multipart_upload(Bucket="bucket", Key="big", UploadId=other["UploadId"])
    while listed := s3.list_objects_v2(Bucket="bucket").get("Contents", []):
        s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": o["Key"]} for o in listed]})
    s3.delete_bucket(Bucket="bucket")
    assert server.stop() == 0
    server.start()
    assert blobs(data) == 0, "blobs stayed behind"
