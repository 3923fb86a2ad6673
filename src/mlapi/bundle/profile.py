"""From what a pass over the columns saw to the feature schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlapi.bundle.column_profile import ColumnKind, ColumnProfile, profile_column
from mlapi.bundle.errors import SchemaError
from mlapi.bundle.inference import EVERY, FeatureOverride, Grouping, LeftOut, infer_feature
from mlapi.bundle.schema import Feature, FeatureSchema, OnUnknownFeature

__all__ = [
    "EVERY",
    "ColumnKind",
    "ColumnProfile",
    "FeatureOverride",
    "Grouping",
    "LeftOut",
    "infer_feature",
    "infer_schema",
    "profile_column",
]


def infer_schema(
    profiles: Sequence[ColumnProfile],
    overrides: Mapping[str, FeatureOverride],
    target: str,
    on_unknown_feature: OnUnknownFeature = OnUnknownFeature.REJECT,
    grouping: Grouping = EVERY,
) -> tuple[FeatureSchema, tuple[LeftOut, ...]]:
    """Infer the schema of a table.

    Args:
        profiles: one for each column but the target, in the order that the features shall have.
        overrides: by column.
        target: name of the column that is predicted.
        on_unknown_feature: what becomes of a name in a row that is no feature.
        grouping: which categories are kept apart.

    Returns:
        The schema, and the columns that are not in it.

    Raises:
        SchemaError: a column cannot be a feature, an override does not fit or has no column, or no feature is left.
    """
    if strange := overrides.keys() - {profile.name for profile in profiles}:
        raise SchemaError(min(strange), "there is an override for it, but no such column")
    found = [infer_feature(profile, overrides.get(profile.name), grouping) for profile in profiles]
    features = tuple(one for one in found if isinstance(one, Feature))
    left_out = tuple(one for one in found if isinstance(one, LeftOut))
    if not features:
        raise SchemaError(None, "no column is left to learn from: all are constant, missing or like identifiers")
    return FeatureSchema(features=features, on_unknown_feature=on_unknown_feature, target=target), left_out
