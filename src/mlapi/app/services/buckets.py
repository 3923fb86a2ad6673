"""Token buckets in this process's memory, one a name.

Each is kept as one number, the instant at which it will be full again (the generic cell rate algorithm, ITU-T I.371),
so that many names need little memory, and at most `MOST` are kept: the one that was touched longest ago makes room.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

MOST: Final = 100_000  # names; about 25 MB
ROUNDING: Final = 1e-9  # of the time in which a bucket fills


class Verdict(NamedTuple):
    """What became of asking for a token.

    Attributes:
        allowed: whether there was one.
        remaining: whole tokens that are left.
        wait_s: until there is one; 0 where it was allowed.
        full_s: until the bucket is full.
    """

    allowed: bool
    remaining: int
    wait_s: float
    full_s: float


class Buckets:
    """Buckets of one size; to be used in one thread."""

    def __init__(
        self, size: int, per_s: float, *, most: int = MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the size, in tokens, and the seconds in which an empty one fills."""
        self._token_s = per_s / size
        self._full_s = per_s
        self._most_s = (1 + ROUNDING) * per_s - self._token_s  # until it is full, where there is a token left
        self._most = most
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()  # a dict gives its first entry up in O(n)

    def take(self, name: str) -> Verdict:
        """Take a token out of a bucket, if there is one."""
        full_s = self.spend(name)
        if full_s is not None:
            return Verdict(True, self.remaining(full_s), 0.0, full_s)
        full_s = max(0.0, self._full_at[name] - self._clock())
        return Verdict(False, self.remaining(full_s), max(0.0, full_s + self._token_s - self._full_s), full_s)

    def spend(self, name: str) -> float | None:
        """Take a token, and give the seconds until the bucket is full; None where there is none to take."""
        now = self._clock()
        full_at = self._full_at.pop(name, now)
        full_at = max(full_at, now)
        allowed = full_at - now <= self._most_s
        if allowed:
            full_at += self._token_s
        self._full_at[name] = full_at
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return full_at - now if allowed else None

    def give_back(self, name: str) -> None:
        """Put a token back that was just taken."""
        if name in self._full_at:
            self._full_at[name] -= self._token_s

    def remaining(self, full_s: float) -> int:
        """Whole tokens in a bucket that is full in some seconds."""
        return int((self._full_s - full_s) / self._token_s + 1e-6)
