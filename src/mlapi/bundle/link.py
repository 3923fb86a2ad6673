"""From margins to probabilities, equal in every bit to XGBoost's own on the same machine.

XGBoost computes in float32 with libm's expf and logf. NumPy's own differ from them in the last bit, hence the calls
into libm: from our C extension where there is one, which takes 10 ns a row, else one by one, which takes 250.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from mlapi.bundle.types import AnyFloats, Floats, Label, Margin, Probabilities, as_array, floats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# XGBoost clamps the sigmoid's exponent so that expf stays finite in float32 (`Sigmoid` in math.h).
MAX_EXPONENT: Final = 88.7


def probabilities(margin: AnyFloats, n_classes: int) -> AnyFloats:
    """Give float32 (n_rows, n_classes) for margins (n_rows, n_groups): the sigmoid and its complement, or softmax."""
    extension = native_extension()
    if extension is None:
        array = as_array(margin)
        return cast("AnyFloats", pair(sigmoid(array[:, 0])) if n_classes == 2 else softmax(array))
    given, answer = _with_room(margin, n_classes)
    extension.probabilities(given, answer)
    return cast("AnyFloats", answer)


def choose(given: Floats, classes: tuple[Label, ...], threshold: float) -> list[Label]:
    """Give a class a row: the second of two where it reaches the threshold in float32, else the first most probable."""
    extension = native_extension()
    if extension is not None:
        return cast("list[Label]", extension.labels(in_order(given), classes, threshold))
    import numpy as np

    given = as_array(given)
    chosen = given[:, 1] >= np.float32(threshold) if len(classes) == 2 else given.argmax(axis=1)
    return [classes[number] for number in chosen.tolist()]


def decide(margin: AnyFloats, classes: tuple[Label, ...], threshold: float) -> tuple[AnyFloats, list[Label]]:
    """Give `probabilities` of margins, and what `choose` makes of them, in one call: for a row calls are what costs."""
    extension = native_extension()
    if extension is None:
        given = probabilities(margin, len(classes))
        return given, choose(given, classes, threshold)
    answer: Any
    ordered, answer = _with_room(margin, len(classes))
    return answer, extension.decide(ordered, answer, classes, threshold)


def in_order(given: Floats) -> Floats:
    """Give the same in C order; a view is."""
    if type(given) is memoryview:
        return given
    import numpy as np

    return np.ascontiguousarray(given)


def _with_room(given: Floats, n_columns: int) -> tuple[Floats, Floats]:
    """Give the same in C order, and as many rows of another width to be filled, of the same kind."""
    if type(given) is memoryview:
        return given, floats(len(given), n_columns)
    import numpy as np

    return np.ascontiguousarray(given), np.empty((len(given), n_columns), np.float32)


def pair(second: NDArray[np.float32]) -> Probabilities:
    """Give both probabilities of each row, (n_rows, 2), from the second class's: the first has float32(1) - p."""
    import numpy as np

    both = np.empty((len(second), 2), np.float32)
    both[:, 1] = second
    np.subtract(np.float32(1.0), second, out=both[:, 0])
    return both


def sigmoid(margin: NDArray[np.float32]) -> NDArray[np.float32]:
    """XGBoost's `Sigmoid`: 1 / (expf(min(-m, 88.7)) + 1 + kEps); its kEps of 1e-16 is lost beside 1 in float32."""
    import numpy as np

    return np.float32(1.0) / (_expf(np.minimum(-margin, np.float32(MAX_EXPONENT))) + np.float32(1.0))


def logit(probability: float) -> np.float32:
    """XGBoost's `ProbToMargin` (regression_loss.h), the sigmoid's inverse: -logf(1 / p - 1), for 0 < p < 1."""
    import numpy as np

    return np.float32(-_libm("logf")(float(np.float32(1.0) / np.float32(probability) - np.float32(1.0))))


def softmax(margin: Margin) -> Probabilities:
    """XGBoost's `Softmax`: expf(m - max) over their sum, added up in float64 from left to right, divided in float32."""
    import numpy as np

    exponentials = _expf(margin - margin.max(axis=1, keepdims=True))
    # cumsum adds strictly in order; sum() adds in pairs, which can differ in the last bit.
    total = np.cumsum(exponentials, axis=1, dtype=np.float64)[:, -1:].astype(np.float32)
    return exponentials / total


def _expf(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take libm's expf of every element; NaN stays NaN."""
    import numpy as np

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
