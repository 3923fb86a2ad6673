"""Our own reading of a model against XGBoost's."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from mlapi.bundle.errors import FormatError
from mlapi.bundle.forest import read_forest
from tests.fixtures.boosters import train
from tests.fixtures.models import Workpiece


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_read_forest_reads_what_xgboost_saved(n_classes: int, booster: str) -> None:
    trained = train(n_classes, rounds=3, booster=booster)
    saved = json.loads(trained.booster.save_raw("json"))["learner"]["gradient_booster"]
    trees = saved.get("gbtree", saved)["model"]["trees"]
    forest = read_forest(trained.model)
    assert (forest.booster, forest.n_columns) == (booster, 5)
    assert forest.n_groups == (1 if n_classes == 2 else 3)
    assert forest.n_nodes.tolist() == [len(tree["left_children"]) for tree in trees]
    assert forest.left.tolist() == [child for tree in trees for child in tree["left_children"]]
    assert forest.categories.tolist() == [code for tree in trees for code in tree["categories"]]
    np.testing.assert_array_equal(
        forest.conditions, np.array([number for tree in trees for number in tree["split_conditions"]], np.float32)
    )


@pytest.mark.parametrize(
    ("text", "scores"),
    [pytest.param("5E-1", (0.5,), id="to 3.0"), pytest.param("[1E0,-2E-1]", (1.0, -0.2), id="since 3.1")],
)
def test_read_forest_reads_both_spellings_of_the_base_score(text: str, scores: tuple[float, ...]) -> None:
    work = Workpiece(train(rounds=1).model)
    work.parameters["base_score"] = text
    assert read_forest(work.model).base_scores == scores


def test_read_forest_reads_a_model_without_category_lists_of_data_frames() -> None:
    work = Workpiece(train(rounds=1).model)
    del work.content["cats"]
    assert read_forest(work.model).n_encodings == 0


def test_read_forest_reads_a_model_without_trees() -> None:
    work = Workpiece(train(rounds=1).model)
    work.trees.clear()
    work.content["gbtree_model_param"]["num_trees"] = "0"
    work.content["tree_info"] = []
    assert read_forest(work.model).n_nodes.size == 0


def test_read_forest_refuses_weights_of_trees_that_are_no_floats() -> None:
    work = Workpiece(train(rounds=2, booster="dart").model)
    work.booster["weight_drop"][0] = 1
    with pytest.raises(FormatError, match="weight_drop is not a list of floats"):
        read_forest(work.model)


def _change(part: str, key: str, value: object) -> Callable[[Workpiece], None]:
    return lambda work: getattr(work, part).__setitem__(key, value)


def _change_tree(key: str, value: object) -> Callable[[Workpiece], None]:
    return lambda work: work.trees[0].__setitem__(key, value)


def _change_tree_parameter(key: str, value: str) -> Callable[[Workpiece], None]:
    return lambda work: work.trees[0]["tree_param"].__setitem__(key, value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(_change("root", "learner", 1), "learner is not an object", id="no learner"),
        pytest.param(_change("booster", "name", "gblinear"), "not made of trees", id="linear booster"),
        pytest.param(_change("booster", "name", 3), "name is not a text", id="booster without name"),
        pytest.param(_change("parameters", "num_target", "2"), "more than one target", id="two targets"),
        pytest.param(_change("parameters", "num_feature", "-5"), "num_feature is not a number", id="negative number"),
        pytest.param(_change("parameters", "num_feature", "5" * 10), "num_feature is not a number", id="huge number"),
        pytest.param(_change("parameters", "num_feature", "\u0665"), "num_feature is not a number", id="Arabic digit"),
        pytest.param(_change("parameters", "base_score", "half"), "base_score is not a number", id="base score a word"),
        pytest.param(_change("parameters", "base_score", "[[]]"), "base_score is not a number", id="base score nested"),
        pytest.param(
            _change("parameters", "base_score", "[" * 99999), "base_score is not a number", id="base score deep"
        ),
        pytest.param(_change("parameters", "base_score", "NaN"), "base_score is not finite", id="base score NaN"),
        pytest.param(_change("content", "trees", [1]), "trees is not a list of the stated length", id="too few trees"),
        pytest.param(_change("content", "trees", [1] * 2), "a tree is not an object", id="trees of numbers"),
        pytest.param(
            _change("content", "tree_info", [0.0, 0.0]), "tree_info is not a list of integers", id="group 0.0"
        ),
        pytest.param(
            _change("content", "tree_info", [True, False]), "tree_info is not a list of integers", id="group true"
        ),
        pytest.param(
            _change("parameters", "base_score", "1" + "0" * 400), "base_score is not a number", id="base score huge"
        ),
        pytest.param(_change_tree("id", np.zeros(2, np.int32)), "id is not its place", id="id of two numbers"),
        pytest.param(_change_tree("id", 1), "id is not its place", id="tree of another place"),
        pytest.param(_change_tree("id", 10**9), "id is not its place", id="tree far outside"),
        pytest.param(_change_tree_parameter("num_feature", "6"), "made for other columns", id="tree of six columns"),
        pytest.param(_change_tree_parameter("size_leaf_vector", "3"), "vectors for leaves", id="vector leaves"),
        pytest.param(
            _change_tree_parameter("num_nodes", "7000"), "has not the stated length", id="more nodes than there are"
        ),
        pytest.param(
            _change_tree("sum_hessian", np.zeros(1, np.float32)), "sum_hessian has not the stated", id="short"
        ),
        pytest.param(_change_tree("parents", [0, 0]), "parents is not an array", id="parents as a list"),
        pytest.param(
            _change_tree("split_conditions", np.zeros(1, np.int32)), "right kind of numbers", id="integer leaves"
        ),
        pytest.param(_change_tree("categories_sizes", np.zeros(99, np.int64)), "has not the stated length", id="sizes"),
    ],
)
def test_read_forest_refuses(change: Callable[[Workpiece], None], reason: str) -> None:
    work = Workpiece(train(rounds=2).model)
    change(work)
    with pytest.raises(FormatError, match=reason):
        read_forest(work.model)
