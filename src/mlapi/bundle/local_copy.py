"""The copy of one alias in the local directory: what is here, whether it is whole, and how another one gets here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mlapi.bundle.atomic import staging_directory
from mlapi.bundle.errors import ModelNotFound, VerificationError
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.last_good import adopt, prune
from mlapi.bundle.store.protocol import Source
from mlapi.bundle.store.records import AliasRecord
from mlapi.bundle.store.sealed import read_sealed


class LocalCopy:
    """Written by one follower."""

    def __init__(
        self, local: DirectoryStore, name: str, alias: str, check: Callable[[Path, AliasRecord], None]
    ) -> None:
        """Take what it is a copy of.

        Args:
            local: the directory.
            name: the model's.
            alias: such as `production`.
            check: verifies a bundle's directory against the record that names it; raises VerificationError.
        """
        self._local = local
        self._name = name
        self._alias = alias
        self._check = check
        self._proved = False

    @property
    def record(self) -> AliasRecord | None:
        """Where the local alias points, None if it is not there."""
        try:
            return self._local.resolve(self._name, self._alias)
        except ModelNotFound:
            return None

    def doubt(self) -> None:
        """Have every byte compared again."""
        self._proved = False

    def is_whole(self, record: AliasRecord) -> bool:
        """Compare the copy with its digests, once: disks forget, but not from one look to the next."""
        if not self._proved:
            try:
                read_sealed(self._place(record), record.manifest_sha256)
            except VerificationError:
                return False
            self._proved = True
        return True

    def take(self, source: Source, record: AliasRecord) -> None:
        """Have a version here and verified, then point the alias at it and remove what is no longer needed.

        Raises:
            VerificationError: it is no good; nothing has changed.
            StoreError: the source or the disk did not do their part.
            OSError: likewise the disk.
        """
        if not self._is_good(record):
            self._bring(source, record)
        self._proved = True
        adopt(self._local, record)
        prune(self._local, self._name, self._alias)

    def _is_good(self, record: AliasRecord) -> bool:
        """Tell whether the version is here from an earlier time, and still passes the checks."""
        if not self._place(record).is_dir():
            return False
        try:
            self._check(self._place(record), record)
        except VerificationError:
            return False
        return True

    def _bring(self, source: Source, record: AliasRecord) -> None:
        place = self._local.root / self._name / "incoming"
        place.parent.mkdir(parents=True, exist_ok=True)
        with staging_directory(place) as scratch:
            bundle = source.fetch(self._name, record.version, scratch / "bundle")
            self._check(bundle, record)
            self._local.add(self._name, bundle, version=record.version, replace=True)

    def _place(self, record: AliasRecord) -> Path:
        return self._local.directory(self._name, record.version)
