"""Choose the probability from which on the second of two classes is the label, for an objective that is stated."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.training.errors import ConfigError, shown
from mlapi.training.scores import Codes, Floats

OBJECTIVES = "f1, balanced_accuracy, youden, recall>=0.9, precision>=0.8 or cost:FP,FN"
AT_LEAST = re.compile(r"(recall|precision)\s*>=\s*(0?\.[0-9]+|1(?:\.0*)?|0)")
COST = re.compile(r"cost:([0-9]+(?:\.[0-9]+)?),([0-9]+(?:\.[0-9]+)?)")
FIELD = "--threshold-objective"


class Counts(NamedTuple):
    """What every possible threshold gives, (n_thresholds,) each: weighed rows."""

    hits: Floats
    alarms: Floats
    misses: Floats
    rejections: Floats

    @property
    def recall(self) -> Floats:
        """Share of the positive rows that are found."""
        return self.hits / (self.hits + self.misses)

    @property
    def specificity(self) -> Floats:
        """Share of the negative rows that are let be."""
        return self.rejections / (self.rejections + self.alarms)

    @property
    def precision(self) -> Floats:
        """Share of the rows called positive that are; 0 where none is called so."""
        called = self.hits + self.alarms
        return np.where(called > 0, self.hits / np.where(called > 0, called, 1.0), 0.0)


@dataclass(frozen=True)
class Objective:
    """What a threshold is chosen for: the greatest `worth` among those whose `floor` figure reaches `least`."""

    text: str
    worth: Callable[[Counts], Floats]
    floor: str | None = None
    least: float = 0.0


def read_objective(text: str) -> Objective:
    """Read an objective.

    Raises:
        ConfigError: it is none.
    """
    if text in PLAIN:
        return Objective(text, PLAIN[text])
    if found := AT_LEAST.fullmatch(text):
        floor, least = found[1], float(found[2])
        return Objective(text, _precision if floor == "recall" else _recall, floor, least)
    if found := COST.fullmatch(text):
        false_alarm, miss = float(found[1]), float(found[2])
        return Objective(text, lambda counts: -(false_alarm * counts.alarms + miss * counts.misses))
    raise ConfigError(FIELD, f"{shown(text)} is no objective; give {OBJECTIVES}")


def choose_threshold(
    objective: Objective, codes: Codes, probability: NDArray[np.float32], weights: Floats | None = None
) -> float:
    """Choose the threshold that serves an objective best.

    Args:
        objective: what for.
        codes: the true classes, 0 or 1, (n_rows,), both of them there.
        probability: of the second class, as it will be served, (n_rows,).
        weights: what each row counts, (n_rows,).

    Returns:
        A number between two probabilities that occur, so that neither depends on its last bit; of equally good ones the
        nearest to 0.5.

    Raises:
        ConfigError: no threshold reaches what the objective asks at least.
    """
    heavy = np.ones(len(codes)) if weights is None else weights
    levels, counts = _counts(codes, probability, heavy)
    borders = _between(levels)
    worth = objective.worth(counts)
    if objective.floor:
        reached = getattr(counts, objective.floor)
        if reached.max() < objective.least:
            raise ConfigError(
                FIELD,
                f"no threshold reaches a {objective.floor} of {objective.least:g} on the validation rows; "
                f"the highest is {reached.max():.4g}",
            )
        worth = np.where(reached >= objective.least, worth, -np.inf)
    best = np.flatnonzero(worth >= worth.max() - 1e-12)
    return float(borders[best[np.argmin(np.abs(borders[best] - 0.5))]])


def _counts(codes: Codes, probability: NDArray[np.float32], weights: Floats) -> tuple[NDArray[np.float32], Counts]:
    """Count for each probability that occurs, ascending, what "at least this" gives; 1 stands for calling none."""
    levels, place = np.unique(np.append(probability, np.float32(1.0)), return_inverse=True)
    place = place[:-1]
    positive = np.bincount(place, weights * (codes == 1), minlength=len(levels)).astype(np.float64)
    negative = np.bincount(place, weights * (codes == 0), minlength=len(levels)).astype(np.float64)
    hits, alarms = (np.cumsum(side[::-1])[::-1] for side in (positive, negative))
    return levels, Counts(hits, alarms, positive.sum() - hits, negative.sum() - alarms)


def _between(levels: NDArray[np.float32]) -> Floats:
    """Give for each level the middle between it and the one below, or itself where float32 has none; the lowest: 0."""
    wide = levels.astype(np.float64)
    middle = (wide + np.concatenate([[-wide[0]], wide[:-1]])) / 2
    rounded = np.array([float(f"{number:.4g}") for number in middle])  # four digits read well, where they suffice
    below = np.concatenate([[-np.inf], wide[:-1]])
    as_served = rounded.astype(np.float32)
    return np.where((as_served > below) & (as_served <= wide), rounded, wide)


def _f1(counts: Counts) -> Floats:
    return 2 * counts.hits / (2 * counts.hits + counts.alarms + counts.misses)


def _balanced_accuracy(counts: Counts) -> Floats:
    return (counts.recall + counts.specificity) / 2


def _precision(counts: Counts) -> Floats:
    return counts.precision


def _recall(counts: Counts) -> Floats:
    return counts.recall


# Youden's index is 2 x balanced accuracy - 1, so both choose alike; each is somebody's word
PLAIN: dict[str, Callable[[Counts], Floats]] = {
    "f1": _f1,
    "balanced_accuracy": _balanced_accuracy,
    "youden": _balanced_accuracy,
}
