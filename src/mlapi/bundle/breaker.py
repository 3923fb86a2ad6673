"""A circuit breaker: who has failed often enough is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from mlapi.bundle.chance import uniform

FAILURES: Final = 5  # in a row, until it opens
OPEN_S: Final = 30.0
JITTER: Final = 0.2  # of OPEN_S, so that a fleet does not come back in one beat


class CircuitBreaker:
    """Counts failures in a row; after a few of them it is open, which means: not now.

    Afterwards one try is let through. If that fails too it is open again, if not everything is forgotten.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        open_s: float = OPEN_S,
        jitter: float = JITTER,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = uniform,
    ) -> None:
        """Take the limits.

        Args:
            failures: in a row, until it opens.
            open_s: how long it stays open, seconds.
            jitter: share of `open_s` that is added or taken off by chance, 0 to 1.
            clock: seconds, monotonic.
            uniform: gives a random number between two bounds.
        """
        self._limit = failures
        self._open_s = open_s
        self._jitter = jitter
        self._clock = clock
        self._uniform = uniform
        self._failures = 0
        self._until = 0.0

    @property
    def wait_s(self) -> float:
        """Seconds until the next try may be made; 0 while it is closed."""
        return max(0.0, self._until - self._clock()) if self._failures >= self._limit else 0.0

    def succeeded(self) -> None:
        """Close it."""
        self._failures = 0

    def failed(self) -> None:
        """Count a failure; open it if that is one too many."""
        self._failures += 1
        if self._failures >= self._limit:
            self._until = self._clock() + self._open_s * self._uniform(1 - self._jitter, 1 + self._jitter)
