"""What must hold in a model's trees before any engine walks them.

libxgboost trusts its files: a child's number out of range is taken as it is, and predicting crashes or, worse, answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle.errors import FormatError, VerificationError
from mlapi.bundle.forest import Forest, read_forest
from mlapi.bundle.model_fields import Integers

OBJECTIVES: Final = {True: "binary:logistic", False: "multi:softprob"}  # by whether there is one group
MAX_TREE_DEPTH: Final = 1024  # a tree that is grown without any limit stays far below it
MAX_CATEGORY: Final = 1 << 24  # float32 counts no further (`OutOfRangeCat` in xgboost/src/common/categorical.h)


def check_structure(model: bytes, n_columns: int, n_groups: int, n_categories: Sequence[int] | None = None) -> Forest:
    """Read a model, and refuse one whose trees cannot be walked safely or do not belong to the rest of the bundle.

    Args:
        model: the bytes of `model.ubj`.
        n_columns: of the matrix that the encoder gives.
        n_groups: margins a row that the decision takes.
        n_categories: for each column the number of category codes, 0 for one that is numeric; None: not known.

    Raises:
        VerificationError: structure_invalid; names the tree and what is wrong with it.
    """
    try:
        forest = read_forest(model)
    except FormatError as error:
        raise _invalid(str(error)) from error
    check_forest(forest, n_columns, n_groups, n_categories)
    return forest


def check_forest(forest: Forest, n_columns: int, n_groups: int, n_categories: Sequence[int] | None = None) -> None:
    """Refuse trees that were read already; the rest is as for `check_structure`."""
    _check_shape(forest, n_columns, n_groups)
    inner, leaves = _check_links(forest)
    limits = np.full(n_columns, MAX_CATEGORY) if n_categories is None else np.asarray(n_categories)
    _check_nodes(forest, inner, leaves)
    _check_categories(forest, inner[forest.kinds[inner] == 1], limits)


def _check_shape(forest: Forest, n_columns: int, n_groups: int) -> None:
    n_trees, rounds = len(forest.n_nodes), forest.rounds
    for fault, reason in (
        (forest.n_columns != n_columns, f"is made for {forest.n_columns} columns, the encoder gives {n_columns}"),
        (forest.n_groups != n_groups, f"gives {forest.n_groups} margins a row, the decision takes {n_groups}"),
        (forest.objective != OBJECTIVES[n_groups == 1], f"has another objective than {OBJECTIVES[n_groups == 1]}"),
        (len(forest.base_scores) not in (1, n_groups), "has a base score that fits no group"),
        (n_groups == 1 and not _is_share(forest.base_scores), "has a base score that is no probability"),
        (forest.n_encodings > 0, "holds category lists of a data frame; the encoder's are the only ones"),
        (n_trees == 0 or np.any(forest.n_nodes < 1), "has no trees or an empty one"),
        (np.any(_outside(forest.groups, n_groups)), "has a tree of a group out of range"),
        (len(rounds) < 2 or rounds[0] != 0 or rounds[-1] != n_trees, "has rounds that do not hold its trees"),
        (np.any(np.diff(rounds) < 0), "has rounds out of order"),
        (not np.isfinite(forest.weights).all(), "has a tree weight that is not finite"),
    ):
        if fault:
            raise _invalid(f"the model {reason}")


def _check_links(forest: Forest) -> tuple[Integers, Integers]:
    """Walk all trees down from their roots, one level at a time.

    Returns:
        Positions of the inner nodes and of the leaves. Nodes that no root reaches are XGBoost's leftovers of pruning.
    """
    tree_of = _tree_of_each(forest.n_nodes)
    first = np.cumsum(forest.n_nodes) - forest.n_nodes
    seen = np.zeros(len(tree_of), np.bool_)
    inner: list[Integers] = []
    level = first
    while level.size:
        repeated = np.sort(level)[1:][np.diff(np.sort(level)) == 0]
        _refuse(tree_of[np.concatenate([level[seen[level]], repeated])], "has two ways to a node")
        seen[level] = True
        inner.append(level[(forest.left[level] != -1) | (forest.right[level] != -1)])
        children, parent = np.concatenate([forest.left[inner[-1]], forest.right[inner[-1]]]), np.tile(inner[-1], 2)
        tree = tree_of[parent]
        _refuse(tree[_outside(children, forest.n_nodes[tree])], "has a child out of range")
        level = children + first[tree]
        _refuse(tree[forest.parents[level] + first[tree] != parent], "has a child of another parent")
        _refuse(tree[:1] if len(inner) > MAX_TREE_DEPTH else tree[:0], f"is deeper than {MAX_TREE_DEPTH}")
    below = np.concatenate(inner)
    seen[below] = False
    return below, np.flatnonzero(seen)


def _check_nodes(forest: Forest, inner: Integers, leaves: Integers) -> None:
    tree_of = _tree_of_each(forest.n_nodes)
    unknown = _outside(forest.kinds[inner], 2) | _outside(forest.default_left[inner], 2)
    _refuse(tree_of[inner[unknown]], "has a node of an unknown kind")
    _refuse(tree_of[inner[_outside(forest.features[inner], forest.n_columns)]], "tests a column out of range")
    numbers = np.concatenate([inner[forest.kinds[inner] == 0], leaves])  # a categorical node keeps no threshold
    _refuse(tree_of[numbers[~np.isfinite(forest.conditions[numbers])]], "has a leaf or a threshold that is not finite")
    reached = np.concatenate([inner, leaves])
    _refuse(tree_of[reached[~np.isfinite(forest.covers[reached])]], "has a sum_hessian that is not finite")


def _check_categories(forest: Forest, categorical: Integers, limits: Integers) -> None:
    """See that each categorical node has its own codes, in the layout in which XGBoost writes them, without gaps."""
    tree = _tree_of_each(forest.n_category_nodes)
    first_node, first_code = (np.cumsum(sizes) - sizes for sizes in (forest.n_nodes, forest.n_categories))
    _refuse(tree[_outside(forest.category_nodes, forest.n_nodes[tree])], "has categories of a node out of range")
    nodes, counts = forest.category_nodes + first_node[tree], forest.category_counts
    if not np.array_equal(nodes, np.sort(categorical)):
        raise _invalid("the model has categorical nodes and category lists that do not match")
    _refuse(tree[(counts < 1) | (counts > forest.n_categories[tree])], "has a category list of a wrong length")
    in_order = np.array_equal(forest.category_starts + first_code[tree], np.cumsum(counts) - counts)
    if not in_order or counts.sum() != len(forest.categories):
        raise _invalid("the model has category lists out of order")
    list_of = _tree_of_each(counts)
    outside = _outside(forest.categories, limits[forest.features[nodes]][list_of])
    _refuse(tree[list_of[outside]], "tests a category out of range")


def _is_share(scores: Sequence[float]) -> bool:
    return all(0.0 < np.float32(score) < 1.0 for score in scores)


def _tree_of_each(sizes: Integers) -> Integers:
    """Give for each element the number of the group that it belongs to, from the sizes of the groups."""
    return np.repeat(np.arange(len(sizes)), sizes)


def _outside(numbers: Integers, end: int | Integers) -> NDArray[np.bool_]:
    """Which numbers are outside 0 … end - 1."""
    return (numbers < 0) | (numbers >= end)


def _refuse(trees: Integers, reason: str) -> None:
    if trees.size:
        raise _invalid(f"tree {trees.min()} {reason}")


def _invalid(reason: str) -> VerificationError:
    return VerificationError("structure", "structure_invalid", reason)
