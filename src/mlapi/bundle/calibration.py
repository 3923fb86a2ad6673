"""Curves that correct a probability of the second of two classes; fitted by training, applied here."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Curve: TypeAlias = "NDArray[np.float32]"  # (n_rows,): the probability of the second class


class NoCalibration(msgspec.Struct, frozen=True, tag_field="kind", tag="none", forbid_unknown_fields=True):
    """Raw probabilities are served as they are."""


class Platt(msgspec.Struct, frozen=True, tag_field="kind", tag="platt", forbid_unknown_fields=True):
    """A logistic curve over the margin: 1 / (1 + exp(-(a * margin + b))) in float64 (Platt, 1999)."""

    a: float
    b: float

    def apply(self, margin: NDArray[np.float64]) -> Curve:
        """Give the calibrated probability of the second class; both arrays have shape (n_rows,)."""
        import numpy as np

        with np.errstate(over="ignore"):  # exp of a very negative score overflows to inf, whose inverse is the right 0
            return (1.0 / (1.0 + np.exp(-(self.a * margin + self.b)))).astype(np.float32)


class Isotonic(msgspec.Struct, frozen=True, tag_field="kind", tag="isotonic", forbid_unknown_fields=True):
    """A non-decreasing, piecewise linear curve over the margin, constant outside its knots.

    Attributes:
        x: margins, strictly increasing, at least two.
        y: probabilities in [0, 1] at these margins, non-decreasing.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse knots that draw no curve.

        Raises:
            ValueError: fewer than two, of unequal number, out of order, or a probability outside [0, 1].
        """
        x, y = self.x, self.y
        rises = all(a < b for a, b in pairwise(x)) and all(a <= b for a, b in pairwise(y))
        if len(x) < 2 or len(x) != len(y) or not rises:
            raise ValueError("an isotonic curve needs two or more knots, x increasing and y non-decreasing")
        if y[0] < 0 or y[-1] > 1:
            raise ValueError("an isotonic curve must stay within 0 and 1")

    def apply(self, margin: NDArray[np.float64]) -> Curve:
        """Give the calibrated probability of the second class; both arrays have shape (n_rows,)."""
        import numpy as np

        return np.interp(margin, self.x, self.y).astype(np.float32)


Calibration = NoCalibration | Platt | Isotonic
