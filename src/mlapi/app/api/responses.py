"""The error answers that OpenAPI shows on a route, from the one table."""

from typing import Any

import msgspec

from mlapi.app.api.error_body import example_of
from mlapi.app.api.errors import INTERNAL, TABLE, Entry
from mlapi.app.schemas.error import ErrorResponse

# Codes with a place in the table that this version never answers.
NOT_YET = frozenset({"origin_not_allowed", "https_required", "rate_limited", "overloaded", "deadline_exceeded"})
HEADERS = {401: "WWW-Authenticate", 405: "Allow", 503: "Retry-After"}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the error answers of a route, each status with an example of every code."""
    return {status: _response(status) for status in statuses}


def _response(status: int) -> dict[str, Any]:
    entries: dict[str, Entry] = {}
    for entry in (*TABLE.values(), INTERNAL):
        if entry.status == status and entry.code not in NOT_YET:
            entries.setdefault(entry.code, entry)
    examples = {code: {"summary": entry.description, "value": _example(entry)} for code, entry in entries.items()}
    described = {
        "model": ErrorResponse,
        "description": " ".join(
            f"{entry.description} ([{code}](docs/errors/{code}))" for code, entry in entries.items()
        ),
        "content": {"application/json": {"examples": examples}},
    }
    return described | ({"headers": {HEADERS[status]: {"schema": {"type": "string"}}}} if status in HEADERS else {})


def _example(entry: Entry) -> object:
    return msgspec.to_builtins(example_of(entry))
