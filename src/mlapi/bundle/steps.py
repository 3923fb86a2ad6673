"""The typed steps that an encoder is made of (`encoder.json`); a kind that is not here is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from mlapi.bundle.errors import FormatError, shown
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema

ENCODER_FILE: Final = "encoder.json"


class NumberStep(msgspec.Struct, frozen=True, tag_field="kind", tag="number", forbid_unknown_fields=True):
    """A numeric or integer feature as one column."""

    feature: str


class BooleanStep(msgspec.Struct, frozen=True, tag_field="kind", tag="boolean", forbid_unknown_fields=True):
    """A boolean feature as one column of 0 and 1."""

    feature: str


class CodesStep(msgspec.Struct, frozen=True, tag_field="kind", tag="codes", forbid_unknown_fields=True):
    """A categorical feature as one column of codes, the category's position in the schema's list."""

    feature: str


class ScaleStep(msgspec.Struct, frozen=True, tag_field="kind", tag="scale", forbid_unknown_fields=True):
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
    if feature.kind is FeatureKind.CATEGORICAL:
        return CodesStep(feature.name)
    return BooleanStep(feature.name) if feature.kind is FeatureKind.BOOLEAN else NumberStep(feature.name)


def check_steps(schema: FeatureSchema, steps: Sequence[Step]) -> tuple[ScaleStep, ...]:
    """See that steps fit a schema: one for each feature in its order and of its kind, then scale steps.

    Returns:
        The scale steps; no column is in two of them.

    Raises:
        FormatError: they do not fit.
    """
    n_features = len(schema.features)
    if list(steps[:n_features]) != [step_of(feature) for feature in schema.features]:
        raise FormatError(ENCODER_FILE, "needs one step for each feature first, in the schema's order and of its kind")
    scales = tuple(step for step in steps[n_features:] if isinstance(step, ScaleStep))
    columns = [name for step in scales for name in step.columns]
    if len(scales) != len(steps) - n_features or len(set(columns)) != len(columns):
        raise FormatError(ENCODER_FILE, "has more than one step for a feature")
    for name in columns:
        if name not in schema or not isinstance(step_of(schema.feature(name)), NumberStep):
            raise FormatError(ENCODER_FILE, f"scales {shown(name)}, which is no number column")
    return scales
