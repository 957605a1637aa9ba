# The Python runtime: loads the handler, and asks the Lambda Runtime API for one invocation after another. Speaks HTTP by
# itself, on one connection, as importing a client would take longer than most functions run.
import json
import os
import socket
import sys
import time


class Api:
    """One connection to the Runtime API."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.host = address
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def request(self, method, path, body=b"", headers=""):
        head = "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n%s\r\n" % (
            method, path, self.host, len(body), headers)
        self.socket.sendall(head.encode() + body)
        status = self.file.readline()
        if not status:
            sys.exit(0)  # the server has gone
        answer = {}
        while True:
            line = self.file.readline().decode("latin-1").strip()
            if not line:
                break
            name, _, value = line.partition(":")
            answer[name.strip().lower()] = value.strip()
        return answer, self.file.read(int(answer.get("content-length", 0)))


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Client:
    """What a mobile application says of itself: the members of ClientContext."""

    def __init__(self, given):
        self.custom = given.get("custom")
        self.env = given.get("env")
        self.client = type("ClientDetails", (), given.get("client") or {})()


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self._deadline = int(headers.get("lambda-runtime-deadline-ms", 0))
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = Identity()
        client = headers.get("lambda-runtime-client-context")
        self.client_context = Client(json.loads(client)) if client else None

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


class Log:
    """Standard output, as the server takes it: what is printed at once is one event of the log, whatever lines it has."""

    MOST = 255 * 1024  # characters; an event of the log can hold hardly more bytes

    def __init__(self, stream):
        self.stream = stream
        self.parts = []
        self.length = 0

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % type(text).__name__)
        self.parts.append(text)
        self.length += len(text)
        if text.endswith("\n") or self.length >= self.MOST:
            self.flush()
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        text = "".join(self.parts)
        self.parts.clear()
        self.length = 0
        if text:
            message = text.encode("utf-8", "surrogateescape")
            self.stream.flush()
            frame = memoryview(b"\xa5\x5a\x00\x03" + len(message).to_bytes(4, "big") + message)
            while frame:
                frame = frame[os.write(1, frame):]

    def __getattr__(self, name):
        return getattr(self.stream, name)


def describe(kind, value, trace):
    """An exception as AWS tells of it."""
    import traceback
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return {"errorMessage": str(value), "errorType": kind.__name__, "requestId": "",
            "stackTrace": traceback.format_list(traceback.extract_tb(trace))}


def show(error):
    text = "[ERROR] %s: %s\n" % (error["errorType"], error["errorMessage"])
    if error.get("stackTrace"):
        text += "Traceback (most recent call last):\n" + "".join(error["stackTrace"])
    sys.stdout.write(text)
    sys.stdout.flush()
    sys.stderr.flush()


def set_up_logging(current):
    """The root logger's handler, as soon as something imports logging: "[INFO]<tab>TIME<tab>REQUEST<tab>MESSAGE"."""

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name != "logging":
                return None
            sys.meta_path.remove(self)
            from importlib.machinery import PathFinder
            spec = PathFinder.find_spec(name, path, target)
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                add_handler(module)

            spec.loader.exec_module = exec_module
            return spec

    def add_handler(logging):
        class Formatter(logging.Formatter):
            converter = time.gmtime

            def format(self, record):
                record.aws_request_id = current.get("id", "")
                return super().format(record)

        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
                                       "%Y-%m-%dT%H:%M:%S"))
        logging.getLogger().addHandler(handler)

    if "logging" in sys.modules:
        add_handler(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, Finder())


def load(name):
    if "." not in name:
        raise Named("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    module_name, function = name.replace("/", ".").rsplit(".", 1)
    import importlib
    try:
        module = importlib.import_module(module_name)
    except SyntaxError as error:
        raise Named("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error))
    except ImportError as error:
        raise Named("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    handler = getattr(module, function, None)
    if handler is None:
        raise Named("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, module_name))
    return handler


class Named(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.error = {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": []}


def no_json(value):
    import decimal
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def answer(handler, event, context):
    """The result's text, or an error."""
    result = handler(json.loads(event) if event else None, context)
    try:
        return json.dumps(result, default=no_json).encode()
    except TypeError as error:
        raise Named("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def fail(api, path, error):
    show(error)
    api.request("POST", path, json.dumps(error).encode(),
                "Lambda-Runtime-Function-Error-Type: %s\r\n" % error["errorType"].encode("ascii", "replace").decode())


def main():
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    current = {}
    sys.stdout = Log(sys.stdout)
    own = "/opt/python/lib/python%d.%d/site-packages" % sys.version_info[:2]
    if own not in sys.path and os.path.isdir(own):
        sys.path.insert(sys.path.index("/opt/python") if "/opt/python" in sys.path else 0, own)
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    set_up_logging(current)
    try:
        handler = load(os.environ["_HANDLER"])
    except Named as error:
        fail(api, "init/error", error.error)
        sys.exit(1)
    except Exception:
        fail(api, "init/error", describe(*sys.exc_info()))
        sys.exit(1)
    while True:
        headers, event = api.request("GET", "invocation/next")
        current["id"] = headers["lambda-runtime-aws-request-id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
        place = "invocation/%s/" % current["id"]
        try:
            result = answer(handler, event, Context(headers))
        except Named as error:
            error.error["requestId"] = current["id"]
            fail(api, place + "error", error.error)
            continue
        except Exception:
            error = describe(*sys.exc_info())
            error["requestId"] = current["id"]
            fail(api, place + "error", error)
            continue
        sys.stdout.flush()
        sys.stderr.flush()
        api.request("POST", place + "response", result)


if __name__ == "__main__":  # processes that multiprocessing spawns read this file, too
    main()
