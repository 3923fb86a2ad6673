"""How much anybody may ask for in a while, and where that is counted."""

from typing import NamedTuple, Protocol

from mlapi.app.services.buckets import Buckets, Verdict


class Policy(NamedTuple):
    """A quota.

    Attributes:
        name: `key` or `peer`, what it is counted by.
        quota: requests; all of them may come at once.
        window_s: seconds in which as many become possible again.
    """

    name: str
    quota: int
    window_s: float


class RateLimitStore(Protocol):
    """Counts requests. Never raises: what cannot be counted is allowed."""

    async def take(self, policy: Policy, name: str) -> Verdict:
        """Take one request out of somebody's quota."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class MemoryStore:
    """Counts in this process; each worker for itself."""

    def __init__(self) -> None:
        self._buckets: dict[Policy, Buckets] = {}

    async def take(self, policy: Policy, name: str) -> Verdict:
        """See `RateLimitStore`."""
        return self.of(policy).take(name)

    def of(self, policy: Policy) -> Buckets:
        """The buckets of a quota, to be asked without waiting."""
        buckets = self._buckets.get(policy)
        if buckets is None:
            buckets = self._buckets[policy] = Buckets(policy.quota, policy.window_s)
        return buckets

    async def close(self) -> None:
        """Nothing is open."""
