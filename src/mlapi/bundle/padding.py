"""From nodes to the tables of the branch-free engine."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.model_fields import Integers
from mlapi.bundle.nodes import Nodes
from mlapi.bundle.quantising import MAX_SLOTS, categorical_cells, numeric_cells, strips
from mlapi.bundle.tables import Tables

# Both as in native/trees.h.
LANES: Final = 8  # trees that are walked at once and padded to one depth
MAX_PADDED: Final = 10  # deeper trees waste more space in being padded than the walk gains
MAX_BYTES: Final = 64 << 20  # of all tables; 300 trees of depth 6 take half a megabyte


def build_tables(nodes: Nodes) -> Tables | None:
    """Make the tables; None where a tree is too deep for padding, or the tables would be too large."""
    depths = _depths(nodes)
    blocks = np.maximum.reduceat(depths, np.arange(0, len(depths), LANES))
    n_bytes = 8 * LANES * int((1 << np.minimum(blocks, MAX_PADDED)).sum())
    if blocks.max() > MAX_PADDED or n_bytes > MAX_BYTES:
        return None
    words = np.zeros(len(nodes.children), np.int64)
    numeric = numeric_cells(nodes, words)
    categorical = categorical_cells(nodes, words, max(1, 4 * len(numeric.table)))
    if words.max() >= MAX_SLOTS**2 or numeric.table[:, 2].max(initial=0) >= MAX_SLOTS - 1:
        return None
    if n_bytes + categorical.n_strip_cells > MAX_BYTES:
        return None
    padded, leaves = _pad(nodes, blocks, words)
    return Tables(
        base=nodes.base,
        groups=nodes.groups.astype(np.uint32),
        depths=blocks.astype(np.uint8),
        nodes=padded,
        leaves=leaves,
        splits=numeric.splits,
        numeric=numeric.table.astype(np.uint32),
        categorical=categorical.table.astype(np.uint32),
        strips=strips(nodes, categorical),
    )


def _depths(nodes: Nodes) -> Integers:
    """Give the depth of each tree: the levels below its root."""
    depths = np.zeros(len(nodes.roots), np.int64)
    trees, level, depth = np.arange(len(nodes.roots)), nodes.roots, 0
    while level.size:
        depths[trees] = depth
        inner = nodes.children[level] > 0
        children = nodes.children[level[inner]]
        trees, level, depth = np.tile(trees[inner], 2), np.concatenate([children, children + 1]), depth + 1
    return depths


def _pad(nodes: Nodes, blocks: Integers, words: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Lay every tree out as a complete one; below a leaf every way leads to that leaf."""
    depths = np.repeat(blocks, LANES)
    sizes = 1 << depths
    starts = np.cumsum(sizes) - sizes
    padded, leaves = np.zeros(sizes.sum(), np.uint32), np.zeros(sizes.sum(), np.float32)
    n_trees = len(nodes.roots)
    for depth in np.unique(blocks).tolist():
        trees = np.flatnonzero(depths[:n_trees] == depth)
        level = nodes.roots[trees][:, None]  # what stands at each place of one level, tree by tree
        for n_places in 1 << np.arange(depth):
            padded[starts[trees][:, None] + n_places + np.arange(n_places)] = words[level]
            children = nodes.children[level]
            both = np.stack([np.where(children, children, level), np.where(children, children + 1, level)], axis=2)
            level = both.reshape(len(trees), 2 * n_places)
        leaves[starts[trees][:, None] + np.arange(1 << depth)] = nodes.conditions[level]
    return padded, leaves
