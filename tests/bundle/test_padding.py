"""The tables of the branch-free engine: when they are made, and that they say what the nodes say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlapi.bundle import padding, quantising
from mlapi.bundle.forest import read_forest
from mlapi.bundle.nodes import Nodes, order_nodes
from mlapi.bundle.padding import LANES, build_tables
from mlapi.bundle.tables import Tables
from tests.fixtures.boosters import train
from tests.fixtures.models import Workpiece
from tests.fixtures.shapes import grow


def nodes_of(**options: Any) -> Nodes:
    return order_nodes(read_forest(train(**options).model))


def tables_of(**options: Any) -> Tables:
    tables = build_tables(nodes_of(**options))
    assert tables is not None
    return tables


def test_blocks_of_eight_trees_are_padded_to_their_deepest() -> None:
    work = Workpiece(train(rounds=20, max_depth=6).model)
    tables = build_tables(order_nodes(read_forest(work.model)))
    assert tables is not None
    assert tables.depths.shape == (3,)
    assert len(tables.nodes) == len(tables.leaves) == LANES * sum(2 ** int(depth) for depth in tables.depths)


def test_a_column_has_each_split_value_once_in_order() -> None:
    tables = tables_of(rounds=50)
    for _, first, count, _ in tables.numeric.tolist():
        assert (np.diff(tables.splits[first : first + count]) > 0).all()
    assert tables.numeric[:, 2].sum() == len(tables.splits)


def test_a_set_that_many_nodes_test_has_one_cell() -> None:
    tables, nodes = tables_of(rounds=150, max_cat_to_onehot=9), nodes_of(rounds=150, max_cat_to_onehot=9)
    assert tables.categorical[:, 4].sum() <= 2 * (7 + 3) < (nodes.n_words > 0).sum()


def test_a_strip_has_the_sets_own_codes_none_for_others_and_the_default_for_missing() -> None:
    tables = tables_of()
    for _, first, n_codes, _, n_cells in tables.categorical.tolist():
        strips = tables.strips[first:][: (n_codes + 2) * n_cells].reshape(n_codes + 2, n_cells)
        assert strips[:n_codes].any(axis=0).all()
        assert not strips[n_codes].any()
        assert set(strips.ravel().tolist()) <= {0, 1}


def test_the_same_forest_gives_the_same_bytes() -> None:
    assert tables_of().to_files() == tables_of().to_files()


def test_a_tree_of_one_leaf_needs_no_cells() -> None:
    tables = tables_of(rounds=2, gamma=1e9)
    assert tables.depths.tolist() == [0]
    assert (len(tables.nodes), len(tables.numeric), len(tables.strips)) == (LANES, 0, 0)


def test_trees_that_are_too_deep_get_no_tables() -> None:
    nodes = order_nodes(read_forest(grow("depth 11").model))
    assert padding._depths(nodes).max() > padding.MAX_PADDED
    assert build_tables(nodes) is None


@pytest.mark.parametrize(
    ("limit", "less"),
    [
        pytest.param("MAX_BYTES", lambda tables: tables.nodes.nbytes, id="nodes"),
        pytest.param("MAX_BYTES", lambda tables: 2 * tables.nodes.nbytes + tables.strips.nbytes - 1, id="strips"),
        pytest.param("MAX_SLOTS", lambda tables: 8, id="slots"),
    ],
)
def test_a_forest_whose_tables_would_be_too_large_gets_none(
    limit: str, less: Callable[[Tables], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = nodes_of(rounds=16)
    tables = build_tables(nodes)
    assert tables is not None
    monkeypatch.setattr(padding, limit, less(tables))
    assert build_tables(nodes) is None


def test_a_slot_and_a_bin_have_16_bits_each() -> None:
    assert quantising.MAX_SLOTS == 1 << 16
