"""Where the points of the summary of contributions stand."""

import numpy as np

from mlapi.training.plots import Explained
from mlapi.training.plots.contributions import _ranks, _stacked, draw_contributions


def test_equal_points_stand_above_and_below_one_another_within_their_row() -> None:
    heights = _stacked(np.array([0.5, 0.5, 0.5, -0.5]), 1.0)
    assert len(set(heights[:3].tolist())) == 3
    assert heights[3] == 0.0
    assert abs(_stacked(np.zeros(5000), 1.0)).max() <= 0.4


def test_ranks_go_from_zero_to_one_whatever_the_outliers() -> None:
    found = _ranks(np.array([1.0, 2.0, 1e30, np.nan, 2.0], dtype=np.float32))
    assert found[:3].tolist() == [0.0, 0.5, 1.0]
    assert np.isnan(found[3])
    assert found[4] == found[1]


def test_the_columns_that_push_most_stand_first() -> None:
    pushes = np.zeros((4, 1, 3), dtype=np.float32)
    pushes[:, 0, 2], pushes[:, 0, 0] = -2.0, 1.0
    explained = Explained(("a", "b", "c"), ("q",) * 3, np.zeros((4, 3), np.float32), pushes, ("no", "yes"))
    assert explained.most == [2, 0, 1]


def test_a_model_that_nothing_pushes_is_drawn() -> None:
    still = Explained(("a",), ("q",), np.zeros((4, 1), np.float32), np.zeros((4, 1, 1), np.float32), ("no", "yes"))
    assert draw_contributions(still).startswith(b"\x89PNG")
