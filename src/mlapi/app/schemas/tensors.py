"""From the tensors of an inference request to rows, and from answers to tensors."""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mlapi.app.core.errors import InvalidRequest
from mlapi.app.schemas.inference import InferInput, InferRequest
from mlapi.bundle.schema import FeatureKind, FeatureSchema
from mlapi.bundle.types import Row

# Little-endian, as the binary tensor data extension asks.
NUMPY: Final[Mapping[str, str]] = {
    "BOOL": "?",
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
NUMBERS: Final = (FeatureKind.NUMERIC, FeatureKind.INTEGER)


def rows_of(request: InferRequest, binary: bytes, schema: FeatureSchema) -> list[Row]:
    """Give the rows of a request; the cells are still unchecked.

    Args:
        request: its JSON part.
        binary: what follows that, the tensors with a `binary_data_size` in their order.
        schema: features, whose order is that of a matrix's columns.

    Raises:
        InvalidRequest: tensors that contradict themselves or each other.
    """
    tensors = list(_tensors(request.inputs, binary))
    if _is_matrix(request.inputs, schema):
        return [dict(zip(schema.names, cells, strict=True)) for cells in _by_row(tensors[0], len(schema.names))]
    names = [one.name for one in request.inputs]
    if len(set(names)) != len(names):
        raise InvalidRequest("There are two inputs of the same name")
    if any(one.shape[1:] not in ([], [1]) for one in request.inputs) or len({len(cells) for cells in tensors}) != 1:
        raise InvalidRequest("Each input must have the shape [n] or [n, 1], with the same n")
    return [dict(zip(names, cells, strict=True)) for cells in zip(*tensors, strict=True)]


def _is_matrix(inputs: Sequence[InferInput], schema: FeatureSchema) -> bool:
    """Whether the only input holds all features, which then must be numbers."""
    if len(inputs) != 1 or inputs[0].name in schema:
        return False
    fits = inputs[0].shape[1:] == [len(schema.features)] and inputs[0].datatype not in ("BYTES", "BOOL")
    return fits and all(feature.kind in NUMBERS for feature in schema.features)


def _by_row(cells: list[Any], width: int) -> Iterator[list[Any]]:
    return (cells[start : start + width] for start in range(0, len(cells), width))


def _tensors(inputs: Sequence[InferInput], binary: bytes) -> Iterator[list[Any]]:
    """The cells of each input."""
    start = 0
    for place, one in enumerate(inputs):
        size_bytes = one.parameters.binary_data_size
        if (size_bytes is None) == (one.data is None):
            raise InvalidRequest(f"Input {place} must have either data or binary_data_size")
        if size_bytes is None:
            cells = _from_json(one, place)
        else:
            cells = _from_bytes(one.datatype, binary[start : start + size_bytes], size_bytes, place)
            start += size_bytes
        n_cells = int(np.prod(one.shape, dtype=object))
        if len(cells) != n_cells:
            raise InvalidRequest(f"Input {place} holds {len(cells)} cells, and {n_cells} by its shape")
        yield cells
    if start != len(binary):
        raise InvalidRequest("The binary data are longer than the inputs say")


def _from_json(one: InferInput, place: int) -> list[Any]:
    cells = _flat(one.data or [])
    fits = _FITS[one.datatype[:2]]
    if not all(cell is None or fits(cell, one.datatype) for cell in cells):
        raise InvalidRequest(f"Input {place} holds a cell that is no {one.datatype}")
    return [cell or None for cell in cells] if one.datatype == "BYTES" else cells


def _flat(cells: Sequence[Any]) -> list[Any]:
    """Cells of a flat list, or of a list of rows."""
    return [cell for row in cells for cell in (row if isinstance(row, list) else [row])]


def _from_bytes(datatype: str, data: bytes, size_bytes: int, place: int) -> list[Any]:
    try:
        if len(data) != size_bytes:
            raise ValueError("too short")
        if datatype == "BYTES":
            return list(_texts(data))
        cells: NDArray[Any] = np.frombuffer(data, NUMPY[datatype])
    except (ValueError, struct.error):
        raise InvalidRequest(f"The binary data of input {place} are no {datatype} tensor") from None
    return [None if cell != cell else cell for cell in cells.tolist()]  # NaN is a missing cell


def _texts(data: bytes) -> Iterator[str | None]:
    """Texts with their lengths before them (uint32); an empty one is a missing cell."""
    start = 0
    while start < len(data):
        (size,) = struct.unpack_from("<I", data, start)
        text = data[start + 4 : start + 4 + size]
        if len(text) != size:
            raise ValueError("too short")
        yield text.decode("utf-8") or None
        start += 4 + size


def _is_integer(cell: object, datatype: str) -> bool:
    limits = np.iinfo(NUMPY[datatype])
    return isinstance(cell, int) and not isinstance(cell, bool) and limits.min <= cell <= limits.max


_FITS: Final[Mapping[str, Callable[[Any, str], bool]]] = {
    "BO": lambda cell, _: isinstance(cell, bool),
    "UI": _is_integer,
    "IN": _is_integer,
    "FP": lambda cell, _: isinstance(cell, int | float) and not isinstance(cell, bool),
    "BY": lambda cell, _: isinstance(cell, str),
}
