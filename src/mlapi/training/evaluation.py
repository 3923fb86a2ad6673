"""How good a model is on rows that it has not seen, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.decision import Decision
from mlapi.bundle.types import Label, Probabilities
from mlapi.training.scores import Codes, all_scores, resamples

COVERAGE = 0.95  # of every interval: bootstrap percentiles (Efron, 1979)


class ClassScore(NamedTuple):
    """The figures of one class; `rows` is its number of test rows."""

    label: Label
    precision: float
    recall: float
    f1: float
    rows: int


@dataclass(frozen=True)
class Evaluation:
    """Figures on the test rows.

    `confusion` is int64 (n_classes, n_classes): rows are true classes, columns predicted ones. A figure that the test
    rows cannot give (ROC AUC of a single class) is absent.
    """

    n_rows: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    per_class: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]


class ModelEvaluator:
    """Scores predictions against labels: accuracy, balanced accuracy, F1, ROC AUC, log loss, and each class's own."""

    def __init__(self, decision: Decision, *, bootstrap: int = 200, seed: int = 0) -> None:
        """Say how to choose a label, and how many resamples from which seed make an interval."""
        self._decision = decision
        self._bootstrap = bootstrap
        self._seed = seed

    def evaluate(self, codes: Codes, probabilities: Probabilities) -> Evaluation:
        """Score some rows.

        Args:
            codes: int32 (n_rows,), the true classes' places in the decision's classes.
            probabilities: float32 (n_rows, n_classes).
        """
        chosen = self.chosen(probabilities)
        once = all_scores(codes, probabilities, chosen, np.ones((1, len(codes))))
        metrics = {name: float(values[0]) for name, values in once.items() if not np.isnan(values[0])}
        confusion = self._confusion(codes, chosen)
        return Evaluation(
            len(codes),
            metrics,
            self._intervals(codes, probabilities, chosen, set(metrics)),
            self._classes(confusion),
            confusion,
        )

    def chosen(self, probabilities: Probabilities) -> Codes:
        """Give the predicted classes' places, int32 (n_rows,), as serving chooses labels."""
        places = {label: place for place, label in enumerate(self._decision.classes)}
        return np.fromiter(
            map(places.__getitem__, self._decision.labels(probabilities)), dtype=np.int32, count=len(probabilities)
        )

    def _intervals(
        self, codes: Codes, probabilities: Probabilities, chosen: Codes, names: set[str]
    ) -> dict[str, tuple[float, float]]:
        blocks = [
            all_scores(codes, probabilities, chosen, weights)
            for weights in resamples(len(codes), self._bootstrap, self._seed)
        ]
        tails = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)
        found = {
            name: np.nanquantile(np.concatenate([block[name] for block in blocks]), tails) for name in sorted(names)
        }
        return {name: (float(low), float(high)) for name, (low, high) in found.items()}

    def _confusion(self, codes: Codes, chosen: Codes) -> NDArray[np.int64]:
        n_classes = len(self._decision.classes)
        flat = np.bincount(codes.astype(np.int64) * n_classes + chosen, minlength=n_classes**2)
        return flat.reshape(n_classes, n_classes).astype(np.int64)

    def _classes(self, confusion: NDArray[np.int64]) -> tuple[ClassScore, ...]:
        scores = []
        for place, label in enumerate(self._decision.classes):
            hits, rows, guessed = (
                int(confusion[place, place]),
                int(confusion[place].sum()),
                int(confusion[:, place].sum()),
            )
            f1 = 2 * hits / max(rows + guessed, 1)
            scores.append(ClassScore(label, hits / max(guessed, 1), hits / max(rows, 1), f1, rows))
        return tuple(scores)
