"""Read an Arrow file (Feather is one) or an Arrow stream: their own types say what a column is."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from mlapi.training.arrow_table import raw_table
from mlapi.training.errors import DataFileError
from mlapi.training.table import RawTable

FILE_MAGIC = b"ARROW1"


def read_arrow(path: Path) -> RawTable:
    """Read a whole file; columns that pandas wrote for its index are left out and noted.

    Raises:
        DataFileError: the file cannot be read or is neither an Arrow file nor an Arrow stream.
        TableError: no rows, or doubled names.
        ColumnError: a column's type is no number, boolean or text.
    """
    try:
        with path.open("rb") as start, pa.OSFile(str(path)) as file:
            is_file = start.read(len(FILE_MAGIC)) == FILE_MAGIC
            table = (pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)).read_all()
        table.validate(full=True)  # Arrow trusts offsets inside a file until it is told to look
    except (pa.ArrowException, OSError) as error:
        raise DataFileError(
            path, "cannot be read as an Arrow file; the file may be cut off or of another kind"
        ) from error
    return raw_table(path.name, table)
