"""What the structural check lets pass, and what it refuses before any engine sees it."""

import math
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from mlapi.bundle.errors import VerificationError
from mlapi.bundle.structure import MAX_TREE_DEPTH, check_structure
from tests.fixtures.boosters import CATEGORIES, train
from tests.fixtures.models import Workpiece


@pytest.mark.parametrize(
    "options", [{}, {"booster": "dart"}, {"num_parallel_tree": 3}, {"max_cat_to_onehot": 1}], ids=str
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_check_structure_accepts_what_xgboost_trains(n_classes: int, options: dict[str, Any]) -> None:
    trained = train(n_classes, rounds=3, **options)
    check_structure(trained.model, 5, 1 if n_classes == 2 else 3)
    check_structure(trained.model, 5, 1 if n_classes == 2 else 3, CATEGORIES)


def test_check_structure_accepts_the_leftovers_of_pruning() -> None:
    trained = train(categorical=False, rounds=5, tree_method="exact", gamma=5.0)
    assert any(int(tree["tree_param"]["num_deleted"]) for tree in Workpiece(trained.model).trees)
    check_structure(trained.model, 3, 1)


def refuse(work: Workpiece, reason: str) -> None:
    with pytest.raises(VerificationError, match=reason) as refusal:
        check_structure(work.model, 5, 1, CATEGORIES)
    assert (refusal.value.check, refusal.value.code) == ("structure", "structure_invalid")


def test_check_structure_refuses_what_is_no_model() -> None:
    with pytest.raises(VerificationError, match=r"model\.ubj"):
        check_structure(b"{}", 5, 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda w: w.learner["objective"].update(name="reg:squarederror"), "objective", id="objective"),
        pytest.param(lambda w: w.parameters.update(base_score="[0,0]"), "base score", id="base scores"),
        pytest.param(lambda w: w.parameters.update(base_score="1E0"), "no probability", id="base score 1"),
        pytest.param(
            lambda w: w.parameters.update(base_score="[1E-60]"), "no probability", id="base score 0 in float32"
        ),
        pytest.param(lambda w: w.content["cats"]["enc"].append({}), "category lists of a data frame", id="encodings"),
        pytest.param(
            lambda w: w.content["cats"].update(sorted_idx=np.zeros(1, np.int32)),
            "category lists of a data frame",
            id="order of encodings",
        ),
        pytest.param(lambda w: w.content["tree_info"].__setitem__(1, 1), "group out of range", id="group"),
        pytest.param(lambda w: w.content["tree_info"].__setitem__(1, -1), "group out of range", id="negative group"),
        pytest.param(lambda w: w.content["iteration_indptr"].clear(), "rounds that do not hold", id="no rounds"),
        pytest.param(lambda w: w.content["iteration_indptr"].append(9), "rounds that do not hold", id="rounds beyond"),
        pytest.param(lambda w: w.content["iteration_indptr"].insert(1, 2), "rounds out of order", id="falling rounds"),
    ],
)
def test_check_structure_refuses_a_booster_with(change: Callable[[Workpiece], object], reason: str) -> None:
    work = Workpiece(train(rounds=2).model)
    change(work)
    refuse(work, reason)


def test_check_structure_refuses_a_model_of_other_columns() -> None:
    with pytest.raises(VerificationError, match="made for 5 columns, the encoder gives 4"):
        check_structure(train().model, 4, 1)


def test_check_structure_refuses_a_model_of_other_classes() -> None:
    with pytest.raises(VerificationError, match="gives 1 margins a row, the decision takes 3"):
        check_structure(train().model, 5, 3)


def test_check_structure_refuses_a_model_without_trees() -> None:
    work = Workpiece(train(rounds=2).model)
    work.trees.clear()
    work.content.update(tree_info=[], iteration_indptr=[0, 0])
    work.content["gbtree_model_param"]["num_trees"] = "0"
    refuse(work, "no trees")


def test_check_structure_refuses_a_tree_weight_that_is_not_finite() -> None:
    work = Workpiece(train(rounds=2, booster="dart").model)
    work.booster["weight_drop"][1] = math.inf
    refuse(work, "tree weight")


def inner(tree: Any, kind: int = 0) -> int:
    """The last inner node of a kind: 0 numeric, 1 categorical."""
    return int(np.flatnonzero((tree["left_children"] != -1) & (tree["split_type"] == kind))[-1])


def leaf(tree: Any) -> int:
    return int(np.flatnonzero(tree["left_children"] == -1)[-1])


