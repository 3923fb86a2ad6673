"""Small real bundles for the fuzzed schemas, trained on noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Cells
from tests.fixtures.bundles import make
from tests.fixtures.tables import Sample

N_ROWS = 200


@dataclass(frozen=True, eq=False)
class Noise(Sample):
    """A table whose schema is given and not inferred."""

    given: FeatureSchema | None = None

    def schema(self, **_: Any) -> FeatureSchema:
        assert self.given is not None
        return self.given


def bundle(schema: FeatureSchema, folder: Path, *, n_classes: int) -> Path:
    """Write the bundle of a schema's model."""
    rng = np.random.default_rng(3)
    table = {feature.name: _cells(feature, rng) for feature in schema.features}
    labels = tuple("class \N{GREEK SMALL LETTER ALPHA}" + str(place) for place in range(n_classes))
    return make(Noise(table, labels, rng.integers(0, n_classes, N_ROWS), given=schema), rounds=4).write(folder)


def _cells(feature: Feature, rng: np.random.Generator) -> Cells:
    cells: Cells
    match feature.kind:
        case FeatureKind.CATEGORICAL:
            cells = np.array(feature.categories, np.object_)[rng.integers(0, len(feature.categories), N_ROWS)]
        case FeatureKind.NUMERIC:
            cells = rng.uniform(feature.minimum or 0.0, feature.maximum or 9.5, N_ROWS)
        case FeatureKind.DATETIME | FeatureKind.INTEGER:
            cells = rng.integers(0, 90, N_ROWS).astype(np.float64)
        case FeatureKind.BOOLEAN:
            cells = rng.integers(0, 2, N_ROWS).astype(np.float64)
    if feature.nullable:
        cells[::7] = None
    return cells
