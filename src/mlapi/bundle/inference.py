"""From what a pass over ONE column saw to a feature, by rule and by override."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from mlapi.bundle.cells import whole
from mlapi.bundle.column_profile import MAX_LEVELS, ColumnKind, ColumnProfile
from mlapi.bundle.errors import SchemaError
from mlapi.bundle.feature import Feature, FeatureKind, OnUnknownCategory
from mlapi.bundle.moments import spelled
from mlapi.bundle.steps import Encoding
from mlapi.bundle.types import Cell

IDENTIFIER_LEVELS: Final = (
    100  # texts with more levels than this, and more than half distinct, are taken for identifiers
)


class LeftOut(msgspec.Struct, frozen=True):
    """A column that is no feature, and why, for the report."""

    name: str
    reason: str


class Grouping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which categories are kept apart; the others are one, and so is what serving has never seen.

    It does not touch a feature whose categories are listed, or which rejects all others.

    Attributes:
        min_count: rows of the training fold that a category needs; 1 keeps all.
        most: categories of a feature at most, the commonest; None keeps all.
    """

    min_count: int = 1
    most: int | None = None

    def kept(self, levels: Mapping[str, int]) -> tuple[str, ...]:
        """Give the categories to keep of those seen (rows by category), sorted; of equally rare ones the first."""
        common = [name for name, count in levels.items() if count >= self.min_count]
        by_count = sorted(common, key=lambda name: (-levels[name], name))
        return tuple(sorted(by_count[: self.most]))


EVERY: Final = Grouping()


class FeatureOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of a feature instead of looking; None looks.

    Attributes:
        kind: must suit the cells: text is categorical; numbers are numeric, integer if whole, boolean if 0 and 1,
            categorical if whole, by their decimals, which the table must then hold as text; dates are datetime, or
            categorical by their text. Categorical also keeps text that looks like identifiers.
        nullable: serving takes a missing cell though training saw none.
        categories: in place of those seen, in this order, which an ordinal encoding counts by; any other is unknown.
        on_unknown: what becomes of unknown categories.
        encoding: how categories become numbers; what the configuration says for all of them if None.
        description: for people.
    """

    kind: FeatureKind | None = None
    nullable: bool | None = None
    categories: tuple[str, ...] | None = None
    on_unknown: OnUnknownCategory | None = None
    encoding: Encoding | None = None
    description: str | None = None


def infer_feature(
    profile: ColumnProfile, override: FeatureOverride | None = None, grouping: Grouping = EVERY
) -> Feature | LeftOut:
    """Infer one feature.

    Returns:
        The feature, or why the column is none: all missing, constant without a missing cell, like identifiers, or with
        no category that is common enough.

    Raises:
        SchemaError: an infinite number, or an override that does not fit.
    """
    given = override or FeatureOverride()
    if profile.has_infinity:
        raise SchemaError(profile.name, "holds inf or a number beyond float32; correct the cell or leave it empty")
    if reason := _useless(profile) or _identifier_like(profile, given):
        return LeftOut(profile.name, reason)
    kind = _kind(profile, given.kind)
    kept = _categories(profile, given, kind)
    if given.categories is None and given.on_unknown is not OnUnknownCategory.REJECT:
        kept = grouping.kept({name: profile.levels[name] for name in kept})
    if kind is FeatureKind.CATEGORICAL and given.categories is None and not kept:
        return LeftOut(profile.name, f"every category is rare: none is in {grouping.min_count} training rows")
    return _feature(profile, given, kind, kept)


def _feature(profile: ColumnProfile, given: FeatureOverride, kind: FeatureKind, categories: tuple[str, ...]) -> Feature:
    ranged = kind in (FeatureKind.NUMERIC, FeatureKind.INTEGER, FeatureKind.DATETIME)
    grouped = given.categories is None and len(categories) < len(profile.levels) and bool(categories)
    return Feature(
        name=profile.name,
        kind=kind,
        nullable=_nullable(profile, given.nullable),
        minimum=profile.minimum if ranged else None,
        maximum=profile.maximum if ranged else None,
        categories=categories,
        on_unknown=given.on_unknown or (OnUnknownCategory.OTHER if grouped else OnUnknownCategory.MISSING),
        example=_example(profile, kind, categories),
        description=given.description or "",
    )


def _useless(profile: ColumnProfile) -> str | None:
    if profile.n_missing == profile.n_rows:
        return "all missing"
    return "constant" if profile.distinct == 1 and not profile.n_missing else None


def _identifier_like(profile: ColumnProfile, given: FeatureOverride) -> str | None:
    if profile.kind is not ColumnKind.TEXT or given.kind is FeatureKind.CATEGORICAL:
        return None
    if profile.distinct > MAX_LEVELS:
        return f"identifier-like text: more than {MAX_LEVELS} distinct"
    n_seen = profile.n_rows - profile.n_missing
    if profile.distinct > IDENTIFIER_LEVELS and profile.distinct > n_seen / 2:
        return f"identifier-like text: {profile.distinct} of {n_seen} rows distinct"
    return None


def _kind(profile: ColumnProfile, wanted: FeatureKind | None) -> FeatureKind:
    possible = _possible_kinds(profile)
    if wanted is None:
        return possible[0]
    if wanted not in possible:
        raise SchemaError(profile.name, f"cannot be {wanted}; it can be {' or '.join(possible)}")
    return wanted


def _possible_kinds(profile: ColumnProfile) -> list[FeatureKind]:
    """Give the kinds that suit the cells, the one to infer first."""
    if profile.kind is ColumnKind.TEXT:
        return [FeatureKind.CATEGORICAL]
    if profile.kind is ColumnKind.DATETIME:
        return [FeatureKind.DATETIME]
    if profile.kind is ColumnKind.BOOLEAN:
        return [FeatureKind.BOOLEAN, FeatureKind.INTEGER, FeatureKind.NUMERIC]
    if not profile.integral:
        return [FeatureKind.NUMERIC]
    truths = [FeatureKind.BOOLEAN] if {profile.minimum, profile.maximum} <= {0.0, 1.0} else []
    return [FeatureKind.INTEGER, FeatureKind.NUMERIC, FeatureKind.CATEGORICAL, *truths]


def _nullable(profile: ColumnProfile, wanted: bool | None) -> bool:
    if wanted is False and profile.n_missing:
        raise SchemaError(profile.name, f"has {profile.n_missing} missing cells, so it cannot be made not nullable")
    return bool(wanted) or profile.n_missing > 0


def _categories(profile: ColumnProfile, given: FeatureOverride, kind: FeatureKind) -> tuple[str, ...]:
    seen = profile.levels.keys()
    if kind is not FeatureKind.CATEGORICAL:
        if (given.categories, given.on_unknown, given.encoding) != (None, None, None):
            raise SchemaError(
                profile.name, f"is {kind}; categories, what to do with unknown ones, and their encoding do not apply"
            )
        return ()
    if given.categories is None and not seen:
        raise SchemaError(profile.name, f"cannot be categorical: it has more than {MAX_LEVELS} categories")
    if given.categories is not None and given.on_unknown is OnUnknownCategory.REJECT and seen - set(given.categories):
        raise SchemaError(profile.name, "has categories that the override does not list and would reject")
    return tuple(sorted(seen)) if given.categories is None else given.categories


def _example(profile: ColumnProfile, kind: FeatureKind, categories: Sequence[str]) -> Cell:
    """Give the median (of two the lower) or the most frequent category (of equals the first)."""
    if kind is FeatureKind.CATEGORICAL:
        return max(categories, key=lambda category: profile.levels.get(category, 0), default=None)
    median = profile.median or 0.0
    if kind is FeatureKind.DATETIME:
        return spelled(median)
    if kind is FeatureKind.NUMERIC:
        return median
    return whole(median) if kind is FeatureKind.INTEGER else bool(median)
