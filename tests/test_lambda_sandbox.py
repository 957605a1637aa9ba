"""What keeps functions from the host, from the server and from each other."""

import base64
import json
import os
import re
import threading

import pytest

from functions import ROLE, create, invoke, until, workers, zipped

PROBE = '''
import ctypes, errno, json, os, socket
libc = ctypes.CDLL(None, use_errno=True)

def attempt(work):
    """The name of the error, or what it gives."""
    try:
        return work()
    except OSError as problem:
        return errno.errorcode[problem.errno]

def call(number, *arguments):
    ctypes.set_errno(0)
    return errno.errorcode[ctypes.get_errno()] if libc.syscall(number, *arguments) < 0 else "done"

def status():
    with open("/proc/self/status") as file:
        return dict((name, value.strip()) for name, _, value in (line.partition(":") for line in file))

def flags():
    """How places are mounted."""
    with open("/proc/self/mounts") as file:
        return {line.split()[1]: line.split()[3].split(",") for line in file}

def handler(event, context):
    return eval(event, globals())
'''


@pytest.fixture(scope="module")
def probe(server):
    """Asks a function for the value of an expression."""
    account = "111122223333"
    functions = server.client("lambda", account, read_timeout=60)
    create(functions, "probe", PROBE, account, Timeout=20, MemorySize=256)

    def ask(expression):
        answer, response = invoke(functions, "probe", expression)
        assert "FunctionError" not in response, answer
        return answer
    return ask


def outside(pid):
    """The processes of a server's sandboxes, as the host sees them."""
    found, new = [], workers(pid)
    while new:
        found += new
        new = [int(child) for parent in new if os.path.exists(f"/proc/{parent}/task/{parent}/children")
               for child in open(f"/proc/{parent}/task/{parent}/children").read().split()]
    return found


def test_no_process_of_a_function_is_the_hosts_root(server, probe):
    assert probe("os.getuid()") == 993
    processes = outside(server.process.pid)
    assert len(processes) >= 3  # bubblewrap, init, the runtime
    for pid in processes:
        with open(f"/proc/{pid}/status") as file:
            ids = re.search(r"^Uid:\t(.*)$", file.read(), re.M).group(1).split()
        assert "0" not in ids, (pid, ids)
        if os.geteuid() == 0:
            assert all(int(one) >= 0x70000000 for one in ids)


@pytest.mark.skipif(os.geteuid() != 0, reason="only where the server is root each sandbox has a user of its own")
def test_each_sandbox_has_a_user_of_its_own(server, probe, account):
    functions = server.client("lambda", account)
    create(functions, "f", "def handler(event, context):\n    return event\n", account)
    invoke(functions, "f")
    probe("1")
    users = {os.stat(f"/proc/{pid}").st_uid for pid in workers(server.process.pid)}
    assert len(users) == len(workers(server.process.pid)) >= 2


def test_privileges_are_gone(probe):
    told = probe("status()")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(told[name], 16) == 0, name
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")


def test_the_kernels_switches_are_read_only_or_hidden(probe):
    # Flags only: what is under /proc/sys is the whole machine's, and nothing here opens it for writing.
    mounted = probe("flags()")
    for place in ("/", "/usr", "/var/task", "/var/runtime", "/proc/sys", "/dev"):
        assert "ro" in mounted[place], place
    for place, options in mounted.items():
        assert "nosuid" in options, place
        if place not in ("/tmp", "/dev/shm", "/proc", "/dev/pts") and not place.startswith("/dev/"):
            assert "ro" in options, place
    for place in ("/proc/kcore", "/proc/kallsyms", "/proc/timer_list", "/proc/keys", "/proc/kmsg"):
        assert probe(f"attempt(lambda: open('{place}').read(1))") in ("EACCES", "ENOENT", "ENXIO"), place
    for place in ("/sys", "/root", "/home", "/run", "/etc/shadow", "/etc/ssl/private"):
        assert probe(f"os.path.exists('{place}')") is False, place


def test_system_calls_are_filtered(probe):
    # Numbers of x86_64; the filter itself is tested call by call in sandbox_test.cpp.
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of another architecture")
    for number in (101, 165, 155, 161, 246, 248, 250, 298, 304, 308, 310, 321, 323, 428):
        assert probe(f"call({number}, 0, 0, 0, 0, 0)") == "EPERM", number
    assert probe("call(425, 0, 0)") == "ENOSYS"
    assert probe("call(272, 0x10000000)") == "EPERM"
    assert probe("attempt(lambda: socket.socket(socket.AF_VSOCK).close())") == "EAFNOSUPPORT"
    assert probe("os.waitpid(os.fork() or os._exit(3), 0)[1]") == 3 << 8


