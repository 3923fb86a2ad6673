"""XGBoost's library without its package, against the package."""

import ctypes
import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from mlapi.bundle import libxgboost
from mlapi.bundle.errors import EngineError
from mlapi.bundle.libxgboost import LibXGBoost
from mlapi.bundle.types import Matrix
from tests.fixtures.boosters import Trained, train
from tests.fixtures.models import Workpiece

ROOT = Path(__file__).parents[2]


def bits(array: Matrix) -> list[int]:
    return array.view(np.int32).ravel().tolist()


def rows(trained: Trained, n_rows: int = 3000) -> Matrix:
    """Rows near and far from the training data, with missing cells; codes as the encoder gives them."""
    rng = np.random.default_rng(11)
    matrix = rng.normal(scale=3, size=(n_rows, trained.matrix.shape[1])).astype(np.float32)
    if "c" in trained.types:
        matrix[:, 3], matrix[:, 4] = rng.integers(0, 7, n_rows), rng.integers(0, 3, n_rows)
    matrix[rng.random(matrix.shape) < 0.15] = np.nan
    matrix[0], matrix[1] = np.nan, 0.0
    return matrix


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"categorical": False},
        {"missing": False},
        {"max_cat_to_onehot": 1},
        {"booster": "dart", "rate_drop": 0.3},
        {"num_parallel_tree": 3, "subsample": 0.5},
        {"tree_method": "exact", "categorical": False, "gamma": 3.0},
        {"base_score": 0.03},
        {"rounds": 150},
    ],
    ids=str,
)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_margin_is_boosters_in_every_bit(n_classes: int, options: dict[str, Any]) -> None:
    trained = train(n_classes, **options)
    matrix = np.concatenate([rows(trained), trained.matrix])
    expected = trained.booster.predict(trained.dmatrix(matrix), output_margin=True)
    found = LibXGBoost(trained.model).margin(matrix)
    assert found.dtype == np.float32
    assert found.shape == (len(matrix), 1 if n_classes == 2 else n_classes)
    assert bits(found) == bits(expected)


@pytest.mark.parametrize("cell", [-1.0, 7.0, 99.0, 1e30, np.inf, -np.inf])
def test_margin_of_codes_and_infinities_that_the_encoder_guards_is_inplace_predicts(cell: float) -> None:
    trained = train()
    matrix = np.full((1, 5), cell, np.float32)
    expected = trained.booster.inplace_predict(matrix, predict_type="margin", validate_features=False)
    assert bits(LibXGBoost(trained.model).margin(matrix)) == bits(expected)


def test_margin_of_one_row_is_that_of_the_row_among_many() -> None:
    trained = train()
    engine, matrix = LibXGBoost(trained.model), rows(trained, 50)
    assert bits(np.concatenate([engine.margin(matrix[row : row + 1]) for row in range(50)])) == bits(
        engine.margin(matrix)
    )


def test_margin_takes_matrices_of_any_layout() -> None:
    trained = train()
    engine, matrix = LibXGBoost(trained.model), rows(trained, 50)
    assert bits(engine.margin(np.asfortranarray(matrix))) == bits(engine.margin(matrix))
    assert bits(engine.margin(matrix[::2])) == bits(engine.margin(matrix)[::2])


def test_margin_of_no_rows_is_empty() -> None:
    assert LibXGBoost(train(4).model).margin(np.empty((0, 5), np.float32)).shape == (0, 4)


def test_margin_is_the_callers_own() -> None:
    trained = train()
    engine, matrix = LibXGBoost(trained.model), rows(trained, 10)
    first = engine.margin(matrix)
    kept = first.copy()
    first[:] = 7
    assert bits(engine.margin(matrix)) == bits(kept)
    engine.margin(np.zeros((10, 5), np.float32))
    assert (first == 7).all()


@pytest.mark.parametrize(
    "matrix",
    [
        pytest.param(np.zeros((1, 4), np.float32), id="too few columns"),
        pytest.param(np.zeros((1, 6), np.float32), id="too many columns"),
        pytest.param(np.zeros(5, np.float32), id="one axis"),
        pytest.param(np.zeros((1, 5), np.float64), id="float64"),
        pytest.param(np.zeros((1, 5), ">f4"), id="other byte order"),
    ],
)
def test_margin_refuses(matrix: Matrix) -> None:
    with pytest.raises(EngineError, match=r"not float32\[n, 5\]"):
        LibXGBoost(train().model).margin(matrix)


