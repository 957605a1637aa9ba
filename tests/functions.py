"""Functions for tests: zips of them, and what creating and waiting for them takes."""

import io
import json
import os
import time
import zipfile

ROLE = "arn:aws:iam::{}:role/lambda"


def zipped(files, mode=0o644):
    """The bytes of a zip file with those names and texts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, text)
    return out.getvalue()


def create(client, name, code, account="000000000000", **settings):
    """A function of one Python file, `code`, or of the files given; its ARN."""
    files = code if isinstance(code, dict) else {"app.py": code}
    settings.setdefault("Runtime", "python3.11")
    settings.setdefault("Handler", "app.handler")
    mode = settings.pop("mode", 0o644)
    return client.create_function(FunctionName=name, Role=ROLE.format(account), Code={"ZipFile": zipped(files, mode)},
                                  **settings)["FunctionArn"]


def invoke(client, name, event=None, **how):
    """What it answers, read as JSON, and the whole response."""
    response = client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **how)
    body = response["Payload"].read()
    return (json.loads(body) if body else None), response


def until(condition, seconds=30, every=0.05):
    """What the condition gives, as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(every)


def workers(pid):
    """The processes of sandboxes that a server has."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as file:
                text = file.read()
            with open(f"/proc/{entry}/cmdline") as file:
                command = file.read()
        except OSError:
            continue
        parent = int(text.rsplit(")", 1)[1].split()[1])
        if parent == pid and "bwrap" in command:
            found.append(int(entry))
    return found


def exists(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
