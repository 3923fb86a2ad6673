"""From one number a feature to the matrix: as many columns as each feature's step makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.block import Block
from mlapi.bundle.moment_columns import parts_of
from mlapi.bundle.schema import Feature
from mlapi.bundle.steps import Column, DatetimeStep, FeatureStep, OneHotStep, columns_of
from mlapi.bundle.types import Matrix

EPOCH_YEAR: Final = 1970
_SEVERAL: Final = (OneHotStep, DatetimeStep)


class Expansion:
    """The columns of a matrix, and what fills them."""

    def __init__(self, features: Sequence[Feature], steps: Sequence[FeatureStep]) -> None:
        """Lay the columns of each feature side by side, in the features' order."""
        made = [columns_of(*pair) for pair in zip(features, steps, strict=True)]
        self.columns: tuple[Column, ...] = tuple(column for columns in made for column in columns)
        self.feature_of_column = tuple(
            feature.name for feature, columns in zip(features, made, strict=True) for _ in columns
        )
        starts = np.cumsum([0, *map(len, made)]).tolist()
        self._starts = starts[:-1]
        plain = [position for position, step in enumerate(steps) if not isinstance(step, _SEVERAL)]
        self._plain, self._plain_places = np.array(plain, np.intp), np.array(starts, np.intp)[plain]
        self._several = [
            (position, slice(starts[position], starts[position + 1]), step)
            for position, step in enumerate(steps)
            if isinstance(step, _SEVERAL)
        ]

    def matrix(self, block: Block) -> Matrix:
        """Give the float32 matrix (n_rows, n_columns), C order, of a block (n_features, n_rows)."""
        if not self._several:
            return block.T.astype(np.float32, order="C")
        matrix = np.empty((block.shape[1], len(self.columns)), np.float32)
        matrix[:, self._plain_places] = block[self._plain].T
        for position, columns, step in self._several:
            _fill(matrix[:, columns], block[position], step)
        return matrix

    def folded(self, matrix: Matrix) -> list[NDArray[np.float32]]:
        """Give one column a feature, (n_rows,) each, that orders its cells as they were ordered, NaN where missing.

        Of a plain step it is the column itself, of a one-hot step the code of the category; a moment becomes a number
        that grows with time as finely as the parts tell, which is not at all without a year.
        """
        found = [matrix[:, start] for start in self._starts]
        for position, columns, step in self._several:
            found[position] = _folded(matrix[:, columns], step)
        return found


def _folded(columns: Matrix, step: OneHotStep | DatetimeStep) -> NDArray[np.float32]:
    if isinstance(step, OneHotStep):
        codes = columns @ np.arange(columns.shape[1], dtype=np.float32)
        return np.asarray(codes, np.float32)
    part = dict(zip(step.parts, columns.T.astype(np.float64), strict=True))
    zeros = columns[:, 0] * 0.0  # NaN where missing
    if "year" not in part:
        return zeros
    day = part.get("day_of_year", part.get("month", zeros) * 31 + part.get("day", zeros))
    days = (part["year"] - EPOCH_YEAR) * 400 + day + part.get("hour", zeros) / 24 + part.get("minute", zeros) / 1440
    return np.asarray(days, np.float32)


def _fill(columns: Matrix, cells: Block, step: OneHotStep | DatetimeStep) -> None:
    """Write a feature's columns; cells are codes or seconds, (n_rows,), NaN where missing."""
    if isinstance(step, DatetimeStep):
        columns[:] = np.array(parts_of(cells, step.parts)).T
        return
    columns[:] = cells[:, None] == np.arange(columns.shape[1])
    columns[np.isnan(cells)] = np.nan
