"""A search's best set is shipped where it is better on folds that it was not chosen on, beyond doubt of one error."""

from __future__ import annotations

import pytest

from mlapi.training.booster_params import BoosterParams
from mlapi.training.choice import choose
from mlapi.training.cross_validation import CrossValidation
from mlapi.training.folds import stratified_folds
from tests.training.test_trainer import fold, trainer

GOOD = BoosterParams(max_depth=3, learning_rate=0.2)
POOR = BoosterParams(max_depth=1, learning_rate=0.001)


@pytest.fixture(scope="module")
def rows() -> CrossValidation:
    table = fold(400, 1)
    return CrossValidation(trainer(max_rounds=30), table, stratified_folds(table.codes, 3, 2))


def test_what_is_clearly_better_is_taken(rows: CrossValidation) -> None:
    choice = choose(POOR, GOOD, rows)
    assert choice.params == GOOD
    assert choice.gain > choice.error > 0
    assert str(choice).startswith("took the best trial's parameters: the best trial saves 0.")


def test_what_is_no_better_is_not(rows: CrossValidation) -> None:
    choice = choose(GOOD, POOR, rows)
    assert (choice.params, choice.taken) == (GOOD, False)
    assert choice.gain < 0
    assert str(choice).startswith("kept the given parameters: the best trial saves -0.")


def test_a_lead_within_one_error_is_not_enough(rows: CrossValidation) -> None:
    choice = choose(GOOD, GOOD.model_copy(update={"reg_lambda": 1.05}), rows)
    assert abs(choice.gain) < choice.error
    assert choice.params == GOOD


def test_the_given_set_needs_no_proof(rows: CrossValidation) -> None:
    choice = choose(GOOD, GOOD, rows)
    assert choice.params == GOOD
    assert str(choice) == "kept the given parameters: no trial did better"
