"""Which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlapi.bundle.decision import class_name
from mlapi.training.plots.canvas import picture, room, told_apart
from mlapi.training.plots.scored import Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COUNTED = 12  # classes whose cells hold their counts; more have no room
MOST_NAMED = 40  # classes whose rows and columns are named
SHORT_LENGTH = 16  # names stand slanted below one another


def draw_confusion(scored: Scored) -> bytes:
    """Draw the share of each true class's rows that was predicted as each class; counts where there is room."""
    names = told_apart([class_name(label) for label in scored.classes], SHORT_LENGTH)
    shown = names if len(names) <= MOST_NAMED else []
    below = 0.12 if _upright(shown) else 0.1 + 0.011 * max(map(len, shown))
    return picture(lambda axes: _confusion(axes, scored, shown), left=room(shown), bottom=below, right=0.91)


def _upright(names: list[str]) -> bool:
    return len(names) <= 2 or all(len(name) <= 3 for name in names)


def _confusion(axes: Axes, scored: Scored, names: list[str]) -> None:
    table = scored.evaluation.confusion
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set(xlabel="predicted", ylabel="true", title="Confusion: share of each true class's rows")
    axes.figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02).ax.tick_params(labelsize="small")
    _name(axes, len(table), names)
    if len(table) <= MOST_COUNTED:
        _count(axes, scored, shares)


def _name(axes: Axes, n_classes: int, names: list[str]) -> None:
    if not names:
        axes.set_xlabel(f"predicted ({n_classes} classes in the order of the model)")
        return
    size = "small" if n_classes <= MOST_COUNTED else 6
    upright = _upright(names)
    axes.set_xticks(
        range(n_classes), names, fontsize=size, rotation=0 if upright else 45, ha="center" if upright else "right"
    )
    axes.set_yticks(range(n_classes), names, fontsize=size)


def _count(axes: Axes, scored: Scored, shares: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(scored.evaluation.confusion):
        share = shares[row, column]
        text = f"{count}\n{share:.1%}" if len(shares) <= 4 else str(count)
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize="small")
