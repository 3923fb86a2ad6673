"""Files read piece by piece, in memory that does not grow with the file: CSV, TSV, Parquet and Arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.csv as arrow_csv
from pyarrow import parquet

from mlapi.training.csv_file import COMMA, TAB, explained, header_of, refuse_other_separators
from mlapi.training.errors import DataFileError
from mlapi.training.file_names import uncompressed
from mlapi.training.formats import format_name
from mlapi.training.table import check_names
from mlapi.training.text_file import open_bytes

CELLS: Final = 1 << 21  # of one piece: 16 MiB as float64, and few enough pieces that their own cost is nothing
MOST_ROWS: Final = 1 << 16
_BUFFER_BYTES: Final = 1 << 20  # of a Parquet column's pages; without it a row group's whole column is read at once
_BLOCK_BYTES: Final = 1 << 22  # of CSV; no record can be longer


class Piece(NamedTuple):
    """Some rows with all columns, and how far into the file they reach.

    `done` and `total` are rows, or about bytes; a total of 0 is not known.
    """

    table: pa.Table
    done: int
    total: int


def open_pieces(path: Path) -> Iterator[Piece]:
    """Give a file's rows in their order; text columns of CSV and TSV are strings, nothing is guessed at.

    Raises:
        DataFileError: missing, of no format that can be read so, or unreadable; maybe after some pieces.
        TableError: ragged rows, doubled names, or no header.
    """
    name = format_name(path)
    if name not in _READERS:
        raise DataFileError(
            path, f"{name} files cannot be scored piece by piece; save the table as CSV, Parquet or Arrow"
        )
    return _READERS[name](path)


def rows_at_once(n_columns: int) -> int:
    """Give the rows of a piece of a table so wide."""
    return max(1, min(MOST_ROWS, CELLS // max(1, n_columns)))


def _separated(separator: str, path: Path) -> Iterator[Piece]:
    header = header_of(path, separator)
    refuse_other_separators(path, header, separator)
    check_names(path.name, [name for name in header if name.strip()], line=1)
    is_header, total = True, path.stat().st_size if uncompressed(path.name) == path.name else 0
    done = 0
    try:
        with closing(open_bytes(path)) as data, _csv_reader(data, separator, len(header)) as reader:
            for batch in reader:
                table = pa.Table.from_batches([batch]).slice(1 if is_header else 0).rename_columns(header)
                is_header = False
                done = min(total, done + batch.nbytes)
                for piece in _cut(table):
                    yield Piece(piece, done, total)
    except (pa.ArrowInvalid, OSError) as error:
        raise explained(path, separator, len(header), error) from error


def _csv_reader(data: pa.NativeFile, separator: str, n_columns: int) -> arrow_csv.CSVStreamingReader:
    text = {f"f{place}": pa.string() for place in range(n_columns)}
    return arrow_csv.open_csv(
        data,
        read_options=arrow_csv.ReadOptions(autogenerate_column_names=True, block_size=_BLOCK_BYTES),
        parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(column_types=text, check_utf8=True),
    )


def _parquet(path: Path) -> Iterator[Piece]:
    try:
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            names, total, done = file.schema_arrow.names, file.metadata.num_rows, 0
            check_names(path.name, names)
            for batch in file.iter_batches(batch_size=rows_at_once(len(names))):
                done += batch.num_rows
                yield Piece(pa.Table.from_batches([batch]), done, total)
    except (pa.ArrowException, OSError) as error:
        raise DataFileError(
            path, "cannot be read as a Parquet file; the file may be cut off or of another kind"
        ) from error


def _arrow(path: Path) -> Iterator[Piece]:
    total = path.stat().st_size
    try:
        with pa.OSFile(str(path)) as file:
            for batch in _batches(file):
                batch.validate(full=True)  # Arrow trusts offsets inside a file until it is told to look
                for table in _cut(pa.Table.from_batches([batch])):
                    yield Piece(table, file.tell(), total)
    except (pa.ArrowException, OSError) as error:
        raise DataFileError(
            path, "cannot be read as an Arrow file; the file may be cut off or of another kind"
        ) from error


def _batches(file: pa.OSFile) -> Iterator[pa.RecordBatch]:
    is_file = file.read(6) == b"ARROW1"
    file.seek(0)
    if not is_file:
        yield from pa.ipc.open_stream(file)
        return
    reader = pa.ipc.open_file(file)
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)


def _cut(table: pa.Table) -> Iterator[pa.Table]:
    size = rows_at_once(table.num_columns)
    for begin in range(0, table.num_rows, size):
        yield table.slice(begin, size)


_READERS: Final[dict[str, Callable[[Path], Iterator[Piece]]]] = {
    "CSV": partial(_separated, COMMA),
    "TSV": partial(_separated, TAB),
    "Parquet": _parquet,
    "Arrow": _arrow,
}
