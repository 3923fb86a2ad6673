"""Nodes in the order in which they are walked."""

from typing import Any

import numpy as np
import pytest

from mlapi.bundle.forest import read_forest
from mlapi.bundle.nodes import Nodes, order_nodes
from tests.fixtures.boosters import train
from tests.fixtures.models import Workpiece


def nodes_of(n_classes: int = 2, **options: Any) -> Nodes:
    return order_nodes(read_forest(train(n_classes, **options).model))


@pytest.mark.parametrize("options", [{}, {"tree_method": "exact", "categorical": False, "gamma": 5.0}], ids=str)
def test_every_node_but_a_root_is_one_nodes_child_and_comes_after_it(options: dict[str, Any]) -> None:
    nodes = nodes_of(**options)
    inner = np.flatnonzero(nodes.children)
    children = np.concatenate([nodes.children[inner], nodes.children[inner] + 1])
    assert sorted([*children.tolist(), *nodes.roots.tolist()]) == list(range(len(nodes.children)))
    assert (nodes.children[inner] > inner).all()


def test_leftovers_of_pruning_are_left_out() -> None:
    forest = read_forest(train(categorical=False, rounds=5, tree_method="exact", gamma=5.0).model)
    assert len(order_nodes(forest).children) < len(forest.left)


def test_shares_of_siblings_sum_to_one() -> None:
    nodes = nodes_of()
    left = nodes.children[nodes.children > 0]
    np.testing.assert_allclose(nodes.shares[left] + nodes.shares[left + 1], 1.0, atol=1e-6)
    assert (nodes.shares[nodes.roots] == 1.0).all()


def test_where_no_row_came_either_way_has_half_of_them() -> None:
    work = Workpiece(train().model)
    work.trees[0]["sum_hessian"][:] = 0
    nodes = order_nodes(read_forest(work.model))
    assert nodes.shares[nodes.children[0]] == nodes.shares[nodes.children[0] + 1] == 0.5


def test_a_set_of_codes_has_a_bit_for_each_that_goes_right() -> None:
    trained = train(max_cat_to_onehot=1)
    forest, nodes = read_forest(trained.model), nodes_of(max_cat_to_onehot=1)
    tests = np.flatnonzero(nodes.n_words)
    assert len(tests) == len(forest.category_nodes)
    words = [nodes.words[nodes.first_words[node] :][: nodes.n_words[node]] for node in tests]
    assert sum(int(word).bit_count() for part in words for word in part) == len(forest.categories)


@pytest.mark.parametrize(("base_score", "margin"), [("5E-1", 0.0), ("[3E-2]", -3.4760985)])
def test_two_classes_begin_with_the_log_odds_of_the_base_score(base_score: str, margin: float) -> None:
    work = Workpiece(train(rounds=1).model)
    work.parameters["base_score"] = base_score
    assert order_nodes(read_forest(work.model)).base.tolist() == [pytest.approx(margin, abs=1e-6)]


def test_more_classes_begin_with_the_base_scores_themselves() -> None:
    work = Workpiece(train(3, rounds=1).model)
    assert order_nodes(read_forest(work.model)).base.shape == (3,)
    work.parameters["base_score"] = "[1E0,2.5E0,-3E0]"
    assert order_nodes(read_forest(work.model)).base.tolist() == [1.0, 2.5, -3.0]


def test_records_hold_what_the_extension_reads() -> None:
    nodes = nodes_of()
    records = nodes.records()
    assert records.dtype == np.uint32
    assert records.shape == (len(nodes.children), 6)
    np.testing.assert_array_equal(records[:, 2].view(np.float32), nodes.conditions)
