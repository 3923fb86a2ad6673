"""The registry's signed webhook at `POST /models/reload`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlapi.app.api.body import read_body
from mlapi.app.api.exchange import Exchange
from mlapi.app.api.negotiation import check_length
from mlapi.app.services.deliveries import Delivery

if TYPE_CHECKING:
    from starlette.requests import Request

PATHS: Final = frozenset({"/models/reload", "/v1/models/reload"})
SIGNATURE, ID, TIMESTAMP = b"x-mlflow-signature", b"x-mlflow-delivery-id", b"x-mlflow-timestamp"
LARGEST_BYTES: Final = 64 * 1024  # of a delivery, which is read before anybody knows that it is genuine


def is_delivery(exchange: Exchange) -> bool:
    """Whether a request says that it is the webhook's: then its signature is asked for in place of a key."""
    return SIGNATURE in exchange.headers and exchange.path in PATHS and exchange.method == "POST"


async def read_delivery(request: Request, exchange: Exchange) -> Delivery:
    """Read a delivery, which may still be anybody's.

    Raises:
        BodyTooLarge: larger than any delivery is; ClientGone: the connection was closed.
    """
    headers = exchange.headers
    check_length(headers.get(b"content-length"), LARGEST_BYTES)
    body = await read_body(request.receive, limit_bytes=LARGEST_BYTES)
    return Delivery(headers.get(ID, b""), headers.get(TIMESTAMP, b""), headers[SIGNATURE], body)
