"""How far rows and answers are from those of training: counts in the reference's bins, and their distance from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.encoder import Encoder
from mlapi.bundle.reference import N_BINS, CategoryReference, NumberReference, Reference
from mlapi.bundle.schema import Feature, FeatureKind
from mlapi.bundle.types import Cells, Matrix, Probabilities

SMOOTHING: Final = 0.5  # added to every count, so that an empty bin is not infinitely far away (Jeffreys' prior)
Counts = NDArray[np.float64]


class Drift(NamedTuple):
    """A population stability index: the sum over the bins of (q - p) ln(q / p), p expected and q seen.

    Below 0.1 is taken for stable, above 0.25 for a change that should be looked at (Siddiqi, Credit Risk Scorecards,
    2006). Attributes: name, a feature or a class; of_prediction, whether it is the probability of a class.
    """

    name: str
    of_prediction: bool
    psi: float


class DriftBins:
    """A bundle's bins in one row: those of each feature, missing cells last; then ten of each class's probability."""

    def __init__(self, encoder: Encoder, reference: Reference, names: Sequence[str]) -> None:
        """Take the bundle's encoder and reference, and the names of its classes."""
        self._encoder = encoder
        self._edges = _encoded_edges(encoder, reference)
        expected = [
            _expected(feature, one, reference.n_rows)
            for feature, one in zip(encoder.schema.features, reference.features, strict=True)
        ]
        expected += [np.array(histogram, np.float64) for histogram in reference.prediction.probabilities]
        self._names = [*encoder.schema.names, *names]
        self._n_features = len(encoder.schema.features)
        self._starts = np.cumsum([0, *map(len, expected)])
        self._expected = np.concatenate(expected)

    @property
    def size(self) -> int:
        """Number of bins of all features and classes together."""
        return len(self._expected)

    def count(self, matrix: Matrix, probabilities: Probabilities) -> Counts:
        """Count some rows.

        Args:
            matrix: float32 (n_rows, n_columns) as the encoder gives it.
            probabilities: float32 (n_rows, n_classes) as they are served.

        Returns:
            float64 (size,): rows in each bin.
        """
        places = [
            _place(column, edges) + start
            for column, edges, start in zip(
                self._encoder.one_a_feature(matrix), self._edges, self._starts, strict=False
            )
        ]
        tenths = np.minimum((probabilities.T * np.float32(N_BINS)).astype(np.intp), N_BINS - 1)
        places += [row + start for row, start in zip(tenths, self._starts[self._n_features :], strict=False)]
        return np.bincount(np.concatenate(places), minlength=self.size).astype(np.float64)

    def compare(self, counts: Counts) -> list[Drift]:
        """Give the distance of counts, (size,), from the reference, by feature and by class."""
        bounds = zip(self._starts[:-1], self._starts[1:], strict=True)
        return [
            Drift(name, number >= self._n_features, _psi(self._expected[start:end], counts[start:end]))
            for number, (name, (start, end)) in enumerate(zip(self._names, bounds, strict=True))
        ]

    def n_rows(self, counts: Counts) -> int:
        """How many rows were counted."""
        return int(counts[: self._starts[1]].sum())


def _encoded_edges(encoder: Encoder, reference: Reference) -> list[NDArray[np.float32]]:
    """The borders of each feature's bins, in the units of its column; codes are borders of their own."""
    longest = max((len(one.edges) for one in reference.features if isinstance(one, NumberReference)), default=0)
    features = list(zip(encoder.schema.features, reference.features, strict=True))
    matrix = encoder.encode_table({feature.name: _edges(feature, one, longest) for feature, one in features}).matrix
    return [
        column[: len(one.edges)] if isinstance(one, NumberReference) else _between_codes(feature)
        for (feature, one), column in zip(features, encoder.one_a_feature(matrix), strict=True)
    ]


def _edges(feature: Feature, one: NumberReference | CategoryReference, longest: int) -> Cells:
    if feature.kind is FeatureKind.CATEGORICAL:
        return np.full(longest, None, dtype=np.object_)
    edges = np.full(longest, np.nan)
    if isinstance(one, NumberReference):
        edges[: len(one.edges)] = one.edges
    return edges


def _between_codes(feature: Feature) -> NDArray[np.float32]:
    n_codes = 2 if feature.kind is FeatureKind.BOOLEAN else feature.n_codes
    return np.arange(1, n_codes, dtype=np.float32)


def _expected(feature: Feature, one: NumberReference | CategoryReference, n_rows: int) -> Counts:
    if isinstance(one, NumberReference):
        return np.array([*one.counts, one.n_missing], np.float64)
    names = ("false", "true") if feature.kind is FeatureKind.BOOLEAN else feature.categories
    counts = [one.counts.get(name, 0) for name in names]
    others = [n_rows - sum(counts) - one.n_missing] * (feature.n_codes - len(feature.categories))
    return np.array([*counts, *others, one.n_missing], np.float64)


def _place(column: NDArray[np.float32], edges: NDArray[np.float32]) -> NDArray[np.intp]:
    """The bin of each cell; NaN is greater than every border, and its bin is the one after the last."""
    place = np.searchsorted(edges, column, side="right")
    place[np.isnan(column)] = len(edges) + 1
    return place


def _psi(expected: Counts, seen: Counts) -> float:
    p = (expected + SMOOTHING) / (expected + SMOOTHING).sum()
    q = (seen + SMOOTHING) / (seen + SMOOTHING).sum()
    return float(((q - p) * np.log(q / p)).sum())
