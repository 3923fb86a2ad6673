"""The gate: every request passes it before the framework sees it.

Order of work (all of it from the headers alone, until somebody is known to ask): request id → Host, HTTPS and origin
→ public path or authentication → limits → raw endpoint, whose body waits for its turn, or framework. Errors of all come
back here and get the same body, and every request leaves one line in the log. Plain ASGI: the framework's own base
class costs 330 µs a request, this costs a few.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlapi.app.api.admission import Admission
from mlapi.app.api.body import ClientGone
from mlapi.app.api.border import Border
from mlapi.app.api.deprecation import Deprecations
from mlapi.app.api.error_body import reply_to
from mlapi.app.api.exchange import CONNECTION, JSON, OK, Connection, Exchange, Reply
from mlapi.app.api.express import Express
from mlapi.app.api.limiting import Limiting
from mlapi.app.api.observer import Observer
from mlapi.app.api.raw_paths import LIVE
from mlapi.app.api.state_keys import STATE
from mlapi.app.api.waiting import resumed
from mlapi.app.api.webhook import is_delivery
from mlapi.app.core.errors import DeadlineExceeded
from mlapi.app.services.auth_service import AuthService, require
from mlapi.app.services.model_service import ModelService

EXCHANGE: Final = "mlapi.exchange"  # key of the request in hand in its scope
LARGEST_UNREAD_BYTES: Final = 64 * 1024  # of a body that is left unread without closing the connection
GONE: Final = 499  # in the log only: the client left before its answer (nginx's number)


class Endpoint(Protocol):
    """Answers requests in front of the framework; whoever asks is known already and has the scope."""

    async def answer(self, exchange: Exchange, receive: Receive) -> Reply:
        """Answer one request; raises AppError, RowsError or ClientGone."""
        ...


class RawRoute(NamedTuple):
    """An endpoint.

    Attributes:
        scope: that it takes, None for one that is public.
        in_line: whether its requests wait for each other, and are refused where too many do.
    """

    endpoint: Endpoint
    scope: str | None
    in_line: bool = False


class Guards(NamedTuple):
    """What a request has to get past, in this order, and in how many seconds."""

    border: Border
    auth: AuthService
    limiting: Limiting
    admission: Admission
    timeout_s: float


class Gate:
    """Knows who asks, answers on raw routes, and gives everything one shape."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        guards: Guards,
        raw: Mapping[str, RawRoute],
        is_public: Callable[[str], bool],
        deprecations: Deprecations,
        observer: Observer,
        express: Express,
    ) -> None:
        """Take what the gate asks.

        Args:
            app: the framework.
            guards: what a request has to get past.
            raw: by path, what is answered in front of the framework.
            is_public: whether a path needs no key.
            deprecations: which answers say that their operation is going to go.
            observer: hears of every request.
            express: learns from what was answered.
        """
        self.express = express
        self._app = app
        self._border, self._auth, self._limiting, self._admission, self._timeout_s = guards
        self._raw = raw
        self._is_public = is_public
        self._deprecations = deprecations
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        exchange = Exchange(scope)
        self._observer.began(exchange)
        try:
            await self._in_time(exchange, receive, send)
        except ClientGone:
            exchange.status = GONE
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets an answer and the log a line
            await self._fail(exchange, error, send)
        finally:
            self._limiting.done(exchange)
            self._observer.ended(exchange)

    async def _in_time(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        work = self._answer(exchange, receive, send)
        try:
            awaited = work.send(None)
        except StopIteration:
            return  # nothing had to be waited for, so there was nothing to be late; a deadline costs 3 µs
        deadline = asyncio.timeout(self._timeout_s)
        try:
            async with deadline:
                await resumed(work, awaited)
        except TimeoutError:
            if not deadline.expired():
                raise  # somebody else's
            raise DeadlineExceeded(self._timeout_s) from None

    async def _answer(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        models: ModelService = exchange.scope["state"][STATE]
        exchange.draining = models.draining
        if self._deprecations:
            exchange.notices = self._deprecations.headers(exchange.method, exchange.path)
        exchange.snapshot = models.loaded if exchange.path == LIVE else await models.latest()
        preflight = self._border.enter(exchange)
        if preflight is not None:
            await exchange.send(send, preflight)
            return
        if not self._is_public(exchange.path):
            await self._admit(exchange)
        route = self._raw.get(exchange.path)
        if route is None:
            await self._app(_as_get(exchange), receive, _stamping(exchange, send))
            return
        if route.scope is not None:
            require(exchange.principal, route.scope)
        if not route.in_line:
            await exchange.send(send, await route.endpoint.answer(exchange, receive))
            return
        turn = self._admission.turn(exchange.scope, receive)
        try:
            reply = await route.endpoint.answer(exchange, turn.receive)
        finally:
            turn.end()
        self._learn(exchange, reply)
        await exchange.send(send, reply)

    def _learn(self, exchange: Exchange, reply: Reply) -> None:
        connection: Connection | None = exchange.scope.get(CONNECTION)
        if connection is not None and connection.head is not None and reply.status == OK and reply.media_type == JSON:
            operation = self._deprecations.headers(exchange.method, exchange.path)
            self.express.learn(connection.head, exchange, operation)

    async def _admit(self, exchange: Exchange) -> None:
        """Ask who it is, between the limits of the peer and of the key."""
        limiting = self._limiting
        if limiting.counts_peers:
            await limiting.count_peer(exchange)
        if not is_delivery(exchange):
            credential = exchange.headers.get(b"authorization")
            exchange.principal = await self._auth.authenticate(credential, exchange.address)
            if limiting.counts_keys:
                await limiting.count_key(exchange)

    async def _fail(self, exchange: Exchange, error: Exception, send: Send) -> None:
        self._observer.failed(exchange, error)
        if exchange.status:
            raise error  # the answer is on its way; closing the connection is all that is left
        reply = reply_to(error, exchange.request_id)
        if _leaves_much_unread(exchange):
            reply = Reply(reply.status, reply.body, [*reply.headers, (b"connection", b"close")])
        await exchange.send(send, reply)


def _as_get(exchange: Exchange) -> Scope:
    """The scope for the framework, whose routes answer HEAD as GET; `_stamping` leaves the body out."""
    exchange.scope[EXCHANGE] = exchange
    if exchange.method == "HEAD":
        exchange.scope = {**exchange.scope, "method": "GET"}
    return exchange.scope


def _stamping(exchange: Exchange, send: Send) -> Send:
    async def stamped(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            given = message.get("headers", [])
            message = {**message, "headers": [*given, *exchange.stamps_beside(given)]}
        elif exchange.method == "HEAD":
            message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
        await send(message)

    return stamped


def _leaves_much_unread(exchange: Exchange) -> bool:
    """Whether a client might go on sending a large body that nobody reads."""
    length = exchange.headers.get(b"content-length")
    if length is None:
        return b"transfer-encoding" in exchange.headers
    return not length.isdigit() or len(length) > 9 or int(length) > LARGEST_UNREAD_BYTES
