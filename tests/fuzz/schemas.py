"""The feature schemas whose bodies are fuzzed, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory, OnUnknownFeature
from tests.app.bundles import SCHEMA as CHURN

NUMERIC, INTEGER, BOOLEAN = FeatureKind.NUMERIC, FeatureKind.INTEGER, FeatureKind.BOOLEAN
CATEGORICAL, DATETIME = FeatureKind.CATEGORICAL, FeatureKind.DATETIME
MISSING, REJECT, OTHER = OnUnknownCategory.MISSING, OnUnknownCategory.REJECT, OnUnknownCategory.OTHER
ODD = (*'"\\\n\x1f\t\x01/{],ü東\U0001f600\x7f ', "a\\b", 'a"b', "a:b", "u\u0308", "東京")

Features = tuple[Feature, ...]


def _numeric(*names: str, kind: FeatureKind = NUMERIC, **options: object) -> Features:
    return tuple(Feature(name=name, kind=kind, **options) for name in names)  # type: ignore[arg-type]  # as the caller says


def _categorical(name: str, categories: tuple[str, ...], **options: object) -> Features:
    return (Feature(name=name, kind=CATEGORICAL, categories=categories, **options),)  # type: ignore[arg-type]  # likewise


def _wide(n_features: int = 300) -> Features:
    kinds = (NUMERIC, NUMERIC, INTEGER, BOOLEAN)
    return tuple(
        Feature(name=f"c{place}", kind=kinds[place % 4], nullable=place % 10 > 0) for place in range(n_features)
    )


_FEATURES: Final[Mapping[str, Features]] = {
    "numbers": (*_numeric("x", "y"), *_numeric("z", nullable=True)),
    "ranges": (
        *_numeric("x", minimum=-1.5, maximum=1e10),
        *_numeric("least", nullable=True, minimum=0.1),
        *_numeric("narrow", nullable=True, minimum=0.1, maximum=0.3),
        *_numeric("whole", kind=INTEGER, nullable=True, minimum=-(2.0**53), maximum=2.0**53),
        *_numeric("tiny", nullable=True, minimum=-1e-45, maximum=1e-45),
        *_numeric("huge", nullable=True, minimum=-3.4028234663852886e38, maximum=3.4028234663852886e38),
    ),
    "categories": (
        *_categorical("odd", ODD, nullable=True),
        *_categorical("größe:x", ("true", "null", "0", "1.0", "[]"), on_unknown=REJECT),
        *_categorical("𝒶", ("a", "aa", "aaa", "b"), on_unknown=OTHER, nullable=True),
    ),
    "many": _categorical("level", tuple(f"level {place}" for place in range(500)), nullable=True),
    "long": (
        *_categorical("a text that begins the same", ("a text of one", "a text of two"), nullable=True),
        *_categorical(
            "a text that begins likewise", ("a text of one", "a text of 1"), on_unknown=REJECT, nullable=True
        ),
    ),
    "booleans": (*_numeric("yes", kind=BOOLEAN), *_numeric("no", "data", "options", kind=BOOLEAN, nullable=True)),
    "churn": CHURN.features,
    "dates": (*_numeric("at", kind=DATETIME, nullable=True), *_numeric("x", nullable=True)),
    "names": (*_numeric('quo"te', "back\\slash"), *_numeric("new\nline", "__class__", "\u202e", nullable=True)),
    "ignoring": (*_numeric("x", nullable=True), *_categorical("town", ("Bern", "Rome"), nullable=True)),
    "wide": _wide(),
}
SCHEMAS: Final[Mapping[str, FeatureSchema]] = {
    name: FeatureSchema(
        features=features,
        on_unknown_feature=OnUnknownFeature.IGNORE if name == "ignoring" else OnUnknownFeature.REJECT,
        target="churned" if name == "churn" else "",
    )
    for name, features in _FEATURES.items()
}
MAX_ROWS: Final = 17  # in C, room for rows is made for 4, 16 and 64
MAX_DEPTH: Final = 5
