"""The tables walked without the extension; test_native_bits has more shapes."""

import numpy as np
import pytest

from mlapi.bundle.forest import read_forest
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables
from mlapi.training.proof_rows import proof_rows
from mlapi.training.table_walk import walk_tables
from tests.fixtures.boosters import train
from tests.fixtures.shapes import inplace


@pytest.mark.parametrize("n_classes", [2, 4])
def test_margins_are_xgboosts_in_every_bit(n_classes: int) -> None:
    trained = train(n_classes)
    nodes = order_nodes(read_forest(trained.model))
    tables = build_tables(nodes)
    assert tables is not None
    matrix = proof_rows(nodes, 600)
    assert walk_tables(tables, matrix).view(np.int32).tolist() == inplace(trained, matrix).view(np.int32).tolist()
    assert walk_tables(tables, matrix[:0]).shape == (0, n_classes if n_classes > 2 else 1)
