"""Keeps the model loaded: notices a promotion in the local directory, loads, verifies, warms, swaps.

The directory is written by the follower process alone. Nothing here touches the network, and nothing depends on a
thread or a timer: whoever asks for the model looks at the directory's files when the last look is older than
`MAX_AGE_S`; a background task only does it earlier.
"""

import asyncio
import time
from collections.abc import Callable

from mlapi.app.services.local_model import Candidate, LocalModel
from mlapi.app.services.model_event import Kind, Listener, ModelEvent, write
from mlapi.app.services.snapshot import Snapshot
from mlapi.bundle.follow_state import FollowState

MAX_AGE_S = 1.0  # how old a look at the directory may be
PATIENCE_S = 30.0  # a look older than this (the process was frozen) is repeated before the request is answered
RETRY_S = 5.0  # how long a candidate that could not be loaded is left alone


class ModelService:
    """Holds the current snapshot."""

    def __init__(
        self,
        local: LocalModel,
        load: Callable[[Candidate], Snapshot],
        *,
        clock: Callable[[], float] = time.monotonic,
        tell: Listener = lambda event: None,
    ) -> None:
        """Take what it watches.

        Args:
            local: the directory that the follower writes.
            load: gives a verified and warmed snapshot of a candidate, or raises.
            clock: seconds, monotonic.
            tell: hears of loads, swaps, refusals and fallbacks, in whatever thread they happen; never raises.
        """
        self._local = local
        self._load = load
        self._clock = clock
        self._tell = tell
        self._snapshot: Snapshot | None = None
        self._looked_at = float("-inf")
        self._failed: tuple[Candidate, float] | None = None
        self._refusal: ModelEvent | None = None
        self._swap: asyncio.Task[None] | None = None
        self.draining = False

    @property
    def loaded(self) -> Snapshot | None:
        """The current snapshot, without a look at the directory."""
        return self._snapshot

    @property
    def refusal(self) -> ModelEvent | None:
        """Why the version that the alias names now could not be loaded; None if it could."""
        return self._refusal

    @property
    def status(self) -> FollowState | None:
        """What the follower last said, None if it has said nothing."""
        return self._local.status

    def at_hand(self) -> Snapshot | None:
        """The current snapshot; None where it is time for a look at the directory, or there is none."""
        return self._snapshot if self._clock() - self._looked_at < MAX_AGE_S else None

    async def latest(self) -> Snapshot | None:
        """The current snapshot after a look at the directory, if one is due; a swap goes on in the background."""
        age_s = self._clock() - self._looked_at
        if age_s < MAX_AGE_S:
            return self._snapshot
        candidate = self._look()
        if candidate is not None and self._swap is None:
            self._swap = asyncio.create_task(self._swap_to(candidate))
        if self._swap is not None and age_s > PATIENCE_S:
            await asyncio.shield(self._swap)
        return self._snapshot

    def look_soon(self) -> None:
        """Have the next request, or the watch, look at the directory however lately that was done."""
        self._looked_at = min(self._looked_at, self._clock() - MAX_AGE_S)

    def load_now(self) -> None:
        """Look at the directory and load what is there, before the first request."""
        candidate = self._look()
        if candidate is not None:
            self._adopt(candidate)

    async def watch(self) -> None:
        """Look again and again, so that a swap need not wait for a request; runs until cancelled."""
        while True:
            await self.latest()
            await asyncio.sleep(MAX_AGE_S)

    async def close(self) -> None:
        """Wait for a swap under way."""
        if self._swap is not None:
            await asyncio.wait([self._swap])

    def _look(self) -> Candidate | None:
        """A candidate that is worth loading, None if there is nothing new."""
        self._looked_at = self._clock()
        candidate = self._local.look()
        if candidate is None or self._is_loaded(candidate) or self._failed_lately(candidate):
            return None
        return candidate

    def _is_loaded(self, candidate: Candidate) -> bool:
        now = self._snapshot
        return now is not None and now.alias == candidate.alias

    def _failed_lately(self, candidate: Candidate) -> bool:
        return self._failed is not None and self._failed[0] == candidate and self._clock() < self._failed[1]

    async def _swap_to(self, candidate: Candidate) -> None:
        try:
            await asyncio.to_thread(self._adopt, candidate)
        finally:
            self._swap = None

    def _adopt(self, candidate: Candidate) -> None:
        """Load and swap; a failure keeps the last good snapshot, or looks for one."""
        try:
            snapshot = self._load(candidate)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with the new one, the old one goes on
            self._refuse(candidate, error)
            if self._snapshot is None:
                self._fall_back()
        else:
            self._take(snapshot, candidate, "load" if self._snapshot is None else "swap")
            self._failed = self._refusal = None

    def _refuse(self, candidate: Candidate, error: Exception) -> None:
        """Remember a candidate that could not be loaded; told once, though it is tried again and again."""
        known = self._failed is not None and self._failed[0] == candidate
        self._failed = (candidate, self._clock() + RETRY_S)
        self._refusal = ModelEvent.of("refusal", candidate, error)
        if not known:
            self._report(self._refusal, error)

    def _fall_back(self) -> None:
        """Take the newest earlier version that is still here and good, so that somebody answers."""
        for candidate in self._local.earlier():
            try:
                snapshot = self._load(candidate)
            except Exception as error:  # noqa: BLE001  # as above: the next one may be good
                self._report(ModelEvent.of("refusal", candidate, error), error)
            else:
                self._take(snapshot, candidate, "fallback")
                return

    def _take(self, snapshot: Snapshot, candidate: Candidate, kind: Kind) -> None:
        self._snapshot = snapshot
        self._report(ModelEvent.of(kind, candidate))

    def _report(self, event: ModelEvent, error: Exception | None = None) -> None:
        write(event, error)
        self._tell(event)
