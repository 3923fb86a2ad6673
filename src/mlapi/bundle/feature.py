"""The ONE definition of a feature: encoder, validation, OpenAPI and drift monitor are derived from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from mlapi.bundle.cells import (
    EXACT_INTEGERS,
    FLOAT32_OVERFLOW,
    MOMENT,
    NUMBER,
    TRUTH,
    WHOLE,
    Fault,
    boolean_fault,
    integer_fault,
    is_storable,
    moment_fault,
    number_fault,
    one_of,
    text_fault,
    whole,
)
from mlapi.bundle.errors import SchemaError
from mlapi.bundle.moments import EARLIEST, LATEST, spelled
from mlapi.bundle.types import Cell


class FeatureKind(StrEnum):
    """What a feature's cells are."""

    NUMERIC = "numeric"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"
    DATETIME = "datetime"


class OnUnknownCategory(StrEnum):
    """What becomes of a text that is none of the categories.

    It is scored as missing and reported, refused, or is one category of its own, as training took the rare ones for.
    """

    MISSING = "missing"
    REJECT = "reject"
    OTHER = "other"


class _Plain(NamedTuple):
    """A kind that needs no list: what a cell should be in words, and what finds fault with one."""

    expected: str
    fault: Callable[[object], Fault | None]


_PLAIN: Final[Mapping[FeatureKind, _Plain]] = MappingProxyType(
    {
        FeatureKind.NUMERIC: _Plain(NUMBER, number_fault),
        FeatureKind.INTEGER: _Plain(WHOLE, integer_fault),
        FeatureKind.BOOLEAN: _Plain(TRUTH, boolean_fault),
        FeatureKind.DATETIME: _Plain(MOMENT, moment_fault),
    }
)
_RANGED: Final = (FeatureKind.NUMERIC, FeatureKind.INTEGER, FeatureKind.DATETIME)


class Feature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A named input before encoding.

    Attributes:
        name: compared exactly, as categories are: nothing is stripped, folded or normalised.
        kind: integer cells are whole numbers in float64, so 3.0 is one, and beyond 2**53 neighbours become equal;
            datetime cells are ISO 8601 texts, see `moments.seconds_of`.
        nullable: whether a cell may be missing.
        minimum: least value seen in training; numeric, integer and datetime only, in seconds since 1970 for the latter.
            A description, not a limit.
        maximum: likewise, the greatest.
        categories: texts that have a code, their position here; categorical only. None is empty, since files read an
            empty cell as missing.
        on_unknown: what becomes of any other text; categorical only.
        example: a synthetic cell (median, mode) that fits the feature. If none is given a nullable feature has None,
            any other the plainest value that fits: minimum or 0 (1970 for a datetime), false, the first category.
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
            raise SchemaError(self.name, "a name must not be empty nor hold NUL or half a surrogate pair")
        if not is_storable(self.description):
            raise SchemaError(self.name, "a description must not hold NUL or half a surrogate pair")
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
        return one_of(self.categories) if self.kind is FeatureKind.CATEGORICAL else _PLAIN[self.kind].expected

    @property
    def n_codes(self) -> int:
        """How many codes its cells can have: the categories, and one for all other texts where those are one."""
        return len(self.categories) + (bool(self.categories) and self.on_unknown is OnUnknownCategory.OTHER)

    def fault(self, cell: object) -> Fault | None:
        """Find fault with a cell that is not missing.

        Returns:
            None if it fits; an unknown category is at fault where the feature rejects it.
        """
        if self.kind is FeatureKind.CATEGORICAL:
            return self._category_fault(cell)
        return _PLAIN[self.kind].fault(cell)

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
        if self.kind is FeatureKind.DATETIME:
            return spelled(least)
        return least if self.kind is FeatureKind.NUMERIC else whole(float(math.floor(least)))

    def _check_range(self) -> None:
        seen = [limit for limit in (self.minimum, self.maximum) if limit is not None]
        if seen and self.kind not in _RANGED:
            raise SchemaError(self.name, f"a {self.kind} feature has no range")
        if not all(abs(limit) < FLOAT32_OVERFLOW for limit in seen):
            raise SchemaError(self.name, "its range goes beyond float32")
        if self.kind is FeatureKind.DATETIME and not all(EARLIEST <= limit <= LATEST for limit in seen):
            raise SchemaError(self.name, "its range goes beyond the years 1 to 9999")
        if sorted(seen) != seen:
            raise SchemaError(self.name, "its minimum is above its maximum")

    def _check_categories(self) -> None:
        if bool(self.categories) != (self.kind is FeatureKind.CATEGORICAL):
            raise SchemaError(self.name, "a categorical feature needs categories, and no other has any")
        if len(set(self.categories)) != len(self.categories):
            raise SchemaError(self.name, "a category stands there twice")
        if not all(category and is_storable(category) for category in self.categories):
            raise SchemaError(self.name, "a category must not be empty nor hold NUL or half a surrogate pair")
