"""Fit what stands between a row and the matrix: the schema and the encoder, both from the bundle's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.encoder import Encoder, Encoding, Scaling, Spread
from mlapi.bundle.profile import (
    EVERY,
    ColumnKind,
    ColumnProfile,
    FeatureOverride,
    Grouping,
    LeftOut,
    infer_schema,
    profile_column,
)
from mlapi.bundle.schema import FeatureSchema, OnUnknownCategory, OnUnknownFeature
from mlapi.bundle.types import Matrix
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset

if TYPE_CHECKING:
    from mlapi.training.config import TrainingConfig


class Grouped(NamedTuple):
    """Categories of a feature that are one because they are rare, and the training rows that hold one of them."""

    n_categories: int
    n_rows: int


@dataclass(frozen=True)
class Preprocessing:
    """What was fitted: the schema, the encoder over it, the columns that are no features, and what was grouped."""

    schema: FeatureSchema
    encoder: Encoder
    left_out: tuple[LeftOut, ...]
    grouped: Mapping[str, Grouped] = field(default_factory=dict)

    def matrix(self, data: Dataset) -> Matrix:
        """Give the float32 matrix of a table's rows, (n_rows, n_columns); an unseen category is NaN."""
        return self.encoder.encode_table({name: data.table[name] for name in self.schema.names}).matrix


class PreprocessingPipeline:
    """Infers the feature schema and fits the encoder: missing values, categories, dates, optional scaling.

    What a feature IS (kind, whether it may be missing, whether it is one at all) comes from the whole file, since
    serving must take every row that the file could hold. What is LEARNED (categories, ranges, medians, scales) comes
    from the training fold alone.
    """

    def __init__(
        self,
        overrides: Mapping[str, FeatureOverride] | None = None,
        *,
        on_unknown_feature: OnUnknownFeature = OnUnknownFeature.REJECT,
        scaling: Scaling = "none",
        encoding: Encoding = "native",
        grouping: Grouping = EVERY,
    ) -> None:
        """Say what is wanted.

        Args:
            overrides: what is said of a feature instead of looking.
            on_unknown_feature: what serving does with a name that is no feature.
            scaling: of number columns.
            encoding: of categories, where an override says nothing else.
            grouping: which categories are kept apart.
        """
        self._overrides = dict(overrides or {})
        self._on_unknown_feature = on_unknown_feature
        self._scaling: Scaling = scaling
        self._encoding: Encoding = encoding
        self._grouping = grouping

    @classmethod
    def of(cls, config: TrainingConfig) -> PreprocessingPipeline:
        """Give the pipeline that a configuration asks for."""
        return cls(
            config.overrides,
            on_unknown_feature=config.on_unknown_feature,
            scaling=config.scaling,
            encoding=config.encoding,
            grouping=Grouping(min_count=config.min_category_count, most=config.max_categories),
        )

    def fit(self, data: Dataset, training_rows: NDArray[np.intp]) -> Preprocessing:
        """Fit on a table.

        Args:
            data: the whole file.
            training_rows: the rows of the training fold.

        Raises:
            SchemaError: an override does not fit its column, or no feature is left.
        """
        fold = data.take(training_rows)
        seen = {} if self._scaling == "none" else _spreads(fold.columns)
        return self.fit_profiles(data.target, _profiles(data.columns), _profiles(fold.columns), seen)

    def fit_profiles(
        self,
        target: str,
        whole: Sequence[ColumnProfile],
        fold: Sequence[ColumnProfile],
        seen: Mapping[str, Spread],
    ) -> Preprocessing:
        """Fit on what passes over a table saw, so that the table may be larger than memory.

        Args:
            target: the column that is predicted.
            whole: of every column but the target over the whole file.
            fold: of the same columns over the training fold.
            seen: the spread of every number column over the training fold; needed for scaling only.

        Raises:
            SchemaError: an override does not fit its column, or no feature is left.
        """
        kept, left_out = infer_schema(whole, self._overrides, target, self._on_unknown_feature)
        profiles = [profile for profile in fold if profile.name in kept]
        settled = self._settled(kept, whole)
        schema, also_left_out = infer_schema(profiles, settled, target, self._on_unknown_feature, self._grouping)
        encodings = {name: self._encoding_of(name) for name in schema.names}
        encoder = Encoder.of_spreads(schema, seen, self._scaling, encodings)
        return Preprocessing(schema, encoder, left_out + also_left_out, _grouped(schema, profiles))

    def _encoding_of(self, name: str) -> Encoding:
        given = self._overrides.get(name)
        return (given.encoding if given else None) or self._encoding

    def _settled(self, kept: FeatureSchema, profiles: Sequence[ColumnProfile]) -> dict[str, FeatureOverride]:
        """Carry over from the whole file what a part of it must not decide again."""
        with_gaps = {profile.name for profile in profiles if profile.n_missing}
        settled = {}
        for feature in kept.features:
            given = self._overrides.get(feature.name, FeatureOverride())
            nullable = (feature.name in with_gaps) if given.nullable is None else given.nullable
            rejects = feature.on_unknown is OnUnknownCategory.REJECT and bool(feature.categories)
            # a category that serving would refuse cannot be scored among the held-out rows either
            categories = feature.categories if rejects else given.categories
            settled[feature.name] = msgspec.structs.replace(
                given, kind=feature.kind, nullable=nullable, categories=categories
            )
        return settled


def _grouped(schema: FeatureSchema, profiles: Sequence[ColumnProfile]) -> dict[str, Grouped]:
    found = {}
    for profile in profiles:
        if profile.name in schema and schema.feature(profile.name).on_unknown is OnUnknownCategory.OTHER:
            codes = schema.feature(profile.name).codes
            rare = [count for name, count in profile.levels.items() if name not in codes]
            found[profile.name] = Grouped(len(rare), sum(rare))
    return found


def _spreads(columns: Sequence[Column]) -> dict[str, Spread]:
    numbers = [column for column in columns if column.kind is not ColumnKind.TEXT]
    found = {column.name: Spread() for column in numbers}
    for column in numbers:
        found[column.name].add(column.cells.astype(np.float64))
    return found


def _profiles(columns: Sequence[Column]) -> list[ColumnProfile]:
    return [profile_column(column.name, column.cells, column.kind) for column in columns]
