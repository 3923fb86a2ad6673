"""The ONE table from error classes to status codes, codes and examples.

An error is looked up along its class's method resolution order, so an entry covers the classes that inherit from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from mlapi.app.api.exchange import Pairs
from mlapi.app.core import errors as app
from mlapi.bundle.errors import CellError, ModelNotFound, RowsError

LARGEST_DETAILS_BYTES: Final = 7 * 1024  # so that a whole reply to a bad request stays below 8 KiB
LONGEST_TEXT: Final = 200  # characters of one name or expectation inside the details


@dataclass(frozen=True)
class Entry:
    """How the errors of a class are answered.

    Attributes:
        status: HTTP status.
        code: `error` in the body; stable across versions.
        description: of the status, for OpenAPI.
        example: an error of the class, from which OpenAPI's example is rendered.
        message: the sentence for people.
        details: more for programs.
        headers: beside those of every answer.
    """

    status: int
    code: str
    description: str
    example: Exception
    message: Callable[[Any], str] = str
    details: Callable[[Any], Mapping[str, object] | None] = lambda error: None
    headers: Callable[[Any], Pairs] = lambda error: []


def _cells_message(error: RowsError) -> str:
    counted = "1 cell does" if error.total == 1 else f"{error.total} cells do"
    return f"{counted} not fit the model's features; the details say where and what is expected."


def _cells(error: RowsError) -> Mapping[str, object]:
    """As many bad cells as a reply may hold, and how many there are."""
    kept, size_bytes = [], 0
    for cell in error.errors:
        entry = {"row": cell.row, "feature": _cut(cell.feature), "code": cell.code, "expected": _cut(cell.expected)}
        size_bytes += len(msgspec.json.encode(entry)) + 1
        if size_bytes > LARGEST_DETAILS_BYTES:
            break
        kept.append(entry)
    return {"errors": kept, "total": error.total}


def _cut(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent
    return whole if len(whole) <= LONGEST_TEXT else whole[: LONGEST_TEXT - 1] + "…"


def _count(error: app.RowCountError) -> Mapping[str, object]:
    return {"errors": [], "total": 0, "rows": error.found, "max_rows": error.limit}


def _bearer(_: app.Unauthorized) -> Pairs:
    return [(b"www-authenticate", b"Bearer")]


def _allow(error: app.MethodNotAllowed) -> Pairs:
    return [(b"allow", ", ".join(error.allow).encode())]


def _retry(error: app.LogUnavailable | app.RateLimited | app.ModelNotReady | app.Overloaded) -> Pairs:
    return [(b"retry-after", str(error.retry_after_s).encode())]


INTERNAL: Final = Entry(
    500,
    "internal_error",
    "The service failed.",
    Exception("The service failed to answer; quote the request id when asking for help."),
)

TABLE: Final[Mapping[type[Exception], Entry]] = {
    app.InvalidJSON: Entry(
        400, "invalid_json", "The body is not strict JSON.", app.InvalidJSON("syntax error at line 1, column 10")
    ),
    app.InvalidRequest: Entry(
        400,
        "invalid_request",
        "JSON, but not the envelope of a request.",
        app.InvalidRequest("The body must hold 'data', a list of rows"),
    ),
    app.Unauthorized: Entry(401, "unauthorized", "No known API key.", app.Unauthorized(), headers=_bearer),
    app.InsufficientScope: Entry(403, "insufficient_scope", "The key may not do this.", app.InsufficientScope("read")),
    app.OriginNotAllowed: Entry(403, "origin_not_allowed", "The origin is not listed.", app.OriginNotAllowed()),
    app.HttpsRequired: Entry(403, "https_required", "Plain HTTP is not answered.", app.HttpsRequired()),
    app.NotFound: Entry(404, "not_found", "There is no such path.", app.NotFound()),
    ModelNotFound: Entry(
        404,
        "model_not_found",
        "There is no such model or version.",
        ModelNotFound("model", version="7"),
        message=lambda error: "There is no such model or version; see /models/current.",
    ),
    app.MethodNotAllowed: Entry(
        405, "method_not_allowed", "The path has other methods.", app.MethodNotAllowed(("POST",)), headers=_allow
    ),
    app.NotAcceptable: Entry(
        406, "not_acceptable", "The Accept header excludes JSON.", app.NotAcceptable(("application/json",))
    ),
    app.BodyTooLarge: Entry(413, "body_too_large", "The body is over the limit.", app.BodyTooLarge(1_048_576)),
    app.UnsupportedMediaType: Entry(
        415,
        "unsupported_media_type",
        "Content type, charset or content encoding is not taken.",
        app.UnsupportedMediaType("as Content-Type: application/json"),
    ),
    RowsError: Entry(
        422,
        "invalid_rows",
        "Rows that do not fit the model's features, no rows, or too many.",
        RowsError((CellError(row=0, feature="feature", code="wrong_type", expected="a number"),), 1),
        message=_cells_message,
        details=_cells,
    ),
    app.RowCountError: Entry(422, "invalid_rows", "No rows, or too many.", app.RowCountError(0, 1000), details=_count),
    app.RateLimited: Entry(429, "rate_limited", "Too many requests.", app.RateLimited(5), headers=_retry),
    app.LogOff: Entry(404, "log_off", "Predictions are not logged.", app.LogOff()),
    app.PredictionNotFound: Entry(
        404, "prediction_not_found", "No logged prediction has this id.", app.PredictionNotFound()
    ),
    app.OutcomeRefused: Entry(
        422,
        "invalid_outcome",
        "The outcome is none of the model's classes.",
        app.OutcomeRefused(("no", "yes")),
        details=lambda error: {"expected": [_cut(name) for name in error.expected[:10]]},
    ),
    app.LogUnavailable: Entry(
        503, "log_unavailable", "The prediction log cannot be used now.", app.LogUnavailable(), headers=_retry
    ),
    app.ModelNotReady: Entry(503, "model_not_ready", "No model is loaded yet.", app.ModelNotReady(), headers=_retry),
    app.Overloaded: Entry(503, "overloaded", "The service is busy.", app.Overloaded(), headers=_retry),
    app.DeadlineExceeded: Entry(504, "deadline_exceeded", "It took too long.", app.DeadlineExceeded(10.0)),
}


def entry_of(error: Exception) -> Entry:
    """The entry of an error's class, or of the nearest class that it inherits from; INTERNAL if there is none."""
    return next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), INTERNAL)


def is_foreseen(error: Exception) -> bool:
    """Whether the table has an entry for it."""
    return entry_of(error) is not INTERNAL
