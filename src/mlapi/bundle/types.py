"""The shapes that pass between the parts of a bundle; the words are those of docs/architecture.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Cell = str | int | float | bool | None
"""One value of a row, None where it is missing."""

Row = Mapping[str, Cell]
"""Feature name to cell; a name that is absent is a missing cell."""

Label = str | int | bool
"""A class as the dataset spells it."""

Cells = NDArray[np.float64] | NDArray[np.object_]
"""One feature's cells, shape (n_rows,): float64 with NaN for missing (numeric, integer, boolean as 0.0 and 1.0,
datetime as whole seconds since 1970 in UTC), or objects, str with None for missing (categorical)."""

Table = Mapping[str, Cells]
"""Feature name to cells, all of one length."""

Matrix = NDArray[np.float32]
"""(n_rows, n_columns), C order; NaN where a cell is missing."""

Margin = NDArray[np.float32]
"""Raw tree output, (n_rows, n_groups); one group for two classes, n_classes groups above."""

Probabilities = NDArray[np.float32]
"""(n_rows, n_classes), in the order of the decision's classes."""

Contributions = NDArray[np.float64]
"""What each column adds to a row's margins, (n_rows, n_groups, n_columns + 1); the last is the base value, that of no
column, and the sum over the last axis is the margin to within 1e-5."""
