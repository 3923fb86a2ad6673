"""How far rows and answers are from those of training: counts in the reference's bins, and their distance from it."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from mlapi.bundle.feature import Feature, FeatureKind
from mlapi.bundle.reference import N_BINS, CategoryReference, NumberReference, Reference
from mlapi.bundle.steps import Stepped, is_plain
from mlapi.bundle.types import Floats, as_array, rows_of

if TYPE_CHECKING:
    from mlapi.bundle.encoder import Encoder
    from mlapi.bundle.types import Cells

SMOOTHING: Final = 0.5  # added to every count, so that an empty bin is not infinitely far away (Jeffreys' prior)


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

    def __init__(self, of: Stepped, reference: Reference, names: Sequence[str]) -> None:
        """Take a bundle, its reference, and the names of its classes."""
        self._of = of
        self._is_plain = is_plain(of)
        features = of.schema.features
        self._edges = _plain_edges(features, reference) if self._is_plain else _encoded_edges(self._encoder, reference)
        expected = [
            _expected(feature, one, reference.n_rows) for feature, one in zip(features, reference.features, strict=True)
        ]
        expected += [[float(count) for count in histogram] for histogram in reference.prediction.probabilities]
        self._names = [*of.schema.names, *names]
        self._n_features = len(features)
        self._starts = list(accumulate(map(len, expected), initial=0))
        self._expected = [count for counts in expected for count in counts]

    @property
    def size(self) -> int:
        """Number of bins of all features and classes together."""
        return len(self._expected)

    def places(self, matrix: Floats, probabilities: Floats) -> list[int]:
        """Give the bins that some rows fall into: of every row one for each feature and one for each class.

        Args:
            matrix: float32 (n_rows, n_columns) as the encoder gives it.
            probabilities: float32 (n_rows, n_classes) as they are served.
        """
        if self._is_plain:
            columns: Iterable[Iterable[float]] = zip(*rows_of(matrix), strict=True)
        else:
            columns = (column.tolist() for column in self._encoder.one_a_feature(as_array(matrix)))
        found = []
        for column, edges, start in zip(columns, self._edges, self._starts, strict=False):
            missing = start + len(edges) + 1
            found += [missing if cell != cell else start + bisect_right(edges, cell) for cell in column]
        for served, start in zip(
            zip(*rows_of(probabilities), strict=True), self._starts[self._n_features :], strict=False
        ):
            # In float32, in which training has counted: 0.7 times 10 is 7 there, and a little less in float64.
            found += [start + min(int(tenths), N_BINS - 1) for tenths in array("f", [p * N_BINS for p in served])]
        return found

    def compare(self, counts: Sequence[float]) -> list[Drift]:
        """Give the distance of counts, one a bin, from the reference, by feature and by class."""
        return [
            Drift(name, number >= self._n_features, _psi(self._expected[start:end], counts[start:end]))
            for number, (name, (start, end)) in enumerate(zip(self._names, pairwise(self._starts), strict=True))
        ]

    def n_rows(self, counts: Sequence[float]) -> int:
        """How many rows were counted."""
        return int(sum(counts[: self._starts[1]]))

    @cached_property
    def _encoder(self) -> Encoder:
        from mlapi.bundle.encoder import Encoder

        return Encoder(self._of.schema, self._of.steps)


def _plain_edges(features: Sequence[Feature], reference: Reference) -> list[list[float]]:
    """The borders of each feature's bins as float32, which is what a plain column holds."""
    return [
        array("f", one.edges).tolist() if isinstance(one, NumberReference) else _between_codes(feature)
        for feature, one in zip(features, reference.features, strict=True)
    ]


def _encoded_edges(encoder: Encoder, reference: Reference) -> list[list[float]]:
    """The borders of each feature's bins, in the units of its column; codes are borders of their own."""
    longest = max((len(one.edges) for one in reference.features if isinstance(one, NumberReference)), default=0)
    features = list(zip(encoder.schema.features, reference.features, strict=True))
    matrix = encoder.encode_table({feature.name: _edges(feature, one, longest) for feature, one in features}).matrix
    return [
        column[: len(one.edges)].tolist() if isinstance(one, NumberReference) else _between_codes(feature)
        for (feature, one), column in zip(features, encoder.one_a_feature(matrix), strict=True)
    ]


def _edges(feature: Feature, one: NumberReference | CategoryReference, longest: int) -> Cells:
    import numpy as np

    if feature.kind is FeatureKind.CATEGORICAL:
        return np.full(longest, None, dtype=np.object_)
    edges = np.full(longest, np.nan)
    if isinstance(one, NumberReference):
        edges[: len(one.edges)] = one.edges
    return edges


def _between_codes(feature: Feature) -> list[float]:
    n_codes = 2 if feature.kind is FeatureKind.BOOLEAN else feature.n_codes
    return [float(code) for code in range(1, n_codes)]


def _expected(feature: Feature, one: NumberReference | CategoryReference, n_rows: int) -> list[float]:
    if isinstance(one, NumberReference):
        return [float(count) for count in (*one.counts, one.n_missing)]
    names = ("false", "true") if feature.kind is FeatureKind.BOOLEAN else feature.categories
    counts = [one.counts.get(name, 0) for name in names]
    others = [n_rows - sum(counts) - one.n_missing] * (feature.n_codes - len(feature.categories))
    return [float(count) for count in (*counts, *others, one.n_missing)]


def _psi(expected: Sequence[float], seen: Sequence[float]) -> float:
    p, q = _shares(expected), _shares(seen)
    return math.fsum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]
