"""Carrying versions and aliases from the registry to a store that has none: S3 for Lambda, a directory for a laptop."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import SystemRandom
from typing import Final

from mlapi.bundle.errors import GenerationConflict, ModelNotFound, StoreUnavailable
from mlapi.bundle.store.protocol import AliasRecord, Promotion, Store, VersionRecord
from mlapi.training.registry import STAGES, current_user

_uniform: Final = SystemRandom().uniform
TRIES = 100  # of a move; each one that is lost was won by another publisher


@dataclass(frozen=True)
class Published:
    """What is there now: the version, and the aliases that were moved to it."""

    version: VersionRecord
    moved: tuple[AliasRecord, ...]


class Publisher:
    """Carries versions of one store to another, numbers kept.

    An alias is moved by compare-and-set: the target's generation is read first, then where the registry's alias points,
    then the target is moved if its generation is still the same. So the last move always tells what the registry said
    after the move before it, however many publish at one time.
    """

    def __init__(
        self,
        source: Store,
        target: Store,
        *,
        by: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the registry, where to carry to, in whose name (the system's user if None), and what waits."""
        self._source = source
        self._target = target
        self._by = by or current_user()
        self._sleep = sleep

    def publish(self, name: str, version: str) -> Published:
        """Carry a version, and every stage that names it.

        Raises:
            ModelNotFound: there is no such version.
            VersionExists: the target has another bundle under this number.
            VerificationError: the bundle is not what was registered.
            StoreUnavailable: one of the two cannot be reached.
        """
        record = self._carry(name, version)
        moved = [self.follow(name, alias) for alias in STAGES if self._names(name, alias) == version]
        return Published(record, tuple(one for one in moved if one is not None))

    def follow(self, name: str, alias: str) -> AliasRecord | None:
        """Let the target's alias name what the registry's names; None if it does already.

        Raises:
            ModelNotFound: the registry's names nothing.
            StoreUnavailable: one of the two cannot be reached, or too many publish at one time.
        """
        for tried in range(TRIES):
            present = _resolved(self._target, name, alias)
            wanted = self._source.resolve(name, alias)
            if present is not None and present.version == wanted.version:
                return None
            self._carry(name, wanted.version)
            try:
                return self._moved(wanted, present)
            except GenerationConflict:
                self._sleep(_uniform(0.0, 0.01 * min(tried + 1, 20)))
        raise StoreUnavailable(
            self._target.description, f"{alias} of {name} is being published by too many at one time"
        )

    def _moved(self, wanted: AliasRecord, present: AliasRecord | None) -> AliasRecord:
        history = self._source.history(wanted.name, wanted.alias)
        move = history[-1] if history and history[-1].version == wanted.version else None
        return self._target.promote(
            wanted.name,
            wanted.alias,
            wanted.version,
            by=self._by,
            reason=f"published: {wanted.reason}" if wanted.reason else "published",
            expect_generation=present.generation if present else 0,
            metrics={"registry_generation": float(wanted.generation), **_figures(move)},
            action=move.action if move else "promote",
        )

    def _carry(self, name: str, version: str) -> VersionRecord:
        record = self._source.version(name, version)
        with suppress(ModelNotFound):
            found = self._target.version(name, version)
            if found.manifest_sha256 == record.manifest_sha256:
                return found
        tags = record.tags | ({"mlflow_run_id": record.run_id} if record.run_id else {})
        with tempfile.TemporaryDirectory() as scratch:
            bundle = self._source.fetch(name, version, Path(scratch, "bundle"))
            return self._target.add(name, bundle, version=version, tags=tags)

    def _names(self, name: str, alias: str) -> str | None:
        record = _resolved(self._source, name, alias)
        return None if record is None else record.version


def _resolved(store: Store, name: str, alias: str) -> AliasRecord | None:
    try:
        return store.resolve(name, alias)
    except ModelNotFound:
        return None


def _figures(move: Promotion | None) -> dict[str, float]:
    return dict(move.metrics) if move else {}
