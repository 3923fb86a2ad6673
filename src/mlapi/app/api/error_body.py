"""The body that answers an error."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mlapi.app.api.errors import INTERNAL, Entry, entry_of
from mlapi.app.api.exchange import Reply
from mlapi.app.core.clock import timestamp

EXAMPLE_AT: Final = "2026-01-31T09:30:00.125Z"


class ErrorBody(msgspec.Struct, frozen=True):
    """The one shape of every error; `schemas/error.py` declares it."""

    error: str
    message: str
    timestamp: str
    request_id: str
    details: Mapping[str, object] | None


def body_of(error: Exception, request_id: str, at: str) -> ErrorBody:
    """Describe an error to a client; one without an entry of its own tells nothing of itself."""
    entry = entry_of(error)
    told = entry.example if entry is INTERNAL else error
    return ErrorBody(entry.code, entry.message(told), at, request_id, entry.details(told))


def reply_to(error: Exception, request_id: str) -> Reply:
    """The answer to an error, whatever it is."""
    entry = entry_of(error)
    body = msgspec.json.encode(body_of(error, request_id, timestamp()))
    return Reply(entry.status, body, entry.headers(error))


def example_of(entry: Entry) -> ErrorBody:
    """The body as OpenAPI shows it: a fixed instant and request id."""
    return body_of(entry.example, "0f8c2a3b4d5e6f708192a3b4c5d6e7f8", EXAMPLE_AT)
