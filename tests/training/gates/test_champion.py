"""A challenger against a champion on the same rows: real boosters, one better than the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlapi.bundle import Bundle, load
from mlapi.training.gates.champion import IncomparableError, compare
from mlapi.training.gates.latency import one_row_ms
from mlapi.training.held_out import HeldOut
from tests.fixtures import bundles, tables


def opened(folder: Path, made: bundles.Made) -> Bundle:
    return load(made.write(folder))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return opened(tmp_path_factory.mktemp("good") / "b", bundles.make(tables.mixed(), rounds=30))


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return opened(tmp_path_factory.mktemp("weak") / "b", bundles.make(tables.mixed(seed=99), rounds=1))


@pytest.fixture(scope="module")
def rows() -> HeldOut:
    sample = tables.mixed(2000, seed=5)
    return HeldOut(dict(sample.table), [str(label) for label in sample.labels])


def test_a_worse_challenger_is_seen_to_be_worse(good: Bundle, weak: Bundle, rows: HeldOut) -> None:
    found = compare(weak, good, rows)
    assert found.n_rows == 2000
    assert found.challenger < found.champion
    assert found.low <= found.challenger - found.champion <= found.high < 0
    better = compare(good, weak, rows)
    assert better.low > 0
    assert (better.low, better.high) == pytest.approx((-found.high, -found.low))


def test_equals_are_equal(good: Bundle, rows: HeldOut) -> None:
    found = compare(good, good, rows)
    assert (found.low, found.high) == (0.0, 0.0)
    assert found.challenger_loss == found.champion_loss
    assert "2000 rows new to both (difference +0.0000" in found.sentence()


def test_the_figures_are_those_of_scikit_learn(good: Bundle, weak: Bundle, rows: HeldOut) -> None:
    from sklearn.metrics import log_loss, roc_auc_score

    found = compare(weak, good, rows)
    probabilities = weak.predict_table(rows.table).probabilities
    truth = [label == weak.decision.names[1] for label in rows.labels]
    assert found.challenger == pytest.approx(roc_auc_score(truth, probabilities[:, 1]))
    assert found.challenger_loss == pytest.approx(log_loss(truth, probabilities[:, 1]), rel=1e-6)


def test_what_cannot_be_compared_is_told(good: Bundle, rows: HeldOut, tmp_path: Path) -> None:
    few = {name: cells for name, cells in rows.table.items() if name != "age"}
    one_class = np.flatnonzero(np.array(rows.labels) == rows.labels[0])
    multiclass = opened(tmp_path / "m", bundles.multiclass())
    cases = [
        (multiclass, rows, "different classes"),
        (good, HeldOut(few, rows.labels), "lack the feature 'age'"),
        (good, HeldOut(rows.table, ["maybe"] * 2000), "a label that neither knows"),
        (good, HeldOut({**rows.table, "plan": rows.table["age"]}, rows.labels), "do not fit a model"),
        (good, rows.take(one_class), "of one class"),
    ]
    for challenger, held_out, told in cases:
        with pytest.raises(IncomparableError, match=told):
            compare(challenger, good, held_out)


def test_latency_is_told_in_milliseconds(good: Bundle) -> None:
    p50_ms, p99_ms = one_row_ms(good)
    assert 0 < p50_ms <= p99_ms
