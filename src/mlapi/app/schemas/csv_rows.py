"""CSV (`text/csv`, RFC 4180): the first line has the features' names, an empty cell is a missing one.

Unlike JSON it does not say what a cell is, so the feature does: text that is no number stays text, and the row check
says what was expected.
"""

import csv
import io
from collections.abc import Callable, Mapping
from typing import Final

from mlapi.app.core.errors import InvalidRequest
from mlapi.app.schemas.envelope import check_count
from mlapi.app.schemas.strict_json import NUMBER, number
from mlapi.bundle.schema import FeatureKind, FeatureSchema
from mlapi.bundle.types import Cell, Row

TRUTH: Final = {"true": True, "false": False}  # in any case: Python's tools write True


def parse_csv(body: bytes, schema: FeatureSchema, *, max_rows: int) -> list[Row]:
    """Parse the rows; blank lines do not count.

    Raises:
        InvalidRequest: no UTF-8, a quote that is not closed, a name twice, or a line of another length than the first.
        RowCountError: no rows, or more than `max_rows`.
    """
    header, *rows = _lines(_text(body), max_rows) or [[]]
    if len(set(header)) != len(header):
        raise InvalidRequest("The first line of the CSV text has a name twice")
    check_count(len(rows), max_rows)
    readers = [_READERS[schema.feature(name).kind] if name in schema else _as_it_is for name in header]
    return [
        dict(zip(header, (read(cell) for read, cell in zip(readers, row, strict=True)), strict=True)) for row in rows
    ]


def _lines(text: str, max_rows: int) -> list[list[str]]:
    """The first line and those below, but no more of them than it takes to refuse."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[list[str]] = []
    try:
        for cells in filter(None, reader):
            lines.append(cells)
            if len(cells) != len(lines[0]):
                raise InvalidRequest(f"Line {reader.line_num} has {len(cells)} cells, the first has {len(lines[0])}")
            if len(lines) > max_rows + 1:
                break
    except csv.Error:
        raise InvalidRequest(f"The CSV text is broken near line {reader.line_num}") from None
    return lines


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The CSV text is not UTF-8 at byte {error.start}") from None


def _as_it_is(cell: str) -> Cell:
    return cell or None


def _number(cell: str) -> Cell:
    return number(cell) if NUMBER.fullmatch(cell) else _as_it_is(cell)


def _truth(cell: str) -> Cell:
    return TRUTH.get(cell.lower(), _as_it_is(cell))


_READERS: Final[Mapping[FeatureKind, Callable[[str], Cell]]] = {
    FeatureKind.NUMERIC: _number,
    FeatureKind.INTEGER: _number,
    FeatureKind.BOOLEAN: _truth,
    FeatureKind.CATEGORICAL: _as_it_is,
    FeatureKind.DATETIME: _as_it_is,
}
