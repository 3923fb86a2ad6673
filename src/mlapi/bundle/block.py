"""The matrix before it is one: all columns under each other in float64, searched for what no tree may see."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.cells import FLOAT32_OVERFLOW
from mlapi.bundle.moment_columns import in_range
from mlapi.bundle.schema import Feature, FeatureKind, OnUnknownCategory
from mlapi.bundle.types import Cells

Block = NDArray[np.float64]  # (n_columns, n_rows)
Place = tuple[int, int]  # row, position of the feature
_UNKNOWN: Final = math.inf  # so that ONE look at the numbers finds unknown categories and what is beyond float32


def coding_of(feature: Feature) -> Callable[[Cells], Cells]:
    """Give what turns a feature's cells into numbers: nothing, or its codes.

    An unknown category is infinity, or the code after the last one where all others are one category; so is a moment
    beyond the years that there are. What it gives raises TypeError for a categorical feature whose cells are no objects
    (numbers would pass for unknown), and for a datetime feature whose cells are.
    """
    if feature.kind is FeatureKind.DATETIME:
        return _within_years
    if feature.kind is not FeatureKind.CATEGORICAL:
        return _as_they_are
    codes: dict[str | None, float] = {category: float(code) for category, code in feature.codes.items()}
    others = float(len(codes)) if feature.on_unknown is OnUnknownCategory.OTHER else _UNKNOWN
    return partial(_with_codes, {None: np.nan, **codes}.get, others)


def _as_they_are(cells: Cells) -> Cells:
    return cells


def _within_years(cells: Cells) -> Cells:
    if cells.dtype == np.object_:
        raise TypeError("cells of a datetime feature must be numbers: seconds since 1970")
    seconds = cells.astype(np.float64)
    return np.where(in_range(seconds), seconds, _UNKNOWN)


def _with_codes(code_of: Callable[[str | None, float], float], others: float, cells: Cells) -> Cells:
    if cells.dtype != np.object_:
        raise TypeError("cells of a categorical feature must be objects")
    return np.fromiter(map(code_of, cells, repeat(others)), np.float64, len(cells))


def stack(cells: Sequence[Cells]) -> Block:
    """Put n_columns arrays of n_rows cells under each other.

    Raises:
        ValueError: arrays of unequal length.
        TypeError: objects among them.
    """
    n_rows = len(cells[0])
    if any(len(column) != n_rows for column in cells):
        raise ValueError("the features of a table must have equally many cells")
    return np.concatenate(cells, dtype=np.float64, casting="safe").reshape(len(cells), n_rows)


def beyond_float32(block: Block) -> list[Place]:
    """Give the cells that float32 would make infinite, by row; NaN is none."""
    beyond = np.abs(block) >= FLOAT32_OVERFLOW
    return [(row, position) for row, position in np.argwhere(beyond.T).tolist()] if beyond.any() else []
