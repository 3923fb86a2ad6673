"""One request in hand: what is known of it, from its first header to its line in the log."""

import re
import time
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from random import getrandbits
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from starlette.types import Scope, Send

from mlapi.app.api.head import Head
from mlapi.app.api.peer import UNKNOWN, Peer
from mlapi.app.core.security import Principal
from mlapi.app.services.prediction_service import Answered
from mlapi.app.services.snapshot import Snapshot
from mlapi.app.utils.trace import TraceContext

if TYPE_CHECKING:
    from opentelemetry.trace import Span

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
JSON: Final = b"application/json"
KEEP: Final = b"x-prediction-log"  # `off` keeps the rows of a request out of the log
TRAFFIC: Final = b"x-traffic-label"
LABEL: Final = re.compile(rb"[A-Za-z0-9._-]{1,32}")
OK: Final = 200
NO_CONTENT: Final = 204
CONNECTION: Final = "mlapi.connection"  # key of the `Connection` in the scope, where our server has made it
LONGEST_PATH: Final = 200  # characters of a path in the log
Headers = dict[bytes, bytes]
Pairs = list[tuple[bytes, bytes]]
FixedPairs = tuple[tuple[bytes, bytes], ...]


class Reply(NamedTuple):
    """An answer that is sent in one piece."""

    status: int
    body: bytes
    headers: Pairs  # beside content type and length
    media_type: bytes = JSON


class Connection(Protocol):
    """The connection that a request came by, where our own server has made it."""

    tasks: Collection[object]  # requests under way, of all connections
    transport: Any
    head: Head | None  # of a request that came in one piece

    def answer(self, scope: Scope, head: bytes, body: bytes) -> bool:
        """Send a whole answer of status 200.

        Args:
            scope: of the request.
            head: lines of headers, with nothing of a client's in them but what was checked.
            body: of the length that the head says.

        Returns:
            False where something is unusual: nothing was sent then, and ASGI's messages have to do it.
        """
        ...


class Asked(NamedTuple):
    """What a head asks for: the same for every request with the same head."""

    method: str
    path: str
    headers: Headers

    @classmethod
    def of(cls, scope: Scope) -> "Asked":
        """Read it."""
        return cls(scope["method"], route_path(scope), join_headers(scope["headers"]))


