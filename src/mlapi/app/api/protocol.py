"""HTTP/1.1 as uvicorn speaks it, with what uvicorn has none of: deadlines for clients, and a limit for headers."""

import time
from collections.abc import Iterable
from typing import Any, Final

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from mlapi.app.api.error_body import reply_to
from mlapi.app.api.exchange import CONNECTION, choose_request_id, spelled, spelled_once
from mlapi.app.api.head import Head
from mlapi.app.api.state_keys import STATE
from mlapi.app.core.errors import InvalidRequest

PATIENCE_S: Final = 5.0  # for the headers, for the body beyond its due pace, and for a reader that does not read
SLOWEST_BYTES_S: Final = 16 * 1024  # each second that a body takes has to bring as much
LARGEST_HEAD_BYTES: Final = 16 * 1024  # request line and headers
NEVER: Final = float("inf")
OK: Final = STATUS_LINE[200]


class Protocol(HttpToolsProtocol):
    """A connection."""

    due_at = NEVER  # when its client must have sent what is waited for, by the monotonic clock
    idle_until = NEVER  # when a connection without a request is closed
    head: Head | None = None  # of what came last, if that may be one whole request
    _from = b""
    _in_message = False  # between the first byte of a request and its last
    _in_head = False
    _seen_bytes = 0  # of the head, and maybe more
    _unread_since: float | None = None  # from when on answers have been waiting for a reader
    _answering: RequestResponseCycle | None = None  # in a pipeline another one than `cycle`, which is the last one read

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._from = repr((self.client and self.client[0], self.scheme)).encode()  # an address and how it speaks
        self.due_at = time.monotonic() + PATIENCE_S

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered; uvicorn tells the last of a pipeline, and the others write on."""
        if (cycle := self._answering) is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer at once what the express knows, or parse; a head that goes on beyond its limit is not waited for."""
        self.head = None
        is_first = not self._in_message and (self._answering is None or self._answering.response_complete)
        if is_first and self._went_express(data):
            return
        self.idle_until = NEVER
        self._seen_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._seen_bytes > LARGEST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("")

    def _went_express(self, data: bytes) -> bool:
        """Whether the express has answered what came."""
        self.head = head = Head.of(data, self._from)
        if head is None or self.flow.write_paused or self.transport.is_closing():
            return False
        answer = self.app.express.answer(self.app_state[STATE], head, self.loop.time())
        if answer is None:
            return False
        opening = spelled_once(tuple(self.server_state.default_headers))
        self.transport.write(b"%b%b%b" % (OK, opening, answer))
        self.server_state.total_requests += 1
        self.due_at, self.idle_until = NEVER, time.monotonic() + self.timeout_keep_alive
        return True

    def on_message_begin(self) -> None:
        """A request begins: it has to come in time."""
        super().on_message_begin()
        self._in_message = True
        self._in_head = True
        self.due_at = time.monotonic() + PATIENCE_S
        self.scope[CONNECTION] = self  # type: ignore[typeddict-unknown-key]  # a scope takes keys of its server

    def on_headers_complete(self) -> None:
        """Start to answer, unless the head is too large."""
        self._in_head = False
        if self._seen_bytes > LARGEST_HEAD_BYTES and self._head_bytes() > LARGEST_HEAD_BYTES:
            raise httptools.HttpParserError("the head is too large")
        self._seen_bytes = 0
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Give the body as long as its pace allows."""
        self.due_at += len(body) / SLOWEST_BYTES_S
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The client has done its part."""
        self._in_message = False
        self.due_at = NEVER
        super().on_message_complete()

    def answer(self, scope: Scope, head: bytes, body: bytes) -> bool:
        """See `Connection.answer`: what uvicorn's cycle does in two messages, without a look at each header."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False  # a request in a pipeline, or the last one of its connection
        if self.flow.write_paused:
            return False
        cycle.waiting_for_100_continue = False
        cycle.response_started = cycle.response_complete = True
        self.transport.writelines((b"%b%b%b\r\n" % (OK, spelled(self.server_state.default_headers), head), body))
        cycle.message_event.set()
        cycle.on_response()
        return True

    def on_response_complete(self) -> None:
        """Wait for the next request as uvicorn does, but without a timer of 1 µs: `close_late` looks instead."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.idle_until = time.monotonic() + self.timeout_keep_alive

    def is_late(self, now: float) -> bool:
        """Whether the client has let us wait too long: with its request, or with reading what we answered."""
        if not self.transport.get_write_buffer_size():
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        return now > self.due_at or (self._unread_since is not None and now > self._unread_since + PATIENCE_S)

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP request, or too many, and close the connection; `msg` is uvicorn's own text."""
        request_id = choose_request_id(None)
        many = self._seen_bytes > LARGEST_HEAD_BYTES
        said = f"The headers are larger than {LARGEST_HEAD_BYTES} bytes" if many else "This is not a valid HTTP request"
        reply = reply_to(InvalidRequest(said), request_id)
        head = (
            f"HTTP/1.1 {reply.status} Bad Request\r\ncontent-type: application/json\r\nx-request-id: {request_id}\r\n"
            f"content-length: {len(reply.body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + reply.body)
        self.transport.close()

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


def close_late(connections: Iterable[Any], now: float) -> None:
    """Close the connections whose clients are late, or have nothing to ask; to be called a few times a second."""
    for connection in [one for one in connections if isinstance(one, Protocol)]:
        if connection.is_late(now):
            connection.transport.abort()
        elif now > connection.idle_until:
            connection.transport.close()
