"""Whether what a search found is better than what was given, or only luckier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlapi.training.booster_params import BoosterParams
from mlapi.training.cross_validation import CrossValidation


@dataclass(frozen=True)
class Choice:
    """The parameters to ship; `gain` is what the found ones save of the given ones' log loss, give or take `error`."""

    params: BoosterParams
    taken: bool
    gain: float
    error: float

    def __str__(self) -> str:
        """Say in one line what was decided, and why."""
        if not self.error:
            return "kept the given parameters: no trial did better"
        verdict = "took the best trial's parameters" if self.taken else "kept the given parameters"
        return f"{verdict}: the best trial saves {self.gain:.5f} ± {self.error:.5f} of the log loss on fresh folds"


def choose(start: BoosterParams, best: BoosterParams, fresh: CrossValidation) -> Choice:
    """Compare two parameter sets, row by row, on folds that the search has not seen.

    The best of many trials owes part of its lead to the folds that it was chosen on (the winner's curse). So it is
    scored anew, and taken only where it saves more than one standard error of the mean of the rows' differences.
    """
    if best == start:
        return Choice(start, False, 0.0, 0.0)
    saved = fresh.row_losses(start) - fresh.row_losses(best)
    gain, error = float(saved.mean()), float(saved.std(ddof=1) / np.sqrt(len(saved)))
    return Choice(best if gain > error else start, gain > error, gain, error)
