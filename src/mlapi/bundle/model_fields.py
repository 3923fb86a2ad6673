"""One member of an object of `model.ubj`, of the type that it must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.errors import FormatError
from mlapi.bundle.ubj import Numbers, Value

FILE: Final = "model.ubj"

Fields: TypeAlias = Mapping[str, Value]
Integers = NDArray[np.int64]


def mapping(value: Value, what: str) -> Fields:
    """Read an object.

    Raises:
        FormatError: it is none; so do all functions here.
    """
    if not isinstance(value, dict):
        raise FormatError(FILE, f"{what} is not an object")
    return value


def member(parent: Fields, key: str) -> Fields:
    """Read an object inside another."""
    return mapping(parent.get(key), key)


def text(parent: Fields, key: str) -> str:
    """Read a text."""
    value = parent.get(key)
    if not isinstance(value, str):
        raise FormatError(FILE, f"{key} is not a text")
    return value


def parameter(parent: Fields, key: str) -> int:
    """Read one of XGBoost's parameters, which it writes as text."""
    digits = text(parent, key)
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise FormatError(FILE, f"{key} is not a number of at most nine digits")
    return int(digits)


def items(parent: Fields, key: str, length: int | None = None) -> Sequence[Value]:
    """Read an untyped list, of a length where one is stated."""
    value = parent.get(key)
    if not isinstance(value, list) or len(value) != (len(value) if length is None else length):
        raise FormatError(FILE, f"{key} is not a list of the stated length")
    return value


def array(parent: Fields, key: str, kinds: str, length: int | None = None) -> Numbers:
    """Read a typed array; the kinds are NumPy's letters: "iu" for integers, "f" for floats."""
    value = parent.get(key)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
        raise FormatError(FILE, f"{key} is not an array of the right kind of numbers")
    if length is not None and len(value) != length:
        raise FormatError(FILE, f"{key} has not the stated length")
    return value


def integers(parent: Fields, key: str, length: int | None = None) -> Integers:
    """Read what XGBoost writes as a list of single integers, here as an array."""
    values = items(parent, key, length)
    if not all(type(value) is int for value in values):
        raise FormatError(FILE, f"{key} is not a list of integers")
    return np.array(values, np.int64)


def floats(parent: Fields, key: str, length: int) -> NDArray[np.float64]:
    """Read what XGBoost writes as a list of single floats, here as an array."""
    values = items(parent, key, length)
    if not all(type(value) is float for value in values):
        raise FormatError(FILE, f"{key} is not a list of floats")
    return np.array(values, np.float64)
