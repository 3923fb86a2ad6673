"""How a float32 is written for people and for JSON."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

import msgspec

from mlapi.bundle.link import in_order, native_extension
from mlapi.bundle.types import Floats, as_array, rows_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FEW: Final = 32  # fewer numbers than this are spelled one by one in less time
_FLOAT32: Final = struct.Struct("f")


def shortest(probabilities: Floats) -> list[list[float]]:
    """Give float64 numbers whose decimal spelling is the shortest one that reads back as the float32.

    Args:
        probabilities: float32 of shape (n_rows, n_classes), between 0 and 1.

    Returns:
        n_rows lists of n_classes numbers: 0.7 for float32's 0.699999988079071.
    """
    if probabilities.nbytes < 4 * _FEW:
        return [[nearest(number) for number in row] for row in rows_of(probabilities)]
    array = as_array(probabilities)
    return cast("list[list[float]]", _shortest(array.ravel()).reshape(array.shape).tolist())


def json_rows(probabilities: Floats, names: Sequence[str]) -> bytes:
    """Give the JSON of a list with an object a row: each class's name to its number as `shortest` gives it.

    Args:
        probabilities: float32 of shape (n_rows, n_classes), between 0 and 1; one row at least.
        names: of the classes.
    """
    extension = native_extension()
    if extension is None:
        return msgspec.json.encode([dict(zip(names, row, strict=True)) for row in shortest(probabilities)])
    found: bytes = extension.json_rows(in_order(probabilities), _keys(tuple(names)), _spelled)
    return found


@lru_cache(maxsize=16)  # models that answer at the same time
def _keys(names: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(msgspec.json.encode(name) + b":" for name in names)


def _spelled(number: float) -> bytes:
    return msgspec.json.encode(nearest(number))


def nearest(number: float) -> float:
    """Give the number with the fewest decimal digits that reads back as the same float32; nine always do.

    Args:
        number: a float32, finite.

    Of as many digits the decimal nearest to the number is tried first. At a power of two the float32 below is half as
    far away as the one above, so that the next decimal above may read back where the nearest one, below, does not.
    """
    for digits in range(8):
        decimal = float(f"{number:.{digits}e}")
        if _as_float32(decimal) == number:
            return decimal
        mantissa, _, exponent = f"{number:.{digits}e}".partition("e")
        if decimal < number and math.frexp(number)[0] == 0.5:
            above = float(f"{int(mantissa.replace('.', '')) + 1}e{int(exponent) - digits}")
            if _as_float32(above) == number:
                return above
    return float(f"{number:.8e}")


def _as_float32(number: float) -> float:
    rounded: float = _FLOAT32.unpack(_FLOAT32.pack(number))[0]
    return rounded


def _shortest(numbers: NDArray[np.float32]) -> NDArray[np.float64]:
    """Round to 6, 7, 8 and 9 significant digits and keep the first that reads back; 9 always do (IEEE 754, 5.12.2).

    Six is enough to begin with: a shorter decimal is found as one of six digits that ends in zeros. A decimal is an
    integer over an exact power of ten, and such a quotient is the float64 nearest to it. Below 1e-10 the power is not
    exact, and at a power of two the nearest decimal need not read back: these few are left to NumPy's own spelling.
    """
    import numpy as np

    powers = np.array([float(f"1e{power}") for power in range(23)])  # the powers of ten that float64 holds exactly
    exact = numbers.astype(np.float64)
    odd = (numbers < 1e-10) | (np.frexp(numbers)[0] == 0.5)
    exponent = np.floor(np.log10(np.where(odd, 1.0, exact))).astype(np.int64)
    result, wrong = exact.copy(), ~odd
    for digits in range(6, 10):
        power = powers[digits - 1 - exponent[wrong]]
        result[wrong] = np.rint(exact[wrong] * power) / power
        wrong &= result.astype(np.float32) != numbers
    result[odd] = [float(str(number)) for number in numbers[odd]]
    return result
