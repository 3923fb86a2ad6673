"""Fingerprints of rows: equal for equal rows however the table is laid out, and else different."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.types import Cells
from mlapi.training.fingerprints import SeenRows, fingerprints

Cell = tuple[float, str | None]
ROWS = st.lists(st.tuples(st.floats(width=32), st.none() | st.text(max_size=3)), max_size=20)


def table(rows: list[Cell]) -> dict[str, Cells]:
    texts = np.empty(len(rows), dtype=object)
    texts[:] = [text for _, text in rows]
    return {"number": np.array([number for number, _ in rows], dtype=np.float64), "text": texts}


def plain(row: Cell) -> tuple[object, object]:
    return (None if np.isnan(row[0]) else row[0] + 0.0, row[1])


@given(rows=ROWS)
def test_rows_have_the_same_fingerprint_if_and_only_if_they_are_equal(rows: list[Cell]) -> None:
    found = fingerprints(table(rows)).tolist()
    assert len(set(found)) == len({plain(row) for row in rows})
    assert len(set(zip(found, map(plain, rows), strict=True))) == len(set(found))


@given(rows=ROWS)
def test_the_order_of_columns_does_not_matter(rows: list[Cell]) -> None:
    straight = table(rows)
    assert fingerprints(straight).tolist() == fingerprints(dict(reversed(straight.items()))).tolist()


def test_the_same_cell_in_another_column_is_another_row() -> None:
    one, nothing = np.array([1.0]), np.array([np.nan])
    assert fingerprints({"a": one, "b": nothing}) != fingerprints({"a": nothing, "b": one})
    assert fingerprints({}).shape == (0,)


def test_the_seen_rows_of_a_table_are_found_in_another_with_more_columns() -> None:
    whole = table([(1.0, "a"), (2.0, "b"), (float("nan"), None)])
    seen = SeenRows.of({name: cells[:2] for name, cells in whole.items()})
    again = SeenRows.from_parquet(seen.to_parquet())
    assert again.columns == ("number", "text")
    assert again.holds({**whole, "more": np.zeros(3)}).tolist() == [True, True, False]
    with pytest.raises(KeyError, match="text"):
        again.holds({"number": whole["number"]})


@pytest.mark.parametrize("content", [b"", b"PAR1"], ids=repr)
def test_another_file_is_no_list_of_rows(content: bytes) -> None:
    with pytest.raises(ValueError, match="no list of rows"):
        SeenRows.from_parquet(content)
