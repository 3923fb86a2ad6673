"""A file's columns as cells of a model's features, and every cell that does not fit; all rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlapi.bundle.cells import FLOAT32_OVERFLOW, NOT_MOMENT, Fault
from mlapi.bundle.moment_columns import in_range
from mlapi.bundle.moments import spelled
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Cells
from mlapi.training.arrow_table import decoded, seconds_of
from mlapi.training.columns import TextColumn, of_codes, text_column
from mlapi.training.errors import ColumnError, TableError, nearest, shown
from mlapi.training.interpretation import digits
from mlapi.training.spelling import number_of, seconds_of_all, truth_of

Numbers = NDArray[np.float64]


Found = tuple[Cells, list[tuple[int, Fault]]]
"""Cells, and the rows of those that do not fit."""


class BadCell(NamedTuple):
    """A cell that does not fit: its row in the piece, its feature, and why."""

    row: int
    feature: str
    fault: Fault


class Read(NamedTuple):
    """Cells by feature name, as the encoder takes them, and the bad ones by row; what a bad cell holds is void."""

    table: dict[str, Cells]
    bad: list[BadCell]


def read_cells(schema: FeatureSchema, table: pa.Table) -> Read:
    """Read the features' columns of a piece; what is missing in a file is what training takes for missing.

    Raises:
        ColumnError: a column's type cannot be the feature's.
    """
    found = {feature.name: _column(feature, table.column(feature.name)) for feature in schema.features}
    bad = [
        (row, place, BadCell(row, name, fault))
        for place, (name, (_, faults)) in enumerate(found.items())
        for row, fault in faults
    ]
    return Read({name: cells for name, (cells, _) in found.items()}, [one for *_, one in sorted(bad, key=_where)])


def check_columns(source: str, names: list[str], schema: FeatureSchema) -> None:
    """See that a file has a column for every feature; further ones are no harm.

    Raises:
        TableError: it lacks one.
    """
    for feature in schema.features:
        if feature.name not in names:
            raise TableError(
                source, f"lacks the column {shown(feature.name)}, a feature of the model{nearest(feature.name, names)}"
            )


def _where(found: tuple[int, int, BadCell]) -> tuple[int, int]:
    return found[:2]


def _column(feature: Feature, values: pa.ChunkedArray) -> Found:
    values = decoded(values)
    if _is_text(values.type):
        cells, faults = _of_text(feature, text_column(feature.name, values.cast(pa.string())))
    else:
        cells, faults = _of_numbers(feature, values)
    if not feature.nullable:
        faults += [(row, Fault("null_not_allowed", feature.expected)) for row in _missing(cells, faults)]
    return cells, faults


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _missing(cells: Cells, faults: list[tuple[int, Fault]]) -> list[int]:
    """Give the rows without a cell, but for those whose cell is there and bad."""
    absent = cells == None if cells.dtype == np.object_ else np.isnan(cells.astype(np.float64))  # noqa: E711 # one by one
    known = {row for row, _ in faults}
    return [row for row in np.flatnonzero(absent).tolist() if row not in known]


def _of_text(feature: Feature, raw: TextColumn) -> Found:
    """Read each distinct text once."""
    if feature.kind is FeatureKind.CATEGORICAL:
        texts = raw.texts
        bad = {code: fault for code, text in enumerate(texts) if (fault := feature.fault(text))}
        return of_codes(texts, raw.codes, None), _spread(bad, raw.codes)
    numbers = _spelled(feature.kind, raw.levels)
    unread = Fault("not_datetime" if feature.kind is FeatureKind.DATETIME else "wrong_type", feature.expected)
    bad = dict.fromkeys(np.flatnonzero(np.isnan(numbers)).tolist(), unread) | dict(_faults(feature, numbers))
    return of_codes(numbers, raw.codes, np.nan), _spread(bad, raw.codes)


def _spelled(kind: FeatureKind, levels: pa.StringArray) -> Numbers:
    if kind is FeatureKind.DATETIME:
        return seconds_of_all(levels)
    numbers, truth = number_of(levels), truth_of(levels)
    return numbers if kind is not FeatureKind.BOOLEAN else np.where(np.isnan(truth), numbers, truth)


def _spread(bad: Mapping[int, Fault], codes: NDArray[np.int32]) -> list[tuple[int, Fault]]:
    """Give the rows of bad levels."""
    if not bad:
        return []
    return [(row, bad[int(codes[row])]) for row in np.flatnonzero(np.isin(codes, list(bad))).tolist()]


def _of_numbers(feature: Feature, values: pa.ChunkedArray) -> Found:
    if not any(fits(values.type) for fits in _TYPES[feature.kind]):
        raise ColumnError(feature.name, f"holds {values.type} cells where the model's feature is {feature.kind}")
    if pa.types.is_temporal(values.type):
        numbers = seconds_of(values)
    else:
        numbers = np.asarray(values.cast(pa.float64(), safe=False).fill_null(float("nan")).to_numpy(), np.float64)
    if feature.kind is not FeatureKind.CATEGORICAL:
        return numbers, list(_faults(feature, numbers))
    spell = spelled if pa.types.is_temporal(values.type) else digits
    texts = [None if np.isnan(number) else spell(number) for number in numbers.tolist()]
    cells = np.array([*texts, None], np.object_)[:-1]
    return cells, [
        (row, fault) for row, text in enumerate(texts) if text is not None and (fault := feature.fault(text))
    ]


def _faults(feature: Feature, numbers: Numbers) -> Iterator[tuple[int, Fault]]:
    """Find fault with numbers, NaN being none."""
    for place in np.flatnonzero(_odd(feature.kind, numbers)).tolist():
        yield place, _fault(feature, float(numbers[place]))


def _odd(kind: FeatureKind, numbers: Numbers) -> NDArray[np.bool_]:
    if kind is FeatureKind.DATETIME:
        return ~in_range(numbers)
    if kind is FeatureKind.BOOLEAN:
        return np.asarray((numbers != 0.0) & (numbers != 1.0) & ~np.isnan(numbers))
    odd = np.abs(numbers) >= FLOAT32_OVERFLOW
    if kind is FeatureKind.INTEGER:
        odd |= (np.floor(numbers) != numbers) & ~np.isnan(numbers)
    return np.asarray(odd)


def _fault(feature: Feature, number: float) -> Fault:
    if feature.kind is FeatureKind.DATETIME:
        return NOT_MOMENT
    wrong_type = Fault("wrong_type", feature.expected)
    return wrong_type if feature.kind is FeatureKind.BOOLEAN else feature.fault(number) or wrong_type


_NUMBERS: Final = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
_MOMENTS: Final = (pa.types.is_timestamp, pa.types.is_date)
_TYPES: Final[Mapping[FeatureKind, Sequence[Callable[[pa.DataType], bool]]]] = {
    FeatureKind.NUMERIC: (*_NUMBERS, pa.types.is_boolean),
    FeatureKind.INTEGER: (*_NUMBERS, pa.types.is_boolean),
    FeatureKind.BOOLEAN: (*_NUMBERS, pa.types.is_boolean),
    FeatureKind.CATEGORICAL: (*_NUMBERS, *_MOMENTS),
    FeatureKind.DATETIME: (*_MOMENTS, pa.types.is_null),
}
