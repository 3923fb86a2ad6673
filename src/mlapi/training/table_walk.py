"""The branch-free engine in NumPy: slow, but there wherever training is, to prove tables without a compiler too."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.padding import LANES
from mlapi.bundle.tables import Tables
from mlapi.bundle.types import Margin, Matrix

_ROWS: Final = 256  # at once: a row has up to 65,536 cells


def walk_tables(tables: Tables, matrix: Matrix) -> Margin:
    """Give the margins of some rows; see `tables` and native/padded_walk.c."""
    parts = [_walk(tables, matrix[start : start + _ROWS]) for start in range(0, len(matrix), _ROWS)]
    return np.concatenate([np.empty((0, len(tables.base)), np.float32), *parts])


def _walk(tables: Tables, matrix: Matrix) -> Margin:
    cells = _quantise(tables, matrix)
    margin = np.tile(tables.base, (len(matrix), 1))
    rows, start = np.arange(len(matrix)), 0
    depths = np.repeat(tables.depths, LANES).tolist()
    for group, depth in zip(tables.groups.tolist(), depths, strict=False):
        at = np.ones(len(matrix), np.int64)
        for _ in range(depth):
            words = tables.nodes[start + at]
            pairs = cells[rows, words >> 16] + 256 * cells[rows, (words >> 16) + 1].astype(np.uint32)
            at = 2 * at + (pairs >= (words & 0xFFFF))
        margin[:, group] += tables.leaves[start + at - (1 << depth)]
        start += 1 << depth
    return margin


def _quantise(tables: Tables, matrix: Matrix) -> NDArray[np.uint8]:
    n_cells = 4 * len(tables.numeric) + int(tables.categorical[:, 4].sum())
    cells = np.zeros((len(matrix), n_cells + 2), np.uint8)
    for column, first, count, slot in tables.numeric.tolist():
        numbers = matrix[:, column]
        missing = np.isnan(numbers)
        bins = np.searchsorted(tables.splits[first : first + count], numbers, side="right")
        pair = np.column_stack([np.where(missing, 0, bins), np.where(missing, 0xFFFF, bins)]).astype("<u2")
        cells[:, slot : slot + 4] = pair.view(np.uint8)
    for column, first, n_codes, slot, n_cells in tables.categorical.tolist():
        codes = matrix[:, column]
        strips = tables.strips[first:][: (n_codes + 2) * n_cells].reshape(n_codes + 2, n_cells)
        known = (codes >= 0) & (codes < n_codes)
        other = n_codes + np.isnan(codes)
        cells[:, slot : slot + n_cells] = strips[np.where(known, codes, other).astype(np.int64)]
    return cells
