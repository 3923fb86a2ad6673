"""Why a row was answered so: what its features add to the margin (SHAP values)."""

import numpy as np
from numpy.typing import NDArray

from mlapi.app.services.notes import Contribution, Explanation
from mlapi.bundle.model import Bundle, Prediction
from mlapi.bundle.types import Floats, Label, as_array


def explanations(bundle: Bundle, prediction: Prediction[Floats], n_features: int) -> list[Explanation]:
    """Explain every row by at most `n_features` features."""
    margin = as_array(prediction.margin)
    rows = np.arange(len(margin))
    two = len(bundle.decision.classes) == 2
    groups = np.zeros_like(rows) if two else as_array(prediction.probabilities).argmax(axis=1)
    parts = bundle.explain(prediction.matrix)[rows, groups]
    order = np.argsort(-np.abs(parts[:, :-1]), axis=1, kind="stable")  # of equals the first feature first
    weights = np.take_along_axis(parts, order, axis=1)
    rest = weights[:, n_features:].sum(axis=1)
    figures = np.column_stack([margin[rows, groups], parts[:, -1], rest, weights[:, :n_features]])
    labels = [bundle.decision.classes[1 if two else group] for group in groups.tolist()]
    names = bundle.schema.names
    return [
        _explanation(label, [names[place] for place in places], row)
        for label, places, row in zip(labels, order[:, :n_features].tolist(), _spelled(figures), strict=True)
    ]


def _spelled(figures: NDArray[np.float64]) -> list[list[float]]:
    """Eight digits are more than float32 margins have, and enough for the sum to hold."""
    return [[float(f"{figure:.8g}") for figure in row] for row in figures.tolist()]


def _explanation(label: Label, features: list[str], figures: list[float]) -> Explanation:
    margin, base_value, rest, *weights = figures
    parts = [Contribution(feature, weight) for feature, weight in zip(features, weights, strict=True)]
    return Explanation(label, margin, base_value, parts, rest)
