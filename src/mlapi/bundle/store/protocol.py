"""What every store of bundles is: numbered versions of named models, and aliases that say which version is in use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from mlapi.bundle.store.records import Action, AliasRecord, Promotion, VersionRecord, is_safe_name, is_version

__all__ = [
    "Action",
    "AliasRecord",
    "Promotion",
    "Source",
    "Store",
    "VersionRecord",
    "is_safe_name",
    "is_version",
]


class Source(Protocol):
    """As much of a store as a follower asks; every method may raise StoreUnavailable."""

    @property
    def description(self) -> str:
        """What and where it is, for messages; without credentials."""
        ...

    def models(self) -> list[str]:
        """Give the names of the models that have been added here, sorted."""
        ...

    def versions(self, name: str) -> list[VersionRecord]:
        """Give a model's versions, ascending; none for a model that is not there."""
        ...

    def resolve(self, name: str, alias: str) -> AliasRecord:
        """Give where an alias points.

        Raises:
            ModelNotFound: nowhere, or to a version that is no bundle.
        """
        ...

    def fetch(self, name: str, version: str, destination: Path) -> Path:
        """Write a version's bundle to a directory, atomically and compared with its digests.

        Returns:
            The destination.

        Raises:
            ModelNotFound: there is no such version.
            VerificationError: the stored files are not the registered ones.
        """
        ...


class Store(Source, Protocol):
    """A place for bundles; every method may raise StoreUnavailable."""

    def version(self, name: str, version: str) -> VersionRecord:
        """Give one version.

        Raises:
            ModelNotFound: there is none.
        """
        ...

    def add(
        self, name: str, bundle: Path, *, version: str | None = None, tags: Mapping[str, str] | None = None
    ) -> VersionRecord:
        """Register a bundle; a bundle that is there already (same manifest) keeps its version and tags.

        Args:
            name: the model's; 1 to 100 letters, digits, dots, dashes and underscores, the first no dot or dash.
            bundle: its directory.
            version: a number of the caller's own choice ("12"), where the store allows that; the next one if None.
            tags: free text by key.

        Raises:
            VersionExists: the wanted version is another bundle.
            VerificationError: the directory is no whole bundle.
            StoreError: the name or the version cannot be used here.
        """
        ...

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
        """Point an alias at a version, and write that into its history.

        Args:
            name: the model's.
            alias: which one; made where it is missing.
            version: where to.
            by: who does it.
            reason: why, for the history.
            expect_generation: the generation seen by the caller (0: no alias); None moves it whatever it is.
            metrics: for the history.
            action: "rollback" for a step back, so that the next one goes further.

        Raises:
            ModelNotFound: there is no such version.
            GenerationConflict: somebody moved the alias since.
        """
        ...

    def history(self, name: str, alias: str) -> list[Promotion]:
        """Give the moves of an alias, by generation, the oldest first; none for an alias that is not there."""
        ...
