"""A sample connector: reads a paged HTTP JSON source.

    GET URL/items?limit=500&after=TOKEN     Authorization: Bearer TOKEN

answers

    {"items": [{"id": 7, "updated_at": "2026-01-31T09:30:00Z", …}, …], "next": "TOKEN", "more": true}

in order of change. "next" is where a later request goes on, also on the last
page; an item with "deleted": true is gone. "since=TIME" instead of "after"
starts at a time of change.
"""

import argparse
import datetime
import email.utils
import http.client
import json
import logging
import socket
import time
import urllib.parse

import connector_pb2 as pb
import rollcall
from call import BadSetting, CursorExpired, Forbidden, RateLimited, Transient, Unauthorized

PAGE = 500
TIMEOUT = 20  # seconds without a byte; an answer may take three times as long
MAX_BODY = 64 << 20
TRIES = 3
MAX_WAIT = 30  # a longer one is the host's business
BUCKET = "api"

log = logging.getLogger("connector.sample")


class Connector:
    def __init__(self, timeout=TIMEOUT):
        self._timeout = timeout

    def describe(self):
        second = 1_000_000_000
        return pb.DescribeResponse(
            type="sample", title="Sample in Python", version="1", kinds=["community"], email_trust="self",
            settings=[
                pb.Setting(name="url", type="string", required=True, help="where the source answers"),
                pb.Setting(name="token", type="string", secret=True, help="sent as a bearer token"),
            ],
            streams=[pb.Stream(
                name="items", help="every item, in order of change", mode="incremental",
                fields='{"id": "BIGINT!", "updated_at": "TIMESTAMPTZ"}',
            )],
            buckets=[pb.Bucket(name=BUCKET, limit=6000, per_ns=60 * second, burst=100)],
        )

    def open(self, settings):
        url = urllib.parse.urlsplit(settings.get("url", ""))
        if url.scheme not in ("http", "https") or not url.hostname:
            raise BadSetting("must be an absolute http or https URL", setting="url")
        token = settings.get("token", "")
        if not token.isascii() or not token.isprintable():
            raise BadSetting("must be printable ASCII", setting="token")
        return Source(url, token, self._timeout)


