"""Areas under curves, one sorting for all weightings; test_scores compares them with scikit-learn's."""

import numpy as np

from mlapi.training.ranking import Ranking

POSITIVE = np.array([False, True, False, True])
SCORE = np.array([0.1, 0.4, 0.35, 0.8], dtype=np.float32)


def test_a_perfect_ranking_has_areas_of_one_and_a_reversed_one_the_least() -> None:
    perfect = Ranking(POSITIVE, POSITIVE.astype(np.float32)).areas(np.ones((1, 4)))
    assert (perfect.roc[0], perfect.precision_recall[0]) == (1.0, 1.0)
    reversed_ = Ranking(POSITIVE, -POSITIVE.astype(np.float32)).areas(np.ones((1, 4)))
    assert (reversed_.roc[0], reversed_.precision_recall[0]) == (0.0, 0.5)


def test_equal_scores_count_half() -> None:
    areas = Ranking(POSITIVE, np.zeros(4, dtype=np.float32)).areas(np.ones((1, 4)))
    assert (areas.roc[0], areas.precision_recall[0]) == (0.5, 0.5)


def test_a_row_of_weight_zero_is_not_there() -> None:
    without = Ranking(POSITIVE, SCORE).areas(np.array([[1.0, 0.0, 1.0, 1.0]]))
    kept = [0, 2, 3]
    alone = Ranking(POSITIVE[kept], SCORE[kept]).areas(np.ones((1, 3)))
    assert (without.roc[0], without.precision_recall[0]) == (alone.roc[0], alone.precision_recall[0])


def test_each_weighting_gets_its_own_areas() -> None:
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 5.0, 1.0, 1.0]])
    both = Ranking(POSITIVE, SCORE).areas(weights)
    for place, one in enumerate(weights):
        alone = Ranking(POSITIVE, SCORE).areas(one[None, :])
        assert (both.roc[place], both.precision_recall[place]) == (alone.roc[0], alone.precision_recall[0])


def test_areas_need_rows_on_both_sides() -> None:
    areas = Ranking(np.array([True, True]), SCORE[:2]).areas(np.ones((1, 2)))
    assert np.isnan(areas.roc[0])
    assert areas.precision_recall[0] == 1.0
    assert np.isnan(Ranking(np.array([False, False]), SCORE[:2]).areas(np.ones((1, 2))).precision_recall[0])
