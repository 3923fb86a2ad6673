"""UBJSON as XGBoost writes it, read without trusting a byte.

XGBoost saves a model as UBJSON (https://ubjson.org, draft 12) with big-endian numbers, counted untyped arrays for lists
and strongly typed arrays for most numbers (`src/common/json.cc` and `include/xgboost/json.h` of dmlc/xgboost 3.2).
libxgboost's own reader is not memory-safe against crafted files, so a bundle's model is first read here: every length
is compared with the bytes that are left before anything is allocated, depth is bounded, and what is unknown is refused.
"""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.errors import FormatError

Numbers: TypeAlias = NDArray[np.number]
Value: TypeAlias = "bool | int | float | str | Numbers | list[Value] | dict[str, Value] | None"

# XGBoost nests learner → gradient_booster → gbtree → model → trees → tree → tree_param: eight levels, for dart.
MAX_DEPTH: Final = 32

_INTEGERS: Final = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q"}
_FLOATS: Final = {b"d": ">f", b"D": ">d"}
_SCALARS: Final = {marker: struct.Struct(code) for marker, code in (_INTEGERS | _FLOATS).items()}
# Struct's letters name other widths than NumPy's ("l" is 8 bytes there), hence a second table.
_DTYPES: Final[dict[bytes, np.dtype[np.number]]] = {
    b"i": np.dtype(">i1"),
    b"U": np.dtype(">u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
_CONSTANTS: Final[dict[bytes, bool | None]] = {b"Z": None, b"T": True, b"F": False}


def decode(data: bytes, *, file: str = "model.ubj") -> Value:
    """Read one UBJSON value that fills the data exactly.

    Args:
        data: the whole file.
        file: the name that an error gives.

    Returns:
        Objects as dict, untyped arrays as list, typed arrays as one-dimensional NumPy arrays in the machine's byte
        order (int8, uint8, int16, int32, int64, float32 or float64), other values as Python's own.

    Raises:
        FormatError: truncated or trailing bytes, an unknown marker, a length beyond the file, a key given twice, text
            that is no UTF-8, or more than MAX_DEPTH levels.
    """
    reader = _Reader(data, file)
    value = reader.value(reader.take(1), depth=0)
    if reader.left:
        raise reader.error(f"{reader.left} bytes follow the value")
    return value


class _Reader:
    """A position in the data; every step forward is checked against the end."""

    def __init__(self, data: bytes, file: str) -> None:
        self._data = data
        self._end = len(data)
        self._file = file
        self._position = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return self._end - self._position

    def error(self, reason: str) -> FormatError:
        return FormatError(self._file, f"{reason} (byte {self._position})")

    def take(self, size_bytes: int) -> bytes:
        """Move past some bytes and give them.

        Raises:
            FormatError: the data ends before.
        """
        start = self._position
        end = start + size_bytes
        if end > self._end:
            raise self.error("the file ends in the middle of a value")
        self._position = end
        return self._data[start:end]

    def value(self, marker: bytes, depth: int) -> Value:
        """Read what follows a type marker; containers count one level deeper."""
        if marker in b"{[":
            if depth == MAX_DEPTH:
                raise self.error(f"more than {MAX_DEPTH} levels of nesting")
            return self._object(depth + 1) if marker == b"{" else self._array(depth + 1)
        if (scalar := _SCALARS.get(marker)) is not None:
            number: int | float = scalar.unpack(self.take(scalar.size))[0]
            return number
        if marker == b"S":
            return self._text(self.take(1))
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        raise self.error(f"unknown type marker 0x{marker.hex()}")

    def _length(self, marker: bytes) -> int:
        """A non-negative integer; it is compared with the bytes left by whoever uses it."""
        if marker not in _INTEGERS:
            raise self.error("a length is not an integer")
        scalar = _SCALARS[marker]
        length: int = scalar.unpack(self.take(scalar.size))[0]
        if length < 0:
            raise self.error("a length is negative")
        return length

    def _text(self, marker: bytes) -> str:
        try:
            return self.take(self._length(marker)).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.error("a text is not UTF-8") from error

    def _object(self, depth: int) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while (marker := self.take(1)) != b"}":
            key = self._text(marker)
            if key in members:
                raise self.error("an object has a key twice")
            members[key] = self.value(self.take(1), depth)
        return members

    def _array(self, depth: int) -> Value:
        marker = self.take(1)
        if marker == b"$":
            return self._typed_array()
        if marker == b"#":
            return self._counted_array(depth)
        items: list[Value] = []
        while marker != b"]":
            items.append(self.value(marker, depth))
            marker = self.take(1)
        return items

    def _counted_array(self, depth: int) -> list[Value]:
        count = self._length(self.take(1))
        if count > self.left:  # each item takes one byte at least
            raise self.error("an array is longer than the file")
        return [self.value(self.take(1), depth) for _ in range(count)]

    def _typed_array(self) -> Numbers:
        dtype = _DTYPES.get(self.take(1))
        if dtype is None or self.take(1) != b"#":
            raise self.error("a typed array is not a counted array of numbers")
        items = self.take(self._length(self.take(1)) * dtype.itemsize)
        return np.frombuffer(items, dtype).astype(dtype.newbyteorder("="))
