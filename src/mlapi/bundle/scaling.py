"""Scaling of number columns: optional, since trees need none; fitted by training, a step of the encoder."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def fit_scale(schema: FeatureSchema, table: Table, scaling: Literal["standard", "minmax"]) -> ScaleStep:
    """Fit the scaling of every number column.

    Args:
        schema: the features.
        table: the training fold.
        scaling: standard subtracts the mean and divides by the population's standard deviation; minmax maps the seen
            range to 0 … 1. A column without spread is only shifted.
    """
    columns = [one.name for one in schema.features if one.kind in (FeatureKind.NUMERIC, FeatureKind.INTEGER)]
    measure = _standard if scaling == "standard" else _minmax
    measured = [measure(_seen(table, name)) for name in columns]
    return ScaleStep(tuple(columns), tuple(offset for offset, _ in measured), tuple(scale for _, scale in measured))


def _seen(table: Table, name: str) -> NDArray[np.float64]:
    cells = table[name].astype(np.float64)
    return cells[~np.isnan(cells)]


def _standard(cells: NDArray[np.float64]) -> tuple[float, float]:
    if not cells.size:
        return 0.0, 1.0
    # fsum is exact, so that the order of additions, which depends on the processor in NumPy, leaves no trace
    mean = math.fsum(cells.tolist()) / cells.size
    return mean, math.sqrt(math.fsum(((cells - mean) ** 2).tolist()) / cells.size) or 1.0


def _minmax(cells: NDArray[np.float64]) -> tuple[float, float]:
    if not cells.size:
        return 0.0, 1.0
    least = float(cells.min()) + 0.0  # -0.0 becomes 0.0: which of the two min() gives depends on the order
    return least, float(cells.max()) - least or 1.0