def _at(key: str, node: Callable[[Any], int], value: float) -> Callable[[Any], object]:
    return lambda tree: tree[key].__setitem__(node(tree), value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(_at("left_children", inner, 9999), "child out of range", id="child beyond"),
        pytest.param(_at("right_children", inner, -7), "child out of range", id="negative child"),
        pytest.param(_at("left_children", inner, -1), "child out of range", id="one child only"),
        pytest.param(_at("right_children", leaf, 1), "child out of range", id="leaf with a child"),
        pytest.param(_at("left_children", inner, 0), "another parent", id="cycle to the root"),
        pytest.param(_at("parents", leaf, 0), "another parent", id="wrong parent"),
        pytest.param(_at("split_indices", inner, 5), "column out of range", id="feature beyond"),
        pytest.param(_at("split_indices", inner, -1), "column out of range", id="negative feature"),
        pytest.param(_at("split_type", inner, 2), "unknown kind", id="unknown kind"),
        pytest.param(_at("default_left", inner, 2), "unknown kind", id="unknown default"),
        pytest.param(_at("split_conditions", leaf, np.nan), "not finite", id="NaN leaf"),
        pytest.param(_at("split_conditions", leaf, -np.inf), "not finite", id="infinite leaf"),
        pytest.param(_at("split_conditions", inner, np.inf), "not finite", id="infinite threshold"),
        pytest.param(_at("sum_hessian", leaf, np.nan), "sum_hessian that is not finite", id="NaN cover"),
        pytest.param(_at("split_type", inner, 1), "do not match", id="categorical without categories"),
        pytest.param(_at("split_type", lambda tree: inner(tree, 1), 0), "do not match", id="categories without node"),
        pytest.param(_at("categories_nodes", lambda tree: -1, 9999), "node out of range", id="categories of no node"),
        pytest.param(_at("categories_sizes", lambda tree: 0, 0), "wrong length", id="empty category list"),
        pytest.param(_at("categories_sizes", lambda tree: 0, 2**62), "wrong length", id="huge category list"),
        pytest.param(_at("categories_segments", lambda tree: 0, 1), "out of order", id="gap in the categories"),
        pytest.param(_at("categories_segments", lambda tree: 0, -1), "out of order", id="negative start"),
        pytest.param(_at("categories", lambda tree: -1, -1), "category out of range", id="negative category"),
        pytest.param(_at("categories", lambda tree: -1, 7), "category out of range", id="category beyond"),
    ],
)
def test_check_structure_refuses_a_tree_with(change: Callable[[Any], object], reason: str) -> None:
    work = Workpiece(train().model)
    number = next(
        i for i, tree in enumerate(work.trees) if i > 0 and 3 in tree["split_indices"][tree["split_type"] == 1]
    )
    change(work.trees[number])
    refuse(work, reason)


def test_check_structure_names_the_first_bad_tree() -> None:
    work = Workpiece(train().model)
    for number in (7, 4):
        work.trees[number]["split_conditions"][leaf(work.trees[number])] = np.nan
    refuse(work, "tree 4 ")


def test_check_structure_refuses_categories_that_no_list_holds() -> None:
    work = Workpiece(train().model)
    tree = next(tree for tree in work.trees if len(tree["categories"]))
    tree["categories"] = np.append(tree["categories"], np.int32(0))
    refuse(work, "out of order")


def test_check_structure_refuses_an_empty_tree() -> None:
    work = Workpiece(train(categorical=False, rounds=2).model)
    tree = work.trees[1]
    tree.update({key: value[:0] for key, value in tree.items() if isinstance(value, np.ndarray)})
    tree["tree_param"]["num_nodes"] = "0"
    with pytest.raises(VerificationError, match="an empty one"):
        check_structure(work.model, 3, 1)


def chain(work: Workpiece, depth: int) -> None:
    """Replace tree 0 by one of 2 * depth + 1 nodes, where each right child splits again."""
    numbers = np.arange(depth, dtype=np.int32)
    left, right = (np.full(2 * depth + 1, -1, np.int32) for _ in range(2))
    parents = np.zeros(2 * depth + 1, np.int32)
    left[2 * numbers], right[2 * numbers] = 2 * numbers + 1, 2 * numbers + 2
    parents[2 * numbers + 1] = parents[2 * numbers + 2] = 2 * numbers
    tree = work.trees[0]
    for key, value in tree.items():
        if isinstance(value, np.ndarray):
            tree[key] = np.zeros(0 if key.startswith("categories") else 2 * depth + 1, value.dtype)
    tree.update(left_children=left, right_children=right, parents=parents)
    tree["tree_param"]["num_nodes"] = str(2 * depth + 1)


@pytest.mark.parametrize(("depth", "fits"), [(MAX_TREE_DEPTH, True), (MAX_TREE_DEPTH + 1, False)])
def test_check_structure_bounds_the_depth(depth: int, fits: bool) -> None:
    work = Workpiece(train(rounds=2).model)
    chain(work, depth)
    if fits:
        check_structure(work.model, 5, 1, CATEGORIES)
    else:
        refuse(work, "tree 0 is deeper than 1024")


def test_check_structure_refuses_two_ways_to_a_node_of_one_level() -> None:
    work = Workpiece(train().model)
    tree = work.trees[0]
    tree["left_children"][0] = tree["right_children"][0]
    refuse(work, "two ways to a node")


def test_check_structure_refuses_a_cycle_that_parents_agree_with() -> None:
    work = Workpiece(train().model)
    tree = work.trees[0]
    node = inner(tree)
    tree["left_children"][node], tree["parents"][0] = 0, node
    refuse(work, "two ways to a node")


@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_is_refused_or_leaves_a_model_that_can_be_walked(seed: int) -> None:
    """Digests refuse every flip; this is the second line, for a bundle whose maker is not honest."""
    rng = np.random.default_rng(seed)
    model = train(rounds=3).model
    for _ in range(1000 if os.environ.get("MLAPI_PROVE") else 40):
        damaged = bytearray(model)
        damaged[rng.integers(len(damaged))] ^= 1 << int(rng.integers(8))
        with suppress(VerificationError):
            check_structure(bytes(damaged), 5, 1, CATEGORIES)
