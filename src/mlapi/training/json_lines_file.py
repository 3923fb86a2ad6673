"""Read JSON Lines: one object a line, a cell a key; a column of JSON strings is text, anything else is looked at.

Numbers keep the digits that the file has, so that they are read as a CSV file's are. A key that a line does not have is
a missing cell, as null is. Empty lines are skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from mlapi.training.columns import TextColumn, text_column
from mlapi.training.errors import TableError, count_of, shown
from mlapi.training.table import RawTable
from mlapi.training.text_file import open_text

NOTED = 5  # keys that lines lack: sparse files lack hundreds


class Digits(str):
    """A JSON number as it is written."""

    __slots__ = ()


Pairs = list[tuple[str, object]]


def read_json_lines(path: Path) -> RawTable:
    """Read a whole file.

    Raises:
        DataFileError: the file cannot be read or is not UTF-8 text.
        TableError: a line is no JSON object, has a key twice, or holds a list or an object; or there are no rows.
    """
    cells: dict[str, dict[int, object]] = {}
    n_rows = 0
    for pairs in json_objects(path):
        for name, cell in pairs:
            cells.setdefault(name, {})[n_rows] = cell
        n_rows += 1
    columns = tuple(_column(name, found, n_rows) for name, found in cells.items())
    return RawTable(path.name, columns, n_rows, tuple(_absent(cells, n_rows)))


def json_objects(path: Path) -> Iterator[Pairs]:
    """Give the keys and cells of one line after another; a number is a `Digits`.

    Raises:
        DataFileError: as `read_json_lines`, and so with TableError.
    """
    with open_text(path, newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _object(path, number, line)


def _object(path: Path, number: int, line: str) -> Pairs:
    try:
        found = json.loads(
            line,
            object_pairs_hook=lambda pairs: pairs,
            parse_float=Digits,
            parse_int=Digits,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise TableError(path.name, f"not JSON ({error})", number) from error
    if not isinstance(found, list) or not line.lstrip().startswith("{"):
        raise TableError(path.name, "not a JSON object; every line is to be one: {name: cell, …}", number)
    _check(path, number, found)
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number; write null for what is missing")


def _check(path: Path, number: int, pairs: Pairs) -> None:
    seen: set[str] = set()
    for name, cell in pairs:
        if name in seen:
            raise TableError(path.name, f"the key {shown(name)} stands twice", number)
        if isinstance(cell, list):
            raise TableError(path.name, f"{shown(name)} holds a list or an object, not one cell", number)
        if not _is_text(name) or (isinstance(cell, str) and not _is_text(cell)):
            raise TableError(path.name, f"{shown(name)} has half of a surrogate pair, which is no text", number)
        seen.add(name)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _column(name: str, cells: dict[int, object], n_rows: int) -> TextColumn:
    typed = all(type(cell) is str for cell in cells.values() if cell is not None)
    texts = [spelled(cells.get(row)) for row in range(n_rows)]
    return text_column(name, pa.array(texts, pa.string()), typed=typed)


def spelled(cell: object) -> str | None:
    """Give a cell as text, None where it is missing."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return None if cell is None else str(cell)


def _absent(cells: dict[str, dict[int, object]], n_rows: int) -> list[str]:
    lacking = {name: n_rows - len(found) for name, found in cells.items() if len(found) < n_rows}
    notes = [f"{count_of(n, 'line')} without {shown(name)}: read as missing" for name, n in lacking.items()]
    more = [f"{len(notes) - NOTED} more keys are absent from some lines"] if len(notes) > NOTED else []
    return notes[:NOTED] + more
