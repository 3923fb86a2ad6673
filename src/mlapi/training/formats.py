"""Which files can be read: one registry of formats, known by first bytes or by a name's ending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlapi.training.arff_file import read_arff
from mlapi.training.arrow_file import FILE_MAGIC, read_arrow
from mlapi.training.csv_file import read_csv, read_tsv
from mlapi.training.errors import DataFileError
from mlapi.training.file_names import COMPRESSIONS, uncompressed
from mlapi.training.json_lines_file import read_json_lines
from mlapi.training.parquet_file import read_parquet
from mlapi.training.table import RawTable


@dataclass(frozen=True)
class Format:
    """A format: its name, the endings of its files, and the function that reads one.

    `magic` are the first bytes of every file of the format; a format without them is text, which may be compressed.
    """

    name: str
    endings: tuple[str, ...]
    read: Callable[[Path], RawTable]
    magic: bytes = b""


FORMATS = (
    Format("CSV", (".csv",), read_csv),
    Format("TSV", (".tsv", ".tab"), read_tsv),
    Format("JSON Lines", (".jsonl", ".ndjson"), read_json_lines),
    Format("ARFF", (".arff",), read_arff),
    Format("Parquet", (".parquet", ".pq"), read_parquet, magic=b"PAR1"),
    Format("Arrow", (".arrow", ".arrows", ".feather", ".ipc"), read_arrow, magic=FILE_MAGIC),
)


def read_file(path: Path) -> RawTable:
    """Read a file of any known format; first bytes tell more than its name does.

    Raises:
        DataFileError: missing, a directory, of no known format, or unreadable.
        TableError: the shape of the table is wrong.
        ColumnError: a column's type is no number, boolean or text.
    """
    return _format_of(path, _first_bytes(path)).read(path)


def format_name(path: Path) -> str:
    """Give the name of a file's format, as `FORMATS` has it.

    Raises:
        DataFileError: missing, a directory, or of no known format.
    """
    return _format_of(path, _first_bytes(path)).name


def _first_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise DataFileError(path, "is a directory; name one file")
    try:
        with path.open("rb") as file:
            return file.read(max(len(one.magic) for one in FORMATS))
    except FileNotFoundError as error:
        raise DataFileError(path, "no such file") from error
    except OSError as error:
        raise DataFileError(path, f"cannot be read: {error.strerror}") from error


def _format_of(path: Path, start: bytes) -> Format:
    for one in FORMATS:
        if one.magic and start.startswith(one.magic):
            return one
    name = uncompressed(path.name)
    for one in FORMATS:
        if Path(name).suffix.lower() in one.endings:
            if one.magic and name != path.name:
                raise DataFileError(path, f"a {one.name} file is compressed inside; unpack it first")
            return one
    raise DataFileError(path, f"the name tells no format that can be read; rename it to end in {known_endings()}")


def known_endings() -> str:
    """Give the endings for a message."""
    endings = ", ".join(ending for one in FORMATS for ending in one.endings)
    return f"one of {endings}; text also in {' or '.join(COMPRESSIONS)}"
