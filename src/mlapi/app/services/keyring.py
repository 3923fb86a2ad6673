"""The API keys that count now, from wherever they are kept.

Sources are read anew when the last look is a quarter of `revoked_within_s` old: in a thread, beside a request that goes
on with the keys of before. Only when these are so old that a revoked one might be among them does a request wait, for
`WAIT_S` at most. A source that fails keeps the keys that it gave last. Nothing depends on a timer.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from mlapi.app.core.security import KeyTable
from mlapi.ops.errors import OpsError
from mlapi.ops.key_entry import KeyEntry

REVOKED_WITHIN_S: Final = 60.0  # after that a revoked key is refused, the look itself included
REFRESH: Final = 0.25  # of it: the age at which a look begins beside the requests
STALE: Final = 0.75  # of it: the age at which requests wait for the look
WAIT_S: Final = 2.0  # or what is left of it

log = logging.getLogger(__name__)


class KeySourceFailed(OpsError):
    """A source cannot be read. Attributes: reason, without anything of a key."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class KeySource(Protocol):
    """Somewhere where keys are kept. Its methods may block, and are called by one thread at a time."""

    name: str

    def read(self) -> Sequence[KeyEntry]:
        """Give the keys that count, those included that have expired; raises KeySourceFailed."""
        ...

    def used(self, last: Mapping[str, float]) -> None:
        """Note when keys were used last, seconds since 1970 by id, those of other sources among them."""
        ...


class Keyring:
    """Keeps the keys of several sources, as fresh as revocation needs."""

    def __init__(
        self,
        sources: Sequence[KeySource],
        *,
        revoked_within_s: float = REVOKED_WITHIN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the sources; where two have the same key the earlier one says what it may do.

        Args:
            sources: where keys are kept.
            revoked_within_s: after that a key that was taken out of its source counts no more.
            clock: seconds, monotonic.
        """
        self.table = KeyTable()
        self.refresh_s = REFRESH * revoked_within_s
        self.stale_s = STALE * revoked_within_s
        self._wait_s = min(WAIT_S, revoked_within_s - self.stale_s)
        self._sources = tuple(sources)
        self._clock = clock
        self._good: dict[str, Sequence[KeyEntry]] = {}
        self._failing: dict[str, str] = {}
        self._used: dict[str, float] = {}
        self._read_at = -self.stale_s
        self._reading: asyncio.Task[None] | None = None

    def read_now(self) -> None:
        """Read every source, at the start, when nobody waits yet."""
        began = self._clock()
        self._read()
        self._read_at = began

    def at_hand(self) -> KeyTable | None:
        """Give the keys that count now; None where it is time for a look."""
        return self.table if self._clock() - self._read_at < self.refresh_s else None

    async def fresh(self) -> KeyTable:
        """Give the keys that count now."""
        age_s = self._clock() - self._read_at
        if age_s >= self.refresh_s:
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_aside())
            if age_s >= self.stale_s:
                await asyncio.wait([self._reading], timeout=self._wait_s)
        return self.table

    def note(self, key_id: str) -> None:
        """Note that a key has been used."""
        self._used[key_id] = time.time()

    async def close(self) -> None:
        """Wait for a look under way, and write down what was used last."""
        if self._reading is not None:
            await asyncio.wait([self._reading])
        await asyncio.to_thread(self._write_used)

    async def _read_aside(self) -> None:
        began = self._clock()
        await asyncio.to_thread(self._read)
        self._read_at = began

    def _read(self) -> None:
        self._write_used()
        for source in self._sources:
            try:
                self._good[source.name] = source.read()
                self._recovered(source.name)
            except KeySourceFailed as error:
                self._failed(source.name, error.reason)
        self.table = KeyTable(entry for source in self._sources for entry in self._good.get(source.name, ()))

    def _write_used(self) -> None:
        used, self._used = self._used, {}
        for source in self._sources if used else ():
            try:
                source.used(used)
            except KeySourceFailed as error:
                self._failed(source.name, error.reason)

    def _failed(self, name: str, reason: str) -> None:
        if self._failing.get(name) != reason:
            self._failing[name] = reason
            fields = {
                "event.action": "keys-unavailable",
                "keys.source": name,
                "keys.kept": len(self._good.get(name, ())),
            }
            log.error("keys cannot be read, the last good ones stay: %s", reason, extra={"fields": fields})

    def _recovered(self, name: str) -> None:
        if self._failing.pop(name, None) is not None:
            log.info("keys are read again", extra={"fields": {"event.action": "keys-available", "keys.source": name}})
