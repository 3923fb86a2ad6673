"""The figures as pictures: ROC, precision-recall, confusion, calibration, importance and learning curve.

Every picture is made from `Figure` itself, without pyplot's global state, on matplotlib's Agg canvas: it works in any
thread and without a display. No picture holds a date or a library version, so equal models give equal bytes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.decision import class_name
from mlapi.bundle.types import Label, Probabilities
from mlapi.training.evaluation import Evaluation
from mlapi.training.scores import Codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CLASSES = 10  # lines of one picture at most; more cannot be told apart
MOST_FEATURES = 20
BINS = 10  # of the calibration curve, equal numbers of rows in each
NAME_LENGTH = 30
SHORT_LENGTH = 16  # where names stand slanted below one another


@dataclass(frozen=True)
class Scored:
    """Scored test rows: classes, true classes (n_rows,), probabilities (n_rows, n_classes), the figures."""

    classes: tuple[Label, ...]
    codes: Codes
    probabilities: Probabilities
    evaluation: Evaluation

    @property
    def shown(self) -> list[int]:
        """The classes that get a line: the positive one of two, else the most frequent ten."""
        if len(self.classes) == 2:
            return [1]
        rows = self.evaluation.confusion.sum(axis=1)
        return sorted(np.argsort(-rows, kind="stable")[:MOST_CLASSES].tolist())


def draw_all(
    scored: Scored, importance: Mapping[str, float], curves: Mapping[str, Sequence[float]], best_round: int
) -> dict[str, bytes]:
    """Give every picture as PNG, by file name."""
    return {
        "roc.png": picture(lambda axes: _roc(axes, scored)),
        "precision_recall.png": picture(lambda axes: _precision_recall(axes, scored)),
        "confusion.png": picture(lambda axes: _confusion(axes, scored), left=0.24, bottom=0.27),
        "calibration.png": picture(lambda axes: _calibration(axes, scored)),
        "importance.png": picture(lambda axes: _importance(axes, importance), left=0.38),
        "learning_curve.png": picture(lambda axes: _learning_curve(axes, curves, best_round)),
    }


def picture(draw: Draw, *, left: float = 0.12, bottom: float = 0.12) -> bytes:
    """Give one PNG of 640 x 480 dots; `left` and `bottom` are shares of it kept for names.

    Margins are fixed, since a layout that is worked out costs as much as the drawing.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), dpi=100)
    figure.subplots_adjust(left=left, bottom=bottom, right=0.96, top=0.92)
    FigureCanvasAgg(figure)
    draw(figure.add_subplot())
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box stands for a letter that the font lacks
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


class Draw(Protocol):
    """Draws on one pair of axes."""

    def __call__(self, axes: Axes) -> None:
        """Draw."""


def plain(name: object, length: int = NAME_LENGTH) -> str:
    """Give a name for a picture: no formula (`$`), no control characters, cut where it is too long."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(name))
    cut = text if len(text) <= length else text[: length - 1] + "…"
    return cut.replace("$", r"\$")


def _steps(positive: NDArray[np.bool_], score: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give hits and false alarms at each distinct score, the highest first."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[score[order][1:] != score[order][:-1], True])
    hits = np.cumsum(positive[order], dtype=np.int64)[ends]
    return hits, ends.astype(np.int64) + 1 - hits


def _roc(axes: Axes, scored: Scored) -> None:
    for place in scored.shown:
        hits, alarms = _steps(scored.codes == place, scored.probabilities[:, place])
        across, up = np.r_[0, alarms] / max(alarms[-1], 1), np.r_[0, hits] / max(hits[-1], 1)
        axes.plot(across, up, label=plain(class_name(scored.classes[place])))
    axes.plot([0, 1], [0, 1], color="0.7", linestyle=":", label="chance")
    area = scored.evaluation.metrics.get("roc_auc")
    axes.set(
        xlabel="false positive rate",
        ylabel="true positive rate",
        title="ROC" if area is None else f"ROC, AUC {area:.4f}",
    )
    axes.legend(loc="lower right", fontsize="small")


def _precision_recall(axes: Axes, scored: Scored) -> None:
    for place in scored.shown:
        hits, alarms = _steps(scored.codes == place, scored.probabilities[:, place])
        axes.step(
            hits / max(hits[-1], 1),
            hits / (hits + alarms),
            where="post",
            label=plain(class_name(scored.classes[place])),
        )
    axes.set(xlabel="recall", ylabel="precision", title="Precision and recall", ylim=(0, 1.02))
    axes.legend(loc="lower left", fontsize="small")


def _confusion(axes: Axes, scored: Scored) -> None:
    table = scored.evaluation.confusion
    axes.imshow(table / np.maximum(table.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    names = [plain(class_name(label), SHORT_LENGTH) for label in scored.classes]
    axes.set(xlabel="predicted", ylabel="true", title="Confusion (rows)")
    if len(names) > 2 * MOST_CLASSES:
        return
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize="small")
    axes.set_yticks(range(len(names)), names, fontsize="small")
    for (row, column), count in np.ndenumerate(table):
        dark = count > table[row].sum() / 2
        axes.text(
            column, row, str(count), ha="center", va="center", color="white" if dark else "black", fontsize="small"
        )


def _calibration(axes: Axes, scored: Scored) -> None:
    axes.plot([0, 1], [0, 1], color="0.7", linestyle=":", label="perfect")
    for place in scored.shown:
        order = np.argsort(scored.probabilities[:, place], kind="stable")
        bins = [rows for rows in np.array_split(order, BINS) if len(rows)]
        said = [float(scored.probabilities[rows, place].mean()) for rows in bins]
        seen = [float((scored.codes[rows] == place).mean()) for rows in bins]
        axes.plot(said, seen, marker="o", label=plain(class_name(scored.classes[place])))
    axes.set(xlabel="predicted probability", ylabel="observed share", title="Calibration")
    axes.legend(loc="upper left", fontsize="small")


def _importance(axes: Axes, importance: Mapping[str, float]) -> None:
    most = sorted(importance.items(), key=lambda item: (-item[1], item[0]))[:MOST_FEATURES][::-1]
    axes.barh(range(len(most)), [gain for _, gain in most])
    axes.set_yticks(range(len(most)), [plain(name) for name, _ in most], fontsize="small")
    axes.set(xlabel="share of the total gain", title="Feature importance")


def _learning_curve(axes: Axes, curves: Mapping[str, Sequence[float]], best_round: int) -> None:
    for name, losses in curves.items():
        axes.plot(range(1, len(losses) + 1), losses, label=plain(name))
    axes.axvline(best_round, color="0.7", linestyle=":", label=f"best round {best_round}")
    axes.set(xlabel="round", ylabel="log loss", title="Learning curve")
    axes.legend(fontsize="small")
