"""From an Arrow table, whatever it was read from, to a raw table: its own types say what a column is."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from mlapi.bundle.moment_columns import in_range
from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column, RawColumn, finite, text_column
from mlapi.training.errors import ColumnError
from mlapi.training.table import RawTable, check_names


def raw_table(source: str, table: pa.Table) -> RawTable:
    """Take over a table; columns that pandas wrote for its index are left out and noted.

    Raises:
        TableError: no rows, or doubled names.
        ColumnError: a column's type is no number, boolean or text.
    """
    index = _index_columns(table.schema)
    check_names(source, [name for name in table.column_names if name not in index])
    columns = tuple(_column(name, table.column(name)) for name in table.column_names if name not in index)
    return RawTable(source, columns, table.num_rows, tuple(f"left out {name!r}: pandas' row index" for name in index))


def _index_columns(schema: pa.Schema) -> list[str]:
    """Give the columns that hold a pandas index without a name; a named one is data."""
    about = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    index = [name for name in about.get("index_columns", []) if isinstance(name, str)]
    return [name for name in index if name.startswith("__index_level_") and name in schema.names]


def _column(name: str, values: pa.ChunkedArray) -> RawColumn:
    values = decoded(values)
    kind = values.type
    if pa.types.is_boolean(kind):
        return Column(name, ColumnKind.BOOLEAN, _floats(values))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return text_column(name, values.cast(pa.string()), typed=True)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return finite(Column(name, ColumnKind.NUMBER, _floats(values)))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Column(name, ColumnKind.DATETIME, _seconds(name, values))
    raise ColumnError(
        name, f"{kind} cells cannot be learned from; turn them into numbers or leave the column out (--drop)"
    )


def decoded(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give each row of a dictionary its value; Arrow can neither cast nor take the string views of polars."""
    if not pa.types.is_dictionary(values.type):
        return values
    kind = values.type.value_type
    plain = pa.string() if pa.types.is_string_view(kind) else kind
    return pa.chunked_array([chunk.dictionary.cast(plain).take(chunk.indices) for chunk in values.chunks], plain)


def seconds_of(values: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give whole seconds since 1970, NaN for null; a fraction is cut off, a time without a zone is in UTC."""
    counts = values if pa.types.is_timestamp(values.type) else values.cast(pa.timestamp("s"))
    unit = counts.type.unit
    whole = np.asarray(counts.cast(pa.int64()).fill_null(0).to_numpy(), np.int64) // _PER_SECOND[unit]
    return np.where(np.asarray(counts.is_null().to_numpy(), bool), np.nan, whole.astype(np.float64))


def _seconds(name: str, values: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give the seconds.

    Raises:
        ColumnError: beyond the years 1 to 9999.
    """
    seconds = seconds_of(values)
    if not in_range(seconds).all():
        raise ColumnError(name, "holds a time beyond the years 1 to 9999; correct the cell or leave it empty")
    return seconds


_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def _floats(values: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give float64 with NaN for null; a 64-bit integer beyond 2**53 is rounded, as JSON readers do."""
    cast = values.cast(pa.float64(), safe=False).fill_null(float("nan"))
    return np.asarray(cast.to_numpy(), dtype=np.float64)
