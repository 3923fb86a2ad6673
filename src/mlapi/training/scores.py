"""The figures of a classifier, each for many weightings of the rows at once, so that a bootstrap costs one pass.

A resample with replacement is a weight for every row: how often it was drawn. Every function takes weights of shape
(n_resamples, n_rows) and gives one figure for each resample.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.types import Probabilities

Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
CELLS_AT_ONCE = 1 << 22  # rows x resamples held in memory at a time: 32 MiB of float64
SMALLEST = float(np.finfo(np.float32).eps)  # as scikit-learn's log_loss clips float32 probabilities


def all_scores(codes: Codes, probabilities: Probabilities, chosen: Codes, weights: Floats) -> dict[str, Floats]:
    """Give every figure.

    Args:
        codes: the true classes, (n_rows,).
        probabilities: float32 (n_rows, n_classes).
        chosen: the predicted classes, (n_rows,).
        weights: (n_resamples, n_rows).

    Returns:
        accuracy, balanced_accuracy, f1, roc_auc and log_loss, each (n_resamples,). With two classes f1 is the positive
        class's; with more it is the mean over classes, and roc_auc the mean of each class against the rest. A class
        without rows is left out of a mean; roc_auc is NaN where no class has rows on both sides.
    """
    total = weights.sum(axis=1)
    recall, f1 = class_scores(codes, chosen, weights, probabilities.shape[1])
    return {
        "accuracy": (weights * (codes == chosen)).sum(axis=1) / total,
        "balanced_accuracy": mean_of_known(recall),
        "f1": f1[:, 1] if probabilities.shape[1] == 2 else mean_of_known(f1),
        "roc_auc": roc_auc(codes, probabilities, weights),
        "log_loss": (weights * row_losses(codes, probabilities)).sum(axis=1) / total,
    }


def row_losses(codes: Codes, probabilities: Probabilities) -> Floats:
    """Give -log of the true class's probability for each row."""
    own = probabilities[np.arange(len(codes)), codes].astype(np.float64)
    return -np.log(np.clip(own, SMALLEST, 1.0 - SMALLEST))


def class_scores(codes: Codes, chosen: Codes, weights: Floats, n_classes: int) -> tuple[Floats, Floats]:
    """Give recall and F1 of each class, (n_resamples, n_classes); NaN for a class that no row has."""
    classes = np.arange(n_classes)
    truth, guess = codes[:, None] == classes, chosen[:, None] == classes
    rows, guessed, hits = weights @ truth, weights @ guess, weights @ (truth & guess)
    known = np.where(rows > 0, 1.0, np.nan)
    return hits / np.maximum(rows, 1) * known, 2 * hits / np.maximum(rows + guessed, 1) * known


def roc_auc(codes: Codes, probabilities: Probabilities, weights: Floats) -> Floats:
    """Give the area under the ROC curve; for more than two classes the mean of one against the rest."""
    n_classes = probabilities.shape[1]
    positives = [1] if n_classes == 2 else range(n_classes)
    return mean_of_known(np.stack([_area(codes == one, probabilities[:, one], weights) for one in positives], axis=1))


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


def _area(positive: NDArray[np.bool_], score: NDArray[np.float32], weights: Floats) -> Floats:
    """Count pairs in which the positive row scores higher, ties as half (Mann and Whitney, 1947)."""
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    begins = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    up = np.add.reduceat(weights[:, order] * positive[order], begins, axis=1)
    down = np.add.reduceat(weights[:, order] * ~positive[order], begins, axis=1)
    below = np.cumsum(down, axis=1) - down
    pairs = up.sum(axis=1) * down.sum(axis=1)
    return np.where(pairs > 0, (up * (below + down / 2)).sum(axis=1) / np.maximum(pairs, 1), np.nan)
