"""What a request's headers promise."""

import pytest

from mlapi.app.api.negotiation import check_headers, choose
from mlapi.app.core.errors import AppError, BodyTooLarge, InvalidRequest, NotAcceptable, UnsupportedMediaType

JSON = b"application/json"


@pytest.mark.parametrize(
    "value",
    [
        JSON,
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b'application/json;charset="UTF-8"',
        b"application/json ; charset=utf8",
        b"application/json; profile=x",
    ],
)
def test_takes_json_in_utf_8(value: bytes) -> None:
    check_headers({b"content-type": value}, max_body_bytes=10)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"content-type": b""},
        {b"content-type": b"text/csv"},
        {b"content-type": b"application/jsonx"},
        {b"content-type": b"application/json, application/json"},
        {b"content-type": b"application/json; charset=utf-16"},
        {b"content-type": b"application/json; charset=latin-1"},
        {b"content-type": JSON, b"content-encoding": b"gzip"},
        {b"content-type": JSON, b"content-encoding": b"identity, gzip"},
    ],
)
def test_refuses_other_media_types_charsets_and_codings(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(UnsupportedMediaType):
        check_headers(headers, max_body_bytes=10)


def test_takes_the_coding_that_changes_nothing() -> None:
    check_headers({b"content-type": JSON, b"content-encoding": b"Identity"}, max_body_bytes=10)


@pytest.mark.parametrize(
    ("length", "refusal"),
    [(b"11", BodyTooLarge), (b"9" * 5000, BodyTooLarge), (b"-1", InvalidRequest), (b"1e3", InvalidRequest)],
)
def test_refuses_a_declared_length_over_the_limit(length: bytes, refusal: type[AppError]) -> None:
    with pytest.raises(refusal):
        check_headers({b"content-type": JSON, b"content-length": length}, max_body_bytes=10)


def test_takes_a_declared_length_up_to_the_limit() -> None:
    check_headers({b"content-type": JSON, b"content-length": b"10"}, max_body_bytes=10)


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        (None, True),
        (b"", True),
        (b"*/*", True),
        (b"application/json", True),
        (b"application/*", True),
        (b"text/html, application/json;q=0.1", True),
        (b"TEXT/HTML, */*; q=0.8", True),
        (b"application/json;version=1", True),
        (b"text/html", False),
        (b"application/json;q=0", False),
        (b"*/*, application/json;q=0", False),
        (b"*/*;q=0", False),
        (b"application/json;q=x", False),
        (b"text/html;q=0.9, application/*;q=0", False),
        (b",,", False),
    ],
)
def test_the_most_specific_range_of_accept_decides(value: bytes | None, accepted: bool) -> None:
    assert choose(value, (JSON,)) == (JSON if accepted else None)


@pytest.mark.parametrize(
    ("value", "chosen"),
    [
        (None, JSON),
        (b"*/*", JSON),
        (b"text/csv", b"text/csv"),
        (b"text/*", b"text/csv"),
        (b"application/json;q=0.5, text/csv", b"text/csv"),
        (b"application/json, text/csv", JSON),
        (b"image/png", None),
    ],
)
def test_the_heaviest_of_several_offers_is_chosen_and_the_first_of_equals(
    value: bytes | None, chosen: bytes | None
) -> None:
    assert choose(value, (JSON, b"text/csv")) == chosen


def test_tells_which_media_type_is_given_and_which_is_wanted() -> None:
    both = (JSON, b"text/csv")
    headers = {b"content-type": b"Text/CSV; header=present", b"accept": b"application/json"}
    assert check_headers(headers, max_body_bytes=10, taken=both, offered=both) == (b"text/csv", JSON)
    with pytest.raises(UnsupportedMediaType, match="application/json, text/csv"):
        check_headers({}, max_body_bytes=10, taken=both)


def test_refuses_a_client_that_takes_no_json() -> None:
    with pytest.raises(NotAcceptable):
        check_headers({b"content-type": JSON, b"accept": b"text/html"}, max_body_bytes=10)
