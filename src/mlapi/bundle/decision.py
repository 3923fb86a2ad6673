"""From margins to probabilities to labels (`decision.json`)."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle import document
from mlapi.bundle.types import Label, Margin, Probabilities

# XGBoost clamps the sigmoid's exponent so that expf stays finite in float32 (`Sigmoid` in xgboost/src/common/math.h).
MAX_EXPONENT: Final = np.float32(88.7)

_FEW: Final = 32  # fewer numbers than this are spelled one by one in less time
_POWERS: Final = np.array([float(f"1e{power}") for power in range(23)])  # the powers of ten that float64 holds exactly

Curve = NDArray[np.float32]  # (n_rows,): the probability of the second class


class NoCalibration(msgspec.Struct, frozen=True, tag_field="kind", tag="none", forbid_unknown_fields=True):
    """Raw probabilities are served as they are."""


class Platt(msgspec.Struct, frozen=True, tag_field="kind", tag="platt", forbid_unknown_fields=True):
    """A logistic curve over the margin: 1 / (1 + exp(-(a * margin + b))) in float64 (Platt, 1999)."""

    a: float
    b: float

    def apply(self, margin: NDArray[np.float64]) -> Curve:
        """Give the calibrated probability of the second class; both arrays have shape (n_rows,)."""
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
        x, y = np.asarray(self.x), np.asarray(self.y)
        if len(x) < 2 or len(x) != len(y) or np.any(np.diff(x) <= 0) or np.any(np.diff(y) < 0):
            raise ValueError("an isotonic curve needs two or more knots, x increasing and y non-decreasing")
        if y[0] < 0 or y[-1] > 1:
            raise ValueError("an isotonic curve must stay within 0 and 1")

    def apply(self, margin: NDArray[np.float64]) -> Curve:
        """Give the calibrated probability of the second class; both arrays have shape (n_rows,)."""
        return np.interp(margin, self.x, self.y).astype(np.float32)


Calibration = NoCalibration | Platt | Isotonic


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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

    @property
    def names(self) -> tuple[str, ...]:
        """The classes as text, for keys: true and false for booleans, decimals for integers."""
        return tuple(class_name(label) for label in self.classes)

    @property
    def n_groups(self) -> int:
        """Margins a row: 1 for two classes, otherwise one for each class."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    def probabilities(self, margin: Margin) -> Probabilities:
        """Give the raw probabilities, equal in every bit to XGBoost's own on the same machine.

        Args:
            margin: float32 of shape (n_rows, n_groups).

        Returns:
            float32 of shape (n_rows, n_classes), columns in the order of `classes`.

        XGBoost computes in float32 with libm's expf (`Sigmoid` and `Softmax` in xgboost/src/common/math.h). NumPy's own
        float32 exp differs from it in the last bit, hence the calls into libm. For two classes XGBoost gives the second
        one's probability p, and the first has float32(1) - p.
        """
        return _pair(_sigmoid(margin[:, 0])) if len(self.classes) == 2 else _softmax(margin)

    def calibrated(self, margin: Margin) -> Probabilities:
        """Give the probabilities that are served: the calibration's, or the raw ones where there is none."""
        if isinstance(self.calibration, NoCalibration):
            return self.probabilities(margin)
        return _pair(self.calibration.apply(margin[:, 0].astype(np.float64)))

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
        classes = self.classes
        if len(classes) > 2:
            if threshold is not None:
                raise ValueError("a threshold needs a model of two classes")
            return [classes[number] for number in probabilities.argmax(axis=1).tolist()]
        least = np.float32(self.threshold if threshold is None else threshold)
        return [classes[chosen] for chosen in (probabilities[:, 1] >= least).tolist()]

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


def shortest(probabilities: Probabilities) -> list[list[float]]:
    """Give float64 numbers whose decimal spelling is the shortest one that reads back as the float32.

    Args:
        probabilities: float32 of shape (n_rows, n_classes), between 0 and 1.

    Returns:
        n_rows lists of n_classes numbers: 0.7 for float32's 0.699999988079071.
    """
    if probabilities.size < _FEW:
        return [[float(str(p)) for p in row] for row in probabilities]
    return cast("list[list[float]]", _shortest(probabilities.ravel()).reshape(probabilities.shape).tolist())


def _shortest(numbers: NDArray[np.float32]) -> NDArray[np.float64]:
    """Round to 6, 7, 8 and 9 significant digits and keep the first that reads back; 9 always do (IEEE 754, 5.12.2).

    Six is enough to begin with: a shorter decimal is found as one of six digits that ends in zeros. A decimal is an
    integer over an exact power of ten, and such a quotient is the float64 nearest to it. Below 1e-10 the power is not
    exact, and at a power of two the nearest decimal need not read back: these few are left to NumPy's own spelling.
    """
    exact = numbers.astype(np.float64)
    odd = (numbers < 1e-10) | (np.frexp(numbers)[0] == 0.5)
    exponent = np.floor(np.log10(np.where(odd, 1.0, exact))).astype(np.int64)
    result, wrong = exact.copy(), ~odd
    for digits in range(6, 10):
        power = _POWERS[digits - 1 - exponent[wrong]]
        result[wrong] = np.rint(exact[wrong] * power) / power
        wrong &= result.astype(np.float32) != numbers
    result[odd] = [float(str(number)) for number in numbers[odd]]
    return result


def _pair(second: Curve) -> Probabilities:
    pair = np.empty((len(second), 2), np.float32)
    pair[:, 1] = second
    np.subtract(np.float32(1.0), second, out=pair[:, 0])
    return pair


def _sigmoid(margin: NDArray[np.float32]) -> Curve:
    """XGBoost's `Sigmoid`: 1 / (expf(min(-m, 88.7)) + 1 + kEps); its kEps of 1e-16 is lost beside 1 in float32."""
    return np.float32(1.0) / (_expf(np.minimum(-margin, MAX_EXPONENT)) + np.float32(1.0))


def _softmax(margin: Margin) -> Probabilities:
    """XGBoost's `Softmax`: expf(m - max) over their sum, added up in float64 from left to right, divided in float32."""
    exponentials = _expf(margin - margin.max(axis=1, keepdims=True))
    # cumsum adds strictly in order; sum() adds in pairs, which can differ in the last bit.
    total = np.cumsum(exponentials, axis=1, dtype=np.float64)[:, -1:].astype(np.float32)
    return exponentials / total


def _expf(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take libm's expf of every element; NaN stays NaN."""
    return np.fromiter(map(_libm_expf(), values.ravel().tolist()), np.float32, values.size).reshape(values.shape)


@cache
def _libm_expf() -> Callable[[float], float]:
    """The C library's expf, the very function that libxgboost calls."""
    # Named outright: ctypes.util.find_library starts ldconfig or a compiler. None is the process itself (macOS).
    libm = ctypes.CDLL({"linux": "libm.so.6", "win32": "ucrtbase"}.get(sys.platform))
    expf = libm.expf
    expf.argtypes, expf.restype = [ctypes.c_float], ctypes.c_float
    return cast("Callable[[float], float]", expf)
