"""What every store of bundles is: numbered versions of named models, and aliases that say which version is in use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec

# Names become parts of paths, addresses and filters; what is safe in all of them is allowed and nothing else.
_SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", re.ASCII)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)

Action = Literal["promote", "rollback"]


class VersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One registered bundle.

    Attributes:
        name: the model's.
        version: the store's number as text, "3"; numbers ascend, some may be missing.
        manifest_sha256: of the bundle's `manifest.json`; vouches for every other file.
        content_digest: equal for equal data, configuration and seed.
        created_at: when it was registered, RFC 3339 UTC with Z.
        tags: free text by key.
        run_id: the MLflow run that made it, where there is one.
    """

    name: str
    version: str
    manifest_sha256: str
    content_digest: str
    created_at: str
    tags: dict[str, str] = {}
    run_id: str | None = None


class AliasRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Which version an alias names, and since when.

    Attributes:
        name: the model's.
        alias: such as `production`.
        version: the version in use.
        manifest_sha256: of that version's `manifest.json`.
        generation: grows with every promotion of the alias, by one or more; never falls. 0: none through mlapi so far.
        promoted_at: RFC 3339 UTC with Z; empty where the alias was moved by other means.
        promoted_by: who did it; empty likewise.
        reason: why, in that person's words.
        previous: the version before, None for the first.
    """

    name: str
    alias: str
    version: str
    manifest_sha256: str
    generation: int
    promoted_at: str
    promoted_by: str
    reason: str
    previous: str | None = None


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """One move of an alias.

    Attributes:
        generation: see `AliasRecord`.
        at: RFC 3339 UTC with Z; by the promoter's clock, so that order is told by the generation alone.
        by: who did it.
        alias: which alias.
        version: where it points since.
        previous: the version before, None for the first.
        reason: why.
        nonce: random; tells one promoter's move from another's of the same generation.
        metrics: figures that the decision rested on.
        action: "promote" or "rollback".
    """

    generation: int
    at: str
    by: str
    alias: str
    version: str
    previous: str | None = None
    reason: str = ""
    nonce: str = ""
    metrics: dict[str, float] = {}
    action: Action = "promote"


class Source(Protocol):
    """As much of a store as a follower asks; every method may raise StoreUnavailable."""

    @property
    def description(self) -> str:
        """What and where it is, for messages; without credentials."""
        ...

    def models(self) -> list[str]:
        """Give the names of the models that have been added here, sorted."""
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

    def versions(self, name: str) -> list[VersionRecord]:
        """Give a model's versions, ascending; none for a model that is not there."""
        ...

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


def is_safe_name(name: str) -> bool:
    """Tell whether a model or an alias may have this name."""
    return _SAFE.fullmatch(name) is not None


def is_version(version: str) -> bool:
    """Tell whether a text is a version: a positive number, spelt in one way only."""
    return _VERSION.fullmatch(version) is not None
