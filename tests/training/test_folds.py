"""Folds: every row scored once, by rows that may be compared with it."""

from __future__ import annotations

import numpy as np
import pytest

from mlapi.training.dataset import Dataset
from mlapi.training.errors import TargetError
from mlapi.training.folds import folds
from mlapi.training.labels import Labels
from mlapi.training.roles import Roles

CODES = np.random.default_rng(0).integers(0, 2, 200).astype(np.int32)


def data(roles: Roles, codes: np.ndarray[tuple[int], np.dtype[np.int32]] = CODES) -> Dataset:
    return Dataset("t", "y", (), Labels(("a", "b"), codes), roles=roles)


def test_without_roles_classes_have_their_shares() -> None:
    parts = folds(data(Roles()), 5, 0)
    assert [len(scored) for _, scored in parts] == [40] * 5
    assert np.array_equal(np.sort(np.concatenate([scored for _, scored in parts])), np.arange(200))


def test_no_group_is_in_two_folds() -> None:
    groups = np.arange(200) // 7
    parts = folds(data(Roles(groups=groups)), 4, 0)
    assert np.array_equal(np.sort(np.concatenate([scored for _, scored in parts])), np.arange(200))
    assert all(not set(groups[train]) & set(groups[scored]) for train, scored in parts)
    with pytest.raises(TargetError, match="29 groups, too few for 30 folds"):
        folds(data(Roles(groups=groups)), 30, 0)


def test_later_rows_score_what_earlier_ones_trained() -> None:
    times = np.random.default_rng(1).integers(0, 50, 200).astype(np.float64)
    parts = folds(data(Roles(times=times)), 4, 0)
    assert len(parts) == 4
    assert all(times[train].max() < times[scored].min() for train, scored in parts)
    with pytest.raises(TargetError, match="of 2 times, too few for 4 folds"):
        folds(data(Roles(times=np.repeat([0.0, 1.0], 100))), 4, 0)


def test_a_fold_whose_training_lacks_a_class_is_left_out() -> None:
    late = (np.arange(200) >= 60).astype(np.int32)
    times = np.arange(200.0)
    assert len(folds(data(Roles(times=times), late), 4, 0)) == 3
    with pytest.raises(TargetError, match="no fold has training rows of every class"):
        folds(data(Roles(times=times), (times >= 190).astype(np.int32)), 4, 0)
