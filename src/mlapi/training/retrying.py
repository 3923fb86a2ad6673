"""Asking again what did not answer, a bounded number of times."""

from __future__ import annotations

import time
from collections.abc import Callable
from secrets import SystemRandom
from typing import Final, TypeVar

from mlapi.bundle.errors import StoreUnavailable
from mlapi.training.errors import TrackingError

T = TypeVar("T")

ATTEMPTS: Final = 4
BASE_S: Final = 0.2  # longest wait after the first failure; doubled after each further one
CAP_S: Final = 5.0
AWAY: Final = (StoreUnavailable, TrackingError)
_uniform: Final = SystemRandom().uniform


def patiently(
    ask: Callable[[], T],
    *,
    sleep: Callable[[float], None] = time.sleep,
    away: tuple[type[Exception], ...] = AWAY,
) -> T:
    """Ask up to four times; waits grow exponentially, each cut by chance ("full jitter").

    Args:
        ask: what can be done twice without harm.
        sleep: waits, seconds.
        away: what it raises where asking again may help.

    Raises:
        StoreUnavailable: it still does not answer; or another of the errors in `away`.
        TrackingError: likewise.
    """
    for failures in range(ATTEMPTS - 1):
        try:
            return ask()
        except away:
            sleep(_uniform(0.0, min(CAP_S, BASE_S * 2**failures)))
    return ask()
