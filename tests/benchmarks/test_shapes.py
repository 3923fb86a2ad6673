"""What is reckoned of the answers to an open-loop load, on answers that are made up."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.open_loop import Answers
from benchmarks.shapes import figures, in_three, late_windows, recovery_s


def answers(due_s: list[float], took_s: list[float], status: list[int] | None = None) -> Answers:
    """Requests that were sent when due; a status other than 200 or a negative time is no good answer."""
    due, took = np.array(due_s), np.array(took_s)
    codes = np.array(status or [200] * len(due), np.int32)
    return Answers(due, due, due + took, codes, np.zeros(len(due), np.uint32))


def test_figures_count_what_was_asked_and_what_was_good() -> None:
    found = figures(answers([0.0, 0.5, 1.0, 1.5], [0.1, 0.2, 0.3, 0.0], [200, 200, 200, 503]), 2.0)
    assert found["offered_per_s"] == 2.0
    assert found["good_per_s"] == 1.5
    assert found["answered"] == 0.75
    assert found["statuses"] == {"200": 3, "503": 1}
    assert found["p50_ms"] == pytest.approx(200)


def test_answers_that_come_late_make_no_rate() -> None:
    assert figures(answers([0.0, 0.1], [3.9, 3.9]), 1.0)["good_per_s"] == pytest.approx(0.5)


def test_a_window_is_late_by_its_median_or_by_a_refusal() -> None:
    due = [0.01, 0.02, 0.03, 0.11, 0.12, 0.13, 0.21, 0.22, 0.23]
    took = [0.001, 0.001, 0.9, 0.9, 0.9, 0.001, 0.001, 0.0, 0.001]
    found = late_windows(answers(due, took, [200] * 7 + [503, 200]), limit_ms=100)
    assert found == pytest.approx([0.1, 0.2])


def test_recovery_lasts_until_the_last_late_window() -> None:
    due = [2.05, 2.15, 2.25, 2.35, 2.45]
    assert recovery_s(answers(due, [0.5, 0.001, 0.5, 0.001, 0.001]), 2.0, calm_ms=10) == pytest.approx(0.3)
    assert recovery_s(answers(due, [0.001] * 5), 2.0, calm_ms=10) == 0.0


def test_a_burst_is_told_from_what_was_before_and_after() -> None:
    found = in_three(
        answers([0.5, 1.5, 1.6, 2.05, 2.5], [0.01, 0.5, 0.0, 0.5, 0.01], [200, 200, 503, 200, 200]), 1, 2, 3
    )
    assert found["statuses"] == {"200": 1, "503": 1}
    assert found["before"]["offered_per_s"] == 1
    assert found["after"]["offered_per_s"] == 2
    assert found["recovered_after_s"] == pytest.approx(0.1)


def test_nothing_asked_has_no_figures() -> None:
    found = figures(answers([], []), 1.0)
    assert found["offered_per_s"] == 0
    assert np.isnan(found["answered"])
    assert len(late_windows(answers([], []), limit_ms=1)) == 0
