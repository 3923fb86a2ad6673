"""Figures for parts of the test rows, so that a good mean does not hide a bad part (`--slice FEATURE`)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.decision import class_name
from mlapi.bundle.moments import spelled
from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.types import Probabilities
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset
from mlapi.training.errors import ConfigError, nearest, shown
from mlapi.training.evaluation import Figures, ModelEvaluator
from mlapi.training.scores import Floats

MOST_GROUPS = 12  # of one feature; the rarer ones are put together
FEWEST_ROWS = 10  # a smaller part tells nothing
Mask = NDArray[np.bool_]
QUARTERS = (0.25, 0.5, 0.75)
QUANTITIES = (ColumnKind.NUMBER, ColumnKind.DATETIME)
MISSING = "(missing)"  # in brackets, since a category may be called so
OTHERS = "(all others)"


class Slice(NamedTuple):
    """One part: a feature, which of its cells, and the figures there."""

    feature: str
    group: str
    figures: Figures


def slices(
    test: Dataset,
    features: Sequence[str],
    evaluator: ModelEvaluator,
    probabilities: Probabilities,
    weights: Floats | None = None,
) -> tuple[Slice, ...]:
    """Score the parts that some features cut the test rows into.

    Args:
        test: the test rows.
        features: columns to cut by: each category, true and false, or the quarters of a number; missing cells apart.
        evaluator: scores each part.
        probabilities: float32 (n_rows, n_classes).
        weights: what each row counts, (n_rows,).

    Raises:
        ConfigError: there is no such column.
    """
    check_slices(test, features)
    columns = {column.name: column for column in test.columns}
    found = []
    for feature in features:
        for group, rows in parts(columns[feature]):
            heavy = None if weights is None else weights[rows]
            figures = evaluator.evaluate(test.labels.codes[rows], probabilities[rows], heavy)
            found.append(Slice(feature, group, figures))
    return tuple(found)


def check_slices(data: Dataset, features: Sequence[str]) -> None:
    """Refuse a column that is not there.

    Raises:
        ConfigError: names it, and the nearest one.
    """
    names = [column.name for column in data.columns]
    for feature in features:
        if feature not in names:
            raise ConfigError("--slice", f"{data.name} has no column {shown(feature)}{nearest(feature, names)}")


def parts(column: Column) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Give the rows of each part of a column that has enough of them, with the part's name."""
    known = ~np.isnan(column.cells) if column.cells.dtype != np.object_ else column.cells != None  # noqa: E711 # cell by cell
    for name, mask in [*_masks(column, known), (MISSING, ~known)]:
        rows = np.flatnonzero(mask)
        if len(rows) >= FEWEST_ROWS:
            yield name, rows


def _masks(column: Column, known: Mask) -> Iterator[tuple[str, Mask]]:
    values, counts = np.unique(column.cells[known], return_counts=True)
    if column.kind in QUANTITIES and len(values) > MOST_GROUPS:
        yield from _quarters(column.cells.astype(np.float64), column.kind)
        return
    kept = values[np.argsort(-counts, kind="stable")[:MOST_GROUPS]]
    for value in kept:
        yield _spelled(value, column.kind), column.cells == value
    yield OTHERS, known & ~np.isin(column.cells, kept)


def _quarters(cells: Floats, kind: ColumnKind) -> Iterator[tuple[str, Mask]]:
    """Cut at values that occur, so that equal data are cut alike on every machine."""
    edges = np.unique(np.nanquantile(cells, QUARTERS, method="inverted_cdf"))
    for low, high in itertools.pairwise([-np.inf, *edges, np.inf]):
        least, most = (_spelled(edge, kind) if np.isfinite(edge) else "" for edge in (low, high))
        name = f"over {least}" if high == np.inf else f"up to {most}" if low == -np.inf else f"{least} to {most}"
        yield name, (cells > low) & (cells <= high)


def _spelled(value: Any, kind: ColumnKind) -> str:
    if kind is ColumnKind.DATETIME:
        return spelled(value)
    if kind is ColumnKind.BOOLEAN:
        return class_name(bool(value))
    return str(value) if kind is ColumnKind.TEXT else f"{value:g}"
