"""What a pass over a column saw; in pieces if need be, so that a table larger than memory can be profiled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.cells import FLOAT32_OVERFLOW
from mlapi.bundle.errors import SchemaError
from mlapi.bundle.types import Cells

MAX_LEVELS: Final = (
    100_000  # distinct values told apart; a column with more is neither constant nor a choice of categories
)


class ColumnKind(StrEnum):
    """What the file holds; what the feature is follows from it."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATETIME = "datetime"


class ColumnProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a pass.

    Attributes:
        name: the column's.
        kind: what its cells are.
        n_rows: all rows.
        n_missing: those without a value.
        integral: every number is whole; true for booleans, false for text.
        minimum: least finite number, seconds since 1970 for a datetime; None for text and where there is none.
        maximum: likewise, the greatest.
        median: of the finite numbers, the lower one of two so that it occurs; rounded to float32 and given as the
            shortest decimal of that, but for a datetime, whose seconds float32 cannot tell apart.
        levels: rows by value: texts, and whole numbers as decimals; empty for fractions and above 100,000 distinct.
        has_infinity: a number is infinite or beyond float32, which would make it so.
        distinct: number of different values, at most 100,001.
    """

    name: str
    kind: ColumnKind
    n_rows: int
    n_missing: int
    integral: bool = False
    minimum: float | None = None
    maximum: float | None = None
    median: float | None = None
    levels: Mapping[str, int] = {}
    has_infinity: bool = False
    distinct: int = 0


class NumberProfiler:
    """Looks at numbers, booleans or seconds piece by piece; keeps 4 bytes a cell for the median, 8 for seconds."""

    def __init__(self, name: str, kind: ColumnKind = ColumnKind.NUMBER, *, every: int = 1) -> None:
        """Say what is looked at; the median is of one cell in `every` of each piece, so that fewer need be kept."""
        self._name, self._kind, self._every = name, kind, every
        self._n_rows = self._n_missing = 0
        self._integral, self._has_infinity = True, False
        self._counts: Counter[float] = Counter()
        self._limits: list[float] = []
        self._precision = np.float64 if kind is ColumnKind.DATETIME else np.float32
        self._kept: list[NDArray[np.floating]] = []

    def add(self, cells: NDArray[np.float64]) -> None:
        """Look at some more cells, NaN where missing."""
        seen = cells[~np.isnan(cells)]
        finite = seen[np.abs(seen) < FLOAT32_OVERFLOW] + 0.0  # -0.0 becomes 0.0
        self._n_rows += len(cells)
        self._n_missing += len(cells) - len(seen)
        self._has_infinity |= len(finite) < len(seen)
        self._integral = self._integral and bool((np.floor(finite) == finite).all())
        self._kept.append(finite[:: self._every].astype(self._precision))
        if len(finite):
            self._limits = [min([*self._limits, float(finite.min())]), max([*self._limits, float(finite.max())])]
        if len(self._counts) <= MAX_LEVELS:
            values, counts = np.unique(finite, return_counts=True)
            room = MAX_LEVELS + 1
            self._counts.update(dict(zip(values[:room].tolist(), counts[:room].tolist(), strict=True)))

    def profile(self) -> ColumnProfile:
        """Give what was seen so far."""
        kept = np.concatenate([*self._kept, np.empty(0, self._precision)])
        complete = self._integral and len(self._counts) <= MAX_LEVELS
        return ColumnProfile(
            name=self._name,
            kind=self._kind,
            n_rows=self._n_rows,
            n_missing=self._n_missing,
            integral=self._integral,
            minimum=self._limits[0] if self._limits else None,
            maximum=self._limits[1] if self._limits else None,
            median=_median(kept),
            levels={str(int(value)): self._counts[value] for value in sorted(self._counts)} if complete else {},
            has_infinity=self._has_infinity,
            distinct=min(len(self._counts), MAX_LEVELS + 1),
        )


class TextProfiler:
    """Looks at texts piece by piece; keeps 100,001 of them at most."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._n_rows = self._n_missing = 0
        self._counts: Counter[str] = Counter()

    def add(self, cells: NDArray[np.object_]) -> None:
        """Look at some more cells, None where missing.

        Raises:
            SchemaError: a cell is neither text nor None.
        """
        counts = Counter(cells.tolist())
        self._n_rows += len(cells)
        self._n_missing += counts.pop(None, 0)
        if not all(isinstance(text, str) for text in counts):
            raise SchemaError(self._name, "holds cells that are neither text nor missing")
        if len(self._counts) <= MAX_LEVELS:
            self._counts.update(counts)

    def profile(self) -> ColumnProfile:
        """Give what was seen so far."""
        complete = len(self._counts) <= MAX_LEVELS
        return ColumnProfile(
            name=self._name,
            kind=ColumnKind.TEXT,
            n_rows=self._n_rows,
            n_missing=self._n_missing,
            levels={text: self._counts[text] for text in sorted(self._counts)} if complete else {},
            distinct=min(len(self._counts), MAX_LEVELS + 1),
        )


def profile_column(name: str, cells: Cells, kind: ColumnKind = ColumnKind.NUMBER) -> ColumnProfile:
    """Look at a whole column.

    Args:
        name: the column's.
        cells: float64 with NaN for missing, or objects, str with None for missing.
        kind: of what is not text: numbers, booleans as 0 and 1, or datetimes as seconds since 1970.

    Raises:
        SchemaError: an object is neither text nor None.
    """
    if cells.dtype == np.object_:
        text = TextProfiler(name)
        text.add(cells.astype(np.object_))
        return text.profile()
    number = NumberProfiler(name, kind)
    number.add(cells.astype(np.float64))
    return number.profile()


def _median(kept: NDArray[np.floating]) -> float | None:
    if not kept.size:
        return None
    middle = (kept.size - 1) // 2
    return float(str(np.partition(kept, middle)[middle])) + 0.0  # a tiny negative number became -0.0
