"""Limits on who asks: requests in a while by peer and by key, and requests of a key at the same time."""

import math
from functools import lru_cache
from typing import Final

from mlapi.app.api.exchange import Exchange, Pairs, spelled
from mlapi.app.core.errors import RateLimited
from mlapi.app.services.auth_service import network_of
from mlapi.app.services.buckets import Verdict
from mlapi.app.services.rate_limits import MemoryStore, Policy, RateLimitStore

SOON_S: Final = 1  # to wait where requests of the same key are under way


class Limiting:
    """Counts requests; answers say what is left (RateLimit fields, draft-ietf-httpapi-ratelimit-headers-10)."""

    def __init__(
        self, store: RateLimitStore, *, per_peer: Policy | None, per_key: Policy | None, at_once: int = 0
    ) -> None:
        """Take the quotas.

        Args:
            store: where they are counted.
            per_peer: of an address, or an IPv6 network; None for no limit.
            per_key: of a key.
            at_once: requests of a key that may be under way together in this process; 0 for no limit.
        """
        self.store = store
        self._per_peer = per_peer
        self._per_key = per_key
        self._at_once = at_once
        self.counts_peers = per_peer is not None
        self.counts_keys = per_key is not None or at_once > 0
        self._under_way: dict[str, int] = {}
        self._at_hand = isinstance(store, MemoryStore)
        self._quotas = [
            (by_key, store.of(policy), spelled(_fields(policy)))
            for by_key, policy in ((False, per_peer), (True, per_key))
            if policy is not None and isinstance(store, MemoryStore)
        ]

    async def count_peer(self, exchange: Exchange) -> None:
        """Count a request, whoever sends it; raises RateLimited."""
        if self._per_peer is not None:
            await self._take(exchange, self._per_peer, network_of(exchange.address))

    async def count_key(self, exchange: Exchange) -> None:
        """Count a request of a key, which is under way until `done`; raises RateLimited."""
        if exchange.principal is None:
            return
        key_id = exchange.principal.key_id
        if self._per_key is not None:
            await self._take(exchange, self._per_key, key_id)
        if self._at_once:
            under_way = self._under_way.get(key_id, 0)
            if under_way >= self._at_once:
                raise RateLimited(SOON_S)
            self._under_way[key_id] = under_way + 1
            exchange.counted = True

    def done(self, exchange: Exchange) -> None:
        """End what `count_key` began."""
        if exchange.counted and exchange.principal is not None:
            key_id = exchange.principal.key_id
            self._under_way[key_id] -= 1
            if not self._under_way[key_id]:
                del self._under_way[key_id]

    def spend(self, network: str, key_id: str) -> bytes | None:
        """Count a request that will be over at once.

        Args:
            network: see `network_of`.
            key_id: of the key.

        Returns:
            The lines of headers that say what is left; None where it is not certain without waiting that the request
            is allowed, and nothing was counted then.
        """
        if not self._at_hand or (self._at_once and self._under_way.get(key_id, 0) >= self._at_once):
            return None
        lines = b""
        for place, (by_key, buckets, form) in enumerate(self._quotas):
            full_s = buckets.spend(key_id if by_key else network)
            if full_s is None:
                self.give_back(network, key_id, place)
                return None
            lines += form % (buckets.remaining(full_s), math.ceil(full_s))
        return lines

    def give_back(self, network: str, key_id: str, n_quotas: int | None = None) -> None:
        """Undo `spend`, or the first quotas of it."""
        for by_key, buckets, _ in self._quotas[:n_quotas]:
            buckets.give_back(key_id if by_key else network)

    async def _take(self, exchange: Exchange, policy: Policy, name: str) -> None:
        verdict = await self.store.take(policy, name)
        _note(exchange, policy, verdict)
        if not verdict.allowed:
            raise RateLimited(max(1, math.ceil(verdict.wait_s)))


def _note(exchange: Exchange, policy: Policy, verdict: Verdict) -> None:
    (name, said), (name_left, left) = _fields(policy)
    numbers = verdict.remaining, math.ceil(verdict.full_s)
    exchange.notices = [*exchange.notices, (name, said), (name_left, left % numbers)]


@lru_cache(maxsize=8)
def _fields(policy: Policy) -> Pairs:
    """The two fields of a quota; the second one lacks its two numbers."""
    name = f'"{policy.name}"'
    said = f"{name};q={policy.quota};w={math.ceil(policy.window_s)}"
    return [(b"ratelimit-policy", said.encode()), (b"ratelimit", f"{name};r=%d;t=%d".encode())]
