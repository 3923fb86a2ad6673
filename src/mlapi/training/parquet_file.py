"""Read a Parquet file: its own types say what a column is, no text is guessed at."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from mlapi.bundle.profile import ColumnKind
from mlapi.training.columns import Column, RawColumn, finite, text_column
from mlapi.training.errors import ColumnError, DataFileError
from mlapi.training.table import RawTable, check_names


def read_parquet(path: Path) -> RawTable:
    """Read a whole file; columns that pandas wrote for its index are left out and noted.

    Raises:
        DataFileError: the file cannot be read or is no Parquet file.
        TableError: no rows, or doubled names.
        ColumnError: a column's type is no number, boolean or text.
    """
    try:
        table = parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise DataFileError(
            path, "cannot be read as a Parquet file; the file may be cut off or of another kind"
        ) from error
    index = _index_columns(table.schema)
    kept = [name for name in table.column_names if name not in index]
    check_names(path.name, kept)
    columns = tuple(_column(name, table.column(name)) for name in kept)
    return RawTable(
        path.name, columns, table.num_rows, tuple(f"left out {name!r}: pandas' row index" for name in index)
    )


def _index_columns(schema: pa.Schema) -> list[str]:
    """Give the columns that hold a pandas index without a name; a named one is data."""
    about = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    index = [name for name in about.get("index_columns", []) if isinstance(name, str)]
    return [name for name in index if name.startswith("__index_level_") and name in schema.names]


def _column(name: str, values: pa.ChunkedArray) -> RawColumn:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _column(name, values.cast(kind.value_type))
    if pa.types.is_boolean(kind):
        return Column(name, ColumnKind.BOOLEAN, _floats(values))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return text_column(name, values.cast(pa.string()), typed=True)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return finite(Column(name, ColumnKind.NUMBER, _floats(values)))
    raise ColumnError(
        name, f"{kind} cells cannot be learned from; turn them into numbers or leave the column out (--drop)"
    )


def _floats(values: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give float64 with NaN for null; a 64-bit integer beyond 2**53 is rounded, as JSON readers do."""
    cast = values.cast(pa.float64(), safe=False).fill_null(float("nan"))
    return np.asarray(cast.to_numpy(), dtype=np.float64)
