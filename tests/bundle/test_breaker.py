from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.bundle.breaker import CircuitBreaker


class Clock:
    """Monotonic seconds that pass when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_opens_with_the_fifth_failure_in_a_row(clock: Clock) -> None:
    breaker = CircuitBreaker(clock=clock, uniform=lambda low, high: 1.0)
    for _ in range(4):
        breaker.failed()
        assert breaker.wait_s == 0
    breaker.failed()
    assert breaker.wait_s == 30


def test_a_success_between_failures_starts_the_count_anew(clock: Clock) -> None:
    breaker = CircuitBreaker(clock=clock)
    for _ in range(4):
        breaker.failed()
    breaker.succeeded()
    for _ in range(4):
        breaker.failed()
    assert breaker.wait_s == 0


def test_after_the_wait_one_try_decides(clock: Clock) -> None:
    breaker = CircuitBreaker(clock=clock, uniform=lambda low, high: 1.0)
    for _ in range(5):
        breaker.failed()
    clock.now_s += 20
    assert breaker.wait_s == 10
    clock.now_s += 10
    assert breaker.wait_s == 0
    breaker.failed()
    assert breaker.wait_s == 30
    clock.now_s += 31
    assert breaker.wait_s == 0
    breaker.succeeded()
    breaker.failed()
    assert breaker.wait_s == 0


def test_the_wait_varies_by_a_fifth(clock: Clock) -> None:
    bounds = []

    def uniform(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    breaker = CircuitBreaker(failures=1, clock=clock, uniform=uniform)
    breaker.failed()
    assert bounds == [(0.8, 1.2)]
    assert breaker.wait_s == 36


@given(st.lists(st.booleans(), max_size=50))
def test_no_wait_is_longer_than_the_open_time_and_its_jitter(outcomes: list[bool]) -> None:
    breaker = CircuitBreaker(clock=Clock())
    for outcome in outcomes:
        (breaker.succeeded if outcome else breaker.failed)()
        assert breaker.wait_s == 0 or 24 <= breaker.wait_s <= 36
