"""Scaling of number columns: optional, since trees need none; fitted by training, a step of the encoder."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.schema import FeatureKind, FeatureSchema
from mlapi.bundle.steps import ScaleStep
from mlapi.bundle.types import Table

Scaling = Literal["none", "standard", "minmax"]


class Scaler:
    """Applies scale steps to all their columns at once."""

    def __init__(self, columns: Sequence[str], steps: Sequence[ScaleStep]) -> None:
        """Find the places of the scaled columns among all columns."""
        place = {name: position for position, name in enumerate(columns)}
        self._places = np.array([place[name] for step in steps for name in step.columns], np.intp)
        self._offset = np.array([[number] for step in steps for number in step.offset])
        self._scale = np.array([[number] for step in steps for number in step.scale])

    def __bool__(self) -> bool:
        """Whether any column is scaled."""
        return self._places.size > 0

    def apply(self, block: NDArray[np.float64]) -> None:
        """Scale in place; the block has shape (n_columns, n_rows). What overflows becomes infinite."""
        with np.errstate(over="ignore"):
            block[self._places] = (block[self._places] - self._offset) / self._scale


class Spread:
    """Where a column's numbers lie; looks at them in pieces, of which one is as good as many."""

    def __init__(self) -> None:
        self._n = 0
        self._mean = self._squares = 0.0  # squares: the sum of squared distances from the mean
        self._limits: list[float] = []

    def add(self, cells: NDArray[np.float64]) -> None:
        """Look at some more cells, NaN where missing."""
        seen = cells[~np.isnan(cells)]
        if not seen.size:
            return
        # fsum is exact, so that the order of additions, which depends on the processor in NumPy, leaves no trace
        mean = math.fsum(seen.tolist()) / seen.size
        squares = math.fsum(((seen - mean) ** 2).tolist())
        # which of -0.0 and 0.0 min() gives depends on the order
        self._limits = [min([*self._limits, float(seen.min())]) + 0.0, max([*self._limits, float(seen.max())])]
        n, apart = self._n + seen.size, mean - self._mean
        # Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979
        self._squares += squares + apart * apart * self._n * seen.size / n
        self._mean = mean if self._n == 0 else self._mean + apart * seen.size / n
        self._n = n

    def standard(self) -> tuple[float, float]:
        """Give the mean and the population's standard deviation; 1 where there is none."""
        return (self._mean, math.sqrt(self._squares / self._n) or 1.0) if self._n else (0.0, 1.0)

    def minmax(self) -> tuple[float, float]:
        """Give the least number and the distance to the greatest; 1 where there is none."""
        return (self._limits[0], self._limits[1] - self._limits[0] or 1.0) if self._n else (0.0, 1.0)


def spreads(schema: FeatureSchema, table: Table) -> dict[str, Spread]:
    """Look at every number column of a table."""
    found = {one.name: Spread() for one in schema.features if one.kind in (FeatureKind.NUMERIC, FeatureKind.INTEGER)}
    for name, spread in found.items():
        spread.add(table[name].astype(np.float64))
    return found


def scale_step(seen: Mapping[str, Spread], scaling: Literal["standard", "minmax"]) -> ScaleStep:
    """Fit the scaling of every number column.

    Args:
        seen: the spread over the training fold, by column.
        scaling: standard subtracts the mean and divides by the population's standard deviation; minmax maps the seen
            range to 0 … 1. A column without spread is only shifted.
    """
    measured = [spread.standard() if scaling == "standard" else spread.minmax() for spread in seen.values()]
    return ScaleStep(tuple(seen), tuple(offset for offset, _ in measured), tuple(scale for _, scale in measured))
