"""Columns before and after reading: distinct texts with codes as a file has them, cells as the encoder takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mlapi.bundle.profile import ColumnKind
from mlapi.bundle.types import Cells
from mlapi.training.errors import ColumnError
from mlapi.training.spelling import is_missing

FLOAT32_LIMIT = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class TextColumn:
    """Cells as text: each distinct text once, and for every row its place among them, -1 where missing.

    `typed` says that the file itself calls them text, so that nothing is guessed at.
    """

    name: str
    levels: pa.StringArray
    codes: NDArray[np.int32]
    typed: bool = False

    @property
    def texts(self) -> NDArray[np.object_]:
        """The distinct texts as an object array of str."""
        return np.array(self.levels.to_pylist(), dtype=np.object_)


@dataclass(frozen=True)
class Column:
    """A feature's cells: float64, NaN for missing (numbers; booleans as 0.0 and 1.0), or objects str | None (text)."""

    name: str
    kind: ColumnKind
    cells: Cells

    def take(self, rows: NDArray[np.intp]) -> Column:
        """Give the same column with these rows only."""
        return Column(self.name, self.kind, self.cells[rows])


RawColumn = TextColumn | Column


def text_column(name: str, values: pa.Array | pa.ChunkedArray, *, typed: bool = False) -> TextColumn:
    """Split text into levels and codes; the missing marks become -1.

    Args:
        name: the column's name.
        values: Arrow strings, null where the file has none.
        typed: the file calls them text.
    """
    encoded = pc.dictionary_encode(values)
    whole = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    levels = whole.dictionary.cast(pa.string())
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return TextColumn(name, levels, np.where(of_codes(is_missing(levels), codes, True), np.int32(-1), codes), typed)


def of_codes(values: NDArray[np.generic], codes: NDArray[np.int32], missing: object) -> Cells:
    """Give each row its level's value, `missing` for code -1."""
    return np.append(values, np.array([missing], dtype=values.dtype))[codes]


def counts(raw: TextColumn) -> NDArray[np.int64]:
    """Give how many rows hold each level, shape (n_levels,)."""
    return np.bincount(raw.codes[raw.codes >= 0], minlength=len(raw.levels)).astype(np.int64)


def finite(column: Column) -> Column:
    """Give the column back if every number fits float32.

    Raises:
        ColumnError: a cell is infinite or beyond float32, which XGBoost would take for infinite.
    """
    beyond = np.flatnonzero(np.abs(column.cells.astype(np.float64)) > FLOAT32_LIMIT)
    if len(beyond):
        what = "inf" if np.isinf(column.cells[beyond[0]]) else "a number beyond float32"
        others = f" and {len(beyond) - 1} more" if len(beyond) > 1 else ""
        raise ColumnError(column.name, f"{what} in row {beyond[0] + 1}{others}; correct the cell or leave it empty")
    return column
