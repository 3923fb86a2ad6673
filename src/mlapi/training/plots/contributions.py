"""How the cells of rows pushed the model's margin up or down (SHAP values; Lundberg and Lee, 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.decision import class_name
from mlapi.bundle.types import Label, Matrix
from mlapi.training.plots.canvas import COLOURS, FAINT, picture, plain, room, told_apart
from mlapi.training.plots.scored import MOST_CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_FEATURES = 15
LOW_TO_HIGH = ("#1e88e5", "#8e44ad", "#e3342f")  # none of them is near the grey of cells without an order
STEPS = 80  # across a row of points; points in one step are stacked
HEIGHT = 0.4  # of a stack, both ways, where a row of points has the height 1


@dataclass(frozen=True)
class Explained:
    """Rows with the contributions of their cells.

    Attributes:
        columns: n_columns names.
        column_types: XGBoost's feature types, "c" for codes of categories.
        matrix: (n_rows, n_columns).
        contributions: to the margin, (n_rows, n_groups, n_columns).
        classes: the labels.
    """

    columns: tuple[str, ...]
    column_types: tuple[str, ...]
    matrix: Matrix
    contributions: NDArray[np.float32]
    classes: tuple[Label, ...]

    @property
    def most(self) -> list[int]:
        """The columns that matter most, the first at the top: by mean absolute contribution, summed over groups."""
        weights = np.abs(self.contributions).mean(axis=0).sum(axis=0)
        order: list[int] = np.argsort(-weights, kind="stable")[:MOST_FEATURES].tolist()
        return order


def draw_contributions(explained: Explained) -> bytes:
    """Draw a point for each row and column where there are two classes, else bars of mean size by class."""
    places = explained.most[::-1]
    names = told_apart([explained.columns[place] for place in places])
    return picture(
        lambda axes: _contributions(axes, explained, places, names), left=room(names), bottom=0.15, right=0.93
    )


def _contributions(axes: Axes, explained: Explained, places: list[int], names: list[str]) -> None:
    axes.set_yticks(range(len(places)), names, fontsize="small")
    axes.grid(visible=False, axis="y")
    if explained.contributions.shape[1] == 1:
        _points(axes, explained, places)
    else:
        _bars(axes, explained, places)


def _points(axes: Axes, explained: Explained, places: list[int]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("cells", LOW_TO_HIGH)
    values = explained.contributions[:, 0, :]
    reach = float(np.abs(values[:, places]).max()) or 1.0
    for row, place in enumerate(places):
        across = values[:, place].astype(np.float64)
        heights = row + _stacked(across, reach)
        ranks = (
            _ranks(explained.matrix[:, place]) if explained.column_types[place] != "c" else np.full(len(across), np.nan)
        )
        grey = np.isnan(ranks)
        axes.scatter(across[grey], heights[grey], s=5, color=FAINT, linewidths=0)
        shown = axes.scatter(
            across[~grey], heights[~grey], s=5, c=ranks[~grey], cmap=colours, vmin=0, vmax=1, linewidths=0
        )
        if row == 0:
            bar = axes.figure.colorbar(shown, ax=axes, fraction=0.03, pad=0.02, aspect=40, ticks=[0, 1])
            bar.ax.set_yticklabels(["low", "high"], fontsize="small")
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.set(
        xlabel=f"push towards {plain(class_name(explained.classes[1]), 24)} (log odds)\ngrey: a category, or missing",
        title=f"What moved the predictions of {len(values)} test rows",
        ylim=(-0.7, len(places) - 0.3),
    )


def _bars(axes: Axes, explained: Explained, places: list[int]) -> None:
    sizes = np.abs(explained.contributions).mean(axis=0)
    order = np.argsort(-sizes[:, places].sum(axis=1), kind="stable")
    shown, others = sorted(order[: MOST_CLASSES - 1].tolist()), order[MOST_CLASSES - 1 :].tolist()
    left = np.zeros(len(places))
    names = told_apart([class_name(explained.classes[one]) for one in shown], 18)
    parts = [(name, sizes[one, places]) for name, one in zip(names, shown, strict=True)]
    if others:
        parts.append((f"{len(others)} other classes", sizes[np.ix_(others, places)].sum(axis=0)))
    for colour, (name, widths) in zip(COLOURS, parts, strict=False):
        axes.barh(range(len(places)), widths, left=left, color=colour, label=name)
        left += widths
    axes.set(
        xlabel="mean size of the push (margin), by class",
        title=f"What moved the predictions of {len(explained.matrix)} test rows",
    )
    axes.set_xlim(0, 1.4 * float(left.max() or 1.0))  # so that the legend hides no bar
    axes.legend(loc="lower right", fontsize="small")


def _stacked(across: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Give each point its height, so that equal ones stand above and below one another; no chance is involved."""
    step = np.round(across / reach * STEPS).astype(np.int64)
    order = np.argsort(step, kind="stable")
    ordered = step[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    within = np.arange(len(step)) - np.repeat(begins, np.diff(np.r_[begins, len(step)]))
    heights = np.empty(len(step))
    heights[order] = (within + 1) // 2 * np.where(within % 2, 1, -1)
    return heights * min(HEIGHT / max(float(np.abs(heights).max()), 1.0), 0.06)


def _ranks(cells: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give each cell's rank from 0 to 1, NaN where missing; ranks, so that no outlier takes all of the colours."""
    ranks = np.full(len(cells), np.nan)
    known = ~np.isnan(cells)
    values, place = np.unique(cells[known], return_inverse=True)
    ranks[known] = place / max(len(values) - 1, 1)
    return ranks
