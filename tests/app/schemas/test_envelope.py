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


def test_says_that_explanations_are_not_offered() -> None:
    with pytest.raises(InvalidRequest, match="'explain' is not offered by this version"):
        open_envelope({"data": [{}], "options": {"explain": 3}}, max_rows=1)
    with pytest.raises(InvalidRequest, match="'explain' is not offered by this version"):
        read_query(b"explain=3")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [(b"", None), (b"probabilities=true", True), (b"probabilities=1", True), (b"probabilities=false", False)],
)
def test_reads_the_option_from_the_query_string(query: bytes, wanted: bool | None) -> None:
    assert read_query(query) == Ask(wanted)


@pytest.mark.parametrize(
    "query", [b"probabilities", b"probabilities=yes", b"probabilities=true&probabilities=true", b"x=1", b"%ff=%00"]
)
def test_refuses_other_query_strings(query: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_query(query)
