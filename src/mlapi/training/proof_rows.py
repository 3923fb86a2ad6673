"""Rows that reach everywhere in a forest, to compare two engines on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.nodes import Nodes
from mlapi.bundle.types import Matrix

# Codes that are none, numbers that no encoder gives, and both ends of float32.
_ODD: Final = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, -0.5, 0.5, 1.5, 2**24, 2.0**31, 2.0**33, 1e-45, 3.4e38, -3.4e38],
    np.float32,
)


def proof_rows(nodes: Nodes, n_rows: int, seed: int = 0) -> Matrix:
    """Give rows of missing cells, split points and their neighbours, known and unknown codes, and odd numbers."""
    rng = np.random.default_rng(seed)
    columns = [_column(nodes, column, n_rows, rng) for column in range(nodes.n_columns)]
    return np.column_stack([np.empty((n_rows, 0), np.float32), *columns])


def _column(nodes: Nodes, column: int, n_rows: int, rng: np.random.Generator) -> NDArray[np.float32]:
    mine = (nodes.children > 0) & (nodes.columns == column)
    splits = nodes.conditions[mine & (nodes.n_words == 0)]
    if not splits.size:
        n_codes = 32 * int(nodes.n_words[mine].max(initial=1)) + 2
        return _mix(rng.integers(0, n_codes, n_rows).astype(np.float32), 0.15, rng)
    cells = rng.choice(splits, n_rows)
    beside = np.nextafter(cells, rng.choice(np.array([-np.inf, np.inf], np.float32), n_rows))
    between = rng.uniform(splits.min() - 1.0, splits.max() + 1.0, n_rows).astype(np.float32)
    return _mix(np.choose(rng.integers(0, 4, n_rows), [cells, beside, between, between]), 0.15, rng)


def _mix(cells: NDArray[np.float32], odd: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Replace a share of the cells by odd ones, half of which are missing."""
    chosen = rng.random(len(cells)) < odd
    cells[chosen] = np.where(rng.random(chosen.sum()) < 0.5, np.float32(np.nan), rng.choice(_ODD, chosen.sum()))
    return cells
