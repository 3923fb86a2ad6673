"""The figures as pictures, PNG by file name.

Every picture is made from `Figure` itself, without pyplot's global state, on matplotlib's Agg canvas: it works in any
thread and without a display. No picture holds a date or a library version, so equal models give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlapi.training.plots.canvas import picture, plain
from mlapi.training.plots.confusion import draw_confusion
from mlapi.training.plots.contributions import Explained, draw_contributions
from mlapi.training.plots.curves import draw_calibration, draw_precision_recall, draw_roc
from mlapi.training.plots.learning import draw_importance, draw_learning_curve
from mlapi.training.plots.scored import Scored

__all__ = ["Explained", "Scored", "draw_all", "picture", "plain"]


def draw_all(
    scored: Scored,
    importance: Mapping[str, float],
    curves: Mapping[str, Sequence[float]],
    best_round: int,
    explained: Explained | None = None,
) -> dict[str, bytes]:
    """Give every picture.

    Args:
        scored: the test rows.
        importance: each column's share of the total gain.
        curves: the loss of every round by fold.
        best_round: the round, from 1, that early stopping found.
        explained: some rows with the contributions of their cells; None for no such picture.
    """
    found = {
        "roc.png": draw_roc(scored),
        "precision_recall.png": draw_precision_recall(scored),
        "confusion.png": draw_confusion(scored),
        "calibration.png": draw_calibration(scored),
        "importance.png": draw_importance(importance),
        "learning_curve.png": draw_learning_curve(curves, best_round),
    }
    if explained is not None:
        found["shap.png"] = draw_contributions(explained)
    return found
