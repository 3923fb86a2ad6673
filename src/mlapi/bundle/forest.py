"""The trees of `model.ubj` as arrays, in our own reading of XGBoost's format."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlapi.bundle import ubj
from mlapi.bundle.errors import FormatError
from mlapi.bundle.model_fields import (
    FILE,
    Fields,
    Integers,
    array,
    floats,
    integers,
    items,
    mapping,
    member,
    parameter,
    text,
)

# Read but not kept: libxgboost reads as many of each as there are nodes, so their lengths must be right.
_UNUSED: Final = ("base_weights", "loss_changes")


class Forest(NamedTuple):
    """A tree booster; nodes and category lists of all trees one after the other, numbered as in each tree.

    See `RegTree` in xgboost/include/xgboost/tree_model.h.

    Attributes:
        booster: "gbtree" or "dart".
        objective: XGBoost's name of it.
        n_columns: of the matrix.
        n_groups: margins a row.
        base_scores: what the margins begin with, before the objective's link; one, or one for each group.
        groups: (n_trees,), the margin that each tree adds to.
        rounds: the first tree of each boosting round and, last, the number of trees.
        weights: (n_trees,), dart's factor of each tree; ones for gbtree.
        n_encodings: category lists of data frames that XGBoost keeps itself; our boosters have none.
        n_nodes: (n_trees,), how many of the nodes belong to each tree.
        left: (nodes,), number within the tree of the left child, -1 at a leaf.
        right: (nodes,), of the right child, -1 at a leaf.
        parents: (nodes,), of the parent, 2147483647 at the root.
        features: (nodes,), the column that an inner node tests.
        kinds: (nodes,), 1 where the test is on categories, otherwise 0.
        default_left: (nodes,), 1 where missing goes left, otherwise 0.
        conditions: (nodes,), float32: the threshold of a numeric test (less goes left), the value of a leaf.
        covers: (nodes,), float32: sum of the second derivatives of the training rows that came here.
        n_category_nodes: (n_trees,), how many of the following three belong to each tree.
        category_nodes: numbers within the tree of nodes that test categories, ascending.
        category_starts: where the codes of each begin among the tree's.
        category_counts: how many codes each has.
        n_categories: (n_trees,), how many of the codes belong to each tree.
        categories: the codes that go right.
    """

    booster: str
    objective: str
    n_columns: int
    n_groups: int
    base_scores: tuple[float, ...]
    groups: Integers
    rounds: Integers
    weights: NDArray[np.float64]
    n_encodings: int
    n_nodes: Integers
    left: Integers
    right: Integers
    parents: Integers
    features: Integers
    kinds: Integers
    default_left: Integers
    conditions: NDArray[np.float32]
    covers: NDArray[np.float32]
    n_category_nodes: Integers
    category_nodes: Integers
    category_starts: Integers
    category_counts: Integers
    n_categories: Integers
    categories: Integers


def read_forest(model: bytes) -> Forest:
    """Read a model. Types and lengths are checked here, what the numbers mean by `structure.check_structure`.

    Raises:
        FormatError: not a tree booster of one target as XGBoost 3 saves it.
    """
    learner = member(mapping(ubj.decode(model, file=FILE), "the file"), "learner")
    parameters, booster = member(learner, "learner_model_param"), member(learner, "gradient_booster")
    name = text(booster, "name")
    if name not in ("gbtree", "dart"):
        raise FormatError(FILE, "holds a booster that is not made of trees")
    if parameter(parameters, "num_target") != 1:
        raise FormatError(FILE, "predicts more than one target")
    content = member(member(booster, "gbtree") if name == "dart" else booster, "model")
    n_columns, n_trees = (
        parameter(parameters, "num_feature"),
        parameter(member(content, "gbtree_model_param"), "num_trees"),
    )
    trees = [mapping(tree, "a tree") for tree in items(content, "trees", n_trees)]
    if any(type(tree.get("id")) is not int or tree["id"] != place for place, tree in enumerate(trees)):
        raise FormatError(FILE, "a tree's id is not its place")  # libxgboost stores each tree at its id, unchecked
    n_nodes = [_n_nodes(tree, n_columns) for tree in trees]
    for key in _UNUSED:
        _joined(trees, key, "f", n_nodes)
    nodes = [array(tree, "categories_nodes", "iu") for tree in trees]
    categories = [array(tree, "categories", "iu") for tree in trees]
    n_category_nodes = [len(numbers) for numbers in nodes]
    return Forest(
        booster=name,
        objective=text(member(learner, "objective"), "name"),
        n_columns=n_columns,
        n_groups=max(1, parameter(parameters, "num_class")),
        base_scores=_base_scores(text(parameters, "base_score")),
        groups=integers(content, "tree_info", n_trees),
        rounds=integers(content, "iteration_indptr"),
        weights=floats(booster, "weight_drop", n_trees) if name == "dart" else np.ones(n_trees),
        n_encodings=_n_encodings(member(content, "cats")) if "cats" in content else 0,
        n_nodes=np.array(n_nodes, np.int64),
        left=_joined(trees, "left_children", "iu", n_nodes).astype(np.int64),
        right=_joined(trees, "right_children", "iu", n_nodes).astype(np.int64),
        parents=_joined(trees, "parents", "iu", n_nodes).astype(np.int64),
        features=_joined(trees, "split_indices", "iu", n_nodes).astype(np.int64),
        kinds=_joined(trees, "split_type", "iu", n_nodes).astype(np.int64),
        default_left=_joined(trees, "default_left", "iu", n_nodes).astype(np.int64),
        conditions=_joined(trees, "split_conditions", "f", n_nodes).astype(np.float32),
        covers=_joined(trees, "sum_hessian", "f", n_nodes).astype(np.float32),
        n_category_nodes=np.array(n_category_nodes, np.int64),
        category_nodes=_join(nodes).astype(np.int64),
        category_starts=_joined(trees, "categories_segments", "iu", n_category_nodes).astype(np.int64),
        category_counts=_joined(trees, "categories_sizes", "iu", n_category_nodes).astype(np.int64),
        n_categories=np.array([len(codes) for codes in categories], np.int64),
        categories=_join(categories).astype(np.int64),
    )


def _n_nodes(tree: Fields, n_columns: int) -> int:
    parameters = member(tree, "tree_param")
    if parameter(parameters, "num_feature") != n_columns or parameter(parameters, "size_leaf_vector") > 1:
        raise FormatError(FILE, "a tree is made for other columns or has vectors for leaves")
    return parameter(parameters, "num_nodes")


def _joined(trees: Sequence[Fields], key: str, kinds: str, lengths: Sequence[int]) -> ubj.Numbers:
    return _join([array(tree, key, kinds, length) for tree, length in zip(trees, lengths, strict=True)])


def _join(arrays: Sequence[ubj.Numbers]) -> ubj.Numbers:
    return np.concatenate(arrays) if arrays else np.empty(0)


def _n_encodings(categories: Fields) -> int:
    segments, order = (array(categories, key, "iu") for key in ("feature_segments", "sorted_idx"))
    return len(items(categories, "enc")) + len(segments) + len(order)


def _base_scores(scores_text: str) -> tuple[float, ...]:
    """Read "5E-1" (to XGBoost 3.0) or "[4.065E-1]", a list of one or of one for each group (since 3.1)."""
    try:
        value = json.loads(scores_text)
        scores = tuple(float(score) for score in (value if isinstance(value, list) else [value]))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FormatError(FILE, "base_score is not a number or a list of numbers") from error
    if not all(map(math.isfinite, scores)):
        raise FormatError(FILE, "base_score is not finite")
    return scores
