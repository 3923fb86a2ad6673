"""Boosting: the rounds that early stopping found, and no more; the same trees whatever the threads."""

from __future__ import annotations

import numpy as np
import pytest

from mlapi.training.booster_params import BoosterParams
from mlapi.training.trainer import Fold, ModelTrainer, margin, model_bytes

TYPES = ("q", "c", "i")


def fold(n_rows: int, seed: int, n_classes: int = 2) -> Fold:
    """A number with gaps, four categories, a boolean; the class follows the first two."""
    random = np.random.default_rng(seed)
    number = random.normal(size=n_rows)
    code = random.integers(0, 4, n_rows)
    score = number + (code % 2) + random.normal(0, 0.5, n_rows)
    codes = np.clip(np.digitize(score, np.linspace(-0.5, 1.5, n_classes - 1)), 0, n_classes - 1)
    number[random.random(n_rows) < 0.1] = np.nan
    matrix = np.column_stack([number, code, random.integers(0, 2, n_rows)]).astype(np.float32)
    return Fold(matrix, codes.astype(np.int32))


def trainer(n_classes: int = 2, **values: object) -> ModelTrainer:
    given = {"seed": 1, "max_rounds": 400, "patience": 10, "threads": 1} | values
    return ModelTrainer(TYPES, n_classes, **given)  # type: ignore[arg-type] # values of several types


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_search_ends_early_at_its_best_round(n_classes: int) -> None:
    told: list[int | None] = []
    found = trainer(n_classes).search(
        BoosterParams(),
        fold(300, 1, n_classes),
        fold(100, 2, n_classes),
        lambda _, done=None, total=None: told.append(done),
    )
    losses = found.curves["validation"]
    assert found.best_round == int(np.argmin(losses)) + 1
    assert found.best_loss == min(losses)
    assert len(losses) == found.best_round + 10
    assert told == list(range(1, len(losses) + 1))


def test_a_search_ends_where_rounds_gain_next_to_nothing() -> None:
    train, validation = fold(300, 1), fold(100, 2)
    patient = trainer().search(BoosterParams(), train, validation)
    hasty = trainer(min_gain=0.05).search(BoosterParams(), train, validation)
    assert hasty.best_round < patient.best_round


def test_a_search_ends_at_the_most_rounds() -> None:
    assert len(trainer(max_rounds=3).search(BoosterParams(), fold(300, 1), fold(100, 2)).curves["validation"]) == 3


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_booster_has_exactly_its_rounds(n_classes: int) -> None:
    booster = trainer(n_classes).fit(BoosterParams(), fold(200, 1, n_classes), 7)
    assert booster.num_boosted_rounds() == 7
    scored = margin(trainer(n_classes), booster, fold(20, 3, n_classes))
    assert scored.dtype == np.float32
    assert scored.shape == (20, 1 if n_classes == 2 else n_classes)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_threads_do_not_change_a_byte(n_classes: int) -> None:
    models = {
        model_bytes(trainer(n_classes, threads=threads).fit(BoosterParams(), fold(2000, 1, n_classes), 20))
        for threads in (1, 2, None)
    }
    assert len(models) == 1


def test_another_seed_gives_other_trees() -> None:
    rows = fold(300, 1)
    first, second = (model_bytes(trainer(seed=seed).fit(BoosterParams(), rows, 5)) for seed in (1, 2))
    assert first != second


def test_parameters_reach_xgboost() -> None:
    told = trainer(3).parameters(BoosterParams(max_depth=3))
    assert told["objective"] == "multi:softprob"
    assert (told["num_class"], told["max_depth"], told["tree_method"], told["device"]) == (3, 3, "hist", "cpu")


def test_a_row_that_counts_twice_is_as_good_as_two() -> None:
    train, validation = fold(300, 1), fold(100, 2)
    twice = np.concatenate([np.arange(300), np.arange(100)])
    heavy = np.where(np.arange(300) < 100, 2.0, 1.0)
    params = BoosterParams(subsample=1.0, colsample_bytree=1.0)
    once = trainer().search(params, Fold(train.matrix, train.codes, heavy), validation)
    again = trainer().search(params, train.take(twice), validation)
    assert once.best_loss == pytest.approx(again.best_loss, abs=0.01)
    assert once.best_loss != trainer().search(params, train, validation).best_loss


def test_what_validation_rows_count_decides_when_the_training_stops() -> None:
    train, validation = fold(300, 1), fold(100, 2)
    kept = np.where(np.arange(100) < 50, 1.0, 0.0)
    weighted = trainer().search(BoosterParams(), train, Fold(validation.matrix, validation.codes, kept))
    half = trainer().search(BoosterParams(), train, validation.take(np.arange(50)))
    assert weighted.curves["validation"] == pytest.approx(half.curves["validation"])
    assert weighted.best_round == half.best_round