def test_the_first_process_is_out_of_reach(probe):
    """It is what ends the sandbox: who could change it could stay."""
    assert probe("[attempt(lambda: open(f'/proc/1/{name}', 'r+b', 0).close()) for name in ('mem', 'oom_score_adj')]") == [
        "EACCES"] * 2
    assert probe("attempt(lambda: os.listdir('/proc/1/fd'))") == "EACCES"


def test_there_are_no_terminals(probe):
    """They are of the whole machine, a few thousand, and what they hold counts for nobody."""
    assert probe("attempt(lambda: os.open('/dev/ptmx', os.O_RDWR))") == "ENOENT"
    assert probe("os.listdir('/dev/pts')") == []
    assert probe("attempt(lambda: os.mkdir('/dev/pts/x'))") == "EROFS"


def test_nothing_of_the_making_is_left_open(probe):
    names = probe("[os.readlink('/proc/self/fd/' + fd) for fd in os.listdir('/proc/self/fd')"
                  " if os.path.exists('/proc/self/fd/' + fd)]")
    assert not [name for name in names if name.startswith("/") and name not in ("/dev/null",) and "/proc/" not in name], names


def test_environment_is_as_on_aws(probe):
    told = probe("dict(os.environ)")
    assert told["PATH"] == "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin"
    assert told["LD_LIBRARY_PATH"].endswith("/var/task:/var/task/lib:/opt/lib")
    assert (told["LANG"], told["TZ"], told["LAMBDA_TASK_ROOT"]) == ("en_US.UTF-8", ":UTC", "/var/task")
    assert probe("[os.listdir('/opt'), os.getcwd(), os.getlogin() if 0 else __import__('pwd').getpwuid(os.getuid()).pw_name]") == [
        [], "/var/task", "sbx_user1051"]
    assert probe("boto3.client('sts').get_caller_identity()['Arn'] if [globals().update(boto3=__import__('boto3'))] else 0"
                 ) == "arn:aws:sts::111122223333:assumed-role/lambda/probe@lambda_function"


def test_texts_of_a_configuration_cannot_become_options(server, account):
    functions = server.client("lambda", account)
    evil = "\0--bind\0/\0/tmp"
    code = "import os\ndef handler(event, context):\n    return os.listdir('/tmp')\n"
    for name, settings in (("a", {"Handler": "app.handler" + evil}),
                           ("b", {"Environment": {"Variables": {"XX": "x" + evil}}}),
                           ("c", {"Environment": {"Variables": {"XX" + evil: "x"}}}),
                           ("d", {"LoggingConfig": {"LogGroup": "x" + evil}}),
                           ("e", {"Runtime": "python3.12" + evil})):
        request = {"FunctionName": name, "Runtime": "python3.12", "Handler": "app.handler", "Role": ROLE.format(account),
                   "Code": {"ZipFile": base64.b64encode(zipped({"app.py": code})).decode()}, **settings}
        # Without an SDK: older ones do not know LoggingConfig.
        status, _, answer = server.raw(json.dumps(request).encode(), path="/2015-03-31/functions", headers={
            "Content-Type": "application/json",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/lambda/aws4_request, "
                             f"SignedHeaders=host, Signature={'0' * 64}"})
        assert status == 400, (name, answer, invoke(functions, name) if status == 201 else None)


FILL = """
import os
def handler(event, context):
    block, files, done = bytes(1 << 20), [], 0
    if event["how"] == "memfd":
        files = [os.fdopen(os.memfd_create("x"), "wb", buffering=0)]
    elif event["how"] == "memfds":
        files = [os.fdopen(os.memfd_create("x"), "wb", buffering=0) for _ in range(50)]
    else:
        files = [open(event["how"] + "/x", "wb", buffering=0)]
    try:
        while done < event["mib"]:
            files[done % len(files)].write(block)
            done += 1
    except OSError:
        pass
    return done
"""


def shared_memory():
    with open("/proc/meminfo") as file:
        return int(re.search(r"^Shmem:\s+(\d+)", file.read(), re.M).group(1)) >> 10


@pytest.mark.parametrize("how", ["memfd", "memfds", "/tmp", "/dev/shm"])
def test_files_in_memory_count(server, account, how):
    functions = server.client("lambda", account, read_timeout=60)
    create(functions, "f", FILL, account, Timeout=30, MemorySize=128, EphemeralStorage={"Size": 10240})
    before = shared_memory()
    answer, response = invoke(functions, "f", {"how": how, "mib": 2000})
    if how == "/dev/shm":
        assert answer <= 64, answer
    else:
        # Where no control group counts them there are no memfds.
        assert answer["errorType"] in ("Runtime.ExitError", "OSError"), answer
    assert shared_memory() - before < 1024
    # What fits is fine: as on AWS, 512 MB of /tmp are beside the memory.
    answer, response = invoke(functions, "f", {"how": "/tmp", "mib": 300})
    assert answer == 300, answer


