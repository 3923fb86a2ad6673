"""Predict requests of other servers' protocols, which the framework routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlapi.app.api.body import read_body
from mlapi.app.api.exchange import JSON, Exchange
from mlapi.app.api.negotiation import check_headers
from mlapi.app.core.request import NOTHING_ASKED, Decoded
from mlapi.app.services.prediction_service import Answered, PredictionService
from mlapi.app.services.snapshot import Snapshot

if TYPE_CHECKING:
    from starlette.requests import Request


class Scorer:
    """Reads and answers under the limits of `/predict`."""

    def __init__(self, service: PredictionService, *, max_body_bytes: int) -> None:
        self._service = service
        self._max_body_bytes = max_body_bytes

    async def read(
        self, request: Request, exchange: Exchange, taken: Sequence[bytes], offered: Sequence[bytes] = (JSON,)
    ) -> tuple[bytes, bytes]:
        """Read the body.

        Returns:
            The media type of the body, and the body.

        Raises:
            AppError: by the headers or the size; ClientGone: the connection was closed.
        """
        given, _ = check_headers(exchange.headers, max_body_bytes=self._max_body_bytes, taken=taken, offered=offered)
        return given, await read_body(request.receive, limit_bytes=self._max_body_bytes)

    def predict(self, exchange: Exchange, snapshot: Snapshot, decoded: Decoded) -> Answered:
        """Answer decoded rows.

        Raises:
            RowsError: the encoder refuses a cell.
        """
        exchange.answered = self._service.predict(snapshot, decoded, NOTHING_ASKED, keep=exchange.may_be_kept)
        return exchange.answered
