"""Read a CSV file: every cell as text first, so that what a column is gets decided once, over the whole column.

Comma-separated UTF-8 (a byte order mark is allowed), one header line, quotes as in RFC 4180, line breaks allowed inside
quotes. Empty lines are skipped. A column without a name (pandas and R write row numbers so) is left out and noted.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from mlapi.training.columns import text_column
from mlapi.training.errors import DataFileError, TableError, count_of
from mlapi.training.table import RawTable, check_names

BLOCK_BYTES = (
    1 << 24
)  # a record longer than a block cannot be read; 16 MiB holds any sane one and keeps both cores busy
csv.field_size_limit(BLOCK_BYTES)


def read_csv(path: Path) -> RawTable:
    """Read a whole file.

    Raises:
        DataFileError: the file cannot be read or is not UTF-8 text.
        TableError: no header, no rows, ragged rows, doubled names, or a row that repeats the header.
    """
    header = _header(path)
    _refuse_other_separators(path, header)
    check_names(path.name, [name for name in header if name.strip()], line=1)
    table = _rows(path, len(header)).slice(1)
    _refuse_second_header(path, table, header)
    named = [(name, column) for name, column in zip(header, table.columns, strict=True) if name.strip()]
    unnamed = tuple(
        f"left out column {place}: it has no name" for place, name in enumerate(header, 1) if not name.strip()
    )
    return RawTable(path.name, tuple(text_column(*one) for one in named), table.num_rows, unnamed)


def _header(path: Path) -> Sequence[str]:
    for _, record in _records(path):
        return record
    raise TableError(path.name, "the file is empty")


def _refuse_other_separators(path: Path, header: Sequence[str]) -> None:
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            raise TableError(path.name, f"the cells are separated by {name}; save the file with commas", line=1)


def _rows(path: Path, n_columns: int) -> pa.Table:
    text = {f"f{place}": pa.string() for place in range(n_columns)}
    try:
        return arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(autogenerate_column_names=True, block_size=BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(column_types=text, check_utf8=True),
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise _explained(path, n_columns, error) from error


def _explained(path: Path, n_columns: int, error: Exception) -> Exception:
    """Read the file again, slowly, to find the line that Arrow could not take."""
    n_records = 0
    for line, record in _records(path):
        n_records += 1
        if len(record) != n_columns:
            return TableError(path.name, f"{count_of(len(record), 'cell')} where the header has {n_columns}", line)
    if n_records == 1:
        return TableError(path.name, "the table has no rows")
    return DataFileError(path, f"not a table of comma-separated values ({str(error).splitlines()[0]})")


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Give every record with the line it begins on.

    Raises:
        DataFileError: the file cannot be read, is not UTF-8, or breaks off inside a quote.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            begins = 1
            for record in reader:
                if record:
                    yield begins, record
                begins = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise DataFileError(path, f"not UTF-8 text ({_bad_byte(path)}); save it as UTF-8") from error
    except (OSError, csv.Error) as error:
        raise DataFileError(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _bad_byte(path: Path) -> str:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            return f"line {number} has byte 0x{line[error.start]:02x}"
    return "it ends inside a letter"


def _refuse_second_header(path: Path, table: pa.Table, header: Sequence[str]) -> None:
    """Two files joined by hand leave their second header among the rows."""
    same = pa.array([True] * table.num_rows, pa.bool_())
    for name, column in zip(header, table.columns, strict=True):
        same = pc.and_(same, pc.equal(column.combine_chunks(), name))
        if not pc.any(same).as_py():
            return
    lines = [line for line, record in _records(path) if record == list(header)]
    raise TableError(path.name, "this row repeats the header; remove it", next(iter(lines[1:]), None))
