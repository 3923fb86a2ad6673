"""The shape around the rows."""

import pytest

from mlapi.app.core.errors import InvalidRequest, RowCountError
from mlapi.app.core.request import Ask
from mlapi.app.schemas.envelope import open_envelope, read_query

REFUSED: dict[str, object] = {
    "list": [],
    "text": "data",
    "null": None,
    "no data": {},
    "unknown root key": {"data": [{}], "extra": 1},
    "misspelt root key": {"Data": [{}]},
    "data null": {"data": None},
    "data object": {"data": {"a": 1}},
    "row is a number": {"data": [{}, 1]},
    "row is null": {"data": [None]},
    "row is a list": {"data": [[1, 2]]},
    "options null": {"data": [{}], "options": None},
    "options list": {"data": [{}], "options": []},
    "unknown option": {"data": [{}], "options": {"probability": True}},
    "probabilities text": {"data": [{}], "options": {"probabilities": "true"}},
    "probabilities number": {"data": [{}], "options": {"probabilities": 1}},
    "probabilities null": {"data": [{}], "options": {"probabilities": None}},
    "explain text": {"data": [{}], "options": {"explain": "3"}},
    "explain true": {"data": [{}], "options": {"explain": True}},
    "explain below": {"data": [{}], "options": {"explain": -1}},
    "explain broken": {"data": [{}], "options": {"explain": 1.5}},
    "threshold null": {"data": [{}], "options": {"threshold": None}},
    "threshold text": {"data": [{}], "options": {"threshold": "0.5"}},
    "threshold false": {"data": [{}], "options": {"threshold": False}},
    "threshold above": {"data": [{}], "options": {"threshold": 1.01}},
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
def test_refuses_another_shape(document: object) -> None:
    with pytest.raises(InvalidRequest):
        open_envelope(document, max_rows=10)


@pytest.mark.parametrize("n_rows", [0, 11])
def test_refuses_too_few_and_too_many_rows(n_rows: int) -> None:
    with pytest.raises(RowCountError) as caught:
        open_envelope({"data": [{}] * n_rows}, max_rows=10)
    assert (caught.value.found, caught.value.limit) == (n_rows, 10)


def test_a_wrong_option_beats_the_number_of_rows() -> None:
    with pytest.raises(InvalidRequest):
        open_envelope({"data": [], "options": {"x": 1}}, max_rows=10)


def test_gives_the_rows_and_the_wish() -> None:
    rows = [{"a": 1}, {"a": None}]
    assert open_envelope({"data": rows}, max_rows=2) == (rows, Ask(None))
    assert open_envelope({"options": {"probabilities": False}, "data": rows}, max_rows=2) == (rows, Ask(False))


@pytest.mark.parametrize(
    ("options", "ask"),
    [
        ({"explain": 3}, Ask(explain=3)),
        ({"explain": 3.0}, Ask(explain=3)),
        ({"explain": 0, "threshold": 1}, Ask(explain=0, threshold=1.0)),
        ({"threshold": 0.25, "probabilities": True}, Ask(True, None, 0.25)),
    ],
)
def test_reads_every_option(options: object, ask: Ask) -> None:
    assert open_envelope({"data": [{}], "options": options}, max_rows=1).ask == ask


@pytest.mark.parametrize(
    ("query", "ask"),
    [
        (b"", Ask()),
        (b"probabilities=true", Ask(True)),
        (b"probabilities=1", Ask(True)),
        (b"probabilities=false", Ask(False)),
        (b"explain=3&threshold=1e-1", Ask(None, 3, 0.1)),
        (b"explain=3.0&threshold=1", Ask(None, 3, 1.0)),
    ],
)
def test_reads_the_options_from_the_query_string(query: bytes, ask: Ask) -> None:
    assert read_query(query) == ask


def test_what_was_not_said_is_taken_from_elsewhere() -> None:
    assert Ask(False, None, 0.1).or_else(Ask(True, 2, 0.9)) == Ask(False, 2, 0.1)
    assert Ask(explain=0).or_else(Ask(True, 2, 0.9)) == Ask(True, 0, 0.9)


@pytest.mark.parametrize(
    "query",
    [
        b"probabilities",
        b"probabilities=yes",
        b"probabilities=true&probabilities=true",
        b"x=1",
        b"%ff=%00",
        b"explain=",
        b"explain=1_0",
        b"explain=-1",
        b"explain=inf",
        b"threshold=nan",
        b"threshold=2",
        b"threshold=%200.5",
    ],
)
def test_refuses_other_query_strings(query: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_query(query)