HIDE = """
import ctypes, os, threading, time
def fill():
    block = bytearray(400 << 20)
    for at in range(0, len(block), 4096):
        block[at] = 1
    time.sleep(30)
def forked_by_a_thread():
    if os.fork() == 0:
        fill()
def of_a_process_whose_first_thread_ended():
    if os.fork() == 0:
        threading.Thread(target=fill).start()
        ctypes.CDLL(None).syscall(60, 0)
def handler(event, context):
    threading.Thread(target=globals()[event]).start()
    time.sleep(25)
"""


@pytest.mark.parametrize("how", ["forked_by_a_thread", "of_a_process_whose_first_thread_ended"])
def test_memory_of_hidden_processes_counts(server, account, how):
    functions = server.client("lambda", account, read_timeout=60)
    create(functions, "f", HIDE, account, Timeout=30, MemorySize=128)
    answer, _ = invoke(functions, "f", how)
    assert answer["errorType"] == "Runtime.ExitError", answer


FORK = """
import os, time
def handler(event, context):
    block = b"x" * (event["mib"] << 20)
    children = []
    for _ in range(event["forks"]):
        child = os.fork()
        if child == 0:
            time.sleep(event["seconds"])
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return len(block)
"""


@pytest.mark.parametrize("whose", ["server", "ordinary_server"])
def test_what_forks_share_counts_once(request, whose, account):
    functions = request.getfixturevalue(whose).client("lambda", account, read_timeout=60)
    create(functions, "f", FORK, account, Timeout=30, MemorySize=256)
    for forks, mib in ((30, 1), (8, 100)):
        answer, _ = invoke(functions, "f", {"forks": forks, "mib": mib, "seconds": 1})
        assert answer == mib << 20, answer
    answer, _ = invoke(functions, "f", {"forks": 1, "mib": 300, "seconds": 1})
    assert answer["errorType"] == "Runtime.ExitError", answer


HIDDEN = """
import ctypes, errno, mmap, os
libc = ctypes.CDLL(None, use_errno=True)
def outcome(work):
    try:
        work()
        return "done"
    except OSError as problem:
        return errno.errorcode[problem.errno]
def handler(event, context):
    zero = os.open("/dev/zero", os.O_RDWR)
    own = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with open("/dev/shm/x", "wb+") as file:
        file.truncate(1 << 20)
        named = mmap.mmap(file.fileno(), 1 << 20)
        named[:5] = b"hello"
    mmap.mmap(-1, 4096)[:5] = b"small"
    return [outcome(lambda: mmap.mmap(-1, 1 << 20)), outcome(lambda: mmap.mmap(zero, 1 << 20)),
            outcome(lambda: os.memfd_create("x")), os.read(zero, 3) == bytes(3), bytes(named[:5]).decode()]
"""


def test_memory_that_nothing_tells_of_is_not_had(ordinary_server):
    functions = ordinary_server.client("lambda")
    create(functions, "f", HIDDEN)
    assert invoke(functions, "f")[0] == ["ENOMEM", "ENODEV", "ENOSYS", True, "hello"]


UNCOUNTED = """
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == "x86_64"
CALLS = {"landlock_create_ruleset": 444, "inotify_init1": 294 if x86 else 26, "io_setup": 206 if x86 else 0,
         "io_submit": 209 if x86 else 2, "splice": 275 if x86 else 76, "tee": 276 if x86 else 77}
def handler(event, context):
    found = {}
    for name, number in CALLS.items():
        ctypes.set_errno(0)
        libc.syscall(number, -1, 0, -1, 0, 1, 0)
        found[name] = errno.errorcode[ctypes.get_errno()]
    return found
"""


def test_calls_that_keep_memory_nobody_sees_are_refused(ordinary_server):
    functions = ordinary_server.client("lambda")
    create(functions, "uncounted", UNCOUNTED)
    assert invoke(functions, "uncounted")[0] == {
        "landlock_create_ruleset": "ENOSYS", "inotify_init1": "ENOSYS", "io_setup": "ENOSYS", "io_submit": "ENOSYS",
        "splice": "EINVAL", "tee": "EINVAL"}


def test_one_whose_use_takes_long_to_count_is_ended(ordinary_server):
    functions = ordinary_server.client("lambda", read_timeout=60)
    create(functions, "f", """
import os, time
def handler(event, context):
    try:
        while True:
            os.dup(0)
    except OSError:
        pass
    for _ in range(event):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    time.sleep(50)
""", Timeout=55, MemorySize=10240)
    answer, _ = invoke(functions, "f", 200)
    assert answer["errorType"] == "Runtime.ExitError", answer


