"""Rows that reach everywhere in a forest."""

import numpy as np

from mlapi.bundle.forest import read_forest
from mlapi.bundle.nodes import order_nodes
from mlapi.training.proof_rows import proof_rows
from tests.fixtures.boosters import train
from tests.fixtures.shapes import grow


def test_rows_hold_split_points_missing_cells_infinities_and_codes_beyond() -> None:
    nodes = order_nodes(read_forest(train().model))
    rows = proof_rows(nodes, 2000)
    assert rows.shape == (2000, 5)
    assert rows.dtype == np.float32
    splits = nodes.conditions[(nodes.children > 0) & (nodes.columns == 0)]
    assert np.isin(rows[:, 0], splits).mean() > 0.2
    for column in rows.T:
        assert np.isnan(column).any()
        assert {np.inf, -np.inf} <= set(column.tolist())
    assert set(range(7)) <= set(rows[:, 3].tolist())
    assert ((rows[:, 3] > 6) & np.isfinite(rows[:, 3])).any()


def test_the_same_forest_gives_the_same_rows() -> None:
    nodes = order_nodes(read_forest(train().model))
    assert proof_rows(nodes, 50).tobytes() == proof_rows(nodes, 50).tobytes()


def test_columns_that_no_tree_tests_have_cells_too() -> None:
    nodes = order_nodes(read_forest(grow("nothing but missing").model))
    assert proof_rows(nodes, 10).shape == (10, 2)
