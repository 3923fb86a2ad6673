"""Arrivals that are laid down before the load."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.arrivals import Stretch, poisson


def test_the_same_seed_gives_the_same_arrivals() -> None:
    first, again, other = (poisson([Stretch(2, 500)], seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[:10], other[:10])


def test_gaps_at_an_even_rate_are_exponential() -> None:
    gaps = np.diff(poisson([Stretch(100, 1000)], 3))
    assert gaps.mean() == pytest.approx(1e-3, rel=0.01)
    assert gaps.std() == pytest.approx(1e-3, rel=0.02)  # the mean of an exponential is its deviation too
    assert (gaps > 1e-3).mean() == pytest.approx(np.exp(-1), abs=0.01)


def test_a_burst_is_as_much_denser_as_asked() -> None:
    due = poisson([Stretch(10, 100), Stretch(10, 1000), Stretch(10, 100)], 4)
    counts, _ = np.histogram(due, [0, 10, 20, 30])
    assert counts == pytest.approx([1000, 10_000, 1000], rel=0.1)


def test_a_ramp_rises_evenly() -> None:
    due = poisson([Stretch(10, 0, 2000)], 5)
    counts, _ = np.histogram(due, [0, 5, 10])
    assert counts == pytest.approx([2500, 7500], rel=0.1)


def test_arrivals_ascend_within_the_time() -> None:
    due = poisson([Stretch(1, 10, 1000), Stretch(1, 1000, 10)], 6)
    assert np.all(np.diff(due) >= 0)
    assert due[0] >= 0
    assert due[-1] <= 2


def test_no_rate_means_no_arrival() -> None:
    assert len(poisson([Stretch(5, 0)], 7)) == 0
