"""The typed steps that an encoder is made of (`encoder.json`); a kind that is not here is refused."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Table

Scaling = Literal["none", "standard", "minmax"]


class NumberStep(
    msgspec.Struct,
    frozen=True,
    tag_field="kind",
    tag="number",
    forbid_unknown_fields=True,
):
    """A numeric or integer feature as one column."""

    feature: str


class BooleanStep(
    msgspec.Struct,
    frozen=True,
    tag_field="kind",
    tag="boolean",
    forbid_unknown_fields=True,
):
    """A boolean feature as one column of 0 and 1."""

    feature: str


class CodesStep(
    msgspec.Struct,
    frozen=True,
    tag_field="kind",
    tag="codes",
    forbid_unknown_fields=True,
):
    """A categorical feature as one column of codes, the category's position in the schema's list."""

    feature: str


class ScaleStep(
    msgspec.Struct,
    frozen=True,
    tag_field="kind",
    tag="scale",
    forbid_unknown_fields=True,
):
    """Number columns as (cell - offset) / scale, in float64 and rounded to float32 afterwards.

    Attributes:
        columns: names of number columns.
        offset: one a column, finite.
        scale: one a column, finite and above 0.
    """

    columns: tuple[str, ...]
    offset: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be computed.

        Raises:
            ValueError: lists of unequal length, a column twice, or a number that is not finite or no scale.
        """
        if not len(set(self.columns)) == len(self.columns) == len(self.offset) == len(self.scale):
            raise ValueError("a scale step needs one offset and one scale for each column")
        if not all(map(math.isfinite, self.offset + self.scale)) or any(scale <= 0 for scale in self.scale):
            raise ValueError("offsets and scales must be finite, scales above 0")


FeatureStep = NumberStep | BooleanStep | CodesStep
Step = FeatureStep | ScaleStep


def step_of(feature: Feature) -> FeatureStep:
    """Give the step that a feature's kind calls for."""
    match feature.kind:
        case FeatureKind.CATEGORICAL:
            return CodesStep(feature.name)
        case FeatureKind.BOOLEAN:
            return BooleanStep(feature.name)
        case FeatureKind.NUMERIC | FeatureKind.INTEGER:
            return NumberStep(feature.name)


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
    return ScaleStep(
        tuple(columns),
        tuple(offset for offset, _ in measured),
        tuple(scale for _, scale in measured),
    )


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
