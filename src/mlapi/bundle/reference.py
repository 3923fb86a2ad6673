"""What the training data and the model's answers to it looked like (`reference.json`), for the drift monitor."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from mlapi.bundle import document
from mlapi.bundle.decision import Decision
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from mlapi.bundle.types import Cells, Probabilities, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_BINS: Final = 10  # deciles: the usual number for a population stability index


class NumberReference(msgspec.Struct, frozen=True, tag_field="kind", tag="number", forbid_unknown_fields=True):
    """How a numeric or integer feature is spread.

    Attributes:
        feature: its name.
        edges: at most nine inner borders of bins, increasing; a bin holds its lower border, the outer bins are open.
        counts: rows in each bin, one more than edges.
        n_missing: rows without a value.
    """

    feature: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    n_missing: int


class CategoryReference(msgspec.Struct, frozen=True, tag_field="kind", tag="categorical", forbid_unknown_fields=True):
    """How often each category came; a boolean feature has the categories "false" and "true".

    Attributes:
        feature: its name.
        counts: rows by category, those of the schema that never came included.
        n_missing: rows without a value.
    """

    feature: str
    counts: dict[str, int]
    n_missing: int


class PredictionReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the model's answers are spread.

    Attributes:
        labels: rows by predicted class, in the order of the decision's classes.
        probabilities: for each class the rows in ten bins of equal width from 0 to 1.
    """

    labels: tuple[int, ...]
    probabilities: tuple[tuple[int, ...], ...]


class Reference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `reference.json`.

    Attributes:
        n_rows: that everything was counted over.
        features: in the schema's order.
        prediction: over the same rows.
    """

    n_rows: int
    features: tuple[NumberReference | CategoryReference, ...]
    prediction: PredictionReference

    @classmethod
    def build(cls, schema: FeatureSchema, table: Table, decision: Decision, probabilities: Probabilities) -> Reference:
        """Count a table.

        Args:
            schema: the bundle's.
            table: cells by feature name, n_rows each.
            decision: the bundle's; its threshold chooses the labels.
            probabilities: float32 of shape (n_rows, n_classes), as they will be served.
        """
        return cls(
            n_rows=len(probabilities),
            features=tuple(_feature_reference(feature, table[feature.name]) for feature in schema.features),
            prediction=_prediction_reference(decision, probabilities),
        )

    def to_json(self) -> bytes:
        """Give `reference.json`."""
        return document.write(self)

    @classmethod
    def from_json(cls, data: bytes) -> Reference:
        """Read `reference.json`.

        Raises:
            FormatError: not such a file.
        """
        return document.read(data, cls, "reference.json")


def _feature_reference(feature: Feature, cells: Cells) -> NumberReference | CategoryReference:
    import numpy as np

    if feature.kind is FeatureKind.CATEGORICAL:
        seen = Counter(cells.tolist())
        return CategoryReference(feature.name, {name: seen[name] for name in feature.categories}, seen[None])
    numbers = cells.astype(np.float64)
    if feature.kind is FeatureKind.BOOLEAN:
        missing = int(np.count_nonzero(np.isnan(numbers)))
        true = int(np.count_nonzero(numbers == 1.0))
        return CategoryReference(feature.name, {"false": len(numbers) - missing - true, "true": true}, missing)
    return _number_reference(feature.name, numbers)


def _number_reference(name: str, cells: NDArray[np.float64]) -> NumberReference:
    import numpy as np

    seen = cells[~np.isnan(cells)]
    edges: NDArray[np.float64] = np.empty(0)
    if seen.size:
        # inverted_cdf gives values that occur, never one between two: equal data give equal bytes on every machine.
        edges = np.unique(np.quantile(seen, np.arange(1, N_BINS) / N_BINS, method="inverted_cdf"))
        edges = edges[edges > seen.min()]  # a border at the minimum would leave the first bin empty
    counts = np.bincount(np.searchsorted(edges, seen, side="right"), minlength=len(edges) + 1)
    return NumberReference(name, tuple(edges.tolist()), tuple(counts.tolist()), len(cells) - len(seen))


def _prediction_reference(decision: Decision, probabilities: Probabilities) -> PredictionReference:
    import numpy as np

    labels = decision.labels(probabilities)
    histograms = [np.histogram(column, N_BINS, (0.0, 1.0))[0] for column in probabilities.T]
    return PredictionReference(
        tuple(labels.count(label) for label in decision.classes),
        tuple(tuple(histogram.tolist()) for histogram in histograms),
    )
