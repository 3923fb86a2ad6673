"""Which cell each node looks at, and how a column becomes cells (`tables` says what cells are)."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.model_fields import Integers
from mlapi.bundle.nodes import Nodes

MAX_SLOTS: Final = 1 << 16  # a slot and a bin have 16 bits each in a node's word
UPPER: Final = 1 << 8  # the bin of a test for 1 in the upper of two cells, whatever the lower one is


class NumericCells(NamedTuple):
    """The numeric columns: their split values and where they stand (`Tables.splits`, `Tables.numeric`)."""

    splits: NDArray[np.float32]
    table: Integers


class CategoricalCells(NamedTuple):
    """The categorical columns: each one's sets, a node for each, and where they stand (`Tables.categorical`)."""

    nodes: list[list[int]]
    table: Integers

    @property
    def n_strip_cells(self) -> int:
        """Cells in all strips together."""
        return int(((self.table[:, 2] + 2) * self.table[:, 4]).sum())


def numeric_cells(nodes: Nodes, words: NDArray[np.int64]) -> NumericCells:
    """Give four cells to each column that some node compares with a number, and fill in those nodes' words."""
    compares = (nodes.children > 0) & (nodes.n_words == 0)
    columns = np.unique(nodes.columns[compares])
    splits: list[NDArray[np.float32]] = [np.empty(0, np.float32)]
    table = np.zeros((len(columns), 4), np.int64)
    for number, column in enumerate(columns):
        mine = np.flatnonzero(compares & (nodes.columns == column))
        values, places = np.unique(nodes.conditions[mine], return_inverse=True)
        table[number] = column, sum(map(len, splits)), len(values), 4 * number
        words[mine] = (4 * number + 2 * ~nodes.missing_left[mine]) * MAX_SLOTS + places + 1
        splits.append(values)
    return NumericCells(np.concatenate(splits), table)


def categorical_cells(nodes: Nodes, words: NDArray[np.int64], first_slot: int) -> CategoricalCells:
    """Give a cell to each distinct set of codes and side of missing, and fill in those nodes' words.

    `first_slot` is at least 1, so that the first cell too is the upper one of two.
    """
    tests = np.flatnonzero(nodes.n_words)
    columns = np.unique(nodes.columns[tests])
    table = np.zeros((len(columns), 5), np.int64)
    kept: list[list[int]] = []
    start, slot = 0, first_slot
    for number, column in enumerate(columns):
        mine = tests[nodes.columns[tests] == column]
        distinct: dict[tuple[bytes, bool], int] = {}
        first: list[int] = []
        for node in mine.tolist():
            cell = distinct.setdefault(_key(nodes, node), len(distinct))
            if cell == len(first):
                first.append(node)
            words[node] = (slot + cell - 1) * MAX_SLOTS + UPPER
        n_codes = max(_n_codes(nodes, node) for node in first)
        table[number] = column, start, n_codes, slot, len(first)
        kept.append(first)
        start, slot = start + (n_codes + 2) * len(first), slot + len(first)
    return CategoricalCells(kept, table)


def strips(nodes: Nodes, cells: CategoricalCells) -> NDArray[np.uint8]:
    """Give all strips: for each column a row of cells for each code, for any other number, and for a missing cell."""
    parts = [np.empty(0, np.uint8)]
    for tests, n_codes in zip(cells.nodes, cells.table[:, 2].tolist(), strict=True):
        part = np.zeros((n_codes + 2, len(tests)), np.uint8)
        for cell, node in enumerate(tests):
            bits = np.unpackbits(_words(nodes, node).astype("<u4").view(np.uint8), bitorder="little")[:n_codes]
            part[: len(bits), cell] = bits
        part[-1] = ~nodes.missing_left[tests]
        parts.append(part.ravel())
    return np.concatenate(parts)


def _key(nodes: Nodes, node: int) -> tuple[bytes, bool]:
    return _words(nodes, node).tobytes(), bool(nodes.missing_left[node])


def _words(nodes: Nodes, node: int) -> NDArray[np.uint32]:
    return nodes.words[nodes.first_words[node] :][: nodes.n_words[node]]


def _n_codes(nodes: Nodes, node: int) -> int:
    """One more than the highest code of the set, which stands in its last word."""
    return int(32 * (nodes.n_words[node] - 1)) + int(_words(nodes, node)[-1]).bit_length()
