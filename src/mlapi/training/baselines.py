"""What a model must beat: always saying the commonest class, and a logistic regression on the same features."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.types import Matrix, Probabilities
from mlapi.training.trainer import Fold

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

BASELINES = ("majority", "logistic_regression")
MOST_ROWS = 50_000  # that the logistic regression learns from; more change its figures in the fourth digit only
MOST_CATEGORIES = 64  # of a feature; the rarer ones share a column
ITERATIONS = 300


def baselines(
    seen: Fold, matrix: Matrix, column_types: tuple[str, ...], n_classes: int, seed: int
) -> dict[str, Probabilities]:
    """Learn from the rows that the model learnt from, and score some others.

    Args:
        seen: train and validation.
        matrix: the rows to score, float32 (n_rows, n_columns).
        column_types: XGBoost's feature types of the columns, "c" for codes of categories.
        n_classes: two or more; every one is among the rows seen.
        seed: of the choice among many rows.

    Returns:
        float32 (n_rows, n_classes) by the baseline's name.
    """
    found = (
        majority(seen.codes, len(matrix), n_classes, seen.weights),
        logistic_regression(seen, matrix, column_types, seed),
    )
    return dict(zip(BASELINES, found, strict=True))


def majority(
    codes: NDArray[np.int32], n_rows: int, n_classes: int, weights: NDArray[np.float64] | None = None
) -> Probabilities:
    """Say each class's share of the rows seen, for every row."""
    counts = np.bincount(codes, weights, n_classes)
    shares = counts / counts.sum()
    return np.tile(shares.astype(np.float32), (n_rows, 1))


def logistic_regression(seen: Fold, matrix: Matrix, column_types: tuple[str, ...], seed: int) -> Probabilities:
    """Fit on numbers (standardised, the median where missing, with a mark of that) and on each category as 0 or 1."""
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    rows = np.arange(len(seen.codes))
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.Generator(np.random.PCG64(seed)).choice(rows, MOST_ROWS, replace=False))
    model = _pipeline(column_types)
    with (
        threadpool_limits(1),
        warnings.catch_warnings(),
    ):  # one thread: sums in one order give the same figures anywhere
        warnings.simplefilter("ignore")  # a baseline that has not quite converged is still one
        weights = None if seen.weights is None else seen.weights[rows]
        model.fit(seen.matrix[rows], seen.codes[rows], logisticregression__sample_weight=weights)
        return np.asarray(model.predict_proba(matrix), dtype=np.float32)


def _pipeline(column_types: tuple[str, ...]) -> Pipeline:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    codes = [place for place, kind in enumerate(column_types) if kind == "c"]
    numbers = [place for place, kind in enumerate(column_types) if kind != "c"]
    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    one_hot = OneHotEncoder(max_categories=MOST_CATEGORIES, handle_unknown="infrequent_if_exist")
    columns = make_column_transformer((make_pipeline(filled, StandardScaler()), numbers), (one_hot, codes))
    return make_pipeline(columns, LogisticRegression(max_iter=ITERATIONS))
