"""The shapes that pass between the parts of a bundle; the words are those of docs/architecture.md.

Nothing here imports NumPy, nor does what a plain model is served with; see decision 0040.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Cell = str | int | float | bool | None
"""One value of a row, None where it is missing."""

Row = Mapping[str, Cell]
"""Feature name to cell; a name that is absent is a missing cell."""

Label = str | int | bool
"""A class as the dataset spells it."""

Cells: TypeAlias = "NDArray[np.float64] | NDArray[np.object_]"
"""One feature's cells, shape (n_rows,): float64 with NaN for missing (numeric, integer, boolean as 0.0 and 1.0,
datetime as whole seconds since 1970 in UTC), or objects, str with None for missing (categorical)."""

Table: TypeAlias = "Mapping[str, Cells]"
"""Feature name to cells, all of one length."""

Matrix: TypeAlias = "NDArray[np.float32]"
"""(n_rows, n_columns), C order; NaN where a cell is missing."""

Margin: TypeAlias = "NDArray[np.float32]"
"""Raw tree output, (n_rows, n_groups); one group for two classes, n_classes groups above."""

Probabilities: TypeAlias = "NDArray[np.float32]"
"""(n_rows, n_classes), in the order of the decision's classes."""

Contributions: TypeAlias = "NDArray[np.float64]"
"""What each column adds to a row's margins, (n_rows, n_groups, n_columns + 1); the last is the base value, that of no
column, and the sum over the last axis is the margin to within 1e-5."""

Floats: TypeAlias = "NDArray[np.float32] | memoryview[float]"
"""Any of the float32 shapes above, C order, as an array or, where NumPy is not loaded, as a view of memory."""


AnyFloats = TypeVar("AnyFloats", bound="NDArray[np.float32] | memoryview[float]")
"""Whoever is given an array gives an array, whoever is given a view gives a view."""


def as_array(given: Floats) -> NDArray[np.float32]:
    """Give an array over the same memory."""
    if type(given) is not memoryview:
        return given
    import numpy as np

    return np.asarray(given)


def rows_of(given: Floats) -> list[list[float]]:
    """Give the numbers row by row."""
    return cast("list[list[float]]", given.tolist())


def floats(n_rows: int, n_columns: int) -> memoryview[float]:
    """Give (n_rows, n_columns) float32 to be filled; one of each at least."""
    return memoryview(bytearray(4 * n_rows * n_columns)).cast("f", (n_rows, n_columns))