class Source:
    def __init__(self, url, token, timeout):
        self._url = url
        self._token = token
        self._timeout = timeout

    def check(self, call):
        _, date = self._page(call, {"limit": 1})
        access = pb.Access(account="bearer token" if self._token else "anonymous",
                           streams=[pb.StreamAccess(stream="items", readable=True)])
        if date is not None:
            access.server_time_unix_us = date
        return access

    def read(self, call, stream, cursor):
        if stream != "items":
            raise Forbidden("there is no such stream", stream=stream)
        query, done = self._start(cursor), 0
        while True:
            (items, after, more), _ = self._page(call, query)
            records = [record(raw, item) for raw, item in items]
            done += len(records)
            position = None if after is None else json.dumps({"v": 1, "after": after}).encode()
            call.emit(records, cursor=position, done=done)
            if not more:
                return
            if after is None or after == query.get("after"):
                raise Transient("the source says there is more but does not move on")
            query = {"limit": PAGE, "after": after}

    def _start(self, cursor):
        if cursor is None:
            return {"limit": PAGE}
        try:
            position = json.loads(cursor)
            if "rollcall_since" in position:
                return {"limit": PAGE, "since": str(position["rollcall_since"])}
            if position["v"] == 1:
                return {"limit": PAGE, "after": str(position["after"])}
        except (ValueError, KeyError, TypeError):
            pass
        raise CursorExpired("the cursor is not one of this connector's")

    def _page(self, call, query):
        """Requests a page until it comes, at most TRIES times."""
        problem = None
        for attempt in range(TRIES):
            if problem is not None:
                call.sleep(0.05 * 2**attempt)
            call.wait(BUCKET)
            try:
                status, headers, body = self._get(call, query)
            except (OSError, http.client.HTTPException, socket.timeout) as error:
                problem = f"GET {self._path()}: {type(error).__name__}"
                continue
            if status == 429:
                self._pause(call, headers)
                problem = "rate limited"
                continue
            self._refused(status)
            if status >= 500:
                problem = f"GET {self._path()}: status {status}"
                continue
            try:
                return split(body), date_of(headers)
            except (ValueError, RecursionError) as error:
                problem = f"GET {self._path()}: {error}"
        raise Transient(f"{problem}, {TRIES} times", after_ns=30_000_000_000)

    def _path(self):
        return self._url.path.rstrip("/") + "/items"

    def _get(self, call, query):
        call.request = f"GET {self._path()}"
        connect = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = connect(self._url.hostname, self._url.port, timeout=self._timeout)
        try:
            connection.connect()
            call.on_cancel(lambda: hang_up(connection))
            headers = {"Accept": "application/json"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            connection.request("GET", f"{self._path()}?{urllib.parse.urlencode(query)}", headers=headers)
            response = connection.getresponse()
            body = self._body(call, response)
            log.debug("answered", extra={"fields": {"path": self._path(), "status": response.status, "bytes": len(body)}})
            return response.status, response.headers, body
        finally:
            connection.close()
            call.on_cancel(None)

    def _body(self, call, response):
        parts, size, deadline = [], 0, time.monotonic() + 3 * self._timeout
        while part := response.read1(1 << 20):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY or time.monotonic() > deadline or call.cancelled:
                raise http.client.HTTPException("the answer does not end")
        if response.length:
            raise http.client.IncompleteRead(b"")
        return b"".join(parts)

    def _refused(self, status):
        if status == 401:
            raise Unauthorized("the source refuses the token")
        if status == 403:
            raise Forbidden("the token may not read it", stream="items")
        if status == 410:
            raise CursorExpired("the source no longer knows the position")
        if 300 <= status < 500:
            raise Transient(f"GET {self._path()}: status {status}", after_ns=60_000_000_000)

    def _pause(self, call, headers):
        wait = retry_after(headers.get("Retry-After", ""))
        if wait > MAX_WAIT:
            raise RateLimited("the source allows no request for now", until_unix_us=int((time.time() + wait) * 1e6))
        call.sleep(wait)


def hang_up(connection):
    """Ends a request that another thread waits for."""
    try:
        connection.sock.shutdown(socket.SHUT_RDWR)
    except (AttributeError, OSError):
        pass  # it has ended by itself


def retry_after(text):
    """Seconds of the header, which is a number or a date."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return 1.0


def date_of(headers):
    try:
        return int(email.utils.parsedate_to_datetime(headers.get("Date", "")).timestamp() * 1e6)
    except (TypeError, ValueError):
        return None


def record(raw, item):
    if not isinstance(item, dict) or not isinstance(item.get("id"), (int, str)) or item["id"] == "":
        raise Transient("GET /items: an item without an id")
    return str(item["id"]), raw, item.get("deleted") is True, changed_at(item.get("updated_at"))


def changed_at(text):
    try:
        at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
    if at.tzinfo is None:
        return None
    return (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


DECODER = json.JSONDecoder(strict=False)


def split(body):
    """The page's items, each with the very bytes it came in, and where to go on."""
    text = body.decode("utf-8", "surrogateescape")
    items, page = None, {}
    at = expect(text, 0, "{")
    while text[at:at + 1] != "}":
        key, at = DECODER.raw_decode(text, at)
        at = expect(text, at, ":")
        if key == "items":
            items, at = elements(text, at)
        else:
            page[key], at = DECODER.raw_decode(text, at)
        at = separator(text, at, "}")
    if items is None:
        raise ValueError("no items")
    after = page.get("next")
    if after is not None and not isinstance(after, str):
        raise ValueError(f"next is of type {type(after).__name__}")
    return items, after, page.get("more") is True


def elements(text, at):
    found = []
    at = expect(text, at, "[")
    while text[at:at + 1] != "]":
        value, end = DECODER.raw_decode(text, at)
        found.append((text[at:end].encode("utf-8", "surrogateescape"), value))
        at = separator(text, end, "]")
    return found, space(text, at + 1)


def separator(text, at, end):
    """The next member's place after a comma, or the place of end."""
    at = space(text, at)
    if text[at:at + 1] == ",":
        return space(text, at + 1)
    if text[at:at + 1] != end:
        raise ValueError(f"the answer is cut or malformed at {at}")
    return at


def expect(text, at, character):
    at = space(text, at)
    if text[at:at + 1] != character:
        raise ValueError(f"the answer has no {character} at {at}")
    return space(text, at + 1)


def space(text, at):
    while text[at:at + 1] in (" ", "\t", "\r", "\n") and at < len(text):
        at += 1
    return at


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds without a byte before a request is given up on")
    rollcall.serve(Connector(arguments.parse_args().timeout))
