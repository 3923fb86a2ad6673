"""The threshold: what is asked for is what it gives."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.training.errors import ConfigError
from mlapi.training.threshold import choose_threshold, read_objective

Figure = Callable[[np.ndarray, np.ndarray], float]


def sample(seed: int, n_rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    codes = np.r_[0, 1, random.integers(0, 2, n_rows - 2)].astype(np.int32)
    said = np.clip(0.3 + 0.3 * codes + random.normal(0, 0.2, n_rows), 0, 1).astype(np.float32)
    return codes, said.round(2)


def called(probability: np.ndarray, threshold: float) -> np.ndarray:
    """As serving compares."""
    return np.asarray(probability >= np.float32(threshold)).astype(int)


def everywhere(figure: Figure, codes: np.ndarray, probability: np.ndarray) -> list[float]:
    return [figure(codes, called(probability, level)) for level in [*np.unique(probability), 1.1]]


def f1(codes: np.ndarray, guesses: np.ndarray) -> float:
    return float(2 * (codes * guesses).sum() / (codes.sum() + guesses.sum()))


def precision(codes: np.ndarray, guesses: np.ndarray) -> float:
    return float((codes * guesses).sum() / max(guesses.sum(), 1))


def recall(codes: np.ndarray, guesses: np.ndarray) -> float:
    return float((codes * guesses).sum() / codes.sum())


def balanced(codes: np.ndarray, guesses: np.ndarray) -> float:
    return (recall(codes, guesses) + recall(1 - codes, 1 - guesses)) / 2


def cost(codes: np.ndarray, guesses: np.ndarray) -> float:
    return -float(5 * ((codes == 0) & (guesses == 1)).sum() + ((codes == 1) & (guesses == 0)).sum())


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("f1", f1),
        ("balanced_accuracy", balanced),
        ("youden", balanced),
        ("cost:5,1", cost),
    ],
)
@given(seed=st.integers(0, 500))
def test_no_other_threshold_serves_the_objective_better(text: str, figure: Figure, seed: int) -> None:
    codes, said = sample(seed)
    chosen = choose_threshold(read_objective(text), codes, said)
    assert figure(codes, called(said, chosen)) == pytest.approx(max(everywhere(figure, codes, said)))


@given(seed=st.integers(0, 500))
def test_a_recall_is_reached_with_the_best_precision(seed: int) -> None:
    codes, said = sample(seed)
    guesses = called(said, choose_threshold(read_objective("recall>=0.9"), codes, said))
    assert recall(codes, guesses) >= 0.9
    possible = [called(said, level) for level in np.unique(said)]
    best = max(precision(codes, one) for one in possible if recall(codes, one) >= 0.9)
    assert precision(codes, guesses) == pytest.approx(best)


@given(seed=st.integers(0, 500))
def test_a_precision_is_reached_with_the_best_recall(seed: int) -> None:
    codes, said = sample(seed)
    guesses = called(said, choose_threshold(read_objective("precision >= .7"), codes, said))
    assert precision(codes, guesses) >= 0.7


def test_a_precision_out_of_reach_is_told_with_the_highest() -> None:
    codes, said = np.array([1, 0, 1, 0], dtype=np.int32), np.full(4, 0.5, dtype=np.float32)
    with pytest.raises(ConfigError, match=r"no threshold reaches a precision of 0.8.*the highest is 0.5"):
        choose_threshold(read_objective("precision>=0.8"), codes, said)


def test_a_threshold_reads_well_and_lies_between_probabilities_that_occur() -> None:
    codes, said = np.array([0, 0, 1, 1], dtype=np.int32), np.array([0.1, 0.2, 0.7, 0.9], dtype=np.float32)
    assert choose_threshold(read_objective("f1"), codes, said) == 0.45


def test_neighbours_in_float32_are_told_apart() -> None:
    low = np.float32(0.3)
    said = np.array([low, np.nextafter(low, np.float32(1))], dtype=np.float32)
    chosen = choose_threshold(read_objective("f1"), np.array([0, 1], dtype=np.int32), said)
    assert called(said, chosen).tolist() == [0, 1]


def test_where_a_false_alarm_costs_too_much_none_is_called() -> None:
    codes, said = np.array([0, 1, 0, 0], dtype=np.int32), np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32)
    assert not called(said, choose_threshold(read_objective("cost:100,1"), codes, said)).any()


def test_weights_count() -> None:
    codes, said = np.array([0, 1, 0, 1], dtype=np.int32), np.array([0.2, 0.4, 0.6, 0.8], dtype=np.float32)
    objective = read_objective("cost:1,1")
    careful = choose_threshold(objective, codes, said, np.array([1.0, 1.0, 9.0, 1.0]))
    eager = choose_threshold(objective, codes, said, np.array([1.0, 9.0, 1.0, 1.0]))
    assert (called(said, careful).tolist(), called(said, eager).tolist()) == ([0, 0, 0, 1], [0, 1, 1, 1])


@pytest.mark.parametrize("text", ["", "accuracy", "recall>0.9", "recall>=1.5", "cost:1", "cost:-1,2", "F1"])
def test_what_is_no_objective_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(ConfigError, match="is no objective; give f1, balanced_accuracy"):
        read_objective(text)
