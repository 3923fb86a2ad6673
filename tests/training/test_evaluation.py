"""Figures with intervals."""

import numpy as np
import pytest

from mlapi.bundle.decision import Decision
from mlapi.training.evaluation import ModelEvaluator
from mlapi.training.scores import all_scores, resamples


def scored(n_rows: int = 200, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 2, n_rows).astype(np.int32)
    positive = np.clip(0.3 + 0.4 * codes + random.normal(0, 0.2, n_rows), 0.01, 0.99).astype(np.float32)
    return codes, np.stack([np.float32(1) - positive, positive], axis=1)


def test_an_interval_holds_its_figure_and_is_fixed_by_the_seed() -> None:
    codes, probabilities = scored()
    first = ModelEvaluator(Decision(classes=("no", "yes")), seed=4).evaluate(codes, probabilities)
    again = ModelEvaluator(Decision(classes=("no", "yes")), seed=4).evaluate(codes, probabilities)
    assert first.intervals == again.intervals
    assert set(first.metrics) == set(first.intervals)
    for name, value in first.metrics.items():
        low, high = first.intervals[name]
        assert low < value < high


def test_an_interval_is_the_middle_of_the_resamples() -> None:
    codes, probabilities = scored()
    evaluator = ModelEvaluator(Decision(classes=(0, 1)), bootstrap=100, seed=9)
    chosen = evaluator.chosen(probabilities)
    drawn = [all_scores(codes, probabilities, chosen, weights)["accuracy"] for weights in resamples(200, 100, 9)]
    wanted = np.quantile(np.concatenate(drawn), [0.025, 0.975])
    assert evaluator.evaluate(codes, probabilities).intervals["accuracy"] == tuple(wanted)


def test_labels_are_chosen_as_serving_chooses_them() -> None:
    _, probabilities = scored()
    strict = ModelEvaluator(Decision(classes=(0, 1), threshold=0.8))
    assert strict.chosen(probabilities).tolist() == (probabilities[:, 1] >= np.float32(0.8)).astype(int).tolist()


def test_each_class_has_its_own_figures() -> None:
    codes = np.array([0, 0, 0, 1, 1, 2], dtype=np.int32)
    probabilities = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 1, 0]] * 0.8 + 0.1
    found = ModelEvaluator(Decision(classes=("a", "b", "c")), bootstrap=20).evaluate(codes, probabilities)
    assert found.confusion.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    first, second, third = found.per_class
    assert (first.label, first.figures.n_rows) == ("a", 3)
    assert [first.figures.metrics[name] for name in ("precision", "recall")] == [2 / 3, 2 / 3]
    assert [second.figures.metrics[name] for name in ("precision", "recall", "f1")] == [2 / 3, 1.0, 0.8]
    assert [third.figures.metrics[name] for name in ("precision", "recall", "f1")] == [0.0, 0.0, 0.0]
    assert all(set(one.figures.intervals) == set(one.figures.metrics) for one in found.per_class)


def test_a_figure_that_the_rows_cannot_give_is_absent() -> None:
    probabilities = np.array([[0.4, 0.6], [0.2, 0.8]], dtype=np.float32)
    found = ModelEvaluator(Decision(classes=(0, 1)), bootstrap=20).evaluate(
        np.array([1, 1], dtype=np.int32), probabilities
    )
    assert "roc_auc" not in found.metrics
    assert found.metrics["accuracy"] == 1.0
    assert "roc_auc" not in found.intervals


@pytest.mark.filterwarnings("error")
def test_resamples_without_one_class_do_not_spoil_an_interval() -> None:
    codes = np.array([0] * 30 + [1], dtype=np.int32)
    positive = np.linspace(0.1, 0.9, 31).astype(np.float32)
    found = ModelEvaluator(Decision(classes=(0, 1)), bootstrap=50).evaluate(
        codes, np.stack([1 - positive, positive], axis=1)
    )
    assert found.intervals["roc_auc"] == (1.0, 1.0)
