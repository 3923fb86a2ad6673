"""A forest's nodes in the order in which they are walked."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.forest import Forest
from mlapi.bundle.link import logit
from mlapi.bundle.model_fields import Integers

_LEAF: Final = -1


class Nodes(NamedTuple):
    """The nodes that a root reaches, tree by tree and level by level, so that siblings stand side by side.

    Attributes:
        n_columns: of the matrix.
        base: (n_groups,) float32, what each margin begins with.
        groups: (n_trees,) the margin that each tree adds to.
        roots: (n_trees,) the first node of each tree.
        children: (n_nodes,) the left child, whose right sibling follows it; 0 at a leaf.
        columns: (n_nodes,) the column that is tested; 0 at a leaf.
        conditions: (n_nodes,) float32, less goes left; at a leaf its value.
        missing_left: (n_nodes,) bool, where a missing cell goes.
        first_words: (n_nodes,) where a categorical test's words begin.
        n_words: (n_nodes,) how many there are; 0 where the test is on a number.
        words: uint32, a bit for each code that goes right, the lowest first; one word at least.
        shares: (n_nodes,) float64, of the training rows in the parent (by second derivative) those that came here.
    """

    n_columns: int
    base: NDArray[np.float32]
    groups: Integers
    roots: Integers
    children: Integers
    columns: Integers
    conditions: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    first_words: Integers
    n_words: Integers
    words: NDArray[np.uint32]
    shares: NDArray[np.float64]

    def records(self) -> NDArray[np.uint32]:
        """Give (n_nodes, 6): what `Node` in native/trees.h holds, with the bits of the condition."""
        return np.column_stack(
            [
                self.children,
                self.columns,
                self.conditions.view(np.uint32),
                self.first_words,
                self.n_words,
                self.missing_left,
            ]
        ).astype(np.uint32)


def order_nodes(forest: Forest) -> Nodes:
    """Put the nodes of a forest that `check_structure` has passed in order."""
    first = np.cumsum(forest.n_nodes) - forest.n_nodes
    tree_of = np.repeat(np.arange(len(first)), forest.n_nodes)
    order = _walk(forest, first, tree_of)
    place = np.zeros(len(tree_of), np.int64)
    place[order] = np.arange(len(order))
    inner = forest.left[order] != _LEAF
    children = np.where(inner, place[forest.left[order] + first[tree_of[order]]], 0)
    first_words, n_words, words = _sets(forest, first)
    return Nodes(
        n_columns=forest.n_columns,
        base=_base(forest),
        groups=forest.groups,
        roots=place[first],
        children=children,
        columns=np.where(inner, forest.features[order], 0),
        conditions=forest.conditions[order],
        missing_left=forest.default_left[order] == 1,
        first_words=first_words[order],
        n_words=n_words[order],
        words=words,
        shares=_shares(forest.covers[order].astype(np.float64), children),
    )


def _walk(forest: Forest, first: Integers, tree_of: Integers) -> Integers:
    """Give the nodes' positions in the forest, in the new order."""
    level, levels = first, []
    while level.size:
        levels.append(level)
        inner = level[forest.left[level] != _LEAF]
        children = np.column_stack([forest.left[inner], forest.right[inner]])
        level = (children + first[tree_of[inner]][:, None]).ravel()
    order = np.concatenate(levels)
    return order[np.argsort(tree_of[order], kind="stable")]


def _sets(forest: Forest, first: Integers) -> tuple[Integers, Integers, NDArray[np.uint32]]:
    """Give for each node of the forest where its words begin and how many there are, and the words."""
    first_words, n_words = np.zeros(len(forest.left), np.int64), np.zeros(len(forest.left), np.int64)
    counts = forest.category_counts
    if not counts.size:
        return first_words, n_words, np.zeros(1, np.uint32)
    nodes = forest.category_nodes + np.repeat(first, forest.n_category_nodes)
    sizes = np.maximum.reduceat(forest.categories, np.cumsum(counts) - counts) // 32 + 1
    n_words[nodes], first_words[nodes] = sizes, np.cumsum(sizes) - sizes
    words = np.zeros(sizes.sum(), np.uint32)
    bits = np.uint32(1) << (forest.categories % 32).astype(np.uint32)
    np.bitwise_or.at(words, np.repeat(first_words[nodes], counts) + forest.categories // 32, bits)
    return first_words, n_words, words


def _shares(covers: NDArray[np.float64], children: Integers) -> NDArray[np.float64]:
    """Divide each node's cover by its parent's; where no row came, as if half of them went either way."""
    shares = np.ones(len(covers))
    parents = np.flatnonzero(children)
    for side in (0, 1):
        child = children[parents] + side
        shares[child] = np.divide(
            covers[child], covers[parents], out=np.full(len(parents), 0.5), where=covers[parents] > 0
        )
    return shares


def _base(forest: Forest) -> NDArray[np.float32]:
    """Give what the margins begin with: the base scores, or for two classes the log-odds of the one."""
    scores = [logit(score) if forest.n_groups == 1 else np.float32(score) for score in forest.base_scores]
    return np.broadcast_to(np.array(scores, np.float32), (forest.n_groups,)).copy()
