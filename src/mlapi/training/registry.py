"""Versions of models: registering a bundle, and what is in which stage."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlapi.bundle.decision import Decision
from mlapi.bundle.errors import ModelNotFound
from mlapi.bundle.schema import FeatureSchema
from mlapi.bundle.store.mlflow import MlflowStore
from mlapi.bundle.store.protocol import AliasRecord, Store, VersionRecord
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
        record = self.add(name, bundle, source, dict(tags))
        self._store.promote(name, STAGING, record.version, by=self._by, reason="trained")
        return record

    def add(self, name: str, bundle: Path, source: Source, tags: Mapping[str, str]) -> VersionRecord:
        """Add a bundle as the next version and leave the aliases alone; otherwise as `register`."""
        if not isinstance(self._store, MlflowStore):
            return self._store.add(name, bundle, tags={**tags, "mlflow_run_id": source.run_id})
        return self._store.add(
            name,
            bundle,
            tags=dict(tags),
            run_id=source.run_id,
            signature=signature_of(source.schema, source.decision),
            input_example=input_example(source.schema),
        )
