"""Tables in memory are read as the same columns in a file would be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column, TextColumn
from mlapi.training.errors import ColumnError, TableError
from mlapi.training.frames import read_frame

COLUMNS: dict[str, list[Any]] = {
    "age": [40, None, 7],
    "plan": ["free", None, "team"],
    "active": [True, None, False],
    "rate": [0.5, 1.0, None],
}


class Stream:
    """Gives an Arrow stream and nothing else, as many libraries' tables do."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.table(COLUMNS).__arrow_c_stream__(requested_schema)


FRAMES: dict[str, Any] = {
    "pandas": pd.DataFrame(COLUMNS),
    "pandas, nullable": pd.DataFrame(COLUMNS).convert_dtypes(),
    "pandas, category": pd.DataFrame(COLUMNS).astype({"plan": "category"}),
    "pandas, other index": pd.DataFrame(COLUMNS).iloc[::1].set_axis([5, 7, 9]),
    "polars": pl.DataFrame(COLUMNS),
    "polars, category": pl.DataFrame(COLUMNS).with_columns(pl.col("plan").cast(pl.Categorical)),
    "Arrow": pa.table(COLUMNS),
    "Arrow batch": pa.RecordBatch.from_pydict(COLUMNS),
    "Arrow stream": Stream(),
    "columns": COLUMNS,
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_every_kind_of_frame_gives_the_same_columns(frame: object) -> None:
    table = read_frame(frame, "people")
    assert (table.source, table.names, table.n_rows) == ("people", tuple(COLUMNS), 3)
    age, plan, active, rate = table.columns
    for column, kind, cells in (
        (age, ColumnKind.NUMBER, [40, np.nan, 7]),
        (active, ColumnKind.BOOLEAN, [1, np.nan, 0]),
        (rate, ColumnKind.NUMBER, [0.5, 1.0, np.nan]),
    ):
        assert isinstance(column, Column)
        assert column.kind is kind
        np.testing.assert_array_equal(column.cells.astype(float), cells)
    assert isinstance(plan, TextColumn)
    assert plan.typed
    assert [None if code < 0 else plan.texts[code] for code in plan.codes] == ["free", None, "team"]


def test_columns_of_pandas_without_text_names_get_them() -> None:
    assert read_frame(pd.DataFrame([[1, 2], [3, 4]]), "numbers").names == ("0", "1")


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (7, TableError, "people: int is no table; give a pandas or polars data frame or an Arrow table"),
        (pd.DataFrame({"a": [1, "x"]}), TableError, "people: cannot be read as a table: "),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), TableError, "a"),
        ({"a": [1, 2], "b": [1]}, TableError, "people: cannot be read as a table: "),
        (pa.table({"a": pa.array([], pa.int64())}), TableError, "people: the table has no rows"),
        (pa.table({"a": [[1], [2]]}), ColumnError, "column 'a': list"),
    ],
    ids=["no frame", "mixed column", "doubled name", "ragged", "no rows", "lists"],
)
def test_what_is_no_table_is_one_line(frame: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        read_frame(frame, "people")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
