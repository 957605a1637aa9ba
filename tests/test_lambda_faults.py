"""Functions that misbehave, and servers that die under them."""

import base64
import json
import os
import threading

import botocore.exceptions
import pytest

from functions import create, exists, invoke, until, workers, zipped


@pytest.fixture
def functions(server, account):
    return server.client("lambda", account, read_timeout=120)


def run(functions, account, body, **settings):
    """The error and the log tail of a function whose handler has that body."""
    settings.setdefault("Timeout", 20)
    name = settings.pop("name", "f")
    text = "import os, sys, socket, time\ndef handler(event, context):\n" + "".join(
        f"    {line}\n" for line in body.strip().splitlines())
    create(functions, name, text, account, **settings)
    answer, response = invoke(functions, name, LogType="Tail")
    return answer, response.get("FunctionError"), base64.b64decode(response["LogResult"]).decode()


def test_memory_is_bounded(server, functions, account):
    answer, error, tail = run(functions, account, """
hoard = []
while True:
    hoard.append(bytearray(os.urandom(1024)) * 1024 * 4)
    time.sleep(0.002)
""", MemorySize=128)
    assert error == "Unhandled" and answer["errorType"] == "Runtime.ExitError", answer
    assert answer["errorMessage"].endswith("Runtime exited with error: signal: killed")


def test_processes_are_bounded(server, functions, account):
    answer, error, tail = run(functions, account, """
children = 0
try:
    while children < 5000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        children += 1
except OSError as problem:
    return [children, problem.errno]
return [children, 0]
""", MemorySize=1024, Timeout=60)
    # Where the server's user has a bound of processes, fork fails; else the sandbox is ended.
    if error is None:
        assert answer[0] <= 1100 and answer[1] == 11, answer
    else:
        assert answer["errorType"] == "Runtime.ExitError", answer


def test_writing_forever_fills_its_tmp_only(functions, account):
    answer, error, tail = run(functions, account, """
written = {}
for place in ("/tmp/x", "/dev/shm/x", "/x", "/var/task/x", "/dev/x", "/opt/x"):
    written[place] = 0
    try:
        with open(place, "wb") as file:
            while written[place] < 2 ** 31:
                written[place] += file.write(bytes(1 << 20))
                file.flush()
    except OSError as problem:
        written[place] = [written[place] >> 20, problem.errno]
    try:
        os.remove(place)
    except OSError:
        pass
return written
""", EphemeralStorage={"Size": 512}, MemorySize=1024, Timeout=60)
    assert error is None, answer
    assert 500 <= answer["/tmp/x"][0] <= 512 and answer["/tmp/x"][1] == 28
    assert answer["/dev/shm/x"][0] <= 64
    assert {answer[place][0] for place in ("/x", "/var/task/x", "/dev/x", "/opt/x")} == {0}


@pytest.mark.parametrize("end", ["chr(10)", "chr(32)"], ids=["lines", "no lines"])
def test_printing_much_is_cut_and_said(functions, account, end):
    answer, error, tail = run(functions, account, f"""
line = "x" * 1000 + {end}
for i in range(60_000):
    sys.stdout.write(line)
return "done"
""", Timeout=60, MemorySize=512)
    assert (answer, error) == ("done", None)
    assert "bytes of output were dropped" in tail


def test_network_and_files_of_the_host_are_out_of_reach(server, functions, account):
    answer, error, tail = run(functions, account, f"""
found = {{}}
for address in (("10.255.255.1", 80), ("8.8.8.8", 53), ("169.254.169.254", 80), ("127.0.0.1", 22)):
    try:
        socket.create_connection(address, 2).close()
        found[address[0]] = "connected"
    except OSError as problem:
        found[address[0]] = problem.errno
for path in ("/etc/shadow", "/root", "/home", "{server.data}", "/proc/1/root/etc/shadow", "/sys"):
    found[path] = os.path.exists(path)
found["pids"] = sorted(int(p) for p in os.listdir("/proc") if p.isdigit())
found["host"] = os.uname().nodename
found["kill"] = None
return found
""")
    assert error is None, answer
    assert answer["10.255.255.1"] == 101 and answer["8.8.8.8"] == 101 and answer["169.254.169.254"] == 101
    assert answer["127.0.0.1"] == 111
    for path in ("/etc/shadow", "/root", "/home", server.data, "/proc/1/root/etc/shadow", "/sys"):
        assert answer[path] is False, path
    assert answer["host"] == "lambda" and max(answer["pids"]) < 20


def test_processes_left_behind_end_with_the_worker(server, functions, account):
    create(functions, "f", """
import os, subprocess
subprocess.Popen(["/bin/sleep", "987654"])
def handler(event, context):
    return 1
""", account)
    assert invoke(functions, "f")[0] == 1
    sleeping = lambda: [p for p in os.listdir("/proc") if p.isdigit() and exists(p) and b"987654" in command(p)]
    assert sleeping()
    functions.delete_function(FunctionName="f")
    until(lambda: not sleeping())


