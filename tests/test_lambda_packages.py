"""What functions find: what layers bring, the SDKs, and packages that want to be elsewhere."""

import base64
import concurrent.futures
import io
import os
import stat
import zipfile

import pytest

from functions import create, invoke, until, zipped, ROLE

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@pytest.fixture
def functions(server, account):
    return server.client("lambda", account, read_timeout=60)


def package(links, files):
    """A zip with links, in that order after the files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for kind, names in ((stat.S_IFREG | 0o755, files.items()), (stat.S_IFLNK | 0o777, links)):
            for name, text in names:
                entry = zipfile.ZipInfo(name)
                entry.create_system = 3
                entry.external_attr = kind << 16
                archive.writestr(entry, text)
    return out.getvalue()


def layer(functions, name, content):
    return functions.publish_layer_version(LayerName=name, Content={"ZipFile": content})["LayerVersionArn"]


def test_names_are_any_text(functions, account):
    names = ["donn\u00e9es/\u65e5\u672c.txt", "caf\u00e9.txt"]
    code = "import os\ndef handler(event, context):\n    return [open(name).read() for name in event]\n"
    content = package([("lien-\u00e9", "donn\u00e9es")], {"app.py": code, names[0]: "x", names[1]: "y"})
    functions.create_function(FunctionName="f", Runtime="python3.12", Role=ROLE.format(account), Handler="app.handler",
                              Code={"ZipFile": content})
    assert invoke(functions, "f", [*names, "lien-\u00e9/\u65e5\u672c.txt"])[0] == ["x", "y", "x"]


def test_links_lead_nowhere_else(new_server):
    server = new_server().start()
    functions = server.client("lambda")
    before = sorted(os.listdir(server.data + "/lambda/runtime"))
    code = {"app.py": "import os\ndef handler(event, context):\n    return sorted(os.listdir('/var/task'))\n"}
    # What leads out of the package leads somewhere in the sandbox, as with AWS.
    shows = {"app.py": "import os\ndef handler(event, context):\n"
             "    return [os.path.realpath('/var/task/' + name) for name in event]\n"}
    links = [("p/q/z", "../../.."), ("p/q/w", "z/../.."), ("abs", "/usr/bin/env"), ("up", "../../etc/hostname"),
             ("self", "/var/task/app.py")]
    functions.create_function(FunctionName="links", Runtime="python3.12", Role=ROLE.format("000000000000"),
                              Handler="app.handler", Code={"ZipFile": package(links, shows)})
    assert invoke(functions, "links", ["p/q/w", "abs", "up", "self"])[0] == [
        "/", "/usr/bin/env", "/etc/hostname", "/var/task/app.py"]
    # A link, and something to be under it: of one package, and of two layers.
    planted = [("p/q/z", "../.."), ("p/q/z/planted", "app.py")]
    functions.create_function(FunctionName="one", Runtime="python3.12", Role=ROLE.format("000000000000"),
                              Handler="app.handler", Code={"ZipFile": package(planted, code)})
    assert invoke(functions, "one")[0] == ["app.py", "p"]
    layers = [layer(functions, "a", package([("p/q/w", "../..")], {"p/x": "x"})),
              layer(functions, "b", package([], {"p/q/w/planted": "from a layer"}))]
    create(functions, "two", "import os\ndef handler(event, context):\n"
           "    return [sorted(os.listdir('/opt')), open('/opt/p/q/w/planted').read()]\n", Layers=layers)
    assert invoke(functions, "two")[0] == [["p"], "from a layer"]
    assert sorted(os.listdir(server.data + "/lambda/runtime")) == before
    assert sorted(os.listdir(server.data + "/lambda")) == ["code", "runtime", "zip"]


def test_layers_that_do_not_go_together_are_refused(functions, account):
    one = layer(functions, "one", zipped({"l/x": "1"}))
    other = layer(functions, "other", zipped({"l": "a file"}))
    code = "def handler(event, context):\n    return open('/opt/l/x').read()\n"
    with pytest.raises(functions.exceptions.InvalidParameterValueException, match="a file and a folder"):
        create(functions, "f", code, account, Layers=[one, other])
    create(functions, "f", code, account, Layers=[one])
    with pytest.raises(functions.exceptions.InvalidParameterValueException, match="a file and a folder"):
        functions.update_function_configuration(FunctionName="f", Layers=[one, other])
    assert invoke(functions, "f")[0] == "1"


WAITING = """
import os, boto3
def handler(event, context):
    functions = boto3.client("lambda")
    seen = functions.get_function_configuration(FunctionName="f")["CodeSha256"]
    boto3.client("sqs").create_queue(QueueName="begun")
    try:
        while functions.get_function_configuration(FunctionName="f")["CodeSha256"] == seen:
            pass
    except functions.exceptions.ResourceNotFoundException:
        pass
    for _ in range(100):  # what removes it, if anything does, is done soon after that
        functions.list_functions()
    return [os.path.basename(__file__), os.path.exists(__file__)]
