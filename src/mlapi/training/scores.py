"""The figures of a classifier, each for many weightings of the rows at once, so that a bootstrap costs one pass.

A resample with replacement is a weight for every row: how often it was drawn, times the row's own weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.types import Probabilities
from mlapi.training.ranking import Ranking

Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
CELLS_AT_ONCE = 1 << 18  # rows x resamples held at a time: 2 MiB of float64, which a processor's cache holds
SMALLEST = float(np.finfo(np.float32).eps)  # as scikit-learn's log_loss clips float32 probabilities
CALIBRATION_BINS = 15  # of equal width, as in Guo et al., "On calibration of modern neural networks", 2017


class Scores(NamedTuple):
    """Figures of all rows, (n_resamples,) each, and of each class, (n_resamples, n_classes); NaN where unknown."""

    whole: dict[str, Floats]
    classes: dict[str, Floats]


class Scorer:
    """Scored rows, with what no weighting changes worked out once."""

    def __init__(self, codes: Codes, probabilities: Probabilities, chosen: Codes) -> None:
        """Take the rows.

        Args:
            codes: the true classes, (n_rows,).
            probabilities: float32 (n_rows, n_classes).
            chosen: the predicted classes, (n_rows,).
        """
        self._two = probabilities.shape[1] == 2
        n_classes = probabilities.shape[1]
        self._right = (codes == chosen).astype(np.float64)
        self._true, self._chosen = Groups(codes, n_classes), Groups(chosen, n_classes)
        self._rankings = [Ranking(codes == place, probabilities[:, place]) for place in range(n_classes)]
        self._means = {
            "accuracy": self._right,
            "log_loss": row_losses(codes, probabilities),
            "brier": row_briers(codes, probabilities),
        }
        bins, self._distances = calibration_distances(codes, probabilities)
        self._bins = Groups(bins, CALIBRATION_BINS)

    def scores(self, weights: Floats) -> Scores:
        """Give every figure under each of the weightings, (n_resamples, n_rows).

        Of all rows: accuracy, balanced_accuracy, f1, mcc, roc_auc, pr_auc, log_loss, brier and calibration_error. Of
        each class against the rest: precision, recall, f1, roc_auc and pr_auc. With two classes f1, roc_auc and pr_auc
        of all rows are the positive class's; with more they are the mean over the classes. A class without rows is left
        out of a mean; an area is NaN where no class has rows on both sides.
        """
        total = weights.sum(axis=1)
        rows, guessed = self._true.sums(weights), self._chosen.sums(weights)
        hits = self._true.sums(weights * self._right)
        classes = self._classes(weights, rows, guessed, hits)
        of_all = _positive if self._two else mean_of_known
        whole = {name: (weights * cells).sum(axis=1) / total for name, cells in self._means.items()}
        whole |= {name: of_all(classes[name]) for name in ("f1", "roc_auc", "pr_auc")}
        whole["balanced_accuracy"] = mean_of_known(classes["recall"])
        whole["mcc"] = matthews(rows, guessed, hits)
        whole["calibration_error"] = np.abs(self._bins.sums(weights * self._distances)).sum(axis=1) / total
        return Scores(whole, classes)

    def _classes(self, weights: Floats, rows: Floats, guessed: Floats, hits: Floats) -> dict[str, Floats]:
        known = np.where(rows > 0, 1.0, np.nan)
        found = [ranking.areas(weights) for ranking in self._rankings]
        return {
            "precision": _share(hits, guessed) * known,
            "recall": _share(hits, rows) * known,
            "f1": _share(2 * hits, rows + guessed) * known,
            "roc_auc": np.stack([one.roc for one in found], axis=1),
            "pr_auc": np.stack([one.precision_recall for one in found], axis=1),
        }


def all_scores(codes: Codes, probabilities: Probabilities, chosen: Codes, weights: Floats) -> dict[str, Floats]:
    """Give the figures of all rows, (n_resamples,) each; `Scorer` documents them."""
    return Scorer(codes, probabilities, chosen).scores(weights).whole


def roc_auc(codes: Codes, probabilities: Probabilities, weights: Floats) -> Floats:
    """Give the area under the ROC curve, (n_resamples,): of the positive class of two, else the mean over classes."""
    positives = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    return mean_of_known(
        np.stack([Ranking(codes == one, probabilities[:, one]).areas(weights).roc for one in positives], axis=1)
    )


def row_losses(codes: Codes, probabilities: Probabilities) -> Floats:
    """Give -log of the true class's probability for each row."""
    own = probabilities[np.arange(len(codes)), codes].astype(np.float64)
    return -np.log(np.clip(own, SMALLEST, 1.0 - SMALLEST))


