"""Our own engine: what it refuses, what it owns, what it explains. Its bits are compared in test_native_bits."""

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from mlapi.bundle import native
from mlapi.bundle.errors import EngineError
from mlapi.bundle.forest import read_forest
from mlapi.bundle.native import NativeTrees
from mlapi.bundle.nodes import order_nodes
from mlapi.bundle.padding import build_tables
from mlapi.bundle.tables import Tables
from mlapi.bundle.types import Matrix
from mlapi.training.proof_rows import proof_rows
from tests.fixtures.boosters import Trained, train
from tests.fixtures.extension import needs_extension
from tests.fuzz.tables import damaged

pytestmark = needs_extension
COUNT = 20_000 if os.environ.get("MLAPI_PROVE") else 1500
FORMS = [pytest.param(True, id="tables"), pytest.param(False, id="node by node")]


def tables_of(trained: Trained) -> Tables:
    tables = build_tables(order_nodes(read_forest(trained.model)))
    assert tables is not None
    return tables


def engine_of(trained: Trained, tables: bool = True) -> NativeTrees:
    return NativeTrees.of(read_forest(trained.model), tables_of(trained) if tables else None)


def rows(trained: Trained, n_rows: int) -> Matrix:
    return proof_rows(order_nodes(read_forest(trained.model)), n_rows, seed=3)


def bits(array: Matrix) -> list[int]:
    return array.view(np.int32).ravel().tolist()


@pytest.mark.parametrize("tables", FORMS)
def test_margin_takes_matrices_of_any_layout(tables: bool) -> None:
    trained = train()
    engine, matrix = engine_of(trained, tables), rows(trained, 50)
    assert bits(engine.margin(np.asfortranarray(matrix))) == bits(engine.margin(matrix))
    assert bits(engine.margin(matrix[::2])) == bits(engine.margin(matrix)[::2])


@pytest.mark.parametrize("tables", FORMS)
def test_no_rows_give_no_margins_and_no_contributions(tables: bool) -> None:
    engine = engine_of(train(4), tables)
    assert engine.margin(np.empty((0, 5), np.float32)).shape == (0, 4)
    assert engine.contributions(np.empty((0, 5), np.float32)).shape == (0, 4, 6)


@pytest.mark.parametrize("tables", FORMS)
def test_many_rows_get_what_each_gets_alone(tables: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlapi.bundle.cores.own_cores", lambda: 3)
    trained = train(4)
    engine, matrix = engine_of(trained, tables), rows(trained, 5000)
    together = engine.margin(matrix)
    apart = [engine.margin(matrix[start : start + 500]) for start in range(0, 5000, 500)]
    assert bits(together) == bits(np.concatenate(apart))
    few = matrix[:40]
    one = np.concatenate([engine.contributions(few[row : row + 1]) for row in range(40)])
    np.testing.assert_array_equal(engine.contributions(few), one)


@pytest.mark.parametrize("tables", FORMS)
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
def test_a_matrix_of_another_kind_is_refused(matrix: Matrix, tables: bool) -> None:
    engine = engine_of(train(), tables)
    for call in (engine.margin, engine.contributions):
        with pytest.raises(EngineError, match=r"not float32\[n, 5\]"):
            call(matrix)


def test_threads_share_an_engine() -> None:
    trained = train(4)
    engine, matrix = engine_of(trained), rows(trained, 400)
    expected, explained, barrier = engine.margin(matrix), engine.contributions(matrix), Barrier(4)

    def score(part: int) -> bool:
        barrier.wait()
        mine = slice(100 * part, 100 * part + 100)
        return all(
            bits(engine.margin(matrix[mine])) == bits(expected[mine])
            and np.array_equal(engine.contributions(matrix[mine]), explained[mine])
            for _ in range(20)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(score, range(4)))


@pytest.mark.parametrize("n_rows", [1, 30, 2500])
@pytest.mark.parametrize("tables", [True, False])
def test_a_view_gets_the_margins_that_the_array_gets(n_rows: int, tables: bool) -> None:
    trained = train()
    engine = NativeTrees.of(read_forest(trained.model), tables_of(trained) if tables else None)
    matrix = rows(trained, n_rows)
    view: memoryview[float] = memoryview(cast("Any", matrix)).cast("B").cast("f", matrix.shape)
    found = engine.margin(view)
    assert isinstance(found, memoryview)
    assert bits(np.asarray(found)) == bits(engine.margin(matrix))


def test_an_engine_owns_what_it_reads() -> None:
    trained = train()
    forest, tables, matrix = read_forest(trained.model), tables_of(trained), rows(trained, 50)
    engine = NativeTrees.of(forest, tables)
    walk, expected = engine._walk, engine.margin(matrix)
    for array in tables:
        array.fill(0)
    del tables
    gc.collect()
    assert bits(engine.margin(matrix)) == bits(expected)
    del engine
    gc.collect()
    again = np.empty_like(expected)
    walk(matrix, again)
    assert bits(again) == bits(expected)


@pytest.mark.parametrize(
    "options",
    [{}, {"categorical": False}, {"max_cat_to_onehot": 1}, {"rounds": 150}, {"max_depth": 12}, {"base_score": 0.03}],
    ids=str,
)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_contributions_are_xgboosts_and_sum_to_the_margin(n_classes: int, options: dict[str, Any]) -> None:
    trained = train(n_classes, **options)
    engine = NativeTrees.of(read_forest(trained.model), None)
    matrix = rows(trained, 300)
    matrix[np.isinf(matrix)] = np.nan  # XGBoost's DMatrix takes none
    found = engine.contributions(matrix)
    expected = trained.booster.predict(trained.dmatrix(matrix), pred_contribs=True)
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=2), engine.margin(matrix), rtol=0, atol=1e-5)


