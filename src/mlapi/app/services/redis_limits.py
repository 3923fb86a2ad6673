"""Quotas that several processes and machines share, counted by Redis."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from mlapi.app.services.buckets import Verdict
from mlapi.app.services.rate_limits import Policy

TIMEOUT_S: Final = 0.1  # for an answer, a new connection included; a limit is not worth more of a request's time
PAUSE_S: Final = 1.0  # after a failure, in which nobody waits for Redis again
# The same algorithm as `Buckets`, by the clock of Redis, in one step that nothing comes between.
TAKE: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local window, token = tonumber(ARGV[1]), tonumber(ARGV[1]) / tonumber(ARGV[2])
local full = math.max(0, tonumber(redis.call('GET', KEYS[1]) or now) - now)
if full + token - window > 1e-6 then return {0, tostring(full)} end
full = full + token
redis.call('SET', KEYS[1], string.format('%.6f', now + full), 'PX', math.ceil(full * 1000))
return {1, tostring(full)}
"""

log = logging.getLogger(__name__)


class RedisStore:
    """Counts in Redis; while that cannot be asked, everything is allowed, counted and told of."""

    def __init__(self, url: str, *, failed: Callable[[], None] = lambda: None) -> None:
        """Take its address, and whom to tell of each request that could not be counted. Connects when first used."""
        self._url = url
        self._failed = failed
        self._client: Any = None
        self._script: Any = None
        self._pause_until = 0.0
        self._failing = False

    async def take(self, policy: Policy, name: str) -> Verdict:
        """See `RateLimitStore`."""
        from redis.exceptions import RedisError

        if time.monotonic() < self._pause_until:
            return self._uncounted(policy)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                allowed, full = await self._ask(f"mlapi:limit:{policy.name}:{name}", policy)
        except (RedisError, OSError, TimeoutError) as error:
            return self._pause(policy, error)
        if self._failing:
            self._failing = False
            log.info("rate limits are counted again", extra={"fields": {"event.action": "rate-limits-available"}})
        full_s, token_s = float(full), policy.window_s / policy.quota
        remaining = int((policy.window_s - full_s) / token_s + 1e-3)
        return Verdict(bool(allowed), remaining, 0.0 if allowed else full_s + token_s - policy.window_s, full_s)

    async def close(self) -> None:
        """See `RateLimitStore`."""
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self, key: str, policy: Policy) -> tuple[int, bytes]:
        if self._client is None:
            from redis.asyncio import Redis

            self._client = Redis.from_url(self._url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
            self._script = self._client.register_script(TAKE)
        allowed, full = await self._script(keys=[key], args=[policy.window_s, policy.quota])
        return allowed, full

    def _pause(self, policy: Policy, error: Exception) -> Verdict:
        self._pause_until = time.monotonic() + PAUSE_S
        if not self._failing:
            self._failing = True
            fields = {"event.action": "rate-limits-unavailable", "error.type": type(error).__name__}
            log.error("rate limits cannot be counted, so nobody is limited", extra={"fields": fields})
        return self._uncounted(policy)

    def _uncounted(self, policy: Policy) -> Verdict:
        self._failed()
        return Verdict(True, policy.quota, 0.0, 0.0)
