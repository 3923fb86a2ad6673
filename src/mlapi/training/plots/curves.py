"""Curves over the threshold: ROC, precision and recall, and how well probabilities are calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.decision import class_name
from mlapi.training.plots.canvas import FAINT, picture, told_apart
from mlapi.training.plots.scored import Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Corner = Literal["best", "lower left", "lower right"]
BINS = 10  # of the calibration curve, equal numbers of rows in each
FEWEST_ROWS = 5
SHORT_LENGTH = 18  # of a name in a legend


def draw_roc(scored: Scored) -> bytes:
    """Draw hits over false alarms."""
    return picture(lambda axes: _roc(axes, scored))


def draw_precision_recall(scored: Scored) -> bytes:
    """Draw precision over recall, with the precision of guessing as a dotted line where there are two classes."""
    return picture(lambda axes: _precision_recall(axes, scored))


def draw_calibration(scored: Scored) -> bytes:
    """Draw what came true over what was said, in ten bins."""
    return picture(lambda axes: _calibration(axes, scored))


def _roc(axes: Axes, scored: Scored) -> None:
    for place, name in _named(scored):
        hits, alarms = _steps(scored.codes == place, scored.probabilities[:, place])
        across, up = np.r_[0, alarms] / max(alarms[-1], 1), np.r_[0, hits] / max(hits[-1], 1)
        axes.plot(across, up, label=_label(scored, place, name, "roc_auc"))
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle=":", label="chance")
    axes.set(
        xlabel="false positive rate",
        ylabel="true positive rate",
        title=_title("ROC", "AUC", scored, "roc_auc"),
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
    )
    _legend(axes, scored, "lower right")


def _precision_recall(axes: Axes, scored: Scored) -> None:
    for place, name in _named(scored):
        hits, alarms = _steps(scored.codes == place, scored.probabilities[:, place])
        recall, precision = hits / max(hits[-1], 1), hits / (hits + alarms)
        axes.step(recall, precision, where="post", label=_label(scored, place, name, "pr_auc"))
    if len(scored.classes) == 2:
        share = float((scored.codes == 1).mean())
        axes.axhline(share, color=FAINT, linestyle=":", label=f"chance ({share:.2f})")
    axes.set(
        xlabel="recall",
        ylabel="precision",
        title=_title("Precision and recall", "average precision", scored, "pr_auc"),
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.02),
    )
    _legend(axes, scored, "lower left")


def _calibration(axes: Axes, scored: Scored) -> None:
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle=":", label="perfect")
    for place, name in _named(scored):
        bins = _bins(scored.probabilities[:, place], even=len(scored.classes) == 2)
        said = [float(scored.probabilities[rows, place].mean()) for rows in bins]
        seen = [float((scored.codes[rows] == place).mean()) for rows in bins]
        axes.plot(said, seen, marker="o", markersize=4, label=name)
    axes.set(
        xlabel="predicted probability",
        ylabel="observed share",
        title=_title("Calibration", "expected error", scored, "calibration_error"),
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
    )
    _legend(axes, scored, "best")


def _bins(said: NDArray[np.float32], *, even: bool) -> list[NDArray[np.intp]]:
    """Give the rows of each bin of a probability.

    Bins hold equally many rows (`even`); or they are equally wide, where most rows of one among many classes would be
    at 0, and those of few rows are left out.
    """
    if even:
        return [rows for rows in np.array_split(np.argsort(said, kind="stable"), BINS) if len(rows)]
    place = np.minimum((said * BINS).astype(np.intp), BINS - 1)
    return [rows for rows in (np.flatnonzero(place == one) for one in range(BINS)) if len(rows) >= FEWEST_ROWS]


def _steps(positive: NDArray[np.bool_], score: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give hits and false alarms at each distinct score, the highest first."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[score[order][1:] != score[order][:-1], True])
    hits = np.cumsum(positive[order], dtype=np.int64)[ends]
    return hits, ends.astype(np.int64) + 1 - hits


def _title(what: str, figure: str, scored: Scored, name: str) -> str:
    """Name the picture, with the figure that belongs to it where the rows can give it."""
    value = scored.evaluation.metrics.get(name)
    mean = "mean " if len(scored.classes) > 2 and name != "calibration_error" else ""
    return what if value is None else f"{what}: {mean}{figure} {value:.4f}"


def _named(scored: Scored) -> list[tuple[int, str]]:
    names = told_apart([class_name(scored.classes[place]) for place in scored.shown], SHORT_LENGTH)
    return list(zip(scored.shown, names, strict=True))


def _label(scored: Scored, place: int, name: str, figure: str) -> str:
    value = scored.evaluation.per_class[place].figures.metrics.get(figure)
    return name if value is None or len(scored.classes) == 2 else f"{name} ({value:.3f})"


def _legend(axes: Axes, scored: Scored, place: Corner) -> None:
    title = f"the {len(scored.shown)} commonest of {len(scored.classes)} classes" if scored.hidden else None
    axes.legend(loc=place, fontsize="small", title=title, title_fontsize="small", framealpha=0.9)
