"""How good a model is on rows that it has not seen, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.decision import Decision
from mlapi.bundle.types import Label, Probabilities
from mlapi.training.scores import Codes, Floats, Scorer, Scores, resamples

COVERAGE = 0.95  # of every interval: bootstrap percentiles (Efron, 1979)


@dataclass(frozen=True)
class Figures:
    """Figures of some rows with their intervals; one that the rows cannot give (an area of one class) is absent."""

    n_rows: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]


class ClassScore(NamedTuple):
    """The figures of one class against the rest; their rows are the class's own."""

    label: Label
    figures: Figures


@dataclass(frozen=True)
class Evaluation(Figures):
    """Figures on the test rows.

    `confusion` is int64 (n_classes, n_classes): rows are true classes, columns predicted ones.
    """

    per_class: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]


class ModelEvaluator:
    """Scores predictions against labels, as a whole and class by class; `scores.Scorer` names the figures."""

    def __init__(self, decision: Decision, *, bootstrap: int = 200, seed: int = 0) -> None:
        """Say how to choose a label, and how many resamples from which seed make an interval."""
        self._decision = decision
        self._bootstrap = bootstrap
        self._seed = seed

    def evaluate(self, codes: Codes, probabilities: Probabilities, weights: Floats | None = None) -> Evaluation:
        """Score some rows.

        Args:
            codes: int32 (n_rows,), the true classes' places in the decision's classes.
            probabilities: float32 (n_rows, n_classes).
            weights: what each row counts, (n_rows,); one each if None. Rows are drawn evenly and then weighed.
        """
        chosen = self.chosen(probabilities)
        heavy = np.ones(len(codes)) if weights is None else weights
        scorer = Scorer(codes, probabilities, chosen)
        once, many = scorer.scores(heavy[None, :]), self._resampled(scorer, heavy)
        confusion = self._confusion(codes, chosen)
        whole = _figures(len(codes), once.whole, many.whole)
        per_class = [
            ClassScore(label, _of_class(place, int(confusion[place].sum()), once, many))
            for place, label in enumerate(self._decision.classes)
        ]
        return Evaluation(whole.n_rows, whole.metrics, whole.intervals, tuple(per_class), confusion)

    def chosen(self, probabilities: Probabilities) -> Codes:
        """Give the predicted classes' places, int32 (n_rows,), as serving chooses labels."""
        places = {label: place for place, label in enumerate(self._decision.classes)}
        return np.fromiter(
            map(places.__getitem__, self._decision.labels(probabilities)), dtype=np.int32, count=len(probabilities)
        )

    def _resampled(self, scorer: Scorer, heavy: Floats) -> Scores:
        blocks = [scorer.scores(drawn * heavy) for drawn in resamples(len(heavy), self._bootstrap, self._seed)]
        return Scores(
            {name: np.concatenate([block.whole[name] for block in blocks]) for name in blocks[0].whole},
            {name: np.concatenate([block.classes[name] for block in blocks]) for name in blocks[0].classes},
        )

    def _confusion(self, codes: Codes, chosen: Codes) -> NDArray[np.int64]:
        n_classes = len(self._decision.classes)
        flat = np.bincount(codes.astype(np.int64) * n_classes + chosen, minlength=n_classes**2)
        return flat.reshape(n_classes, n_classes).astype(np.int64)


def _of_class(place: int, n_rows: int, once: Scores, many: Scores) -> Figures:
    return _figures(
        n_rows,
        {name: values[:, place] for name, values in once.classes.items()},
        {name: values[:, place] for name, values in many.classes.items()},
    )


def _figures(n_rows: int, once: dict[str, Floats], many: dict[str, Floats]) -> Figures:
    """Give the figures that are known, in the order of their names."""
    metrics = {name: float(once[name][0]) for name in sorted(once) if not np.isnan(once[name][0])}
    tails = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
    bounds = {name: np.nanquantile(many[name], tails) for name in metrics}
    return Figures(n_rows, metrics, {name: (float(low), float(high)) for name, (low, high) in bounds.items()})
