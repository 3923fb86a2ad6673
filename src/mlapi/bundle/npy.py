"""Arrays as NumPy's own files, in the one spelling that `write` gives."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.errors import FormatError

# numpy.lib.format, version 1.0: magic, version, length of the header, header padded to 64 bytes in all with spaces and
# a newline. By hand, because NumPy parses the header as Python and may space it differently one day.
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_HEADER: Final = re.compile(
    rb"\{'descr': '([<|][a-z]\d)', 'fortran_order': False, 'shape': \((\d{1,10}),(?: (\d{1,10}))?\), \} *\n"
)


def write(array: NDArray[Any]) -> bytes:
    """Give the file of an array of numbers with one axis or two; equal arrays give equal bytes."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    shape = f"({array.shape[0]},)" if array.ndim == 1 else str(array.shape)
    header = f"{{'descr': '{little.dtype.str}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    padded = header + b" " * (-(len(_MAGIC) + 2 + len(header) + 1) % 64) + b"\n"
    return _MAGIC + len(padded).to_bytes(2, "little") + padded + little.tobytes()


def read(data: bytes | memoryview, dtype: type[np.generic], columns: int, *, file: str) -> NDArray[Any]:
    """Read an array.

    Args:
        data: the file.
        dtype: that it must have.
        columns: of the second axis; 0 for an array of one axis.
        file: its name, for the error.

    Returns:
        The array, read-only, in the file's own memory where the machine's numbers are the file's.

    Raises:
        FormatError: anything but what `write` gives for such an array.
    """
    start = len(_MAGIC) + 2
    end = start + int.from_bytes(data[len(_MAGIC) : start], "little")
    header, little = _HEADER.fullmatch(data[start:end]), np.dtype(dtype).newbyteorder("<")
    if bytes(data[: len(_MAGIC)]) != _MAGIC or header is None or header[1].decode() != little.str:
        raise FormatError(file, f"is not an array of {np.dtype(dtype)}")
    shape = (int(header[2]),) if header[3] is None else (int(header[2]), int(header[3]))
    if (
        shape[1:] != ((columns,) if columns else ())
        or len(data) - end != np.prod(shape, dtype=object) * little.itemsize
    ):
        raise FormatError(file, "has another shape")
    numbers = np.frombuffer(data, little, offset=end).reshape(shape)
    return numbers.view(dtype) if little == np.dtype(dtype) else numbers.astype(dtype)
