"""Files written piece by piece, which appear whole at the end: the name tells the format."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import msgspec
import pyarrow as pa
import pyarrow.csv as arrow_csv
from pyarrow import parquet

from mlapi.bundle.atomic import sync
from mlapi.training.errors import DataFileError
from mlapi.training.scoring.defusing import defused


class Sink(Protocol):
    """Takes tables of one schema."""

    def write(self, table: pa.Table) -> None:
        """Write some rows."""
        ...

    def close(self) -> None:
        """Write what belongs to the end."""
        ...


class _ArrowSink:
    """Opens one of Arrow's writers when the first table tells the schema."""

    def __init__(self, file: BinaryIO, opened: Callable[[BinaryIO, pa.Schema], Any], change: Callable[..., pa.Table]):
        self._file, self._opened, self._change = file, opened, change
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        """Write some rows."""
        table = self._change(table)
        if self._writer is None:
            self._writer = self._opened(self._file, table.schema)
        self._writer.write_table(table.cast(self._writer.schema) if hasattr(self._writer, "schema") else table)

    def close(self) -> None:
        """Write what belongs to the end."""
        if self._writer is not None:
            self._writer.close()


class _JsonLines:
    """One object a row, null where there is no cell."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, table: pa.Table) -> None:
        """Write some rows."""
        self._file.writelines(msgspec.json.encode(row) + b"\n" for row in table.to_pylist())

    def close(self) -> None:
        """Nothing is left to write."""


def check_ending(path: Path) -> None:
    """See that the name tells a format that can be written.

    Raises:
        DataFileError: it does not.
    """
    if path.suffix.lower() not in _SINKS:
        raise DataFileError(path, f"the name tells no format to write; let it end in one of {', '.join(_SINKS)}")


def open_sink(path: Path, file: BinaryIO, *, defuse: bool) -> Sink:
    """Open what writes a path's format to a file.

    Args:
        path: whose ending tells the format, see `check_ending`.
        file: to write to.
        defuse: texts of CSV and TSV that a spreadsheet would run.
    """
    return _SINKS[path.suffix.lower()](file, defused if defuse else _as_it_is)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Have a file beside a path, which takes the path's place when all went well and is gone otherwise.

    Raises:
        DataFileError: it cannot be written, such as on a full disk.
    """
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    try:
        with staged.open("xb") as file:
            yield file
        sync(staged)
        staged.replace(path)
        sync(path.parent)
    except OSError as error:
        raise DataFileError(path, f"cannot be written: {os.strerror(error.errno) if error.errno else error}") from error
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def _as_it_is(table: pa.Table) -> pa.Table:
    return table


def _csv(separator: str, file: BinaryIO, change: Callable[..., pa.Table]) -> Sink:
    options = arrow_csv.WriteOptions(delimiter=separator, quoting_style="needed")
    return _ArrowSink(file, partial(arrow_csv.CSVWriter, write_options=options), change)


def _parquet(file: BinaryIO, _: Callable[..., pa.Table]) -> Sink:
    return _ArrowSink(file, parquet.ParquetWriter, _as_it_is)


def _arrow(file: BinaryIO, _: Callable[..., pa.Table]) -> Sink:
    return _ArrowSink(file, pa.ipc.new_file, _as_it_is)


def _lines(file: BinaryIO, _: Callable[..., pa.Table]) -> Sink:
    return _JsonLines(file)


_SINKS: Final[dict[str, Callable[[BinaryIO, Callable[..., pa.Table]], Sink]]] = {
    ".csv": partial(_csv, ","),
    ".tsv": partial(_csv, "\t"),
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".jsonl": _lines,
}
