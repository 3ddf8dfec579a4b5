"""One running Check or Read inside the child, and the failures it may end with."""

import logging
import queue
import threading
import time

import grpc

import connector_pb2 as pb

MAX_CURSOR_BYTES = 64 << 10
MAX_RECORD_BYTES = 16 << 20
MAX_BATCH_BYTES = 16 << 20
MAX_BATCH_RECORDS = 10_000
FLUSH_AFTER = 1.0  # seconds that records wait for more
PERMIT_PATIENCE = 0.05  # seconds before what was read is sent to be stored

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
        self._on_cancel = None

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

    def on_cancel(self, action):
        """Has action end what this call waits for when the host ends the call; None: nothing is waited for."""
        with self._changed:
            self._check()
            self._on_cancel = action

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
            if self._on_cancel is not None:
                self._on_cancel()
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
