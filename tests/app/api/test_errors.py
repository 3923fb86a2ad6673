"""The one table of error classes."""

import re
from collections.abc import Iterator

import msgspec
import pytest

from mlapi.app.api.error_body import example_of, reply_to
from mlapi.app.api.errors import INTERNAL, TABLE, entry_of, is_foreseen
from mlapi.app.api.responses import responses
from mlapi.app.core.errors import AppError, Forbidden, MethodNotAllowed, ModelNotReady, Unauthorized
from mlapi.app.schemas.error import ErrorResponse
from mlapi.bundle.errors import CellError, ModelNotFound, RowsError, StoreUnavailable

# DESIGN's list of codes with their statuses: what clients depend on.
PROMISED = {
    "invalid_json": 400,
    "invalid_request": 400,
    "unauthorized": 401,
    "insufficient_scope": 403,
    "origin_not_allowed": 403,
    "https_required": 403,
    "not_found": 404,
    "model_not_found": 404,
    "log_off": 404,
    "prediction_not_found": 404,
    "invalid_outcome": 422,
    "log_unavailable": 503,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "invalid_rows": 422,
    "rate_limited": 429,
    "internal_error": 500,
    "model_not_ready": 503,
    "overloaded": 503,
    "deadline_exceeded": 504,
}


def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
    """The classes of a tree that nothing inherits from."""
    below = kind.__subclasses__()
    if not below:
        yield kind
    for one in below:
        yield from leaves(one)


@pytest.mark.parametrize("kind", sorted(leaves(AppError), key=str), ids=lambda kind: kind.__name__)
def test_every_error_of_the_app_has_an_entry(kind: type[Exception]) -> None:
    assert kind in TABLE


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"[├└]── (\w+)", str(__import__("mlapi.app.core.errors", fromlist=["x"]).__doc__))
    assert set(drawn) == {kind.__name__ for kind in (*leaves(AppError), Forbidden)}


def test_codes_and_statuses_are_the_promised_ones() -> None:
    assert {entry.code: entry.status for entry in (*TABLE.values(), INTERNAL)} == PROMISED


@pytest.mark.parametrize("entry", [*TABLE.values(), INTERNAL], ids=lambda entry: entry.code)
def test_every_example_has_the_declared_shape(entry: object) -> None:
    body = example_of(entry)  # type: ignore[arg-type]  # parametrize erases the type
    declared = ErrorResponse.model_validate(msgspec.to_builtins(body))
    assert declared.error == body.error
    assert declared.message.endswith((".", "."))


def test_headers_go_with_the_statuses_that_need_them() -> None:
    assert reply_to(Unauthorized(), "id").headers == [(b"www-authenticate", b"Bearer")]
    assert reply_to(MethodNotAllowed(("GET", "HEAD")), "id").headers == [(b"allow", b"GET, HEAD")]
    assert reply_to(ModelNotReady(7), "id").headers == [(b"retry-after", b"7")]


def test_an_error_without_an_entry_is_internal_and_mute() -> None:
    error = StoreUnavailable("directory /srv/secret", "disk full")
    reply = reply_to(error, "id")
    assert not is_foreseen(error)
    assert (reply.status, reply.headers) == (500, [])
    assert b"secret" not in reply.body
    assert b"disk" not in reply.body


def test_an_entry_covers_the_classes_that_inherit_from_its_own() -> None:
    class Lost(ModelNotFound):
        """A kind of its own."""

    assert entry_of(Lost("name")) is TABLE[ModelNotFound]


def test_a_model_that_is_not_there_is_not_named() -> None:
    assert b"secret" not in reply_to(ModelNotFound("secret"), "id").body


@pytest.mark.parametrize(("total", "start"), [(1, "1 cell does not"), (3, "3 cells do not")])
def test_counts_bad_cells_in_words(total: int, start: str) -> None:
    error = RowsError((CellError(0, "a", "wrong_type", "a number"),), total)
    assert msgspec.json.decode(reply_to(error, "id").body)["message"].startswith(start)


def test_half_a_surrogate_pair_in_a_name_can_be_answered() -> None:
    error = RowsError((CellError(0, "a\ud800", "unknown_feature", "one of: a"),), 1)
    assert msgspec.json.decode(reply_to(error, "id").body)["details"]["errors"][0]["feature"] == "a?"


def test_describes_the_answers_of_a_route_with_an_example_of_each_code() -> None:
    described = responses(400, 422, 503)
    examples = {status: list(one["content"]["application/json"]["examples"]) for status, one in described.items()}
    assert examples == {
        400: ["invalid_json", "invalid_request"],
        422: ["invalid_rows"],
        503: ["model_not_ready", "overloaded"],
    }
    assert list(described[503]["headers"]) == ["Retry-After"]
    assert "headers" not in described[400]
