from __future__ import annotations

import pytest

from mlapi.bundle.errors import VerificationError
from mlapi.bundle.refusals import Refusals
from tests.bundle.test_breaker import Clock

ERROR = VerificationError("golden", "golden_mismatch", "row 3")


def is_refused(refusals: Refusals, manifest: str) -> bool:
    try:
        refusals.raise_if_recent(manifest)
    except VerificationError as error:
        assert error is ERROR
        return True
    return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refusals(clock: Clock) -> Refusals:
    return Refusals(clock)


def test_what_was_never_refused_may_be_tried(refusals: Refusals) -> None:
    assert not is_refused(refusals, "a")


def test_what_was_refused_is_refused_for_a_minute_then_two_up_to_an_hour(refusals: Refusals, clock: Clock) -> None:
    for wait_s in (60, 120, 240, 480, 960, 1920, 3600, 3600):
        refusals.add("a", ERROR)
        clock.now_s += wait_s - 0.5
        assert is_refused(refusals, "a")
        assert not is_refused(refusals, "b")
        clock.now_s += 0.5
        assert not is_refused(refusals, "a")


def test_everything_can_be_tried_again_on_request(refusals: Refusals) -> None:
    refusals.add("a", ERROR)
    refusals.forget()
    assert not is_refused(refusals, "a")


def test_a_hundred_are_remembered_the_last_ones(refusals: Refusals) -> None:
    for number in range(101):
        refusals.add(str(number), ERROR)
    assert not is_refused(refusals, "0")
    assert all(is_refused(refusals, str(number)) for number in range(1, 101))
