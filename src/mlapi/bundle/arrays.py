"""Our engine's walks over NumPy's arrays; a service of plain models has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from mlapi.bundle.cores import share_rows
from mlapi.bundle.libxgboost import check_matrix
from mlapi.bundle.native import MARGIN_ROWS
from mlapi.bundle.types import Contributions, Margin, Matrix

CONTRIBUTION_ROWS: Final = 10  # take 10 ms and more
_FLOAT32: Final = np.dtype(np.float32)  # NumPy would make one of the type at each call

Walk = Callable[[Any, Any], None]


class Arrays:
    """Makes the answers' arrays, checks the matrices, and has the rows walked."""

    def __init__(self, n_columns: int, n_groups: int) -> None:
        self._n_columns = n_columns
        self._n_groups = n_groups

    def margin(self, walk: Walk, matrix: Matrix) -> Margin:
        """Give float32 (n_rows, n_groups); raises EngineError for another matrix."""
        check_matrix(matrix, self._n_columns)
        answer = np.empty((len(matrix), self._n_groups), _FLOAT32)
        share_rows(walk, np.ascontiguousarray(matrix), answer, MARGIN_ROWS)
        return answer

    def contributions(self, walk: Walk, matrix: Matrix) -> Contributions:
        """Give float64 (n_rows, n_groups, n_columns + 1); raises EngineError for another matrix."""
        check_matrix(matrix, self._n_columns)
        answer = np.empty((len(matrix), self._n_groups, self._n_columns + 1))
        share_rows(walk, np.ascontiguousarray(matrix), answer, CONTRIBUTION_ROWS)
        return answer
