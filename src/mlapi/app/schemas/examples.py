"""Synthetic rows to show, made from the feature schema alone; rows of the data are never shown."""

from mlapi.bundle.moments import spelled
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Cell


def example_rows(schema: FeatureSchema) -> list[dict[str, Cell]]:
    """Two rows: medians and modes, and one that differs in every feature that can."""
    usual = schema.example_row()
    return [usual, {feature.name: _other(feature, usual[feature.name]) for feature in schema.features}]


def _other(feature: Feature, usual: Cell) -> Cell:
    match feature.kind:
        case FeatureKind.BOOLEAN:
            return not usual
        case FeatureKind.CATEGORICAL:
            others = (category for category in feature.categories if category != usual)
            return next(others, usual)
        case FeatureKind.DATETIME:
            return spelled(feature.maximum) if feature.maximum is not None else usual
        case _ if isinstance(usual, int | float) and feature.maximum is not None:
            return _halfway(float(usual), feature.maximum, whole=feature.kind is FeatureKind.INTEGER)
    return usual


def _halfway(start: float, end: float, *, whole: bool) -> float | int:
    """The middle of two numbers, to four digits, or to a whole number, where that lies between the two."""
    middle = start + (end - start) / 2
    short = int(middle) if whole else float(f"{middle:.4g}")
    if min(start, end) <= short <= max(start, end):
        return short
    return start if whole else middle
