"""All features of a model (`schema.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Final

import msgspec

from mlapi.bundle import document
from mlapi.bundle.cells import is_storable
from mlapi.bundle.errors import FormatError, SchemaError, shown
from mlapi.bundle.feature import Feature, FeatureKind, OnUnknownCategory
from mlapi.bundle.types import Cell

__all__ = ["Feature", "FeatureKind", "FeatureSchema", "OnUnknownCategory", "OnUnknownFeature"]

_FILE: Final = "schema.json"


class OnUnknownFeature(StrEnum):
    """What becomes of a name in a row that is no feature; a typo must not pass silently, hence reject by default."""

    REJECT = "reject"
    IGNORE = "ignore"


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
            raise SchemaError(None, f"the target's name {shown(self.target)} holds NUL or half a surrogate pair")

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
