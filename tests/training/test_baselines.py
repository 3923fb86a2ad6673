"""What a model must beat, from the same matrix."""

import numpy as np
import pytest

from mlapi.training import baselines as module
from mlapi.training.baselines import baselines, logistic_regression, majority
from mlapi.training.trainer import Fold
from tests.training.test_trainer import TYPES, fold


def test_the_majority_says_each_classs_share_for_every_row() -> None:
    found = majority(np.array([0, 0, 0, 2], dtype=np.int32), 2, 3)
    assert found.dtype == np.float32
    assert found.tolist() == [[0.75, 0.0, 0.25]] * 2


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_logistic_regression_learns_from_numbers_and_categories_with_gaps(n_classes: int) -> None:
    train, test = fold(800, 1, n_classes), fold(400, 2, n_classes)
    found = baselines(train, test.matrix, TYPES, n_classes, seed=1)
    right = {name: (said.argmax(axis=1) == test.codes).mean() for name, said in found.items()}
    assert found["logistic_regression"].shape == (400, n_classes)
    assert right["logistic_regression"] > right["majority"] + 0.1


def test_a_category_counts_by_itself_and_not_by_its_code() -> None:
    codes = np.tile(np.arange(4), 100)
    rows = Fold(codes[:, None].astype(np.float32), (codes % 2).astype(np.int32))
    found = logistic_regression(rows, rows.matrix, ("c",), seed=1)
    assert (found.argmax(axis=1) == rows.codes).all()


def test_an_unseen_category_and_a_column_without_cells_are_taken() -> None:
    train = Fold(
        np.column_stack([np.full(40, np.nan), np.arange(40) % 3]).astype(np.float32),
        (np.arange(40) % 2).astype(np.int32),
    )
    found = logistic_regression(train, np.array([[1.0, 7.0], [np.nan, np.nan]], dtype=np.float32), ("q", "c"), seed=1)
    assert np.isfinite(found).all()


def test_of_many_rows_a_seeded_part_is_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    train = fold(500, 1)
    whole = logistic_regression(train, train.matrix, TYPES, seed=1)
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    parts = [logistic_regression(train, train.matrix, TYPES, seed) for seed in (1, 1, 2)]
    assert np.array_equal(parts[0], parts[1])
    assert not np.array_equal(parts[0], parts[2])
    assert not np.array_equal(parts[0], whole)
