"""Plain models: their rows become a matrix without NumPy, which is half of what a service would load and hold.

Serving decodes them in C; what is here is for the golden rows, by which every load proves that it predicts as training
did. Only what equals the encoder's answers passes: whatever differs is decided by the encoder itself.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from mlapi.bundle.feature import Feature, FeatureKind
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.types import Cell, Row


def cells_of(schema: FeatureSchema, rows: Sequence[Row]) -> memoryview[float] | None:
    """Give the matrix of some rows of a model whose steps are plain (`steps.is_plain`).

    Returns:
        float32 (n_rows, n_features), as `Encoder.encode` gives it; None where a row does not fit the schema.
    """
    codes = [{category: code for code, category in enumerate(one.categories)} for one in schema.features]
    known = set(schema.names)
    numbers = array("f")
    for row in rows:
        if not known.issuperset(row):
            return None
        cells = [row.get(feature.name) for feature in schema.features]
        if any(map(_is_bad, schema.features, cells)):
            return None
        numbers.extend(map(_number, schema.features, codes, cells))
    numbers = array("f", [number + 0.0 for number in numbers])  # no -0.0, which a tiny number has become, too
    return memoryview(numbers).cast("B").cast("f", (len(rows), len(codes)))


def _is_bad(feature: Feature, cell: Cell) -> bool:
    return not feature.nullable if cell is None else feature.fault(cell) is not None


def _number(feature: Feature, codes: dict[str, int], cell: Cell) -> float:
    if cell is None:
        return math.nan
    if feature.kind is not FeatureKind.CATEGORICAL:
        return float(cell)
    other = len(codes) if feature.n_codes > len(codes) else math.nan
    return codes.get(str(cell), other)