def command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def test_hostile_environment_stays_within_the_sandbox(functions, account, tmp_path):
    mark = tmp_path / "mark"
    os.chmod(tmp_path, 0o777)
    answer, error, tail = run(functions, account, "return os.environ['LD_PRELOAD']",
                              Environment={"Variables": {"LD_PRELOAD": "/var/task/evil.so", "BASH_ENV": str(mark)}})
    assert answer == "/var/task/evil.so" and error is None
    assert not mark.exists()


def test_broken_runtime_api_calls_are_refused(functions, account):
    answer, error, tail = run(functions, account, """
import http.client
answers = []
for method, path, body in (("POST", "invocation/none/response", "1"), ("POST", "init/error", "{}"),
                           ("GET", "nowhere", None), ("DELETE", "invocation/next", None),
                           ("POST", "invocation/" + "x" * 5000 + "/error", "")):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/2018-06-01/runtime/" + path, body)
    answers.append(connection.getresponse().status)
raw = socket.create_connection(("127.0.0.1", 9001))
raw.sendall(b"\\\\0\\\\1 nonsense\\\\r\\\\n\\\\r\\\\n")
answers.append(len(raw.recv(100)))
return answers
""")
    assert error is None, answer
    assert answer == [400, 400, 404, 404, 400, 0]


def test_response_that_is_too_large(functions, account):
    answer, error, tail = run(functions, account, "return 'x' * (7 * 1024 * 1024)", MemorySize=512)
    assert error == "Unhandled" and answer["errorType"] == "Function.ResponseSizeTooLarge"


def test_server_that_is_killed_leaves_no_worker_and_loses_no_event(new_server):
    server = new_server().start()
    functions, sqs = server.client("lambda", read_timeout=60), server.client("sqs")
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    create(functions, "slow", "import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=120)
    create(functions, "f", "import time\ndef handler(event, context):\n    time.sleep(0.1)\n    return event\n")
    functions.put_function_event_invoke_config(FunctionName="f", DestinationConfig={
        "OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:000000000000:done"}})

    def wait_in_vain():
        with pytest.raises(botocore.exceptions.BotoCoreError):
            functions.invoke(FunctionName="slow")

    waiting = threading.Thread(target=wait_in_vain)
    waiting.start()
    until(lambda: workers(server.process.pid))
    for i in range(40):
        assert functions.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps(i))["StatusCode"] == 202
    until(lambda: len(workers(server.process.pid)) > 1)
    left = workers(server.process.pid)
    server.kill()
    waiting.join()
    until(lambda: not any(exists(pid) for pid in left))
    server.start()
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="done")["QueueUrl"]
    seen = set()

    def all_seen():
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            seen.add(json.loads(message["Body"])["requestPayload"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(seen) == 40

    until(all_seen, 60)
    assert seen == set(range(40))
    left = workers(server.process.pid)
    assert server.stop() == 0
    assert not any(exists(pid) for pid in left)


def test_server_of_an_ordinary_user_runs_functions(ordinary_server):
    functions = ordinary_server.client("lambda")
    create(functions, "f", "import os\ndef handler(event, context):\n    return os.getuid()\n")
    assert invoke(functions, "f")[0] == 993
    assert ordinary_server.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="making such a host takes root")
def test_where_no_sandbox_can_be_made_it_says_why(new_server):
    server = new_server()
    made = server.command
    without = ('echo 0 > /proc/sys/user/max_user_namespaces && '
               'exec setpriv --bounding-set=-all --inh-caps=-all --securebits=+noroot "$@"')
    server.command = lambda port=0: ["unshare", "-U", "--map-root-user", "bash", "-c", without, "x", *made(port)]
    functions = server.start().client("lambda")
    create(functions, "f", "def handler(event, context):\n    return event\n")
    why = "A sandbox for the function cannot be made: (bwrap|take a folder|make a mount namespace|the server is root)"
    with pytest.raises(functions.exceptions.ServiceException, match=why):
        invoke(functions, "f", 1)


def test_functions_without_work_cost_next_to_nothing(new_server):
    # A build with AddressSanitizer is not to keep what was freed.
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    server = new_server("--durability", "memory", environment={"ASAN_OPTIONS": sanitizer}).start()
    functions = server.client("lambda")

    def stat():
        with open(f"/proc/{server.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12]), int(fields[21]) * 4096

    create(functions, "first", "def handler(event, context):\n    return event\n")
    _, before = stat()
    for i in range(1000):
        create(functions, f"f{i}", "def handler(event, context):\n    return event\n")
    _, after = stat()
    assert after - before < 64 * 1024 * 1024
    assert workers(server.process.pid) == []
