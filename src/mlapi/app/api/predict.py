"""`POST /predict`: answered here, in front of the framework, in the event loop.

A framework route with a pydantic body costs 117 µs a request on the machine of the measurements, this way a few; and
inference in the event loop beats a thread pool up to 1,000 rows. The declaration that OpenAPI shows is in
`routes/predictions.py`.
"""

import msgspec
from starlette.types import Receive

from mlapi.app.api.body import read_body
from mlapi.app.api.exchange import Exchange, Reply
from mlapi.app.api.negotiation import check_headers
from mlapi.app.core.errors import MethodNotAllowed, ModelNotReady
from mlapi.app.core.request import Ask
from mlapi.app.schemas.envelope import read_query
from mlapi.app.services.prediction_service import PredictionService

PATHS = frozenset({"/predict", "/v1/predict"})


class PredictEndpoint:
    """Answers predict requests whose client is known already."""

    def __init__(self, service: PredictionService, *, max_body_bytes: int) -> None:
        self._service = service
        self._max_body_bytes = max_body_bytes
        self._encode = msgspec.json.Encoder().encode

    async def answer(self, exchange: Exchange, receive: Receive) -> Reply:
        """Answer one request.

        Raises:
            AppError, RowsError: as `api/errors.py` maps them.
            ClientGone: the connection was closed.
        """
        if exchange.method != "POST":
            raise MethodNotAllowed(("POST",))
        check_headers(exchange.headers, max_body_bytes=self._max_body_bytes)
        snapshot = exchange.snapshot
        if snapshot is None:
            raise ModelNotReady
        query = exchange.scope["query_string"]
        asked = read_query(query) if query else Ask()
        body = await read_body(receive, limit_bytes=self._max_body_bytes)
        answer, exchange.rows = self._service.predict(snapshot, body, asked)
        return Reply(200, self._encode(answer), [])
