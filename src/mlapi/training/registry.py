"""Versions of models: registering a bundle, and moving the aliases that say which version is in use."""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlapi.bundle.decision import Decision
from mlapi.bundle.errors import ModelNotFound
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.store.mlflow import MlflowStore
from mlapi.bundle.store.protocol import AliasRecord, Promotion, Store, VersionRecord
from mlapi.bundle.verify import verify_in_subprocess
from mlapi.training.errors import PromotionError
from mlapi.training.signature import input_example, signature_of

STAGING = "staging"
PRODUCTION = "production"
STAGES = (STAGING, PRODUCTION)


def current_user() -> str:
    """Give the name to write into a history; "unknown" where the system has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without an entry in the password file
        return "unknown"


class ModelRegistry:
    """Versioned models with two stages, each an alias of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def versions(self, name: str) -> list[VersionRecord]:
        """Give a model's versions, ascending."""
        return self._store.versions(name)

    def stages(self, name: str) -> dict[str, AliasRecord]:
        """Give where `staging` and `production` point; one that was never set is absent."""
        found = {}
        for alias in STAGES:
            try:
                found[alias] = self._store.resolve(name, alias)
            except ModelNotFound:
                continue
        return found


@dataclass(frozen=True)
class Source:
    """Where a bundle comes from: its MLflow run, and what a caller sends and gets."""

    run_id: str
    schema: FeatureSchema
    decision: Decision


class ModelRegistrar:
    """Registers bundles as versions, and points `staging` at each."""

    def __init__(self, store: Store, *, by: str | None = None) -> None:
        """Say where to, and in whose name (the system's user if None)."""
        self._store = store
        self._by = by or current_user()

    def register(self, name: str, bundle: Path, source: Source, tags: Mapping[str, str]) -> VersionRecord:
        """Add a bundle as the next version.

        Args:
            name: the model's name.
            bundle: the bundle's directory.
            source: its run and what it takes; MLflow keeps a signature and an example of synthetic cells.
            tags: to find the version by.

        Raises:
            StoreError: the store's reason; no version is left then.
        """
        record = self._added(name, bundle, source, dict(tags))
        self._store.promote(name, STAGING, record.version, by=self._by, reason="trained")
        return record

    def _added(self, name: str, bundle: Path, source: Source, tags: dict[str, str]) -> VersionRecord:
        if not isinstance(self._store, MlflowStore):
            return self._store.add(name, bundle, tags={**tags, "mlflow_run_id": source.run_id})
        return self._store.add(
            name,
            bundle,
            tags=tags,
            run_id=source.run_id,
            signature=signature_of(source.schema, source.decision),
            input_example=input_example(source.schema),
        )


class ModelPromotion:
    """Moves an alias from version to version; nothing unverified gets one."""

    def __init__(
        self, store: Store, *, by: str | None = None, public_key: bytes | None = None, require_signature: bool = False
    ) -> None:
        """Say where, in whose name, and which signature (PEM of an Ed25519 key) a bundle must carry."""
        self._store = store
        self._by = by or current_user()
        self._public_key = public_key
        self._require_signature = require_signature

    def promote(
        self,
        name: str,
        version: str | None = None,
        *,
        to: str = PRODUCTION,
        expect_generation: int | None = None,
        reason: str = "",
        metrics: Mapping[str, float] | None = None,
    ) -> AliasRecord:
        """Point an alias at a version.

        Args:
            name: the model's name.
            version: the version; `staging`'s if None.
            to: the alias.
            expect_generation: refuse if somebody moved the alias since this generation.
            reason: for the history.
            metrics: for the history.

        Raises:
            ModelNotFound: no such version, or nothing is in staging.
            VerificationError: the bundle is not what was registered, or does not predict what it should.
            GenerationConflict: somebody else was faster.
        """
        chosen = version or self._store.resolve(name, STAGING).version
        self._verify(self._store.version(name, chosen))
        return self._store.promote(
            name,
            to,
            chosen,
            by=self._by,
            reason=reason,
            expect_generation=expect_generation,
            metrics=dict(metrics or {}),
        )

    def rollback(self, name: str, *, alias: str = PRODUCTION, reason: str = "") -> AliasRecord:
        """Point an alias at the version before; a second call goes one further back.

        Raises:
            PromotionError: there is no version before.
            VerificationError: the version before is damaged.
            GenerationConflict: somebody moved the alias at the same time.
        """
        history = self._store.history(name, alias)
        trail = undo_stack(history)
        if len(trail) < 2:
            raise PromotionError(name, alias, "there is no version before to go back to")
        self._verify(self._store.version(name, trail[-2]))
        generation = history[-1].generation
        return self._store.promote(
            name, alias, trail[-2], by=self._by, reason=reason, expect_generation=generation, action="rollback"
        )

    def history(self, name: str, alias: str = PRODUCTION) -> list[Promotion]:
        """Give every move of an alias, the oldest first."""
        return self._store.history(name, alias)

    def _verify(self, record: VersionRecord) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            bundle = self._store.fetch(record.name, record.version, Path(scratch, "bundle"))
            verify_in_subprocess(
                bundle,
                expected_manifest=record.manifest_sha256,
                public_key=self._public_key,
                require_signature=self._require_signature,
            )


def undo_stack(history: Sequence[Promotion]) -> list[str]:
    """Give the versions that an alias can be taken back through, the present one last.

    A promotion puts its version on top (promoting the present one again changes nothing), a rollback takes the top off.
    """
    trail: list[str] = []
    for move in history:
        if move.action == "rollback" and len(trail) > 1:
            trail.pop()
        elif not trail or trail[-1] != move.version:
            trail.append(move.version)
    return trail