def test_contributions_sum_where_no_training_row_came() -> None:
    forest = read_forest(train(rounds=30).model)
    covers = forest.covers.copy()
    covers[::3] = 0
    engine = NativeTrees.of(forest._replace(covers=covers), None)
    matrix = rows(train(rounds=30), 200)
    np.testing.assert_allclose(engine.contributions(matrix).sum(axis=2), engine.margin(matrix), rtol=0, atol=1e-5)


def test_tables_of_another_model_are_refused() -> None:
    with pytest.raises(EngineError, match="another number of margins"):
        NativeTrees.of(read_forest(train(4).model), tables_of(train()))


def _set(name: str, at: Any, value: int) -> Any:
    def change(tables: Tables) -> Tables:
        array = getattr(tables, name).copy()
        array[at] = value
        return tables._replace(**{name: array})

    return change


def _cut(name: str) -> Any:
    return lambda tables: tables._replace(**{name: getattr(tables, name)[:-1]})


BIG = 2**32 - 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(_set("groups", 3, 1), "group is out of range", id="group"),
        pytest.param(_set("numeric", (0, 0), 5), "numeric column is out of range", id="numeric column"),
        pytest.param(_set("numeric", (0, 1), BIG), "split values are out of range", id="first split"),
        pytest.param(_set("numeric", (-1, 2), 9999), "split values are out of range", id="number of splits"),
        pytest.param(_set("numeric", (0, 3), 0xFFFD), "too many split values or cells", id="numeric slot"),
        pytest.param(_cut("splits"), "split values are out of range", id="splits cut"),
        pytest.param(_set("categorical", (0, 0), BIG), "categorical column is out of range", id="categorical column"),
        pytest.param(_set("categorical", (0, 1), BIG), "strips are out of range", id="first strip"),
        pytest.param(_set("categorical", (0, 2), 1 << 24), "strips are out of range", id="codes"),
        pytest.param(_set("categorical", (0, 2), BIG), "too many codes or cells", id="huge codes"),
        pytest.param(_set("categorical", (0, 3), 0x10000), "too many codes or cells", id="categorical slot"),
        pytest.param(_set("categorical", (0, 4), 0xFFFF), "too many codes or cells", id="cells"),
        pytest.param(_set("strips", 0, 2), "neither 0 nor 1", id="cell of a strip"),
        pytest.param(_cut("strips"), "strips are out of range", id="strips cut"),
        pytest.param(_set("depths", 0, 11), "too deep", id="depth 11"),
        pytest.param(_set("depths", 0, 3), "do not fit the depths", id="depth 3"),
        pytest.param(_cut("depths"), "not as many depths", id="depths cut"),
        pytest.param(_cut("nodes"), "do not fit the depths", id="nodes cut"),
        pytest.param(_cut("leaves"), "do not fit the depths", id="leaves cut"),
        pytest.param(_set("nodes", -1, BIG), "cell out of range", id="slot"),
        pytest.param(lambda tables: tables._replace(nodes=tables.leaves), "records of 1 I", id="floats for words"),
        pytest.param(lambda tables: tables._replace(numeric=tables.groups[:7]), "records of 4 I", id="odd records"),
    ],
)
def test_tables_that_lead_out_of_an_array_are_refused(change: Any, reason: str) -> None:
    trained = train()
    with pytest.raises(EngineError, match=reason):
        NativeTrees.of(read_forest(trained.model), change(tables_of(trained)))


def test_no_mutated_table_leads_a_walk_astray() -> None:
    """What is not refused is walked; a sanitizer, where one is loaded, sees whether all of it stays inside."""
    trained = train(4)
    nodes, matrix, rng = order_nodes(read_forest(trained.model)), rows(trained, 20), Random(5)
    groups, roots = nodes.groups.astype(np.uint32), nodes.roots.astype(np.uint32)
    plain: list[NDArray[Any]] = [nodes.base, groups, roots, nodes.records(), nodes.words, nodes.shares]
    walked = dict.fromkeys(("Padded", "Plain"), 0)
    padded: list[NDArray[Any]] = list(tables_of(trained))
    for kind, arrays in (("Padded", padded), ("Plain", plain)):
        for _ in range(COUNT):
            try:
                walk = getattr(native.extension(), kind)(5, *damaged(arrays, rng))
                walk.margin(matrix, np.empty((20, 4), np.float32))
                if kind == "Plain":
                    walk.contributions(matrix[:3], np.empty((3, 4, 6)))
            except ValueError:
                continue
            walked[kind] += 1
    assert all(COUNT // 20 < count < COUNT for count in walked.values()), walked


def test_the_extension_refuses_calls_that_do_not_fit() -> None:
    padded = native.extension().Padded(5, *tables_of(train()))  # type: ignore[union-attr]  # it is there
    good, answer = np.zeros((3, 5), np.float32), np.zeros((3, 1), np.float32)
    padded.margin(good, answer)
    frozen = answer.copy()
    frozen.flags.writeable = False
    for error, arguments in (
        (TypeError, (good,)),
        (ValueError, (good, answer[:2])),
        (ValueError, (good.astype(np.float64), answer)),
        (ValueError, (good[:, :4].copy(), answer)),
        (ValueError, (good, answer.astype(np.float64))),
        (ValueError, (np.asfortranarray(good), answer)),
        (ValueError, (good, frozen)),
        (TypeError, ([1.0], answer)),
    ):
        with pytest.raises(error):
            padded.margin(*arguments)
    with pytest.raises(TypeError):
        native.extension().Padded(5)  # type: ignore[union-attr]  # it is there
