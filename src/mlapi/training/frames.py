"""Tables that are in memory: data frames of pandas and polars, Arrow tables, and whatever else gives Arrow streams."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pyarrow as pa

from mlapi.training.arrow_table import raw_table
from mlapi.training.errors import TableError
from mlapi.training.table import RawTable


def read_frame(frame: object, source: str) -> RawTable:
    """Read a data frame as the Parquet file of the same columns would be: text stays text, its types say the rest.

    Args:
        frame: a pandas or polars data frame, a pyarrow table or record batch, columns by name, or any object with
            `__arrow_c_stream__` (the Arrow PyCapsule interface).
        source: what to call the table in messages.

    Raises:
        TableError: it is none of these, or has no rows or doubled names.
        ColumnError: a column's type is no number, boolean or text.
    """
    return raw_table(source, _arrow(frame, source))


def _arrow(frame: object, source: str) -> pa.Table:
    pandas = sys.modules.get("pandas")  # a data frame of a library that nobody has imported does not exist
    try:
        if pandas is not None and isinstance(frame, pandas.DataFrame):
            return pa.Table.from_pandas(frame.rename(columns=str))
        if isinstance(frame, pa.RecordBatch):
            return pa.Table.from_batches([frame])
        if isinstance(frame, pa.Table | Mapping) or hasattr(frame, "__arrow_c_stream__"):
            return pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise TableError(source, f"cannot be read as a table: {(str(error).splitlines() or ['?'])[0]}") from error
    raise TableError(
        source, f"{type(frame).__name__} is no table; give a pandas or polars data frame or an Arrow table"
    )
