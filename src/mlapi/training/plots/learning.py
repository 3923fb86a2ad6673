"""What the boosting did: the loss of each round, and what each column was good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlapi.training.plots.canvas import COLOURS, FAINT, picture, plain, room, told_apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_FEATURES = 20


def draw_importance(importance: Mapping[str, float]) -> bytes:
    """Draw the columns' shares of the total gain, the greatest at the top."""
    most = sorted(importance.items(), key=lambda item: (-item[1], item[0]))[:MOST_FEATURES][::-1]
    of_all = f" ({len(most)} of {len(importance)})" if len(most) < len(importance) else ""
    names = told_apart([name for name, _ in most])
    return picture(lambda axes: _importance(axes, names, [gain for _, gain in most], of_all), left=room(names))


def draw_learning_curve(curves: Mapping[str, Sequence[float]], best_round: int) -> bytes:
    """Draw the loss of every round, and mark the best."""
    return picture(lambda axes: _learning_curve(axes, curves, best_round))


def _importance(axes: Axes, names: list[str], gains: list[float], of_all: str) -> None:
    axes.barh(range(len(names)), gains, color=COLOURS[0])
    axes.set_yticks(range(len(names)), names, fontsize="small")
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="share of the total gain", title=f"Feature importance{of_all}")


def _learning_curve(axes: Axes, curves: Mapping[str, Sequence[float]], best_round: int) -> None:
    for name, losses in curves.items():
        axes.plot(range(1, len(losses) + 1), losses, label=plain(name))
    axes.axvline(best_round, color=FAINT, linestyle=":", label=f"best round {best_round}")
    axes.set(xlabel="round", ylabel="log loss", title="Learning curve")
    axes.legend(fontsize="small")