class Exchange:
    """What is known of a request; filled in as it is worked on."""

    principal: Principal | None = None
    snapshot: Snapshot | None = None
    answered: Answered | None = None
    error_code: str | None = None
    span: "Span | None" = None
    status = 0  # none sent yet
    peer: Peer | None = None  # who asks, once the border knows
    common: FixedPairs = ()  # for every answer, whatever it is
    notices: Sequence[tuple[bytes, bytes]] = ()  # of the operation, for every answer
    draining = False
    counted = False  # among the requests of its key that are under way

    def __init__(
        self, scope: Scope, asked: Asked | None = None, request_id: bytes | None = None, parent: bytes | None = None
    ) -> None:
        """Begin.

        Args:
            scope: of the request.
            asked: where it is known what the head says; else it is read, and so are the other two.
            request_id: of the client.
            parent: value of `traceparent`.
        """
        self.began = time.perf_counter()
        self.scope = scope
        if asked is None:
            asked = Asked.of(scope)
            request_id, parent = asked.headers.get(b"x-request-id"), asked.headers.get(b"traceparent")
        self.asked = asked
        self.method, self.path, self.headers = asked
        self.request_id = choose_request_id(request_id)
        self.trace = TraceContext.read(parent) if parent else None  # the caller's, then ours if we have a span

    @property
    def may_be_kept(self) -> bool:
        """Whether the client lets its rows be kept in the prediction log."""
        return self.headers.get(KEEP) != b"off"

    @property
    def traffic(self) -> str:
        """What the client calls its request, to tell tests and replays from what is live."""
        label = self.headers.get(TRAFFIC, b"")
        return label.decode() if LABEL.fullmatch(label) else "live"

    @property
    def duration_ms(self) -> float:
        """Since the request's headers were read."""
        return (time.perf_counter() - self.began) * 1000

    @property
    def address(self) -> str:
        """Of the client; `unknown` where nobody could tell."""
        return UNKNOWN if self.peer is None else self.peer.address

    def stamps(self) -> Pairs:
        """The headers that every answer carries."""
        return [*self.own_stamps(), *self.common]

    def own_stamps(self) -> Pairs:
        """Those of them that are of this request."""
        pairs = [(b"x-request-id", self.request_id.encode()), *self.notices]
        if self.snapshot is not None:
            pairs.append((b"x-model-version", self.snapshot.version.encode()))
        if self.trace is not None:
            pairs.append((b"traceparent", self.trace.header()))
        if self.draining:
            pairs.append((b"connection", b"close"))
        return pairs

    def stamps_beside(self, given: Pairs) -> Pairs:
        """The same, less what a page says by itself."""
        names = {name for name, _ in given if name != b"vary"}
        return [pair for pair in self.stamps() if pair[0] not in names]

    def log_fields(self, duration_ms: float) -> dict[str, object]:
        """The request's line in the log; nothing of what the client sent but method and path."""
        fields: dict[str, object] = {
            "event.action": "http-request",
            "http.request.id": self.request_id,
            "http.request.method": self.method,
            "url.path": self.path[:LONGEST_PATH],
            "http.response.status_code": self.status,
            "event.duration_ms": round(1000 * duration_ms) / 1000,  # a quarter of what round(…, 3) takes
        }
        if self.trace is not None:
            fields["trace.id"] = self.trace.trace_id
            fields["span.id"] = self.trace.span_id
        if self.principal is not None:
            fields["key.id"] = self.principal.key_id
        if self.snapshot is not None:
            fields["model.version"] = self.snapshot.version
        if self.answered is not None:
            fields["rows"] = self.answered.decoded.n_rows
        if self.error_code is not None:
            fields["error.code"] = self.error_code
        return fields

    async def send(self, send: Send, reply: Reply) -> None:
        """Send a reply."""
        self.status = reply.status
        if reply.status == OK and self._sent_at_once(reply):
            return
        headers = [*self.stamps(), *reply.headers]
        if reply.status != NO_CONTENT:  # which has neither type nor length (RFC 9110 §8.6)
            length = str(len(reply.body)).encode()
            headers += ((b"content-type", reply.media_type), (b"content-length", length))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else reply.body})

    def _sent_at_once(self, reply: Reply) -> bool:
        """Hand a whole answer to our own server's connection, which spares the ways of ASGI; whether it took it."""
        connection: Connection | None = self.scope.get(CONNECTION)
        if connection is None or self.draining or self.method == "HEAD":
            return False
        own = [*self.own_stamps(), *reply.headers, (b"content-type", reply.media_type)]
        head = b"%b%bcontent-length: %d\r\n" % (spelled_once(self.common), spelled(own), len(reply.body))
        return connection.answer(self.scope, head, reply.body)


def spelled(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as HTTP/1.1 writes them."""
    return b"".join([b"%b: %b\r\n" % pair for pair in pairs])


spelled_once = lru_cache(maxsize=64)(spelled)  # for pairs that many answers have


def join_headers(pairs: Pairs) -> Headers:
    """Headers by lower-case name; repeated ones are joined by commas (RFC 9110 §5.3), so none can hide another."""
    headers = dict(pairs)
    if len(headers) != len(pairs):
        for name in headers:
            headers[name] = b", ".join(value for other, value in pairs if other == name)
    return headers


def choose_request_id(given: bytes | None) -> str:
    """The client's own id if it is harmless in headers and logs, else a new random one."""
    if given is not None and REQUEST_ID.fullmatch(given):
        return given.decode()
    # To tell requests apart, not to keep them secret; asking the system takes 2 µs.
    return getrandbits(128).to_bytes(16).hex()


def route_path(scope: Scope) -> str:
    """The path below the address that the app is mounted at."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root else path
