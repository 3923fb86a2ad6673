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

    def allows(self, name: str) -> bool:
        """Whether there is a token to take now."""
        return self._full_at.get(name, 0.0) - self._clock() <= self._most_s

    def take(self, name: str) -> Verdict:
        """Take a token out of a bucket, if there is one."""
        now = self._clock()
        full_s = max(0.0, self._full_at.pop(name, now) - now)
        after_s = full_s + self._token_s
        wait_s = after_s - self._full_s
        allowed = full_s <= self._most_s
        if allowed:
            full_s = after_s
        self._full_at[name] = now + full_s
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        remaining = int((self._full_s - full_s) / self._token_s + 1e-6)
        return Verdict(allowed, remaining, 0.0 if allowed else wait_s, full_s)
