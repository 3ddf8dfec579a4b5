"""The child's end of the connector contract, over grpcio alone.

A connector is an object with three methods:

    describe() -> connector_pb2.DescribeResponse
    open(settings) -> source               settings is a dict

and a source has two, which both get the call they run in:

    check(call) -> connector_pb2.Access
    read(call, stream, cursor)             cursor is bytes, or None for the beginning

A read hands its pages to call.emit, asks call.wait for a permit before each
request, and raises one of the failures of call.py. serve(connector) is the main
function of the process.
"""

import json
import logging
import os
import queue
import sys
import threading
from concurrent import futures

import grpc
from google.protobuf import any_pb2

import connector_pb2 as pb
from call import Call, Cancelled, Failure, Refused

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 64 << 20
TICK = 0.1  # seconds between two looks at what waits to be sent
RUNNING_CALLS = 32  # a Check or Read holds a thread while it runs

log = logging.getLogger("connector")


class Server:
    """Answers the host's calls. The method handlers are registered by hand:
    only the messages are generated."""

    def __init__(self, connector):
        self._connector = connector
        self._sources = {}
        self._lock = threading.Lock()

    def register(self, server, stop):
        server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler("rollcall.connector.v1.Connector", {
                "Describe": unary(self.describe, pb.DescribeRequest),
                "Open": unary(self.open, pb.OpenRequest),
                "Check": both(self.check),
                "Read": both(self.read),
            }),
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
                "Check": raw(lambda request, context: b"\x08\x01"),  # HealthCheckResponse: SERVING
            }),
            grpc.method_handlers_generic_handler("plugin.GRPCController", {
                "Shutdown": raw(lambda request, context: stop() or b""),
            }),
        ))

    def describe(self, request, context):
        return self._connector.describe()

    def open(self, request, context):
        try:
            source = self._connector.open(json.loads(request.settings or b"{}"))
        except Exception as error:
            fail(context, error, "")
            return pb.OpenResponse()
        with self._lock:
            number = len(self._sources) + 1
            self._sources[number] = source
        return pb.OpenResponse(source=number)

    def check(self, messages, context):
        def work(call, source, start):
            call.out.put(pb.SourceMessage(access=source.check(call)))

        return self._run(messages, context, work)

    def read(self, messages, context):
        def work(call, source, start):
            try:
                source.read(call, start.stream, start.cursor if start.has_cursor else None)
            except (Refused, Cancelled):
                raise
            except Exception:
                call.finish()  # what was read is kept
                raise
            call.finish()

        return self._run(messages, context, work)

    def _run(self, messages, context, work):
        start = next(messages).start
        source = self._sources.get(start.source)
        if source is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the first message must be the start of an opened source")
        call, failed = Call(), []

        def body():
            try:
                work(call, source, start)
            except Exception as error:
                failed.append(error)
            call.out.put(None)

        threading.Thread(target=call.receive, args=(messages,), daemon=True).start()
        threading.Thread(target=body, daemon=True).start()
        while True:
            try:
                message = call.out.get(timeout=TICK)
            except queue.Empty:
                call.tick()
                continue
            if message is None:
                break
            yield message
        if failed:
            fail(context, failed[0], call.request)


def unary(handler, request):
    return grpc.unary_unary_rpc_method_handler(handler, request.FromString, lambda m: m.SerializeToString())


def both(handler):
    return grpc.stream_stream_rpc_method_handler(handler, pb.HostMessage.FromString, lambda m: m.SerializeToString())


def raw(handler):
    return grpc.unary_unary_rpc_method_handler(handler)


def fail(context, error, request):
    """Ends a call with a status that carries what the error means."""
    if isinstance(error, Cancelled):
        context.set_code(grpc.StatusCode.CANCELLED)
        return
    message = str(error) or type(error).__name__
    failure = pb.Failure()
    if isinstance(error, Failure):
        failure.kind = error.kind
        for name, value in error.fields.items():
            setattr(failure, name, value)
    else:
        log.error("unexpected error", exc_info=error)
        message = f"{type(error).__name__}: {message}"
    if failure.kind == pb.Failure.BUG and request:
        message += f" (last request: {request})"
    failure.message = message[:4096]
    detail = any_pb2.Any()
    detail.Pack(failure)
    code = grpc.StatusCode.UNKNOWN
    context.set_trailing_metadata((("grpc-status-details-bin", rpc_status(code.value[0], failure.message, detail)),))
    context.set_code(code)
    context.set_details(failure.message)


def rpc_status(code, message, detail):
    """A google.rpc.Status of one detail, which is not worth a dependency."""
    def field(number, body):
        return bytes([number << 3 | 2]) + varint(len(body)) + body

    return bytes([1 << 3]) + varint(code) + field(2, message.encode()) + field(3, detail.SerializeToString())


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class JSONLines(logging.Formatter):
    def format(self, record):
        line = {"time": self.formatTime(record), "level": record.levelname, "msg": record.getMessage()}
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["stack"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def serve(connector):
    """Serves the connector until the host is gone."""
    if os.environ.get("ROLLCALL_CONNECTOR") != "rollcall.connector":
        sys.exit("This is a rollcall connector: name it as the command of a connector block.")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines())
    level = os.environ.get("ROLLCALL_LOG_LEVEL", "INFO").replace("WARN", "WARNING")
    logging.basicConfig(level=level, handlers=[handler])

    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=RUNNING_CALLS),
        options=[("grpc.max_receive_message_length", MAX_FRAME_BYTES), ("grpc.max_send_message_length", MAX_FRAME_BYTES)],
    )
    Server(connector).register(server, stop=lambda: server.stop(None) and None)
    path = os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "plugin.sock")
    server.add_insecure_port("unix:" + path)
    server.start()
    print(f"1|{PROTOCOL_VERSION}|unix|{path}|grpc|", flush=True)
    sys.stdout = sys.stderr  # what a library prints is no message to the host
    threading.Thread(target=exit_with_host, daemon=True).start()
    server.wait_for_termination()
    sys.stderr.flush()
    os._exit(0)  # whatever a thread still waits for


def exit_with_host():
    """The kernel closes our stdin when the host is gone, however it died."""
    while os.read(0, 4096):
        pass
    os._exit(0)