def row_briers(codes: Codes, probabilities: Probabilities) -> Floats:
    """Give each row's squared error (Brier, 1950): of the positive class of two, else summed over the classes.

    That for two classes is half of the sum is common usage, and scikit-learn's.
    """
    truth = codes[:, None] == np.arange(probabilities.shape[1])
    errors = (probabilities.astype(np.float64) - truth) ** 2
    briers: Floats = errors[:, 1] if probabilities.shape[1] == 2 else errors.sum(axis=1)
    return briers


def matthews(rows: Floats, guessed: Floats, hits: Floats) -> Floats:
    """Give Matthews' correlation from each class's counts, for any number of classes (Gorodkin, 2004).

    The counts are (n_resamples, n_classes); the figure is 0 where the truth or the guesses do not vary.
    """
    total, right = rows.sum(axis=1), hits.sum(axis=1)
    together = right * total - (rows * guessed).sum(axis=1)
    spreads = (total**2 - (rows**2).sum(axis=1)) * (total**2 - (guessed**2).sum(axis=1))
    return np.where(spreads > 0, together / np.sqrt(np.where(spreads > 0, spreads, 1.0)), 0.0)


def calibration_distances(codes: Codes, probabilities: Probabilities) -> tuple[NDArray[np.intp], Floats]:
    """Give each row's bin of what was said, and what was said less what came true, (n_rows,) both.

    Two classes: of the positive class's probability. More: of the most probable class's, as Guo et al. have it. The
    expected calibration error is the sum over bins of the absolute mean of these distances.
    """
    if probabilities.shape[1] == 2:
        said, true = probabilities[:, 1].astype(np.float64), codes == 1
    else:
        said, true = probabilities.max(axis=1).astype(np.float64), codes == probabilities.argmax(axis=1)
    bins = np.minimum((said * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
    return bins, said - true


class Groups:
    """Rows sorted by the group that they belong to, so that sums need no array of rows by groups."""

    def __init__(self, group_of: NDArray[np.integer], n_groups: int) -> None:
        """Take each row's group, (n_rows,), from 0 on."""
        self._order = np.argsort(group_of, kind="stable")
        self._present, self._begins = np.unique(group_of[self._order], return_index=True)
        self._n_groups = n_groups

    def sums(self, values: Floats) -> Floats:
        """Add up (n_resamples, n_rows) to (n_resamples, n_groups), in an order that no number of threads changes."""
        found = np.zeros((len(values), self._n_groups))
        found[:, self._present] = np.add.reduceat(values[:, self._order], self._begins, axis=1)
        return found


def mean_of_known(values: Floats) -> Floats:
    """Give the mean of each row's entries that are not NaN, (n_resamples,); NaN if there are none."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    return np.where(counts > 0, np.where(known, values, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan)


def resamples(n_rows: int, count: int, seed: int) -> Iterator[Floats]:
    """Give bootstrap weights in blocks of shape (≤ count, n_rows), `count` resamples in all."""
    random = np.random.Generator(np.random.PCG64(seed))
    at_once = max(1, CELLS_AT_ONCE // n_rows)
    for begin in range(0, count, at_once):
        block = min(at_once, count - begin)
        drawn = random.integers(0, n_rows, size=(block, n_rows)) + np.arange(block)[:, None] * n_rows
        yield np.bincount(drawn.ravel(), minlength=block * n_rows).reshape(block, n_rows).astype(np.float64)


def _positive(values: Floats) -> Floats:
    return values[:, 1]


def _share(part: Floats, whole: Floats) -> Floats:
    """Divide, 0 where the whole is empty."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 0.0)
