"""From margins to probabilities to labels (`decision.json`)."""

from __future__ import annotations

from functools import cached_property
from typing import cast

import msgspec

from mlapi.bundle import document, link
from mlapi.bundle.calibration import Calibration, Isotonic, NoCalibration, Platt
from mlapi.bundle.decimals import shortest
from mlapi.bundle.types import AnyFloats, Label, Margin, Probabilities, as_array

__all__ = ["Calibration", "Decision", "Isotonic", "NoCalibration", "Platt", "class_name", "shortest"]


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The classes, and how a margin becomes one of them.

    Attributes:
        classes: two or more labels as the dataset spells them, in the order of the booster's class numbers.
        threshold: two classes only: the second is the label where its probability is at least this. It is rounded to
            float32 before comparing, so that a probability printed as 0.7 meets a threshold of 0.7.
        calibration: two classes only: a curve over the margin.
    """

    classes: tuple[Label, ...]
    threshold: float = 0.5
    calibration: Calibration = NoCalibration()

    def __post_init__(self) -> None:
        """Refuse what no model can mean.

        Raises:
            ValueError: fewer than two classes, two that are written alike (1, "1"), a threshold outside [0, 1], or a
                threshold or calibration of more than two classes.
        """
        if len(self.classes) < 2 or len(set(self.names)) != len(self.classes):
            raise ValueError("a decision needs two or more classes, each spelled differently")
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError("a threshold lies between 0 and 1")
        if len(self.classes) > 2 and not isinstance(self.calibration, NoCalibration):
            raise ValueError("only two classes can be calibrated")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The classes as text, for keys: true and false for booleans, decimals for integers."""
        return tuple(class_name(label) for label in self.classes)

    @property
    def n_groups(self) -> int:
        """Margins a row: 1 for two classes, otherwise one for each class."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    def probabilities(self, margin: AnyFloats) -> AnyFloats:
        """Give the raw probabilities, equal in every bit to XGBoost's own on the same machine.

        Args:
            margin: float32 of shape (n_rows, n_groups).

        Returns:
            float32 of shape (n_rows, n_classes), columns in the order of `classes`.

        For two classes XGBoost gives the second one's probability p, and the first has float32(1) - p.
        """
        return link.probabilities(margin, len(self.classes))

    def calibrated(self, margin: Margin) -> Probabilities:
        """Give the probabilities that are served: the calibration's, or the raw ones where there is none."""
        if isinstance(self.calibration, NoCalibration):
            return self.probabilities(margin)
        import numpy as np

        return link.pair(self.calibration.apply(margin[:, 0].astype(np.float64)))

    def decide(self, margin: AnyFloats, threshold: float | None = None) -> tuple[AnyFloats, list[Label]]:
        """Give what `calibrated` and then `labels` give, in less time."""
        if threshold is None and isinstance(self.calibration, NoCalibration):
            return link.decide(margin, self.classes, self.threshold)
        probabilities = self.calibrated(as_array(margin))
        return cast("AnyFloats", probabilities), self.labels(probabilities, threshold)

    def labels(self, probabilities: Probabilities, threshold: float | None = None) -> list[Label]:
        """Choose a label for each row.

        Args:
            probabilities: float32 of shape (n_rows, n_classes).
            threshold: in place of the bundle's own; two classes only.

        Returns:
            n_rows labels; with more than two classes the most probable one, the first of equals as in XGBoost.

        Raises:
            ValueError: a threshold for more than two classes.
        """
        if threshold is not None and len(self.classes) > 2:
            raise ValueError("a threshold needs a model of two classes")
        return link.choose(probabilities, self.classes, self.threshold if threshold is None else threshold)

    def to_json(self) -> bytes:
        """Give `decision.json`."""
        return document.write(self, readable=True)

    @classmethod
    def from_json(cls, data: bytes) -> Decision:
        """Read `decision.json`.

        Raises:
            FormatError: not such a file.
        """
        return document.read(data, cls, "decision.json")


def class_name(label: Label) -> str:
    """Spell a label as text, as in `probability_<label>`: JSON's spelling for booleans and integers."""
    return label if isinstance(label, str) else msgspec.json.encode(label).decode()
