"""Features that know too much: what alone tells the classes apart was probably written down after the outcome."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.types import Cells
from mlapi.training.dataset import Dataset

ALONE = 0.99  # area under the ROC curve that no honest feature of a hard problem has by itself
BY_GAPS = 0.9  # of being missing: a cell that is filled in for one class only
MOST_ROWS = 20_000  # that are looked at; more do not change the second digit
BINS = 256  # of a number at most
ROWS_OF_A_BIN = 10
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


class Suspect(msgspec.Struct, frozen=True):
    """A feature whose value, or whose being missing, alone tells the classes apart; `auc` is how well, 0.5 to 1."""

    feature: str
    auc: float
    by_gaps: bool = False

    @property
    def reason(self) -> str:
        """What is suspicious, in words."""
        apart = f"tells the classes apart (AUC {self.auc:.3f})"
        return f"being missing or not alone {apart}" if self.by_gaps else f"alone {apart}"


def suspects(train: Dataset, names: tuple[str, ...], seed: int) -> tuple[Suspect, ...]:
    """Look at every feature of the rows that train.

    Args:
        train: the rows that train.
        names: of the features.
        seed: of the choice among many rows, and of the halves.

    A feature's values are ranked by how often each class comes with them in one half of the rows, and the ranking is
    judged on the other half, so that a feature with many values gains nothing by chance. With more than two classes the
    area is the mean over the classes, each against the rest.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    rows = random.permutation(train.n_rows)[:MOST_ROWS]
    codes = train.labels.codes[rows]
    classes = [1] if len(train.labels.classes) == 2 else list(range(len(train.labels.classes)))
    found = []
    for name in names:
        values = _values(train.table[name][rows])
        gaps = (values == 0).astype(np.intp)
        if (area := _area_alone(values, codes, classes)) > ALONE:
            found.append(Suspect(name, round(area, 4)))
        elif gaps.any() and (area := _area_alone(gaps, codes, classes)) > BY_GAPS:
            found.append(Suspect(name, round(area, 4), by_gaps=True))
    return tuple(found)


def _values(cells: Cells) -> Codes:
    """Give each cell's number: 0 for a missing one, else its category's, or its bin's, from the least one on."""
    if cells.dtype == np.object_:
        known = {text: place for place, text in enumerate(sorted({*cells.tolist()} - {None}), start=1)}
        return np.array([known.get(cell, 0) for cell in cells.tolist()], np.intp)
    numbers = cells.astype(np.float64)
    seen = numbers[~np.isnan(numbers)]
    n_bins = min(BINS, max(2, len(seen) // ROWS_OF_A_BIN))
    edges = np.unique(np.quantile(seen, np.arange(1, n_bins) / n_bins, method="inverted_cdf")) if seen.size else seen
    return np.where(np.isnan(numbers), 0, np.searchsorted(edges, numbers, side="right") + 1)


def _area_alone(values: Codes, codes: NDArray[np.int32], classes: list[int]) -> float:
    half = np.arange(len(values)) % 2 == 0
    areas = []
    for one in classes:
        truth = codes == one
        for learnt, judged in ((half, ~half), (~half, half)):
            if 0 < truth[judged].sum() < judged.sum():
                areas.append(_area(_rates(values, truth, learnt)[values[judged]], truth[judged]))
    return float(np.mean(areas)) if areas else 0.5


def _rates(values: Codes, truth: NDArray[np.bool_], rows: NDArray[np.bool_]) -> Floats:
    """Give each value's share of the class, drawn towards the share of all where few rows have it."""
    n_values = int(values.max()) + 1
    counts = np.bincount(values[rows], minlength=n_values)
    hits = np.bincount(values[rows], truth[rows].astype(np.float64), minlength=n_values)
    return np.asarray((hits + truth[rows].mean()) / (counts + 1))


def _area(scores: Floats, truth: NDArray[np.bool_]) -> float:
    """Give the area under the ROC curve; equal scores count half (Mann and Whitney, 1947)."""
    place = np.unique(scores, return_inverse=True)[1]
    positive = np.bincount(place, truth.astype(np.float64))
    negative = np.bincount(place, (~truth).astype(np.float64))
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))
