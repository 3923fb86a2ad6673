"""The registry's versions of the followed model, written down for the service beside, which asks no registry."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from mlapi.bundle import document
from mlapi.bundle.errors import BundleError, FormatError, ModelNotFound
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.durable import now, replace_file
from mlapi.bundle.store.protocol import Source
from mlapi.bundle.store.records import AliasRecord, VersionRecord

FILE: Final = "registry.json"
EVERY_S: Final = 300.0  # an S3 store reads an object for each version
MOST: Final = 500  # of the latest versions
ALIASES: Final = ("production", "staging")


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry has of a model; `<root>/<name>/registry.json`.

    Attributes:
        checked_at: when it was asked, RFC 3339 UTC with Z.
        versions: ascending, the latest 500.
        aliases: the version that each names.
    """

    checked_at: str
    versions: tuple[VersionRecord, ...]
    aliases: dict[str, str]

    @classmethod
    def read(cls, local: DirectoryStore, name: str) -> Listing | None:
        """Give what the follower wrote last, None if there is nothing to read."""
        try:
            return document.read(_path(local, name).read_bytes(), cls, FILE)
        except (OSError, FormatError):
            return None


class Lister:
    """Writes the listing of one model, now and then; where that fails the last one stays."""

    def __init__(
        self, source: Source, local: DirectoryStore, name: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take whom to ask and where to write."""
        self._source = source
        self._local = local
        self._name = name
        self._clock = clock
        self.doubt()

    def doubt(self) -> None:
        """Have it written anew with the next look."""
        self._next_at = self._clock()

    def refresh(self, followed: AliasRecord) -> None:
        """Ask and write, if it is time.

        Args:
            followed: what the followed alias names, which need not be asked again.
        """
        if self._clock() < self._next_at:
            return
        self._next_at = self._clock() + EVERY_S  # a registry that answers this wrongly is not asked at every step
        with suppress(BundleError):
            versions = tuple(self._source.versions(self._name)[-MOST:])
            aliases = {alias: self._version(alias) for alias in ALIASES if alias != followed.alias}
            found = {
                followed.alias: followed.version,
                **{alias: version for alias, version in aliases.items() if version},
            }
            listing = Listing(checked_at=now(), versions=versions, aliases=found)
            with self._local.writing(self._name):
                replace_file(_path(self._local, self._name), document.write(listing, readable=True))

    def _version(self, alias: str) -> str | None:
        try:
            return self._source.resolve(self._name, alias).version
        except ModelNotFound:
            return None


def _path(local: DirectoryStore, name: str) -> Path:
    return local.root / name / FILE
