"""The typed steps that an encoder is made of (`encoder.json`); a kind that is not here is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from mlapi.bundle import document
from mlapi.bundle.errors import FormatError, shown
from mlapi.bundle.moments import PARTS
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema

ENCODER_FILE: Final = "encoder.json"
OTHERS: Final = "(other)"  # in a column's name: all texts that are no category of their own

Encoding = Literal["native", "one-hot", "ordinal"]
"""How categories become numbers: codes that the trees split in sets, a column each, or a number in the list's order."""


class NumberStep(msgspec.Struct, frozen=True, tag_field="kind", tag="number", forbid_unknown_fields=True):
    """A numeric or integer feature as one column."""

    feature: str


class BooleanStep(msgspec.Struct, frozen=True, tag_field="kind", tag="boolean", forbid_unknown_fields=True):
    """A boolean feature as one column of 0 and 1."""

    feature: str


class CodesStep(msgspec.Struct, frozen=True, tag_field="kind", tag="codes", forbid_unknown_fields=True):
    """A categorical feature as one column of codes, the category's position in the schema's list."""

    feature: str


class OrdinalStep(msgspec.Struct, frozen=True, tag_field="kind", tag="ordinal", forbid_unknown_fields=True):
    """A categorical feature as one column that holds the category's position as a quantity."""

    feature: str


class OneHotStep(msgspec.Struct, frozen=True, tag_field="kind", tag="one-hot", forbid_unknown_fields=True):
    """A categorical feature as a column of 0 and 1 for each category; all of them missing where the cell is."""

    feature: str


class DatetimeStep(msgspec.Struct, frozen=True, tag_field="kind", tag="datetime", forbid_unknown_fields=True):
    """A datetime feature as a column for each of its parts, in UTC.

    Attributes:
        feature: its name.
        parts: names of `moments.PARTS`, one or more, each once.
    """

    feature: str
    parts: tuple[str, ...] = PARTS

    def __post_init__(self) -> None:
        """Refuse what cannot be computed.

        Raises:
            ValueError: no parts, an unknown one, or one twice.
        """
        if not self.parts or len(set(self.parts)) != len(self.parts) or not set(self.parts) <= set(PARTS):
            raise ValueError(f"a datetime step needs parts, each once, of {', '.join(PARTS)}")


class ScaleStep(msgspec.Struct, frozen=True, tag_field="kind", tag="scale", forbid_unknown_fields=True):
    """Number columns as (cell - offset) / scale, in float64 and rounded to float32 afterwards.

    Attributes:
        columns: names of numeric or integer features.
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


FeatureStep = NumberStep | BooleanStep | CodesStep | OrdinalStep | OneHotStep | DatetimeStep
Step = FeatureStep | ScaleStep

_BY_ENCODING: Final[dict[Encoding, type[CodesStep | OrdinalStep | OneHotStep]]] = {
    "native": CodesStep,
    "ordinal": OrdinalStep,
    "one-hot": OneHotStep,
}
_BY_KIND: Final[dict[FeatureKind, tuple[type[FeatureStep], ...]]] = {
    FeatureKind.NUMERIC: (NumberStep,),
    FeatureKind.INTEGER: (NumberStep,),
    FeatureKind.BOOLEAN: (BooleanStep,),
    FeatureKind.CATEGORICAL: tuple(_BY_ENCODING.values()),
    FeatureKind.DATETIME: (DatetimeStep,),
}


def step_of(feature: Feature, encoding: Encoding = "native") -> FeatureStep:
    """Give the step that a feature's kind calls for; the encoding is for categories only."""
    if feature.kind is FeatureKind.CATEGORICAL:
        return _BY_ENCODING[encoding](feature.name)
    return _BY_KIND[feature.kind][0](feature.name)


class EncoderState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `encoder.json`."""

    steps: tuple[Step, ...]


class Stepped(Protocol):
    """What has features and the steps of their encoder: the encoder itself, or a bundle."""

    @property
    def schema(self) -> FeatureSchema:
        """The features."""
        ...

    @property
    def steps(self) -> tuple[Step, ...]:
        """One for each feature, then scale steps."""
        ...


class Column(NamedTuple):
    """A column of the matrix.

    Attributes:
        name: the feature's, with the category or the part behind it where a feature has several columns.
        type: XGBoost's feature type (`feature_types` of DMatrix): q quantitative, i indicator, c categorical.
        n_codes: how many codes the cells can have; 0 for anything but c.
    """

    name: str
    type: str
    n_codes: int = 0


def columns_of(feature: Feature, step: FeatureStep) -> list[Column]:
    """Give the columns that a step makes of its feature, one or more."""
    match step:
        case CodesStep():
            return [Column(feature.name, "c", feature.n_codes)]
        case OneHotStep():
            others = [OTHERS] * (feature.n_codes - len(feature.categories))
            return [Column(f"{feature.name}={category}", "i") for category in [*feature.categories, *others]]
        case DatetimeStep():
            return [Column(f"{feature.name}.{part}", "q") for part in step.parts]
        case _:
            return [Column(feature.name, "i" if isinstance(step, BooleanStep) else "q")]


def is_plain(of: Stepped) -> bool:
    """Whether every feature is one column as it is: a number, true or false, or a category's code."""
    features = of.schema.features
    own = (NumberStep, BooleanStep, CodesStep)
    return len(of.steps) == len(features) and all(isinstance(step, own) for step in of.steps)


def read_steps(data: bytes) -> tuple[Step, ...]:
    """Read `encoder.json`.

    Raises:
        FormatError: not such a file, or a step of an unknown kind.
    """
    return document.read(data, EncoderState, ENCODER_FILE).steps


def check_steps(schema: FeatureSchema, steps: Sequence[Step]) -> tuple[tuple[FeatureStep, ...], tuple[ScaleStep, ...]]:
    """See that steps fit a schema: one for each feature in its order and of its kind, then scale steps.

    Returns:
        The steps of the features, and the scale steps; no column is in two of the latter.

    Raises:
        FormatError: they do not fit.
    """
    n_features = len(schema.features)
    own = tuple(step for step in steps[:n_features] if not isinstance(step, ScaleStep))
    if len(own) != n_features or not all(map(_fits, schema.features, own)):
        raise FormatError(ENCODER_FILE, "needs one step for each feature first, in the schema's order and of its kind")
    scales = tuple(step for step in steps[n_features:] if isinstance(step, ScaleStep))
    columns = [name for step in scales for name in step.columns]
    if len(scales) != len(steps) - n_features or len(set(columns)) != len(columns):
        raise FormatError(ENCODER_FILE, "has more than one step for a feature")
    for name in columns:
        if name not in schema or not isinstance(step_of(schema.feature(name)), NumberStep):
            raise FormatError(ENCODER_FILE, f"scales {shown(name)}, which is no number column")
    return own, scales


def _fits(feature: Feature, step: FeatureStep) -> bool:
    return step.feature == feature.name and isinstance(step, _BY_KIND[feature.kind])
