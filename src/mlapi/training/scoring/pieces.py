"""Files read piece by piece, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.csv as arrow_csv
from pyarrow import parquet

from mlapi.training.arff_file import arff_rows
from mlapi.training.csv_file import COMMA, TAB, explained, header_of, refuse_other_separators
from mlapi.training.errors import DataFileError
from mlapi.training.file_names import uncompressed
from mlapi.training.formats import format_name
from mlapi.training.json_lines_file import Digits, json_objects, spelled
from mlapi.training.table import check_names
from mlapi.training.text_file import open_bytes

CELLS: Final = 1 << 21  # of one piece: 16 MiB as float64, and few enough pieces that their own cost is nothing
MOST_ROWS: Final = 1 << 16
_BUFFER_BYTES: Final = 1 << 20  # of a Parquet column's pages; without it a row group's whole column is read at once
_BLOCK_BYTES: Final = 1 << 22  # of CSV; no record can be longer
WHOLE_DIGITS: Final = 18  # of a whole number that int64 surely holds


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
    return _READERS[format_name(path)](path)


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


def _json_lines(path: Path) -> Iterator[Piece]:
    """Read the file twice: which keys there are, and what kind of cells they have, is known at its end only."""
    kinds: dict[str, set[pa.DataType]] = {}
    total = 0
    for pairs in json_objects(path):
        total += 1
        for name, cell in pairs:
            kinds.setdefault(name, set()).update(_kind(cell))
    types = {name: _common(found) for name, found in kinds.items()}
    rows, done = map(dict, json_objects(path)), 0
    while batch := list(islice(rows, rows_at_once(len(types)))):
        done += len(batch)
        columns = [_cells([row.get(name) for row in batch], kind) for name, kind in types.items()]
        yield Piece(pa.table(columns, names=list(types)), done, total)


def _kind(cell: object) -> set[pa.DataType]:
    if isinstance(cell, Digits):
        return {pa.int64() if len(cell) <= WHOLE_DIGITS and cell.lstrip("-").isdigit() else pa.float64()}
    return set() if cell is None else {pa.bool_() if isinstance(cell, bool) else pa.string()}


def _common(kinds: set[pa.DataType]) -> pa.DataType:
    """Give the type of a key's cells; of several kinds, which are no numbers alone, it is text."""
    if kinds == {pa.int64(), pa.float64()}:
        return pa.float64()
    return kinds.pop() if len(kinds) == 1 else pa.string()


def _cells(cells: list[object], kind: pa.DataType) -> pa.Array:
    if kind == pa.bool_():
        return pa.array(cells, kind)
    texts = [spelled(cell) for cell in cells]
    if kind == pa.string():
        return pa.array(texts, kind)
    number = int if kind == pa.int64() else float
    return pa.array([None if text is None else number(text) for text in texts], kind)


def _arff(path: Path) -> Iterator[Piece]:
    rows = arff_rows(path)
    names, done = next(rows), 0
    while batch := list(islice(rows, rows_at_once(len(names)))):
        done += len(batch)
        columns = [pa.array(cells, pa.string()) for cells in zip(*batch, strict=True)]
        yield Piece(pa.table(columns, names=names), done, 0)


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
    "JSON Lines": _json_lines,
    "ARFF": _arff,
    "Parquet": _parquet,
    "Arrow": _arrow,
}
