"""The express: a predict request of which nothing is unusual, answered from its bytes without a parser, scope or task.

Clients send the same head again and again. What the gate has found out about a head whose request it answered well is
remembered, by a digest of the head and of whom it came from; a key is remembered by its digest only. When the same head
comes back with its whole body, only what may have changed is asked: the model, the key, the limits, the line. Whoever
of them hesitates sends the request the general way, before anything of it was counted; so do a body that the native
decoder doubts, and any error, and the general way then says what is wrong.
"""

from typing import Final, NamedTuple

from starlette.types import Scope

from mlapi.app.api.admission import Admission
from mlapi.app.api.exchange import JSON, Asked, Exchange, Pairs, spelled
from mlapi.app.api.formats import ENCODERS
from mlapi.app.api.limiting import Limiting
from mlapi.app.api.observer import Observer
from mlapi.app.api.peer import Peer
from mlapi.app.core.security import PREDICT, digest_of
from mlapi.app.services.auth_service import AuthService, bearer_key
from mlapi.app.services.model_service import ModelService
from mlapi.app.services.prediction_service import PredictionService

END: Final = b"\r\n\r\n"
MOST: Final = 1024  # heads; about 2 kB each
LONGEST_BYTES: Final = 2048
# A head that says one of these is read anew each time: another each time, or nothing for the express.
UNUSUAL: Final = frozenset(
    {b"connection", b"expect", b"te", b"traceparent", b"transfer-encoding", b"upgrade", b"x-request-id"}
)
HEAD: Final = b"%bx-request-id: %b\r\n%bx-model-version: %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
_encode = ENCODERS[JSON]


class Known(NamedTuple):
    """What follows from a head.

    Attributes:
        scope: of the request that it came with, without its headers.
        asked: what it asks for, without the credential.
        n_bytes: of the body.
        key_digest: of the key.
        peer: who sends it.
        stamps: lines of headers for every answer.
    """

    scope: Scope
    asked: Asked
    n_bytes: int
    key_digest: bytes
    peer: Peer
    stamps: bytes


class Express:
    """Answers what it knows; to be used in the event loop's thread."""

    def __init__(
        self,
        auth: AuthService,
        limiting: Limiting,
        admission: Admission,
        service: PredictionService,
        observer: Observer,
    ) -> None:
        """Take whom to ask and who is told, the same as the gate's."""
        self._auth = auth
        self._limiting = limiting
        self._admission = admission
        self._service = service
        self._observer = observer
        self._known: dict[bytes, Known] = {}

    def learn(self, name: bytes, exchange: Exchange, notices: Pairs) -> None:
        """Remember the head of a request that was answered well, unless it has something unusual.

        Args:
            name: of the head, see `name_of`.
            exchange: the request, of media type JSON both ways.
            notices: headers that the answer has because of its operation.
        """
        method, path, headers = exchange.asked
        key = bearer_key(headers.get(b"authorization", b""))
        length = headers.get(b"content-length", b"")
        if exchange.peer is None or key is None or not length.isdigit() or not UNUSUAL.isdisjoint(headers):
            return
        if exchange.scope["query_string"] or exchange.scope["http_version"] != "1.1":
            return
        kept = {name: value for name, value in headers.items() if name != b"authorization"}
        if len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[name] = Known(
            {**exchange.scope, "headers": []},
            Asked(method, path, kept),
            int(length),
            digest_of(key),
            exchange.peer,
            spelled([*exchange.common, *notices]),
        )

    def answer(self, models: ModelService, name: bytes, body: bytes) -> tuple[bytes, bytes] | None:
        """Answer a request.

        Args:
            models: of the lifespan.
            name: of its head.
            body: all that came behind the head.

        Returns:
            The lines of headers and the body of an answer 200; None for the general way.
        """
        known = self._known.get(name)
        if known is None or len(body) != known.n_bytes or models.draining or not self._admission.has_time():
            return None
        exchange = Exchange(known.scope, known.asked)
        exchange.peer = known.peer
        exchange.snapshot = snapshot = models.at_hand()
        exchange.principal = principal = self._auth.at_hand(known.key_digest)
        if snapshot is None or principal is None or PREDICT not in principal.scopes:
            return None
        if not self._limiting.allows(known.peer.address, principal.key_id):
            return None
        decoded = snapshot.decoder.decode_plain(body)
        if decoded is None:
            return None
        try:
            answered = self._service.predict(snapshot, decoded, decoded.ask, keep=exchange.may_be_kept)
            text = _encode(answered.answer)
        except Exception:  # noqa: BLE001  # the general way meets it again, and tells of it
            return None
        self._auth.used(principal, known.peer.address)
        left = self._limiting.count(known.peer.address, principal.key_id)
        exchange.answered, exchange.status = answered, 200
        self._observer.began(exchange)
        self._observer.ended(exchange)
        self._admission.took(exchange.duration_ms / 1000)
        return HEAD % (known.stamps, exchange.request_id.encode(), left, snapshot.version.encode(), len(text)), text
