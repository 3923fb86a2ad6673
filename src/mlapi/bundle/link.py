"""From margins to probabilities, equal in every bit to XGBoost's own on the same machine.

XGBoost computes in float32 with libm's expf and logf. NumPy's own differ from them in the last bit, hence the calls
into libm: from our C extension where there is one, which takes 10 ns a row, else one by one, which takes 250.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.types import Label, Margin, Probabilities

# XGBoost clamps the sigmoid's exponent so that expf stays finite in float32 (`Sigmoid` in math.h).
MAX_EXPONENT: Final = np.float32(88.7)
_FLOAT32: Final = np.dtype(np.float32)  # NumPy would make one of the type each time


def probabilities(margin: Margin, n_classes: int) -> Probabilities:
    """Give float32 (n_rows, n_classes) for margins (n_rows, n_groups): the sigmoid and its complement, or softmax."""
    extension = native_extension()
    if extension is None:
        return pair(sigmoid(margin[:, 0])) if n_classes == 2 else softmax(margin)
    answer = np.empty((len(margin), n_classes), _FLOAT32)
    extension.probabilities(np.ascontiguousarray(margin), answer)
    return answer


def choose(given: Probabilities, classes: tuple[Label, ...], threshold: float) -> list[Label]:
    """Give a class a row: the second of two where it reaches the threshold in float32, else the first most probable."""
    extension = native_extension()
    if extension is not None:
        return cast("list[Label]", extension.labels(np.ascontiguousarray(given), classes, threshold))
    chosen = given[:, 1] >= np.float32(threshold) if len(classes) == 2 else given.argmax(axis=1)
    return [classes[number] for number in chosen.tolist()]


def decide(margin: Margin, classes: tuple[Label, ...], threshold: float) -> tuple[Probabilities, list[Label]]:
    """Give `probabilities` of margins, and what `choose` makes of them, in one call: for a row calls are what costs."""
    extension = native_extension()
    if extension is None:
        given = probabilities(margin, len(classes))
        return given, choose(given, classes, threshold)
    answer = np.empty((len(margin), len(classes)), _FLOAT32)
    return answer, extension.decide(np.ascontiguousarray(margin), answer, classes, threshold)


def pair(second: NDArray[np.float32]) -> Probabilities:
    """Give both probabilities of each row, (n_rows, 2), from the second class's: the first has float32(1) - p."""
    both = np.empty((len(second), 2), np.float32)
    both[:, 1] = second
    np.subtract(np.float32(1.0), second, out=both[:, 0])
    return both


def sigmoid(margin: NDArray[np.float32]) -> NDArray[np.float32]:
    """XGBoost's `Sigmoid`: 1 / (expf(min(-m, 88.7)) + 1 + kEps); its kEps of 1e-16 is lost beside 1 in float32."""
    return np.float32(1.0) / (_expf(np.minimum(-margin, MAX_EXPONENT)) + np.float32(1.0))


def logit(probability: float) -> np.float32:
    """XGBoost's `ProbToMargin` (regression_loss.h), the sigmoid's inverse: -logf(1 / p - 1), for 0 < p < 1."""
    return np.float32(-_libm("logf")(float(np.float32(1.0) / np.float32(probability) - np.float32(1.0))))


def softmax(margin: Margin) -> Probabilities:
    """XGBoost's `Softmax`: expf(m - max) over their sum, added up in float64 from left to right, divided in float32."""
    exponentials = _expf(margin - margin.max(axis=1, keepdims=True))
    # cumsum adds strictly in order; sum() adds in pairs, which can differ in the last bit.
    total = np.cumsum(exponentials, axis=1, dtype=np.float64)[:, -1:].astype(np.float32)
    return exponentials / total


def _expf(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take libm's expf of every element; NaN stays NaN."""
    return np.fromiter(map(_libm("expf"), values.ravel().tolist()), np.float32, values.size).reshape(values.shape)


@cache
def native_extension() -> Any:
    """The C extension, None where there is none; imported when first asked for, because it imports this."""
    from mlapi.bundle.native import extension

    return extension()


@cache
def _libm(name: str) -> Callable[[float], float]:
    """One of the C library's functions of a float32, the very one that libxgboost calls."""
    # Named outright: ctypes.util.find_library starts ldconfig or a compiler. None is the process itself (macOS).
    function = getattr(ctypes.CDLL({"linux": "libm.so.6", "win32": "ucrtbase"}.get(sys.platform)), name)
    function.argtypes, function.restype = [ctypes.c_float], ctypes.c_float
    return cast("Callable[[float], float]", function)
