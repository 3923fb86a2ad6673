"""What the pictures of figures are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlapi.bundle.types import Label, Probabilities
from mlapi.training.evaluation import Evaluation
from mlapi.training.scores import Codes

MOST_CLASSES = 8  # lines of one picture at most: so many colours can be told apart


@dataclass(frozen=True)
class Scored:
    """Scored test rows: classes, true classes (n_rows,), probabilities (n_rows, n_classes), the figures."""

    classes: tuple[Label, ...]
    codes: Codes
    probabilities: Probabilities
    evaluation: Evaluation

    @property
    def shown(self) -> list[int]:
        """The classes that get a line: the positive one of two, else the most frequent eight."""
        if len(self.classes) == 2:
            return [1]
        rows = self.evaluation.confusion.sum(axis=1)
        return sorted(np.argsort(-rows, kind="stable")[:MOST_CLASSES].tolist())

    @property
    def hidden(self) -> int:
        """How many classes get no line, beside the first of two."""
        return len(self.classes) - len(self.shown) if len(self.classes) > 2 else 0
