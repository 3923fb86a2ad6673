"""Rows checked cell by cell and turned into a table, and back: the complete way, where the fast ones do not vouch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from heapq import nsmallest
from typing import Any, Final, NamedTuple

import numpy as np

from mlapi.bundle.cells import Fault, one_of, whole
from mlapi.bundle.errors import MAX_CELL_ERRORS, CellError, RowsError, cut
from mlapi.bundle.moment_columns import read_all
from mlapi.bundle.moments import spelled
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownFeature
from mlapi.bundle.types import Cell, Cells, Row, Table


class _Absent:
    """Type of `_ABSENT`."""


_ABSENT: Final = _Absent()  # a row has no such name, while None is a null


class Bad(NamedTuple):
    """A bad cell and where it stands; ordered by row and then by the feature's position."""

    row: int
    position: int
    feature: str
    fault: Fault


def check_rows(schema: FeatureSchema, rows: Sequence[Row]) -> Table:
    """Check every cell and give the table.

    Args:
        schema: the features.
        rows: n_rows mappings from feature name to cell; an absent name is a missing cell.

    Returns:
        n_rows cells by feature name, in the schema's order. An unknown category that is not rejected stays as it is.

    Raises:
        RowsError: all bad cells, counted; the first 100 in full.
    """
    bad: list[Bad] = []
    table = {}
    for position, feature in enumerate(schema.features):
        cells = [row.get(feature.name, _ABSENT) for row in rows]
        faults = list(_faults(feature, cells, position))
        bad += faults
        if not bad:  # the table is wanted only while all is well
            table[feature.name] = _FILL[feature.kind]([None if cell is _ABSENT else cell for cell in cells])
    if schema.on_unknown_feature is OnUnknownFeature.REJECT:
        bad += _unknown_features(schema, rows)
    if bad:
        raise rows_error(bad)
    return table


def rows_error(bad: Sequence[Bad]) -> RowsError:
    """Make the error of some bad cells, at least one."""
    first = nsmallest(MAX_CELL_ERRORS, bad)
    return RowsError(tuple(CellError(one.row, one.feature, *one.fault) for one in first), len(bad))


def table_to_rows(schema: FeatureSchema, table: Table) -> list[dict[str, Cell]]:
    """Give the rows of a table, which `check_rows` takes back to the same table.

    Args:
        schema: the features.
        table: n_rows cells by feature name; others are left out.

    Returns:
        n_rows mappings in the schema's order: float, int for integer features (float beyond 2**53), bool, str
        (datetimes in UTC), or None where missing.
    """
    columns = [[_SPELL[feature.kind](cell) for cell in table[feature.name].tolist()] for feature in schema.features]
    return [dict(zip(schema.names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _faults(feature: Feature, cells: Sequence[object], position: int) -> Iterator[Bad]:
    for row, cell in enumerate(cells):
        if fault := _missing_fault(feature, cell) if cell is None or cell is _ABSENT else feature.fault(cell):
            yield Bad(row, position, feature.name, fault)


def _missing_fault(feature: Feature, cell: object) -> Fault | None:
    if feature.nullable:
        return None
    return Fault("missing_feature" if cell is _ABSENT else "null_not_allowed", feature.expected)


def _unknown_features(schema: FeatureSchema, rows: Sequence[Row]) -> Iterator[Bad]:
    known = frozenset(schema.names)
    fault = Fault("unknown_feature", one_of(schema.names))
    for row, cells in enumerate(rows):
        if known.issuperset(cells):
            continue
        unknown = [name for name in cells if name not in known]
        yield from (Bad(row, len(known) + place, cut(str(name)), fault) for place, name in enumerate(unknown))


def _numbers(cells: Sequence[object]) -> Cells:
    return np.array([np.nan if cell is None else cell for cell in cells], np.float64)


def _texts(cells: Sequence[object]) -> Cells:
    array = np.empty(len(cells), np.object_)
    array[:] = cells
    return array


def _number(cell: float) -> Cell:
    return None if math.isnan(cell) else cell


def _whole(cell: float) -> Cell:
    return None if math.isnan(cell) else whole(cell)


def _truth(cell: float) -> Cell:
    return None if math.isnan(cell) else bool(cell)


def _moment(cell: float) -> Cell:
    return None if math.isnan(cell) else spelled(cell)


def _text(cell: Cell) -> Cell:
    return cell


_FILL: Final[dict[FeatureKind, Callable[[Sequence[Any]], Cells]]] = {
    FeatureKind.NUMERIC: _numbers,
    FeatureKind.INTEGER: _numbers,
    FeatureKind.BOOLEAN: _numbers,
    FeatureKind.CATEGORICAL: _texts,
    FeatureKind.DATETIME: read_all,
}
_SPELL: Final[dict[FeatureKind, Callable[..., Cell]]] = {
    FeatureKind.NUMERIC: _number,
    FeatureKind.INTEGER: _whole,
    FeatureKind.BOOLEAN: _truth,
    FeatureKind.CATEGORICAL: _text,
    FeatureKind.DATETIME: _moment,
}
