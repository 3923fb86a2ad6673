"""Read a Parquet file: its own types say what a column is, no text is guessed at."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from mlapi.training.arrow_table import raw_table
from mlapi.training.errors import DataFileError
from mlapi.training.table import RawTable


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
    return raw_table(path.name, table)
