"""Read a CSV or TSV file: every cell as text first, so that what a column is gets decided once, over the whole column.

UTF-8 separated by commas or tabs (a byte order mark is allowed), one header line, quotes as in RFC 4180, line breaks
allowed inside quotes. Empty lines are skipped. A column without a name (pandas and R write row numbers so) is left out
and noted.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from mlapi.training.columns import text_column
from mlapi.training.errors import DataFileError, TableError, count_of
from mlapi.training.table import RawTable, check_names
from mlapi.training.text_file import open_bytes, open_text

BLOCK_BYTES = (
    1 << 24
)  # a record longer than a block cannot be read; 16 MiB holds any sane one and keeps both cores busy
csv.field_size_limit(BLOCK_BYTES)


COMMA, TAB = ",", "\t"
SEPARATORS = {COMMA: "commas", TAB: "tabs", ";": "semicolons"}


def read_csv(path: Path) -> RawTable:
    """Read a whole file of comma-separated values, as `read_separated` does."""
    return read_separated(path, COMMA)


def read_tsv(path: Path) -> RawTable:
    """Read a whole file of tab-separated values, as `read_separated` does."""
    return read_separated(path, TAB)


def read_separated(path: Path, separator: str) -> RawTable:
    """Read a whole file.

    Args:
        path: the file, plain or compressed.
        separator: what stands between two cells, one character.

    Raises:
        DataFileError: the file cannot be read or is not UTF-8 text.
        TableError: no header, no rows, ragged rows, doubled names, or a row that repeats the header.
    """
    header = header_of(path, separator)
    refuse_other_separators(path, header, separator)
    check_names(path.name, [name for name in header if name.strip()], line=1)
    table = _rows(path, separator, len(header)).slice(1)
    _refuse_second_header(path, separator, table, header)
    named = [(name, column) for name, column in zip(header, table.columns, strict=True) if name.strip()]
    unnamed = tuple(
        f"left out column {place}: it has no name" for place, name in enumerate(header, 1) if not name.strip()
    )
    return RawTable(path.name, tuple(text_column(*one) for one in named), table.num_rows, unnamed)


def header_of(path: Path, separator: str) -> Sequence[str]:
    """Read the columns' names, which may be blank.

    Raises:
        TableError: the file is empty.
        DataFileError: it cannot be read.
    """
    for _, record in _records(path, separator):
        return record
    raise TableError(path.name, "the file is empty")


def refuse_other_separators(path: Path, header: Sequence[str], separator: str) -> None:
    """Refuse a header that other separators would cut.

    Raises:
        TableError: there is one column, and another separator in its name.
    """
    for other, name in SEPARATORS.items():
        if other != separator and len(header) == 1 and other in header[0]:
            wanted = SEPARATORS[separator]
            raise TableError(path.name, f"the cells are separated by {name}; save the file with {wanted}", line=1)


def _rows(path: Path, separator: str, n_columns: int) -> pa.Table:
    text = {f"f{place}": pa.string() for place in range(n_columns)}
    try:
        with closing(open_bytes(path)) as data:
            return arrow_csv.read_csv(
                data,
                read_options=arrow_csv.ReadOptions(autogenerate_column_names=True, block_size=BLOCK_BYTES),
                parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(column_types=text, check_utf8=True),
            )
    except (pa.ArrowInvalid, OSError) as error:
        raise explained(path, separator, n_columns, error) from error


def explained(path: Path, separator: str, n_columns: int, error: Exception) -> Exception:
    """Read the file again, slowly, to find the line that Arrow could not take."""
    n_records = 0
    for line, record in _records(path, separator):
        n_records += 1
        if len(record) != n_columns:
            return TableError(path.name, f"{count_of(len(record), 'cell')} where the header has {n_columns}", line)
    if n_records == 1:
        return TableError(path.name, "the table has no rows")
    kind = "comma" if separator == COMMA else "tab"
    return DataFileError(path, f"not a table of {kind}-separated values ({str(error).splitlines()[0]})")


def _records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Give every record with the line it begins on.

    Raises:
        DataFileError: the file cannot be read, is not UTF-8, or breaks off inside a quote.
    """
    with open_text(path) as lines:
        reader = csv.reader(lines, delimiter=separator)
        begins = 1
        for record in reader:
            if record:
                yield begins, record
            begins = reader.line_num + 1


def _refuse_second_header(path: Path, separator: str, table: pa.Table, header: Sequence[str]) -> None:
    """Two files joined by hand leave their second header among the rows."""
    same = pa.array([True] * table.num_rows, pa.bool_())
    for name, column in zip(header, table.columns, strict=True):
        same = pc.and_(same, pc.equal(column.combine_chunks(), name))
        if not pc.any(same).as_py():
            return
    lines = [line for line, record in _records(path, separator) if record == list(header)]
    raise TableError(path.name, "this row repeats the header; remove it", next(iter(lines[1:]), None))
