"""Figures: scikit-learn's numbers, for one weighting or for many."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from mlapi.training.scores import Scorer, all_scores, resamples, roc_auc


def sample(n_rows: int, n_classes: int, seed: int, decimals: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Codes with every class at least twice, and probabilities with ties."""
    random = np.random.default_rng(seed)
    codes = np.concatenate([np.repeat(np.arange(n_classes), 2), random.integers(0, n_classes, n_rows)]).astype(np.int32)
    raw = random.random((len(codes), n_classes)).round(decimals) + 0.01
    return codes, (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)


def scikit_learns(codes: np.ndarray, probabilities: np.ndarray, chosen: np.ndarray, weights: np.ndarray) -> Any:
    """The same figures by scikit-learn, with sample weights."""
    n_classes = probabilities.shape[1]
    two, given = n_classes == 2, {"sample_weight": weights}
    wide = probabilities.astype(np.float64)
    wide /= wide.sum(axis=1, keepdims=True)
    one_hot = np.eye(n_classes)[codes]
    areas = [metrics.average_precision_score(one_hot[:, k], probabilities[:, k], **given) for k in range(n_classes)]
    return {
        "accuracy": metrics.accuracy_score(codes, chosen, **given),
        "balanced_accuracy": metrics.balanced_accuracy_score(codes, chosen, **given),
        "f1": metrics.f1_score(codes, chosen, average="binary" if two else "macro", **given),
        "mcc": metrics.matthews_corrcoef(codes, chosen, **given),
        "log_loss": metrics.log_loss(codes, wide, **given),
        "brier": metrics.brier_score_loss(codes, wide[:, 1] if two else wide, **given),
        "roc_auc": metrics.roc_auc_score(
            codes, probabilities[:, 1] if two else probabilities, multi_class="ovr", **given
        ),
        "pr_auc": areas[1] if two else np.mean(areas),
    }


@given(n_rows=st.integers(1, 60), n_classes=st.integers(2, 4), seed=st.integers(0, 1000), weighted=st.booleans())
def test_figures_are_scikit_learns(n_rows: int, n_classes: int, seed: int, weighted: bool) -> None:
    codes, probabilities = sample(n_rows, n_classes, seed)
    chosen = probabilities.argmax(axis=1).astype(np.int32)
    weights = np.random.default_rng(seed).uniform(0.5, 2.0, len(codes)) if weighted else np.ones(len(codes))
    found = all_scores(codes, probabilities, chosen, weights[None, :])
    expected = scikit_learns(codes, probabilities, chosen, weights)
    assert set(found) == {*expected, "calibration_error"}
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value, abs=1e-5), name


@given(n_rows=st.integers(1, 60), n_classes=st.integers(2, 4), seed=st.integers(0, 1000))
def test_figures_of_each_class_are_scikit_learns(n_rows: int, n_classes: int, seed: int) -> None:
    codes, probabilities = sample(n_rows, n_classes, seed)
    chosen = probabilities.argmax(axis=1).astype(np.int32)
    found = Scorer(codes, probabilities, chosen).scores(np.ones((1, len(codes)))).classes
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(codes, chosen, zero_division=0.0)
    assert found["precision"][0] == pytest.approx(precision)
    assert found["recall"][0] == pytest.approx(recall)
    assert found["f1"][0] == pytest.approx(f1)
    for place in range(n_classes):
        assert found["roc_auc"][0, place] == pytest.approx(
            metrics.roc_auc_score(codes == place, probabilities[:, place])
        )


def test_a_weight_counts_a_row_so_often() -> None:
    codes, probabilities = sample(30, 3, 5)
    chosen = probabilities.argmax(axis=1).astype(np.int32)
    times = np.random.default_rng(1).integers(0, 3, len(codes))
    weighted = all_scores(codes, probabilities, chosen, times[None, :].astype(np.float64))
    rows = np.repeat(np.arange(len(codes)), times)
    repeated = all_scores(codes[rows], probabilities[rows], chosen[rows], np.ones((1, len(rows))))
    for name, value in weighted.items():
        assert value[0] == pytest.approx(repeated[name][0]), name


def test_the_calibration_error_is_the_mean_distance_over_bins() -> None:
    second = np.array([0.1, 0.1, 0.1, 0.1, 0.9, 0.9], dtype=np.float32)
    codes = np.array([0, 0, 0, 1, 1, 1], dtype=np.int32)
    probabilities = np.stack([1 - second, second], axis=1)
    found = all_scores(codes, probabilities, codes, np.ones((1, 6)))["calibration_error"][0]
    assert found == pytest.approx((4 * abs(0.1 - 0.25) + 2 * abs(0.9 - 1.0)) / 6)


def test_the_calibration_error_of_several_classes_looks_at_the_most_probable_one() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1]] * 4, dtype=np.float32)
    codes = np.array([0, 0, 0, 1], dtype=np.int32)
    found = all_scores(codes, probabilities, np.zeros(4, dtype=np.int32), np.ones((1, 4)))["calibration_error"][0]
    assert found == pytest.approx(0.8 - 0.75)


def test_areas_are_unknown_where_every_row_is_of_one_class() -> None:
    probabilities = np.array([[0.5, 0.5], [0.1, 0.9]], dtype=np.float32)
    codes = np.array([1, 1], dtype=np.int32)
    assert np.isnan(roc_auc(codes, probabilities, np.ones((1, 2)))).all()
    found = all_scores(codes, probabilities, codes, np.ones((1, 2)))
    assert np.isnan(found["roc_auc"][0])
    assert (found["pr_auc"][0], found["mcc"][0]) == (1.0, 0.0)


def test_a_class_without_rows_is_left_out_of_the_mean() -> None:
    codes = np.array([0, 1, 1, 0], dtype=np.int32)
    probabilities = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]], dtype=np.float32)
    found = all_scores(codes, probabilities, codes, np.ones((1, 4)))
    assert [found[name][0] for name in ("accuracy", "balanced_accuracy", "f1", "roc_auc", "pr_auc")] == [1.0] * 5


def test_resamples_draw_as_many_rows_as_there_are_in_bounded_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlapi.training.scores.CELLS_AT_ONCE", 100)
    blocks = list(resamples(30, 20, seed=3))
    assert [len(block) for block in blocks] == [3] * 6 + [2]
    assert all((block.sum(axis=1) == 30).all() for block in blocks)


def test_resamples_are_fixed_by_the_seed() -> None:
    first, again, other = (np.concatenate(list(resamples(10, 5, seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
