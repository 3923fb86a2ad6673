"""Arrays as NumPy's own files, in the one spelling that `write` gives."""

from __future__ import annotations

import math
import re
import sys
from array import array
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

from mlapi.bundle.errors import FormatError

# numpy.lib.format, version 1.0: magic, version, length of the header, header padded to 64 bytes in all with spaces and
# a newline. By hand, because NumPy parses the header as Python and may space it differently one day.
_MAGIC: Final = b"\x93NUMPY\x01\x00"
_HEADER: Final = re.compile(
    rb"\{'descr': '([<|][a-z]\d)', 'fortran_order': False, 'shape': \((\d{1,10}),(?: (\d{1,10}))?\), \} *\n"
)


Kind: TypeAlias = Literal["f", "d", "I", "B"]
_KINDS: Final = {"f": b"<f4", "d": b"<f8", "I": b"<u4", "B": b"|u1"}


def write(given: NDArray[Any] | memoryview[Any]) -> bytes:
    """Give the file of an array with one axis or two; equal arrays give equal bytes."""
    import numpy as np

    numbers = np.asarray(given)
    little = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))
    shape = f"({numbers.shape[0]},)" if numbers.ndim == 1 else str(numbers.shape)
    header = f"{{'descr': '{little.dtype.str}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    padded = header + b" " * (-(len(_MAGIC) + 2 + len(header) + 1) % 64) + b"\n"
    return _MAGIC + len(padded).to_bytes(2, "little") + padded + little.tobytes()


def read(data: bytes | memoryview, kind: Kind, columns: int, *, file: str) -> memoryview[Any]:
    """Read an array.

    Args:
        data: the file.
        kind: of its numbers, as `struct` spells it: f float32, d float64, I uint32, B uint8.
        columns: of the second axis; 0 for an array of one axis.
        file: its name, for the error.

    Returns:
        The numbers, read-only, in the file's own memory where the machine's numbers are the file's; one axis where
        there are none.

    Raises:
        FormatError: anything but what `write` gives for such an array.
    """
    start = len(_MAGIC) + 2
    end = start + int.from_bytes(data[len(_MAGIC) : start], "little")
    header = _HEADER.fullmatch(data[start:end])
    if bytes(data[: len(_MAGIC)]) != _MAGIC or header is None or header[1] != _KINDS[kind]:
        raise FormatError(file, f"is not an array of {_KINDS[kind].decode()}")
    shape = (int(header[2]),) if header[3] is None else (int(header[2]), int(header[3]))
    n_bytes = math.prod(shape) * int(_KINDS[kind][-1:])
    if shape[1:] != ((columns,) if columns else ()) or len(data) - end != n_bytes:
        raise FormatError(file, "has another shape")
    numbers = memoryview(data)[end:].toreadonly()
    if sys.byteorder == "big":
        swapped = array(kind, numbers.tobytes())
        swapped.byteswap()
        numbers = memoryview(swapped.tobytes())
    flat: memoryview[Any] = numbers.cast("B").cast(kind)
    return flat.cast("B").cast(kind, shape) if columns and len(flat) else flat  # a view cannot have no rows
