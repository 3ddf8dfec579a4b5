"""The child's end of the connector contract, over grpcio alone.

A connector is an object with three methods:

    describe() -> connector_pb2.DescribeResponse
    open(settings) -> source               settings is a dict

and a source has two, which both get the call they run in:

    check(call) -> connector_pb2.Access
    read(call, stream, cursor)             cursor is bytes, or None for the beginning

A read hands its pages to call.emit, asks call.wait for a permit before each
request, and raises one of the failures below. serve(connector) is the main
function of the process.
"""

import json
import logging
import os
import queue
import sys
import threading
import time
from concurrent import futures

import grpc
from google.protobuf import any_pb2

import connector_pb2 as pb

PROTOCOL_VERSION = 1
MAX_CURSOR_BYTES = 64 << 10
MAX_RECORD_BYTES = 16 << 20
MAX_BATCH_BYTES = 16 << 20
MAX_BATCH_RECORDS = 10_000
MAX_FRAME_BYTES = 64 << 20
FLUSH_AFTER = 1.0  # seconds that records wait for more
PERMIT_PATIENCE = 0.05  # seconds before what was read is sent to be stored
TICK = 0.1
RUNNING_CALLS = 32  # a Check or Read holds a thread while it runs

log = logging.getLogger("connector")


class Failure(Exception):
    """An error that means something to the host. The plain class is a bug."""

    kind = pb.Failure.BUG

    def __init__(self, message, **fields):
        super().__init__(message)
        self.fields = fields


class Unauthorized(Failure):
    kind = pb.Failure.UNAUTHORIZED


class Forbidden(Failure):
    kind = pb.Failure.FORBIDDEN_STREAM


class RateLimited(Failure):
    kind = pb.Failure.RATE_LIMITED


class Transient(Failure):
    kind = pb.Failure.TRANSIENT


class CursorExpired(Failure):
    kind = pb.Failure.CURSOR_EXPIRED


class BadSetting(Failure):
    kind = pb.Failure.CONFIG


class Refused(Failure):
    """The host refused a batch, a permit or a token."""

    kind = pb.Failure.REFUSED


class Cancelled(Exception):
    """The host wants no more of this call."""


class Call:
    """One running Check or Read: joins batches and talks to the host."""

    def __init__(self):
        self.out = queue.Queue()  # messages to the host; None ends the call
        self.request = ""  # the last one made, without its query
        self.cancelled = False
        self._changed = threading.Condition()
        self._last_id = 0
        self._answers = {}  # id -> error text, or None when granted
        self._pending = pb.Batch()
        self._bytes = 0
        self._since = None  # when pending got its first record
        self._due = False
        self._in_flight = None  # id of the batch that is not stored yet
        self._refused = None

    def emit(self, records, cursor=None, scopes=(), covered=(), done=0, total=0):
        """Takes a page: (key, data, deleted, at in µs or None) for each record."""
        if cursor is not None and len(cursor) > MAX_CURSOR_BYTES:
            raise Failure(f"a cursor of {len(cursor)} bytes; at most {MAX_CURSOR_BYTES} are allowed")
        with self._changed:
            for key, data, deleted, at in records:
                if not key:
                    raise Failure("a record has an empty key")
                self._add(key, data, deleted, at)
            batch = self._pending
            if cursor is not None:
                batch.cursor, batch.has_cursor = cursor, True
            batch.scopes.extend(scopes)
            for start, end in covered:
                batch.covered.add(from_unix_us=start, until_unix_us=end)
            if done:
                batch.progress.CopyFrom(pb.Progress(done=done, total=total))
            if self._since is None:
                self._since = time.monotonic()
            self._send_due()

    def wait(self, bucket, cost=1):
        """Returns when the host grants a request."""
        with self._changed:
            number = self._number()
            self._answers[number] = None
            self.out.put(pb.SourceMessage(permit_request=pb.PermitRequest(id=number, bucket=bucket, cost=cost)))
            if not self._changed.wait_for(lambda: self._answered(number), PERMIT_PATIENCE):
                self._due = True
                self._send_due()
                self._changed.wait_for(lambda: self._answered(number))
            self._check()
            text = self._answers.pop(number)
        if text:
            raise Refused(f"the host refused a permit: {text}")

    def report(self, bucket, remaining, reset_us):
        """Tells the budget that the answer's headers named."""
        self.out.put(pb.SourceMessage(budget=pb.Budget(bucket=bucket, remaining=remaining, reset_unix_us=reset_us)))

    def sleep(self, seconds):
        """Waits, but not longer than the call."""
        with self._changed:
            self._changed.wait_for(lambda: self.cancelled, seconds)
            self._check()

    def finish(self):
        """Sends the rest and returns when the host has stored it."""
        with self._changed:
            if not self._empty():
                self._await(lambda: self._in_flight is None)
                self._send()
            self._await(lambda: self._in_flight is None)

    def receive(self, messages):
        """Takes the host's answers until it ends its side of the call."""
        try:
            for message in messages:
                self._take(message)
        except grpc.RpcError:
            pass  # reset by the host
        except Exception as error:  # grpcio raises a bare Exception at a reset
            log.debug("the host reset the call", extra={"fields": {"err": str(error)}})
        with self._changed:
            self.cancelled = True
            self._changed.notify_all()
        self.out.put(None)

    def tick(self):
        """Sends what has waited for a second."""
        with self._changed:
            if self._since is not None and time.monotonic() - self._since >= FLUSH_AFTER:
                self._due = True
            self._send_due()

    def _take(self, message):
        with self._changed:
            kind = message.WhichOneof("message")
            if kind == "stored" and message.stored.id == self._in_flight:
                self._in_flight = None
            elif kind == "refused":
                self._in_flight, self._refused = None, message.refused.error
            elif kind == "permit" and message.permit.id in self._answers:
                self._answers[message.permit.id] = message.permit.error
            self._send_due()
            self._changed.notify_all()

    def _answered(self, number):
        return self.cancelled or self._refused is not None or self._answers[number] is not None

    def _add(self, key, data, deleted, at):
        if len(data) > MAX_RECORD_BYTES:
            reason = f"record of {len(data) / (1 << 20):.1f} MiB, larger than {MAX_RECORD_BYTES >> 20} MiB"
            self._pending.rejects.add(key=key[:1024], size=len(data), reason=reason)
            return
        size = len(key) + len(data)
        count = len(self._pending.records)
        if count and (count >= MAX_BATCH_RECORDS or self._bytes + size > MAX_BATCH_BYTES):
            self._await(lambda: self._in_flight is None)
            self._send()
        self._pending.records.add(key=key, data=data, deleted=deleted, at_unix_us=at or 0, has_at=at is not None)
        self._bytes += size

    def _await(self, condition):
        self._changed.wait_for(lambda: self.cancelled or self._refused is not None or condition())
        self._check()

    def _check(self):
        if self._refused is not None:
            raise Refused(f"the host refused a batch: {self._refused}")
        if self.cancelled:
            raise Cancelled()

    def _empty(self):
        return self._since is None

    def _send_due(self):
        full = len(self._pending.records) >= MAX_BATCH_RECORDS or self._bytes >= MAX_BATCH_BYTES
        if (full or self._due) and self._in_flight is None and not self._empty():
            self._send()

    def _send(self):
        batch, self._pending = self._pending, pb.Batch()
        self._bytes, self._since, self._due = 0, None, False
        batch.id = self._in_flight = self._number()
        self.out.put(pb.SourceMessage(batch=batch))

    def _number(self):
        self._last_id += 1
        return self._last_id


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
