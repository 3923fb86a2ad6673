"""The engine as a compiler builds it that has no vectors: in every bit the same."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mlapi.bundle.forest import read_forest
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables
from mlapi.training.proof_rows import proof_rows
from tests.fixtures.shapes import grow, inplace
from tests.fuzz.build import TREES, NoCompiler, build


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    try:
        library = build(TREES, "portable", tmp_path_factory.mktemp("build"))
    except NoCompiler as error:
        pytest.skip(str(error))
    return load_beside(library)


def load_beside(library: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(TREES.module, library)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["adult-like", "7 classes, base score", "depth 8", "pruned"])
def test_many_rows_are_answered_without_vectors_too(portable: ModuleType, name: str) -> None:
    trained = grow(name)
    nodes = order_nodes(read_forest(trained.model))
    tables = build_tables(nodes)
    assert tables is not None
    trees = portable.Padded(len(trained.types), *tables)
    assert trees.sliced
    matrix = proof_rows(nodes, 1500, seed=7)
    expected = inplace(trained, matrix)
    for n_rows in (1, 23, 24, 63, 64, 65, 127, 128, 129, 1500):
        found = np.empty((n_rows, len(tables.base)), np.float32)
        trees.margin(matrix[:n_rows], found)
        assert np.array_equal(found.view(np.int32), expected[:n_rows].view(np.int32))
