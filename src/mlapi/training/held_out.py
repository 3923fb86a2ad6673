"""The rows that a training held out, as its run keeps them, read back."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from mlapi.bundle.decision import class_name
from mlapi.bundle.types import Cells


@dataclass(frozen=True)
class HeldOut:
    """n_rows rows: cells by column as the encoder takes them, and the target's labels as text."""

    table: dict[str, Cells]
    labels: list[str]

    @classmethod
    def from_parquet(cls, data: bytes, target: str) -> HeldOut:
        """Read the file that `outcome.test_rows` writes.

        Raises:
            ValueError: it is no such file, or lacks the target.
        """
        try:
            table = parquet.read_table(io.BytesIO(data))
            labels = [class_name(label) for label in table.column(target).to_pylist()]
        except (pa.ArrowException, KeyError) as error:
            raise ValueError("the test rows cannot be read") from error
        return cls({name: _cells(table.column(name)) for name in table.column_names if name != target}, labels)

    def take(self, rows: NDArray[np.intp]) -> HeldOut:
        """Give these rows only."""
        return HeldOut({name: cells[rows] for name, cells in self.table.items()}, [self.labels[row] for row in rows])


def _cells(column: pa.ChunkedArray) -> Cells:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.array([*column.to_pylist(), None], dtype=object)[:-1]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", "UTC")).cast(pa.int64())  # Parquet knows no whole seconds
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
