"""Parquet files: their types say what a column is."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column
from mlapi.training.errors import ColumnError, DataFileError, TableError
from mlapi.training.interpretation import as_column
from mlapi.training.parquet_file import read_parquet


def read(folder: Path, array: pa.Array) -> Column:
    path = folder / "x.parquet"
    parquet.write_table(pa.table({"x": array}), path)
    return as_column(read_parquet(path).columns[0])


def cells(column: Column) -> list[object]:
    return [None if cell is None or cell != cell else cell for cell in column.cells.tolist()]


@pytest.mark.parametrize(
    ("array", "kind", "wanted"),
    [
        (pa.array([1, None], pa.int8()), ColumnKind.NUMBER, [1.0, None]),
        (pa.array([2**60 + 1, None], pa.uint64()), ColumnKind.NUMBER, [float(2**60), None]),
        (pa.array([1.5, float("nan"), None], pa.float32()), ColumnKind.NUMBER, [1.5, None, None]),
        (pa.array([Decimal("1.10"), None]), ColumnKind.NUMBER, [1.1, None]),
        (pa.array([None, None]), ColumnKind.NUMBER, [None, None]),
        (pa.array([True, None, False]), ColumnKind.BOOLEAN, [1.0, None, 0.0]),
        (pa.array(["a", None, "?", "none"]), ColumnKind.TEXT, ["a", None, None, "none"]),
        (pa.array(["a", "b"], pa.large_string()), ColumnKind.TEXT, ["a", "b"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ColumnKind.TEXT, ["a", "b", "a"]),
        (pa.array([3, 4, 3]).dictionary_encode(), ColumnKind.NUMBER, [3.0, 4.0, 3.0]),
    ],
    ids=lambda value: str(getattr(value, "type", ""))[:40] or None,
)
def test_types(tmp_path: Path, array: pa.Array, kind: ColumnKind, wanted: list[object]) -> None:
    column = read(tmp_path, array)
    assert (column.kind, cells(column)) == (kind, wanted)


def test_digits_as_text_stay_text(tmp_path: Path) -> None:
    column = read(tmp_path, pa.array(["1", "2"]))
    assert (column.kind, cells(column)) == (ColumnKind.TEXT, ["1", "2"])


def test_infinity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="column 'x': inf in row 2"):
        read(tmp_path, pa.array([1.0, float("inf")]))


@pytest.mark.parametrize(
    "array",
    [
        pa.array([0], pa.time32("s")),
        pa.array([0], pa.duration("s")),
        pa.array([[1]]),
        pa.array([b"x"]),
        pa.array([{"a": 1}]),
    ],
    ids=lambda array: str(array.type),
)
def test_other_types_are_refused_with_a_hint(tmp_path: Path, array: pa.Array) -> None:
    with pytest.raises(ColumnError, match=r"column 'x': .*leave the column out \(--drop\)"):
        read(tmp_path, array)


def test_pandas_row_index_is_left_out_and_a_named_index_is_data(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=[5, 3, 9])
    frame.to_parquet(tmp_path / "plain.parquet")
    frame.rename_axis("key").to_parquet(tmp_path / "named.parquet")
    plain = read_parquet(tmp_path / "plain.parquet")
    assert plain.names == ("a",)
    assert plain.notes == ("left out '__index_level_0__': pandas' row index",)
    assert read_parquet(tmp_path / "named.parquet").names == ("a", "key")


def test_a_file_cut_off_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    parquet.write_table(pa.table({"x": [1, 2]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataFileError) as caught:
        read_parquet(path)
    assert "\n" not in str(caught.value)


def test_doubled_names_and_empty_tables_are_refused(tmp_path: Path) -> None:
    parquet.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "twice.parquet")
    parquet.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "empty.parquet")
    with pytest.raises(TableError, match="two columns are named 'a'"):
        read_parquet(tmp_path / "twice.parquet")
    with pytest.raises(TableError, match="the table has no rows"):
        read_parquet(tmp_path / "empty.parquet")


def test_numbers_are_float64(tmp_path: Path) -> None:
    assert read(tmp_path, pa.array([1, 2])).cells.dtype == np.float64


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Oslo"])
def test_timestamps_are_whole_seconds_in_utc(tmp_path: Path, unit: str, zone: str | None) -> None:
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    found = read(tmp_path, pa.array([scale, None, -scale * 3 // 2], pa.timestamp(unit, zone)))
    assert found.kind is ColumnKind.DATETIME
    np.testing.assert_array_equal(found.cells.astype(np.float64), [1.0, np.nan, -2.0])


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()], ids=str)
def test_days_are_their_midnight(tmp_path: Path, kind: pa.DataType) -> None:
    found = read(tmp_path, pa.array([date(1970, 1, 2), None], kind))
    np.testing.assert_array_equal(found.cells.astype(np.float64), [86_400.0, np.nan])


def test_a_time_beyond_the_calendar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="beyond the years 1 to 9999"):
        read(tmp_path, pa.array([10**12], pa.timestamp("s")))