SPAM = """
import http.client, os, threading, time
def ask():
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", 9001, timeout=0.02)
            connection.request("GET", "/2018-06-01/runtime/invocation/next")
            connection.getresponse()
        except OSError:
            pass
def handler(event, context):
    threading.Thread(target=ask, daemon=True).start()
    time.sleep(0.5)
    block = b"x" * (500 << 20)
    time.sleep(20)
"""


@pytest.mark.parametrize("whose", ["server", "ordinary_server"])
def test_one_that_keeps_asking_is_looked_at(request, whose, account):
    functions = request.getfixturevalue(whose).client("lambda", account, read_timeout=60)
    create(functions, "f", SPAM, account, Timeout=30, MemorySize=128)
    answer, _ = invoke(functions, "f", 1)
    assert answer["errorType"] == "Runtime.ExitError", answer


BUSY_ALWAYS = """
import os, threading
def spin():
    while True: pass
def handler(event, context):
    if event:
        threading.Thread(target=spin, daemon=True).start()
        if os.fork() == 0: spin()
    return os.getpid()
"""


def states(pid):
    """What the processes of a server's runtimes do: "R" for running, "T" for stopped."""
    found = []
    for process in outside(pid):
        with open(f"/proc/{process}/stat") as file:
            name, state = file.read().rsplit(")", 1)
        if "python" in name:
            found.append(state.split()[0])
    return found


@pytest.mark.parametrize("whose", ["server", "ordinary_server"])
def test_what_is_left_running_stands_still_between_invocations(request, whose, account):
    server = request.getfixturevalue(whose)
    functions = server.client("lambda", account, read_timeout=60)
    create(functions, "f", BUSY_ALWAYS, account, Timeout=30, MemorySize=256)
    first, _ = invoke(functions, "f", True)
    for _ in range(3):
        until(lambda: set(states(server.process.pid)) == {"T"})
        assert invoke(functions, "f", False)[0] == first


SPAWN = """
import multiprocessing
def double(number):
    return 2 * number
def handler(event, context):
    with multiprocessing.get_context(event).Pool(2) as pool:
        return pool.map(double, [1, 2, 3])
"""


@pytest.mark.parametrize("how", ["spawn", "forkserver", "fork"])
def test_processes_are_made_in_every_way(server, account, how):
    functions = server.client("lambda", account, read_timeout=60)
    create(functions, "f", SPAWN, account, Timeout=30, MemorySize=512)
    assert invoke(functions, "f", how)[0] == [2, 4, 6]


CONNECT = """
import os, socket, time, urllib.parse
def handler(event, context):
    address = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
    for _ in range(event):
        if os.fork() == 0:
            held = []
            try:
                while len(held) < 900:
                    held.append(socket.create_connection((address.hostname, address.port), 1))
            except OSError:
                pass
            time.sleep(30)
            os._exit(0)
    time.sleep(4)
    return "done"
"""


def test_one_function_does_not_take_all_connections(server, account):
    functions = server.client("lambda", account, read_timeout=60)
    create(functions, "f", CONNECT, account, Timeout=20, MemorySize=512)

    def connections():
        text = server.raw(path="/metrics", method="GET")[-1]
        text = text.decode() if isinstance(text, bytes) else str(text)
        return int(float(re.search(r"^signalbox_http_connections (\S+)", text, re.M).group(1)))

    thread = threading.Thread(target=lambda: invoke(functions, "f", 12))
    thread.start()
    most = 0
    while thread.is_alive():
        most = max(most, connections())
        thread.join(0.2)
    assert 50 < most < 400, most


def test_status_and_signal_of_an_end_are_told_apart(server, account):
    functions = server.client("lambda", account)
    create(functions, "f", "import os\ndef handler(event, context):\n"
                           "    os.kill(os.getpid(), event['signal']) if 'signal' in event else os._exit(event['status'])\n", account)
    for event, told in (({"status": 3}, "exit status 3"), ({"status": 127}, "exit status 127"),
                        ({"status": 129}, "exit status 129"), ({"status": 137}, "exit status 137"),
                        ({"signal": 9}, "signal: killed"), ({"signal": 11}, "signal: segmentation fault")):
        answer, response = invoke(functions, "f", event)
        assert answer["errorType"] == "Runtime.ExitError", answer
        assert answer["errorMessage"].endswith("Runtime exited with error: " + told), answer
    answer, response = invoke(functions, "f", {"status": 0})
    assert answer["errorMessage"].endswith("Runtime exited without providing a reason"), answer


def test_the_server_says_what_confines_functions(new_server):
    server = new_server().start()
    text = until(lambda: "functions are confined" in server.log_text() and server.log_text())
    line = next(line for line in text.splitlines() if "functions are confined" in line)
    for part in ("namespaces user pid mount network ipc uts", "seccomp filter", "no new privileges", "no capabilities", "memory"):
        assert part in line, line
    assert workers(server.process.pid) == []
