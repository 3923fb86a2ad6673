"""Which rows prove a bundle: held-out ones spread over the margins, and the edges of what each feature may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlapi.bundle.moments import spelled
from mlapi.bundle.rows import table_to_rows
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory
from mlapi.bundle.types import Cell, Margin, Row, Table

NO_CATEGORY = "?"  # a missing mark in files, so no category that training saw can be spelled so


@dataclass(frozen=True)
class Held:
    """Held-out rows with the margins that the trainer's own booster gives, float32 (n_rows, n_groups)."""

    table: Table
    margin: Margin


def choose_golden_rows(schema: FeatureSchema, held_out: Held, count: int) -> list[Row]:
    """Give held-out rows spread over the margins, and the edges of what each feature may be."""
    ranked = np.argsort(held_out.margin[:, -1], kind="stable")
    places = np.unique(np.linspace(0, len(ranked) - 1, min(count, len(ranked))).astype(np.intp))
    table = {name: cells[ranked[places]] for name, cells in held_out.table.items()}
    rows = [row for row in table_to_rows(schema, table) if fits(schema, row)]
    return [*rows, *edge_rows(schema)]


def fits(schema: FeatureSchema, row: Row) -> bool:
    """Tell whether serving takes a row; held-out rows may have categories or gaps that training never saw."""
    return all(_fits(feature, row[feature.name]) for feature in schema.features)


def edge_rows(schema: FeatureSchema) -> Iterator[Row]:
    """Give rows at the edges: everything least, most, missing where it may be, and unknown where it may be."""
    for edge in (_least, _most, _missing, _unknown):
        yield {feature.name: edge(feature) for feature in schema.features}


def _fits(feature: Feature, cell: Cell) -> bool:
    if cell is None:
        return feature.nullable
    return (
        feature.kind is not FeatureKind.CATEGORICAL
        or feature.on_unknown is not OnUnknownCategory.REJECT
        or cell in feature.categories
    )


def _least(feature: Feature) -> Cell:
    return _edge(feature, feature.minimum, False, 0)


def _most(feature: Feature) -> Cell:
    return _edge(feature, feature.maximum, True, -1)


def _edge(feature: Feature, number: float | None, truth: bool, place: int) -> Cell:
    if feature.kind is FeatureKind.BOOLEAN:
        return truth
    if feature.kind is FeatureKind.CATEGORICAL:
        return feature.categories[place] if feature.categories else None
    if number is None:
        return feature.example
    if feature.kind is FeatureKind.DATETIME:
        return spelled(number)
    return int(number) if feature.kind is FeatureKind.INTEGER else number


def _missing(feature: Feature) -> Cell:
    return None if feature.nullable else feature.example


def _unknown(feature: Feature) -> Cell:
    loose = feature.kind is FeatureKind.CATEGORICAL and feature.on_unknown is not OnUnknownCategory.REJECT
    return NO_CATEGORY if loose and NO_CATEGORY not in feature.categories else feature.example
