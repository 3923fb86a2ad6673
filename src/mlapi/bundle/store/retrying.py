"""A store that is asked again when it does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from mlapi.bundle.chance import uniform
from mlapi.bundle.errors import StoreUnavailable
from mlapi.bundle.store.protocol import Store
from mlapi.bundle.store.records import Action, AliasRecord, Promotion, VersionRecord

T = TypeVar("T")


class RetryingStore:
    """Wraps any store; waits grow exponentially, each cut by chance down to anything above 0 ("full jitter").

    What changes nothing is repeated, and `add`, which finds what it has added before. `promote` is not: an answer that
    got lost may have been a yes, and asking again would make a second generation of it; the history tells.
    """

    def __init__(
        self,
        store: Store,
        *,
        attempts: int = 4,
        base_s: float = 0.2,
        cap_s: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[float, float], float] = uniform,
    ) -> None:
        """Take the store and the limits.

        Args:
            store: what is asked.
            attempts: all in all, at least 1.
            base_s: longest wait after the first failure, seconds; doubled after each further one.
            cap_s: no wait is longer.
            sleep: waits.
            uniform: gives a random number between two bounds.
        """
        self._store = store
        self._attempts = attempts
        self._base_s = base_s
        self._cap_s = cap_s
        self._sleep = sleep
        self._uniform = uniform

    @property
    def description(self) -> str:
        """The wrapped store's."""
        return self._store.description

    def models(self) -> list[str]:
        """See `Store.models`."""
        return self._retry(self._store.models)

    def versions(self, name: str) -> list[VersionRecord]:
        """See `Store.versions`."""
        return self._retry(lambda: self._store.versions(name))

    def version(self, name: str, version: str) -> VersionRecord:
        """See `Store.version`."""
        return self._retry(lambda: self._store.version(name, version))

    def add(
        self, name: str, bundle: Path, *, version: str | None = None, tags: Mapping[str, str] | None = None
    ) -> VersionRecord:
        """See `Store.add`."""
        return self._retry(lambda: self._store.add(name, bundle, version=version, tags=tags))

    def fetch(self, name: str, version: str, destination: Path) -> Path:
        """See `Store.fetch`."""
        return self._retry(lambda: self._store.fetch(name, version, destination))

    def resolve(self, name: str, alias: str) -> AliasRecord:
        """See `Store.resolve`."""
        return self._retry(lambda: self._store.resolve(name, alias))

    def promote(
        self,
        name: str,
        alias: str,
        version: str,
        *,
        by: str,
        reason: str = "",
        expect_generation: int | None = None,
        metrics: Mapping[str, float] | None = None,
        action: Action = "promote",
    ) -> AliasRecord:
        """See `Store.promote`; asked once."""
        return self._store.promote(
            name,
            alias,
            version,
            by=by,
            reason=reason,
            expect_generation=expect_generation,
            metrics=metrics,
            action=action,
        )

    def history(self, name: str, alias: str) -> list[Promotion]:
        """See `Store.history`."""
        return self._retry(lambda: self._store.history(name, alias))

    def _retry(self, ask: Callable[[], T]) -> T:
        for failures in range(self._attempts - 1):
            try:
                return ask()
            except StoreUnavailable:
                self._sleep(self._uniform(0.0, min(self._cap_s, self._base_s * 2**failures)))
        return ask()