@pytest.mark.parametrize(
    "options", [{}, {"categorical": False}, {"max_cat_to_onehot": 1}, {"booster": "dart", "rate_drop": 0.3}], ids=str
)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_contributions_are_boosters_and_sum_to_the_margin(n_classes: int, options: dict[str, Any]) -> None:
    trained = train(n_classes, **options)
    engine, matrix = LibXGBoost(trained.model), rows(trained, 200)
    found = engine.contributions(matrix)
    expected = trained.booster.predict(trained.dmatrix(matrix), pred_contribs=True)
    assert found.dtype == np.float64
    assert found.shape == (200, engine.n_groups, engine.n_columns + 1)
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)
    np.testing.assert_allclose(found.sum(axis=2), engine.margin(matrix), rtol=0, atol=1e-5)


def test_contributions_of_no_rows_are_empty() -> None:
    assert LibXGBoost(train(4).model).contributions(np.empty((0, 5), np.float32)).shape == (0, 4, 6)


def test_contributions_refuse_what_margin_does_and_infinities() -> None:
    engine = LibXGBoost(train().model)
    with pytest.raises(EngineError, match=r"not float32\[n, 5\]"):
        engine.contributions(np.zeros((1, 4), np.float32))
    with pytest.raises(EngineError, match="inf"):
        engine.contributions(np.full((1, 5), np.inf, np.float32))


def test_threads_share_an_engine() -> None:
    trained = train(4)
    engine, matrix = LibXGBoost(trained.model), rows(trained, 400)
    expected, barrier = engine.margin(matrix), Barrier(4)

    def score(part: int) -> bool:
        barrier.wait()
        mine = slice(100 * part, 100 * part + 100)
        return all(bits(engine.margin(matrix[mine])) == bits(expected[mine]) for _ in range(50))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(score, range(4)))


def test_an_engine_outlives_the_bytes_that_it_was_made_of_and_others_of_its_kind() -> None:
    trained = train()
    engine, matrix = LibXGBoost(bytes(bytearray(trained.model))), rows(trained, 50)
    expected = engine.margin(matrix)
    for _ in range(5):
        LibXGBoost(trained.model)
        gc.collect()
    assert bits(engine.margin(matrix)) == bits(expected)


def test_a_model_that_the_library_refuses_gives_one_clear_line() -> None:
    work = Workpiece(train().model)
    work.learner["objective"]["name"] = "no:such"
    with pytest.raises(EngineError, match="no:such") as refusal:
        LibXGBoost(work.model)
    assert "\n" not in refusal.value.reason
    assert ".cc" not in refusal.value.reason


def test_a_message_without_source_file_is_kept() -> None:
    assert libxgboost._first_line("bad allocation\n") == "bad allocation"


def test_the_library_is_used_without_its_package_and_without_spinning_threads(tmp_path: Path) -> None:
    trained = train()
    (tmp_path / "model.ubj").write_bytes(trained.model)
    code = f"""
import os, sys, pathlib
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {{"xgboost", "scipy", "pandas", "sklearn"}}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
import numpy
from mlapi.bundle.libxgboost import LibXGBoost
engine = LibXGBoost(pathlib.Path({str(tmp_path / "model.ubj")!r}).read_bytes())
print(engine.margin(numpy.zeros((1, 5), numpy.float32)).view(numpy.int32)[0, 0], os.environ["OMP_WAIT_POLICY"])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    expected = LibXGBoost(trained.model).margin(np.zeros((1, 5), np.float32)).view(np.int32)[0, 0]
    assert done.stdout.split() == [str(expected), "passive"]
    assert done.stderr == ""


@pytest.fixture
def fresh_library() -> Any:
    """Forget the loaded library before and after."""
    libxgboost._library.cache_clear()
    yield
    libxgboost._library.cache_clear()


@pytest.mark.usefixtures("fresh_library")
def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(EngineError, match="install xgboost-cpu"):
        LibXGBoost(train().model)


@pytest.mark.usefixtures("fresh_library")
def test_a_library_that_cannot_be_loaded_gives_the_systems_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "xgboost").mkdir()
    (tmp_path / "xgboost" / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(EngineError, match="cannot be loaded"):
        LibXGBoost(train().model)


@pytest.mark.usefixtures("fresh_library")
def test_a_wait_policy_that_somebody_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    LibXGBoost(train().model)
    assert os.environ["OMP_WAIT_POLICY"] == "active"


def test_a_booster_is_freed_with_its_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[object] = []
    library = libxgboost._library()
    real = library.XGBoosterFree

    def free(handle: ctypes.c_void_p) -> int:
        freed.append(handle.value)
        return int(real(handle))

    monkeypatch.setattr(library, "XGBoosterFree", free)
    engine = LibXGBoost(train().model)
    handle = engine._handle.value
    del engine
    gc.collect()
    assert freed == [handle]
