"""Figures: scikit-learn's numbers, for one weighting or for many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from mlapi.training.scores import all_scores, resamples, roc_auc


def sample(n_rows: int, n_classes: int, seed: int, decimals: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Codes with every class at least twice, and probabilities with ties."""
    random = np.random.default_rng(seed)
    codes = np.concatenate([np.repeat(np.arange(n_classes), 2), random.integers(0, n_classes, n_rows)]).astype(np.int32)
    raw = random.random((len(codes), n_classes)).round(decimals) + 0.01
    return codes, (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)


@given(n_rows=st.integers(1, 60), n_classes=st.integers(2, 4), seed=st.integers(0, 1000))
def test_figures_are_scikit_learns(n_rows: int, n_classes: int, seed: int) -> None:
    codes, probabilities = sample(n_rows, n_classes, seed)
    chosen = probabilities.argmax(axis=1).astype(np.int32)
    found = {
        name: value[0] for name, value in all_scores(codes, probabilities, chosen, np.ones((1, len(codes)))).items()
    }
    two = n_classes == 2
    wide = probabilities.astype(np.float64)
    wide /= wide.sum(axis=1, keepdims=True)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(codes, chosen))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(codes, chosen))
    assert found["f1"] == pytest.approx(metrics.f1_score(codes, chosen, average="binary" if two else "macro"))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(codes, wide), rel=1e-5)
    area = metrics.roc_auc_score(codes, probabilities[:, 1] if two else probabilities, multi_class="ovr")
    assert found["roc_auc"] == pytest.approx(area, abs=1e-6)


def test_a_weight_counts_a_row_so_often() -> None:
    codes, probabilities = sample(30, 3, 5)
    chosen = probabilities.argmax(axis=1).astype(np.int32)
    times = np.random.default_rng(1).integers(0, 3, len(codes))
    weighted = all_scores(codes, probabilities, chosen, times[None, :].astype(np.float64))
    rows = np.repeat(np.arange(len(codes)), times)
    repeated = all_scores(codes[rows], probabilities[rows], chosen[rows], np.ones((1, len(rows))))
    for name, value in weighted.items():
        assert value[0] == pytest.approx(repeated[name][0]), name


def test_the_area_is_unknown_where_every_row_is_of_one_class() -> None:
    probabilities = np.array([[0.5, 0.5], [0.1, 0.9]], dtype=np.float32)
    assert np.isnan(roc_auc(np.array([1, 1], dtype=np.int32), probabilities, np.ones((1, 2)))).all()


def test_a_class_without_rows_is_left_out_of_the_mean() -> None:
    codes = np.array([0, 1, 1, 0], dtype=np.int32)
    probabilities = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]], dtype=np.float32)
    found = all_scores(codes, probabilities, codes, np.ones((1, 4)))
    assert [found[name][0] for name in ("accuracy", "balanced_accuracy", "f1", "roc_auc")] == [1.0] * 4


def test_resamples_draw_as_many_rows_as_there_are_in_bounded_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlapi.training.scores.CELLS_AT_ONCE", 100)
    blocks = list(resamples(30, 20, seed=3))
    assert [len(block) for block in blocks] == [3] * 6 + [2]
    assert all((block.sum(axis=1) == 30).all() for block in blocks)


def test_resamples_are_fixed_by_the_seed() -> None:
    first, again, other = (np.concatenate(list(resamples(10, 5, seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
