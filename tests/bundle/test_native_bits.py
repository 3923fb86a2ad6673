"""Our engine's margins are XGBoost's in every bit, for boosters of every shape.

`make prove`: more than a million random rows, 24 boosters. `make test`: 20,000 rows, some of them.
"""

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlapi.bundle import native
from mlapi.bundle.forest import read_forest
from mlapi.bundle.native import NativeTrees
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables
from mlapi.bundle.structure import check_forest
from mlapi.bundle.tables import Tables
from mlapi.training.proof_rows import proof_rows
from mlapi.training.table_walk import walk_tables
from tests.fixtures.extension import needs_extension
from tests.fixtures.shapes import SHAPES, grow, inplace
from tests.fixtures.unusual import unusual

if TYPE_CHECKING:
    from mlapi.bundle._trees import Padded

pytestmark = needs_extension

PROVE = bool(os.environ.get("MLAPI_PROVE"))
QUICK = (
    "stump",
    "adult-like",
    "one-hot",
    "nothing but missing",
    "7 classes, base score",
    "depth 11",
    "pruned",
    "exact",
)
ROWS = 50_000 if PROVE else 2_500
ONE_BY_ONE = {"depth 10", "1000 levels"}  # rows, in trees that are deeper than 8, and of columns with many codes
BY_CELL = {"nothing but missing", "many columns"}  # because tests are many beside the few that a row meets
DEEP = {"depth 11", "depth 12", "leaf by leaf"}


@pytest.mark.parametrize("name", SHAPES if PROVE else QUICK)
def test_margins_are_xgboosts_in_every_bit(name: str) -> None:
    trained = grow(name)
    forest = read_forest(trained.model)
    check_forest(forest, len(trained.types), max(1, SHAPES[name].classes if SHAPES[name].classes > 2 else 1))
    nodes = order_nodes(forest)
    tables = build_tables(nodes)
    assert (tables is None) == (name in DEEP)
    matrix = proof_rows(nodes, ROWS, seed=7)
    matrix[: len(trained.matrix)] = trained.matrix[: len(matrix)]
    expected = inplace(trained, matrix).view(np.int32)
    for engine in [NativeTrees.of(forest, form) for form in (None, *([tables, unusual(tables)] if tables else []))]:
        found = engine.margin(matrix).view(np.int32)
        assert int((found != expected).sum()) == 0, engine.name
        # Whole lanes of eight rows, what is left of them, both; and the edges of 24 and 128 rows at once.
        for n_rows in (1, 7, 8, 9, 23, 24, 25, 64, 65, 100, 127, 128, 129, 151, 152, 153, 1031):
            found = engine.margin(matrix[5 : 5 + n_rows]).view(np.int32)
            assert found.tolist() == expected[5 : 5 + n_rows].tolist()
    if tables:
        trees, odd = padded(len(trained.types), tables), padded(len(trained.types), unusual(tables))
        assert (trees.sliced, trees.by_test) == (name not in ONE_BY_ONE, name not in BY_CELL)
        assert (odd.sliced, odd.by_test) == (False, False)
        few = matrix[-500:]
        found = np.concatenate([engine.margin(few[start : start + 20]) for start in range(0, 500, 20)])
        assert int((found.view(np.int32) != expected[-500:]).sum()) == 0
        assert int((walk_tables(tables, few).view(np.int32) != expected[-500:]).sum()) == 0


def padded(n_columns: int, tables: Tables) -> "Padded":
    extension = native.extension()
    assert extension is not None
    found: Padded = extension.Padded(n_columns, *tables)
    return found
