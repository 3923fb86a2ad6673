"""Which rows a model was trained on, told without the rows: a 64-bit fingerprint each, kept among the run's files.

A fingerprint is the sum, modulo 2**64, of one hash a cell, keyed by the column's name: the order of columns does not
matter, and other columns of a table do not either. Labels are no part of it, a corrected label leaves the row the same.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from mlapi.bundle.types import Cells

SEEN_ROWS_FILE = "seen_rows.parquet"
Fingerprints = NDArray[np.uint64]
_COLUMN = "fingerprint"
_NAMES = b"mlapi.columns"
_MISSING = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class SeenRows:
    """The rows of a training: the columns that were looked at, and the fingerprints, sorted and each once."""

    columns: tuple[str, ...]
    fingerprints: Fingerprints

    @classmethod
    def of(cls, table: Mapping[str, Cells]) -> SeenRows:
        """Take the rows of a table."""
        return cls(tuple(sorted(table)), np.unique(fingerprints(table)))

    def holds(self, table: Mapping[str, Cells]) -> NDArray[np.bool_]:
        """Tell for each row of a table whether it is among them.

        Raises:
            KeyError: the table lacks a column that was looked at.
        """
        return np.isin(fingerprints({name: table[name] for name in self.columns}), self.fingerprints)

    def to_parquet(self) -> bytes:
        """Give the file."""
        table = pa.table({_COLUMN: self.fingerprints})
        names = msgspec.json.encode(self.columns)
        out = io.BytesIO()
        parquet.write_table(table.replace_schema_metadata({_NAMES: names}), out)
        return out.getvalue()

    @classmethod
    def from_parquet(cls, data: bytes) -> SeenRows:
        """Read the file.

        Raises:
            ValueError: it is none of ours.
        """
        try:
            table = parquet.read_table(io.BytesIO(data))
            names = msgspec.json.decode((table.schema.metadata or {})[_NAMES], type=tuple[str, ...])
            return cls(names, table.column(_COLUMN).to_numpy().astype(np.uint64))
        except (pa.ArrowException, KeyError, msgspec.MsgspecError) as error:
            raise ValueError(f"{SEEN_ROWS_FILE} is no list of rows") from error


def fingerprints(table: Mapping[str, Cells]) -> Fingerprints:
    """Give one number a row, uint64 (n_rows,)."""
    total: Fingerprints | None = None
    for name, cells in table.items():
        column = mixed(_cell_hashes(cells) ^ np.uint64(_text_hash(name)))
        total = column if total is None else total + column
    return np.empty(0, np.uint64) if total is None else total


def _cell_hashes(cells: Cells) -> Fingerprints:
    if cells.dtype == object:
        known = {text: _text_hash(text) for text in set(cells.tolist()) - {None}}
        return np.fromiter((known.get(cell, int(_MISSING)) for cell in cells), dtype=np.uint64, count=len(cells))
    numbers = cells.astype(np.float64) + 0.0  # -0.0 becomes 0.0
    return np.where(np.isnan(numbers), _MISSING, numbers.view(np.uint64))


def _text_hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def mixed(values: Fingerprints) -> Fingerprints:
    """Spread every bit over all bits: the finalizer of splitmix64 (Steele, Lea and Flood, 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
