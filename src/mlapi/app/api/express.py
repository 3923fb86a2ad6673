"""The express: a predict request of which nothing is unusual, answered from its bytes without a parser, scope or task.

Clients send the same head again and again. What the gate has found out about a head whose request it answered well is
remembered, by a digest of the head and of whom it came from; a key is remembered by its digest only. When the same head
comes back with a whole body, only what may have changed is asked: the model, the key, the limits, the line. Whoever of
them hesitates sends the request the general way, before anything of it was counted; so do a body that the native
decoder doubts, and any error, and the general way then says what is wrong.
"""

from typing import Final, NamedTuple

from starlette.types import Scope

from mlapi.app.api.admission import Admission
from mlapi.app.api.exchange import JSON, OK, Asked, Exchange, Pairs, spelled
from mlapi.app.api.formats import ENCODERS
from mlapi.app.api.head import Head
from mlapi.app.api.limiting import Limiting
from mlapi.app.api.observer import Observer
from mlapi.app.api.peer import Peer
from mlapi.app.core.security import PREDICT, digest_of
from mlapi.app.services.auth_service import AuthService, bearer_key, network_of
from mlapi.app.services.model_service import ModelService
from mlapi.app.services.prediction_service import PredictionService
from mlapi.app.services.snapshot import Snapshot

MOST: Final = 1024  # heads; one a client and way to ask, about 2 kB each
UNUSUAL: Final = frozenset({b"connection", b"expect", b"te", b"transfer-encoding", b"upgrade"})
# Of a head, and not remembered.
EACH_TIME: Final = frozenset({b"authorization", b"content-length", b"x-request-id", b"traceparent"})
PARENT: Final = b"traceparent: %b\r\n"
ANSWER: Final = (
    b"%bx-request-id: %b\r\n%bx-model-version: %b\r\n%bcontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
)
_encode = ENCODERS[JSON]


class Known(NamedTuple):
    """What follows from a head.

    Attributes:
        scope: of the request that it came with, without its headers.
        asked: what it asks for, without what is not remembered.
        key_digest: of the key.
        peer: who sends it.
        network: that it is counted by.
        stamps: lines of headers for every answer.
    """

    scope: Scope
    asked: Asked
    key_digest: bytes
    peer: Peer
    network: str
    stamps: bytes


class Asking(NamedTuple):
    """Whom to ask and who is told: the same as for the general way."""

    auth: AuthService
    limiting: Limiting
    admission: Admission
    service: PredictionService
    observer: Observer


class Express:
    """Answers what it knows; to be used in the event loop's thread."""

    def __init__(self, asking: Asking, *, max_body_bytes: int) -> None:
        self._auth, self._limiting, self._admission, self._service, self._observer = asking
        self._max_body_bytes = max_body_bytes
        self._known: dict[bytes, Known] = {}

    def learn(self, head: Head, exchange: Exchange, notices: Pairs) -> None:
        """Remember the head of a request that was answered well, unless it has something unusual.

        Args:
            head: of it.
            exchange: the request, of media type JSON both ways.
            notices: headers that the answer has because of its operation.
        """
        method, path, headers = exchange.asked
        key = bearer_key(headers.get(b"authorization", b""))
        if exchange.peer is None or key is None or not UNUSUAL.isdisjoint(headers):
            return
        told = tuple(map(headers.get, (b"content-length", b"x-request-id", b"traceparent")))
        if told != (b"%d" % len(head.body), head.request_id, head.parent):
            return  # there are two of one, or it is spelled in a way of its own
        if exchange.scope["query_string"] or exchange.scope["http_version"] != "1.1" or exchange.span is not None:
            return
        if len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[head.name] = Known(
            {**exchange.scope, "headers": []},
            Asked(method, path, {name: value for name, value in headers.items() if name not in EACH_TIME}),
            digest_of(key),
            exchange.peer,
            network_of(exchange.peer.address),
            spelled([*exchange.common, *notices]),
        )

    def answer(self, models: ModelService, head: Head, round_at: float) -> bytes | None:
        """Answer a request.

        Args:
            models: of the lifespan.
            head: with all that came behind it.
            round_at: when this round of the event loop began, by the monotonic clock.

        Returns:
            An answer 200 but for its first lines, those of the server; None for the general way.
        """
        known = self._known.get(head.name)
        if known is None or models.draining or len(head.body) > self._max_body_bytes:
            return None
        snapshot, principal = models.at_hand(), self._auth.at_hand(known.key_digest)
        if snapshot is None or principal is None or PREDICT not in principal.scopes:
            return None
        left = self._limiting.spend(known.network, principal.key_id) if self._admission.has_time(round_at) else None
        if left is None:
            return None
        exchange = Exchange(known.scope, known.asked, head.request_id, head.parent)
        exchange.peer, exchange.principal, exchange.snapshot = known.peer, principal, snapshot
        text = self._predict(exchange, snapshot, head.body)
        if text is None:
            self._limiting.give_back(known.network, principal.key_id)
            return None
        self._auth.used(principal, known.peer.address)
        duration_ms = exchange.duration_ms
        self._observer.tell(exchange, duration_ms)
        self._admission.took(duration_ms / 1000)
        parent = b"" if exchange.trace is None else PARENT % exchange.trace.header()
        id_, version = exchange.request_id.encode(), snapshot.version.encode()
        return ANSWER % (known.stamps, id_, left, version, parent, len(text), text)

    def _predict(self, exchange: Exchange, snapshot: Snapshot, body: bytes) -> bytes | None:
        decoded = snapshot.decoder.decode_plain(body)
        if decoded is None:
            return None
        try:
            answered = self._service.predict(snapshot, decoded, decoded.ask, keep=exchange.may_be_kept)
            text = _encode(answered.answer)
        except Exception:  # noqa: BLE001  # the general way meets it again, and tells of it
            return None
        exchange.answered, exchange.status = answered, OK
        return text
