"""How well a score ranks rows of one class above the others: the areas under the ROC and the precision-recall curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Areas(NamedTuple):
    """The two areas, (n_resamples,) each; NaN where one side has no rows (precision-recall: no positive ones)."""

    roc: NDArray[np.float64]
    precision_recall: NDArray[np.float64]


class Ranking:
    """Rows in the order of a score, sorted once."""

    def __init__(self, positive: NDArray[np.bool_], score: NDArray[np.float32]) -> None:
        """Sort: which rows are of the class, and what the model says of each, (n_rows,); higher is more positive."""
        self._order = np.argsort(score, kind="stable")
        ranked = score[self._order]
        self._begins = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        self._positive = positive[self._order].astype(np.float64)

    def areas(self, weights: NDArray[np.float64]) -> Areas:
        """Give both areas under each of the weightings, (n_resamples, n_rows), 0 or more.

        The first counts pairs in which the positive row scores higher, ties as half (Mann and Whitney, 1947). The
        second is average precision: the sum over scores of precision times gain in recall, without interpolation.
        """
        ranked = weights[:, self._order]
        both = np.add.reduceat(ranked, self._begins, axis=1)
        ranked *= self._positive
        up = np.add.reduceat(ranked, self._begins, axis=1)
        return Areas(_roc(up, both - up), _precision_recall(up, both))


def _roc(up: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
    below = np.cumsum(down, axis=1) - down
    pairs = up.sum(axis=1) * down.sum(axis=1)
    return np.where(pairs > 0, (up * (below + down / 2)).sum(axis=1) / np.where(pairs > 0, pairs, 1.0), np.nan)


def _precision_recall(up: NDArray[np.float64], both: NDArray[np.float64]) -> NDArray[np.float64]:
    hits, called = (np.cumsum(part[:, ::-1], axis=1)[:, ::-1] for part in (up, both))
    precision = np.where(called > 0, hits / np.where(called > 0, called, 1.0), 0.0)
    total = up.sum(axis=1)
    return np.where(total > 0, (up * precision).sum(axis=1) / np.where(total > 0, total, 1.0), np.nan)