"""


@pytest.mark.parametrize("how", ["update", "delete"])
def test_code_stays_for_what_runs_it(server, functions, account, how):
    create(functions, "f", WAITING, account, Timeout=60)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(invoke, functions, "f")
        until(lambda: server.client("sqs", account).list_queues(QueueNamePrefix="begun").get("QueueUrls"))
        if how == "update":
            functions.update_function_code(FunctionName="f", ZipFile=zipped({"app.py": "x = 1"}))
        else:
            functions.delete_function(FunctionName="f")
        assert running.result()[0] == ["app.py", True]


def test_python_finds_packages_of_layers(functions, account):
    layers = [layer(functions, "lib", zipped({"python/lib/python3.12/site-packages/of_version.py": "name = 'of version'\n",
                                              "python/plain.py": "name = 'plain'\n"})),
              layer(functions, "own", zipped({f"python/lib/python3.{minor}/site-packages/of_host.py": "name = 'of host'\n"
                                              for minor in range(9, 16)}))]
    create(functions, "f", "import of_version, plain, of_host\ndef handler(event, context):\n"
           "    return [of_version.name, plain.name, of_host.name]\n", account, Runtime="python3.12", Layers=layers)
    assert invoke(functions, "f")[0] == ["of version", "plain", "of host"]


def test_node_finds_packages_of_layers(functions, account):
    arn = layer(functions, "lib", zipped({
        "nodejs/node_modules/plain/package.json": '{"name": "plain", "version": "1.0.0", "main": "index.js"}',
        "nodejs/node_modules/plain/index.js": "exports.name = 'plain';\n",
        "nodejs/node_modules/esm/package.json": '{"name": "esm", "version": "1.0.0", "type": "module", "exports": "./index.mjs"}',
        "nodejs/node_modules/esm/index.mjs": "import { name } from 'plain';\nexport default 'esm over ' + name;\n"}))
    create(functions, "esm", {"src/app.mjs": "import esm from 'esm';\nimport { name } from 'plain';\n"
                                             "export const handler = async () => [esm, name];\n"},
           account, Runtime="nodejs20.x", Handler="src/app.handler", Layers=[arn])
    assert invoke(functions, "esm")[0] == ["esm over plain", "plain"]
    create(functions, "cjs", {"app.js": "exports.handler = async () => require('plain').name;\n"}, account,
           Runtime="nodejs20.x", Layers=[arn])
    assert invoke(functions, "cjs")[0] == "plain"


@pytest.mark.skipif(not os.path.isdir(CHECKOUT + "/build/aws-sdk"), reason="the SDK is not installed: tools/install_sdk")
def test_node_finds_the_sdk(server, functions, account):
    server.client("sqs", account).create_queue(QueueName="q")
    body = "new SQSClient({}).send(new ListQueuesCommand({}))"
    create(functions, "esm", {"app.mjs": "import { SQSClient, ListQueuesCommand } from '@aws-sdk/client-sqs';\n"
                                         f"export const handler = async () => (await {body}).QueueUrls.length;\n"},
           account, Runtime="nodejs20.x", Timeout=20)
    assert invoke(functions, "esm")[0] == 1
    create(functions, "cjs", {"app.js": "const { SQSClient, ListQueuesCommand } = require('@aws-sdk/client-sqs');\n"
                                        f"exports.handler = async () => (await {body}).QueueUrls.length;\n"},
           account, Runtime="nodejs20.x", Timeout=20)
    assert invoke(functions, "cjs")[0] == 1


def test_python_finds_the_sdk(server, functions, account):
    server.client("sqs", account).create_queue(QueueName="q")
    create(functions, "f", "import boto3\ndef handler(event, context):\n"
           "    return len(boto3.client('sqs').list_queues()['QueueUrls'])\n", account, Timeout=20)
    assert invoke(functions, "f")[0] == 1


def test_a_print_of_many_lines_is_one_event(server, functions, account):
    create(functions, "py", "import logging, os, sys\ndef handler(event, context):\n    print('two\\nlines')\n    print('a', 'b')\n"
           "    logging.getLogger().warning('of\\nlogging')\n    sys.stdout.flush()\n    os.system('printf \"raw\\\\nlines\\\\n\"')\n"
           "    print('\\u00e5Z')\n", account)
    create(functions, "js", {"app.js": "exports.handler = async () => { console.log('two\\nlines'); };\n"}, account,
           Runtime="nodejs20.x")
    logs = server.client("logs", account)

    def events(name):
        tail = base64.b64decode(invoke(functions, name, LogType="Tail")[1]["LogResult"]).decode()
        group, found = "/aws/lambda/" + name, []
        while not any(message.startswith("REPORT") for message in found):
            try:
                found = [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]]
            except logs.exceptions.ResourceNotFoundException:
                pass
        assert "".join(found) == tail
        return found[1:-2]

    found = events("py")
    assert found[:2] == ["two\nlines\n", "a b\n"]
    assert found[2].startswith("[WARNING]\t") and found[2].endswith("\tof\nlogging\n")
    assert found[3:] == ["raw\n", "lines\n", "\u00e5Z\n"]
    (line,) = events("js")
    assert line.endswith("\tINFO\ttwo\nlines\n")


@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_package_that_is_damaged_does_not_run(new_server, how):
    server = new_server().start()
    functions = server.client("lambda")
    create(functions, "f", "def handler(event, context):\n    return 'fine'\n")
    (name,) = os.listdir(server.data + "/lambda/zip")
    path = server.data + "/lambda/zip/" + name
    with open(path, "rb") as file:
        content = bytearray(file.read())
    if how == "gone":
        os.remove(path)
    else:
        content[40] ^= 1
        with open(path, "wb") as file:
            file.write(content if how == "changed" else content[:-1])
    with pytest.raises(functions.exceptions.ServiceException, match="damaged|cannot be read"):
        functions.invoke(FunctionName="f")
