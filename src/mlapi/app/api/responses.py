"""The error answers that OpenAPI shows on a route, from the one table."""

from collections.abc import Collection
from typing import Any

import msgspec

from mlapi.app.api.error_body import example_of
from mlapi.app.api.errors import INTERNAL, TABLE, Entry
from mlapi.app.schemas.error import ErrorResponse

# Codes with a place in the table that this version never answers.
NOT_YET: frozenset[str] = frozenset()
# Codes of the prediction log, which few routes ask.
SPECIAL = frozenset({"invalid_outcome", "log_off", "log_unavailable", "prediction_not_found"})
HEADERS = {401: "WWW-Authenticate", 405: "Allow", 503: "Retry-After"}


def responses(*statuses: int, codes: Collection[str] = ()) -> dict[int | str, dict[str, Any]]:
    """Describe the error answers of a route, each status with an example of every code.

    Args:
        statuses: that the route answers.
        codes: those of them that are of few routes only, this one included (see `SPECIAL`).
    """
    return {status: _response(status, SPECIAL.difference(codes)) for status in statuses}


def _response(status: int, left_out: Collection[str]) -> dict[str, Any]:
    entries: dict[str, Entry] = {}
    for entry in (*TABLE.values(), INTERNAL):
        if entry.status == status and entry.code not in NOT_YET and entry.code not in left_out:
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
