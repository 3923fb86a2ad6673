"""`POST /predict`: answered here, in front of the framework, in the event loop.

A framework route with a pydantic body costs 117 µs a request on the machine of the measurements, this way a few; and
inference in the event loop beats a thread pool up to 1,000 rows. Explanations cost far more and get a thread. The
declaration that OpenAPI shows is in `routes/predictions.py`.
"""

import asyncio

from starlette.types import Receive

from mlapi.app.api.body import read_body
from mlapi.app.api.exchange import JSON, Exchange, Reply
from mlapi.app.api.formats import CSV, ENCODERS, MEDIA_TYPES
from mlapi.app.api.negotiation import check_headers
from mlapi.app.core.errors import MethodNotAllowed, ModelNotReady, RowCountError
from mlapi.app.core.request import NOTHING_ASKED, Ask, Decoded, Decoder
from mlapi.app.schemas.envelope import read_query
from mlapi.app.services.prediction_service import Answered, PredictionService
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.errors import RowsError


class PredictEndpoint:
    """Answers predict requests whose client is known already."""

    def __init__(self, service: PredictionService, *, max_body_bytes: int, max_explained_rows: int) -> None:
        self._service = service
        self._max_body_bytes = max_body_bytes
        self._max_explained_rows = max_explained_rows

    async def answer(self, exchange: Exchange, receive: Receive) -> Reply:
        """Answer one request.

        Raises:
            AppError, RowsError: as `api/errors.py` maps them.
            ClientGone: the connection was closed.
        """
        if exchange.method != "POST":
            raise MethodNotAllowed(("POST",))
        given, wanted = check_headers(
            exchange.headers, max_body_bytes=self._max_body_bytes, taken=MEDIA_TYPES, offered=MEDIA_TYPES
        )
        snapshot = exchange.snapshot
        if snapshot is None:
            raise ModelNotReady
        query = exchange.scope["query_string"]
        asked = read_query(query) if query else NOTHING_ASKED
        body = await read_body(receive, limit_bytes=self._max_body_bytes)
        exchange.answered = await self._predict(snapshot, body, given, asked, keep=exchange.may_be_kept)
        return Reply(200, ENCODERS[wanted](exchange.answered.answer), [], wanted)

    async def _predict(self, snapshot: Snapshot, body: bytes, given: bytes, query: Ask, *, keep: bool) -> Answered:
        decoded = decode(snapshot.decoder, body, given)
        ask = decoded.ask if query is NOTHING_ASKED else decoded.ask.or_else(query)
        try:
            if not ask.explain:
                return self._service.predict(snapshot, decoded, ask, keep=keep)
            if decoded.n_rows > self._max_explained_rows:
                raise RowCountError(decoded.n_rows, self._max_explained_rows, "with explanations")
            return await asyncio.to_thread(self._service.predict, snapshot, decoded, ask, keep=keep)
        except RowsError:
            if not decoded.exact:
                snapshot.decoder.decode_exactly(body)  # raises with the refusal explained, cell by cell
            raise


def decode(decoder: Decoder, body: bytes, media_type: bytes) -> Decoded:
    """Decode a body of one of the media types."""
    if media_type == JSON:
        return decoder.decode(body)
    return decoder.decode_csv(body) if media_type == CSV else decoder.decode_lines(body)
