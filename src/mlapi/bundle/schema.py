"""The ONE definition of a feature (`schema.json`): encoder, validation, OpenAPI and drift monitor are derived from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

import msgspec

from mlapi.bundle import document
from mlapi.bundle.cells import (
    EXACT_INTEGERS,
    FLOAT32_OVERFLOW,
    NUMBER,
    TRUTH,
    WHOLE,
    Fault,
    boolean_fault,
    integer_fault,
    is_storable,
    number_fault,
    one_of,
    text_fault,
    whole,
)
from mlapi.bundle.errors import FormatError, SchemaError, shown
from mlapi.bundle.types import Cell

_FILE: Final = "schema.json"


class FeatureKind(StrEnum):
    """What a feature's cells are."""

    NUMERIC = "numeric"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"


class OnUnknownCategory(StrEnum):
    """What becomes of a category that training has not seen: scored as missing and reported, or refused."""

    MISSING = "missing"
    REJECT = "reject"


class OnUnknownFeature(StrEnum):
    """What becomes of a name in a row that is no feature; a typo must not pass silently, hence reject by default."""

    REJECT = "reject"
    IGNORE = "ignore"


_EXPECTED: Final = MappingProxyType(
    {
        FeatureKind.NUMERIC: NUMBER,
        FeatureKind.INTEGER: WHOLE,
        FeatureKind.BOOLEAN: TRUTH,
    }
)
_NUMBERS: Final = (FeatureKind.NUMERIC, FeatureKind.INTEGER)


class Feature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A named input before encoding.

    Attributes:
        name: compared exactly, as categories are: nothing is stripped, folded or normalised.
        kind: integer cells are whole numbers in float64, so 3.0 is one, and beyond 2**53 neighbours become equal.
        nullable: whether a cell may be missing.
        minimum: least value seen in training; numeric and integer only. A description, not a limit.
        maximum: likewise, the greatest.
        categories: texts that have a code, their position here; categorical only. None is empty, since files read an
            empty cell as missing.
        on_unknown: what becomes of any other text; categorical only.
        example: a synthetic cell (median, mode) that fits the feature. If none is given a nullable feature has None, any
            other the plainest value that fits: minimum or 0, false, the first category.
        description: for people.
    """

    name: str
    kind: FeatureKind
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    on_unknown: OnUnknownCategory = OnUnknownCategory.MISSING
    example: Cell = None
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse what no data can mean, and complete the example.

        Raises:
            SchemaError: an impossible name, range, category or example.
        """
        if not self.name or not is_storable(self.name):
            raise SchemaError(
                self.name,
                "a name must not be empty nor hold NUL or half a surrogate pair",
            )
        self._check_range()
        self._check_categories()
        if self.example is None and not self.nullable:
            msgspec.structs.force_setattr(self, "example", self._plainest())
        if not self._fits(self.example):
            raise SchemaError(self.name, f"the example does not fit; expected {self.expected}")

    @cached_property
    def codes(self) -> Mapping[str, int]:
        """Code by category."""
        return {category: code for code, category in enumerate(self.categories)}

    @cached_property
    def expected(self) -> str:
        """What a cell should be, in words."""
        return one_of(self.categories) if self.kind is FeatureKind.CATEGORICAL else _EXPECTED[self.kind]

    def fault(self, cell: object) -> Fault | None:
        """Find fault with a cell that is not missing.

        Returns:
            None if it fits; an unknown category is at fault where the feature rejects it.
        """
        match self.kind:
            case FeatureKind.NUMERIC:
                return number_fault(cell)
            case FeatureKind.INTEGER:
                return integer_fault(cell)
            case FeatureKind.BOOLEAN:
                return boolean_fault(cell)
            case FeatureKind.CATEGORICAL:
                return self._category_fault(cell)

    def _category_fault(self, cell: object) -> Fault | None:
        if not isinstance(cell, str):
            return Fault("wrong_type", self.expected)
        if cell in self.codes:
            return None
        if fault := text_fault(cell):
            return fault
        return Fault("unknown_category", self.expected) if self.on_unknown is OnUnknownCategory.REJECT else None

    def _fits(self, example: Cell) -> bool:
        if example is None:
            return self.nullable
        if isinstance(example, int) and not -EXACT_INTEGERS < example < EXACT_INTEGERS:
            return False  # JSON could not bring it back; as a float it is welcome
        return self.fault(example) is None and (not self.categories or example in self.codes)

    def _plainest(self) -> Cell:
        if self.kind is FeatureKind.CATEGORICAL:
            return self.categories[0]
        if self.kind is FeatureKind.BOOLEAN:
            return False
        least = self.minimum or 0.0
        return least if self.kind is FeatureKind.NUMERIC else whole(float(math.floor(least)))

    def _check_range(self) -> None:
        seen = [limit for limit in (self.minimum, self.maximum) if limit is not None]
        if seen and self.kind not in _NUMBERS:
            raise SchemaError(self.name, f"a {self.kind} feature has no range")
        if not all(abs(limit) < FLOAT32_OVERFLOW for limit in seen):
            raise SchemaError(self.name, "its range goes beyond float32")
        if sorted(seen) != seen:
            raise SchemaError(self.name, "its minimum is above its maximum")

    def _check_categories(self) -> None:
        if bool(self.categories) != (self.kind is FeatureKind.CATEGORICAL):
            raise SchemaError(
                self.name,
                "a categorical feature needs categories, and no other has any",
            )
        if len(set(self.categories)) != len(self.categories):
            raise SchemaError(self.name, "a category stands there twice")
        if not all(category and is_storable(category) for category in self.categories):
            raise SchemaError(
                self.name,
                "a category must not be empty nor hold NUL or half a surrogate pair",
            )


