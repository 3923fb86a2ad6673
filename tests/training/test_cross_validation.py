"""Cross-validation: XGBoost's own early stopping, rows that did not train, one binning for all parameter sets."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost

from mlapi.training.booster_params import BoosterParams
from mlapi.training.cross_validation import CrossValidation
from mlapi.training.folds import stratified_folds
from mlapi.training.trainer import Fold
from tests.training.test_trainer import fold, trainer


@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_fold_goes_as_xgboosts_own_early_stopping(n_classes: int) -> None:
    train, validation = fold(300, 1, n_classes), fold(100, 2, n_classes)
    rows = Fold(np.vstack([train.matrix, validation.matrix]), np.concatenate([train.codes, validation.codes]))
    folds = [(np.arange(300), np.arange(300, 400))]
    for gain in (0.0, 0.01):
        kind = trainer(n_classes, min_gain=gain)
        wanted = kind.search(BoosterParams(), train, validation)
        found = CrossValidation(kind, rows, folds).search(BoosterParams())
        assert (found.best_round, found.best_loss, found.curves) == (wanted.best_round, wanted.best_loss, wanted.curves)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_row_losses_are_those_of_the_best_round(n_classes: int) -> None:
    rows = fold(300, 1, n_classes)
    validation = CrossValidation(trainer(n_classes), rows, stratified_folds(rows.codes, 3, 1))
    losses = validation.row_losses(BoosterParams())
    assert losses.shape == (300,)
    assert losses.mean() == pytest.approx(validation.search(BoosterParams()).best_loss, abs=1e-6)


def test_matrices_are_binned_once_for_each_number_of_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    kind = xgboost.QuantileDMatrix

    def counted(*args: object, max_bin: int, **values: object) -> xgboost.QuantileDMatrix:
        made.append(max_bin)
        return kind(*args, max_bin=max_bin, **values)

    monkeypatch.setattr(xgboost, "QuantileDMatrix", counted)
    rows = fold(90, 1)
    validation = CrossValidation(trainer(max_rounds=2), rows, stratified_folds(rows.codes, 3, 1))
    for max_bin, depth in ((64, 2), (64, 3), (32, 3), (64, 4)):
        validation.search(BoosterParams(max_bin=max_bin, max_depth=depth))
    assert made == [64] * 3 + [32] * 3


def test_folds_share_rows_and_classes_out_evenly_and_once() -> None:
    codes = np.array([0] * 50 + [1] * 20 + [2] * 7, dtype=np.int32)
    parts = stratified_folds(codes, 3, 1)
    assert sorted(np.concatenate([scored for _, scored in parts]).tolist()) == list(range(77))
    for train, scored in parts:
        assert sorted([*train, *scored]) == list(range(77))
        assert len(scored) in (25, 26)
        assert all(abs(int((codes[scored] == code).sum()) - int((codes == code).sum()) / 3) < 1 for code in range(3))
    again = stratified_folds(codes, 3, 1)
    assert all(np.array_equal(one[1], other[1]) for one, other in zip(parts, again, strict=True))
    assert any(not np.array_equal(*pair) for pair in zip(parts[0], stratified_folds(codes, 3, 2)[0], strict=True))


def test_a_slower_learner_gets_as_much_more_patience() -> None:
    kind = trainer(rate=0.1)
    told = [
        len(CrossValidation(kind, fold(60, 1), [(np.arange(40), np.arange(40, 60))]).search(one).curves["validation"])
        - kind.search(one, fold(60, 1).take(np.arange(40)), fold(60, 1).take(np.arange(40, 60))).best_round
        for one in (BoosterParams(learning_rate=0.1), BoosterParams(learning_rate=0.05))
    ]
    assert told == [10, 20]
