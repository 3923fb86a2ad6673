"""Fit what stands between a row and the matrix: the schema and the encoder, both from the bundle's own code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.encoder import Encoder
from mlapi.bundle.profile import ColumnKind, ColumnProfile, FeatureOverride, LeftOut, infer_schema, profile_column
from mlapi.bundle.schema import FeatureSchema, OnUnknownCategory, OnUnknownFeature
from mlapi.bundle.types import Matrix
from mlapi.training.columns import Column
from mlapi.training.dataset import Dataset


@dataclass(frozen=True)
class Preprocessing:
    """What was fitted: the schema, the encoder over it, and the columns that are no features, with the reason."""

    schema: FeatureSchema
    encoder: Encoder
    left_out: tuple[LeftOut, ...]

    def matrix(self, data: Dataset) -> Matrix:
        """Give the float32 matrix of a table's rows, (n_rows, n_columns); an unseen category is NaN."""
        return self.encoder.encode_table({name: data.table[name] for name in self.schema.names}).matrix


class PreprocessingPipeline:
    """Infers the feature schema and fits the encoder: missing values, categories, optional scaling.

    What a feature IS (kind, whether it may be missing, whether it is one at all) comes from the whole file, since
    serving must take every row that the file could hold. What is LEARNED (categories, ranges, medians, scales) comes
    from the training fold alone.
    """

    def __init__(
        self,
        overrides: Mapping[str, FeatureOverride] | None = None,
        *,
        on_unknown_feature: OnUnknownFeature = OnUnknownFeature.REJECT,
        scaling: Literal["none", "standard", "minmax"] = "none",
    ) -> None:
        self._overrides = dict(overrides or {})
        self._on_unknown_feature = on_unknown_feature
        self._scaling: Literal["none", "standard", "minmax"] = scaling

    def fit(self, data: Dataset, training_rows: NDArray[np.intp]) -> Preprocessing:
        """Fit on a table.

        Args:
            data: the whole file.
            training_rows: the rows of the training fold.

        Raises:
            SchemaError: an override does not fit its column, or no feature is left.
        """
        whole = _profiles(data.columns)
        kept, left_out = self._infer(data, whole, self._overrides)
        fold = data.take(training_rows)
        columns = [column for column in fold.columns if column.name in kept.names]
        schema, also_left_out = self._infer(data, _profiles(columns), self._settled(kept, whole))
        table = {name: fold.table[name] for name in schema.names}
        return Preprocessing(schema, Encoder.fit(schema, table, scaling=self._scaling), left_out + also_left_out)

    def _infer(
        self, data: Dataset, profiles: Sequence[ColumnProfile], overrides: Mapping[str, FeatureOverride]
    ) -> tuple[FeatureSchema, tuple[LeftOut, ...]]:
        return infer_schema(profiles, overrides, data.target, self._on_unknown_feature)

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


def _profiles(columns: Sequence[Column]) -> list[ColumnProfile]:
    return [profile_column(column.name, column.cells, column.kind) for column in columns]
