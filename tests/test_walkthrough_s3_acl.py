"""docs/walkthroughs/s3-acl.md: the post's commands as printed; the object is private again within a second or so."""

import os
import re
import shutil
import subprocess
import time
import zipfile

import pytest

from conftest import ROOT
from functions import until

ACCOUNT = "123456789012"
FILES = os.path.join(ROOT, "tests", "walkthroughs", "s3-acl")
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


def commands():
    with open(os.path.join(ROOT, "docs", "walkthroughs", "s3-acl.md"), encoding="utf-8") as page:
        return re.findall(r"^```\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)[1:]


def run(block, server, folder):
    """The commands of one block, by a CLI that need not know AWS_ENDPOINT_URL."""
    script = f'set -e\naws() {{ command aws --endpoint-url {server.endpoint} "$@"; }}\n{block}'
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1",
                       AWS_PAGER="")
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, text=True, capture_output=True,
                          timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path):
    for name in os.listdir(FILES):
        shutil.copy(os.path.join(FILES, name), tmp_path)
    with zipfile.ZipFile(tmp_path / "CheckAndCorrectObjectACL.zip", "w") as archive:
        archive.write(tmp_path / "lambda_function.py", "lambda_function.py")
    return tmp_path


def test_the_post_as_printed(new_server, folder):
    server = new_server().start()
    *set_up, change, upload = commands()
    for block in set_up:
        run(block, server, folder)
    s3 = server.client("s3", ACCOUNT)
    grants = lambda key: s3.get_object_acl(Bucket="everything-must-be-private", Key=key)["Grants"]
    is_public = lambda key: any(g["Grantee"].get("URI") == EVERYBODY for g in grants(key))
    out = run(change, server, folder)
    assert "FULL_CONTROL" in out  # private at first, as its owner sees
    until(lambda: not is_public("MyCreditInfo"))
    run(upload, server, folder)
    until(lambda: not is_public("MyDNASequence"))
    logs = server.client("logs", ACCOUNT)
    said = [e["message"] for e in logs.filter_log_events(logGroupName="/aws/lambda/CheckAndCorrectObjectACL")["events"]]
    for key in ("MyCreditInfo", "MyDNASequence"):
        assert any(f"key={key} in bucket=everything-must-be-private is marked as private." in line for line in said), said
    # The function is warm now: how long it takes.
    s3.put_object_acl(Bucket="everything-must-be-private", Key="MyCreditInfo", ACL="public-read")
    began = time.monotonic()
    until(lambda: not is_public("MyCreditInfo"), every=0.005)
    print(f"private again after {time.monotonic() - began:.3f} s")