class FeatureSchema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """All features of a model.

    Attributes:
        features: in the order of the matrix; one or more, names unique.
        on_unknown_feature: what becomes of a name in a row that is no feature.
        target: name of the column that is predicted; no feature.
    """

    features: tuple[Feature, ...]
    on_unknown_feature: OnUnknownFeature = OnUnknownFeature.REJECT
    target: str = ""

    def __post_init__(self) -> None:
        """Refuse what no model can mean.

        Raises:
            SchemaError: no features, a name twice, or the target among them.
        """
        if not self.features:
            raise SchemaError(None, "there are no features")
        if len(self._by_name) != len(self.features):
            twice = next(feature.name for feature in self.features if self._by_name[feature.name] is not feature)
            raise SchemaError(twice, "the name stands there twice")
        if self.target in self._by_name:
            raise SchemaError(self.target, "is the target; it cannot be a feature too")
        if not is_storable(self.target):
            raise SchemaError(
                None,
                f"the target's name {shown(self.target)} holds NUL or half a surrogate pair",
            )

    @cached_property
    def _by_name(self) -> Mapping[str, Feature]:
        return {feature.name: feature for feature in self.features}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(feature.name for feature in self.features)

    def feature(self, name: str) -> Feature:
        """Give a feature by its name, at a cost that does not grow with their number.

        Raises:
            KeyError: there is none of this name.
        """
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def example_row(self) -> dict[str, Cell]:
        """Give a synthetic row that fits: every feature's example."""
        return {feature.name: feature.example for feature in self.features}

    def to_json(self) -> bytes:
        """Give `schema.json`; equal schemas give equal bytes."""
        return document.write(self, readable=True)

    @classmethod
    def from_json(cls, data: bytes) -> FeatureSchema:
        """Read `schema.json`.

        Raises:
            FormatError: not such a file, or one whose schema cannot be.
        """
        try:
            return document.read(data, cls, _FILE)
        except SchemaError as error:
            raise FormatError(_FILE, str(error)) from error
