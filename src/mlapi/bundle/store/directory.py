"""A store in a directory: for places without a registry, and for the local last-good copies that serving reads.

`layout` says which file is what. Everything is written beside its place, flushed and renamed, so that a kill at any
instant leaves the old or the new. Readers take no lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mlapi.bundle import archive
from mlapi.bundle.errors import FormatError, ModelNotFound, StoreError, StoreUnavailable, VersionExists
from mlapi.bundle.store.alias_file import AliasFile, expect, moved, next_move
from mlapi.bundle.store.durable import locked, now
from mlapi.bundle.store.layout import Layout
from mlapi.bundle.store.records import Action, AliasRecord, Promotion, VersionRecord, is_safe_name, is_version
from mlapi.bundle.store.sealed import read_sealed


class DirectoryStore:
    """Bundles below one directory, which is made when the first is added."""

    def __init__(self, root: Path) -> None:
        """Take the directory; nothing is touched yet."""
        self.root = root
        self._layout = Layout(root)

    @property
    def description(self) -> str:
        """The kind of store and its directory."""
        return f"directory {self.root}"

    def models(self) -> list[str]:
        """See `Store.models`."""
        with self._reachable():
            return self._layout.models()

    def versions(self, name: str) -> list[VersionRecord]:
        """See `Store.versions`."""
        with self._reachable():
            records = [self._layout.read_record(name, version) for version in self._layout.numbers(name)]
        return [record for record in records if record is not None]  # one may have been removed meanwhile

    def version(self, name: str, version: str) -> VersionRecord:
        """See `Store.version`."""
        with self._reachable():
            record = self._layout.read_record(name, version)
        if record is None:
            raise ModelNotFound(name, version=version)
        return record

    def add(
        self,
        name: str,
        bundle: Path,
        *,
        version: str | None = None,
        tags: Mapping[str, str] | None = None,
        replace: bool = False,
    ) -> VersionRecord:
        """See `Store.add`; any number that is free can be chosen.

        Args:
            name: the model's.
            bundle: its directory.
            version: the number; the next one if None.
            tags: free text by key.
            replace: write it even if the number is taken, by itself (damaged, perhaps) or by another bundle.
        """
        if not is_safe_name(name) or not (version is None or is_version(version)):
            raise StoreError(f"a model or version cannot have this name here: {name!r} {version or ''}".rstrip())
        contents = read_sealed(bundle)
        with self.writing(name):
            present = None if replace else self._same(name, version, contents.manifest_sha256)
            if present is not None:
                return present
            record = VersionRecord(
                name=name,
                version=version or self._next(name),
                manifest_sha256=contents.manifest_sha256,
                content_digest=contents.manifest.content_digest,
                created_at=now(),
                tags=dict(tags or {}),
            )
            self._layout.write_version(record, contents)
        return record

    def fetch(self, name: str, version: str, destination: Path) -> Path:
        """See `Store.fetch`."""
        record = self.version(name, version)
        contents = read_sealed(self.directory(name, version), record.manifest_sha256)
        with self._reachable():
            archive.write_directory(destination, contents.files)
        return destination

    def resolve(self, name: str, alias: str) -> AliasRecord:
        """See `Store.resolve`."""
        state = self.alias_file(name, alias)
        if state is None:
            raise ModelNotFound(name, alias=alias)
        return state.current

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
        """See `Store.promote`."""
        to = self.version(name, version)
        if not is_safe_name(alias):
            raise StoreError(f"an alias cannot have this name: {alias!r}")
        with self.writing(name):
            before = self.alias_file(name, alias)
            expect(name, alias, expect_generation, before.current.generation if before else 0)
            move = next_move(before, to, alias, by=by, reason=reason, metrics=metrics or {}, action=action)
            after = AliasFile(current=moved(to, move), history=(*(before.history if before else ()), move))
            after.write(self._layout.alias(name, alias))
        return after.current

    def history(self, name: str, alias: str) -> list[Promotion]:
        """See `Store.history`."""
        state = self.alias_file(name, alias)
        return [] if state is None else list(state.history)

    def directory(self, name: str, version: str) -> Path:
        """Give the place of a version's bundle, there or not."""
        return self._layout.bundle(name, version)

    def alias_path(self, name: str, alias: str) -> Path:
        """Give the place of an alias's file, there or not."""
        return self._layout.alias(name, alias)

    def alias_file(self, name: str, alias: str) -> AliasFile | None:
        """Read an alias's file, None if there is none."""
        with self._reachable():
            return self._layout.read_alias(name, alias)

    @contextmanager
    def writing(self, name: str) -> Iterator[None]:
        """Hold a model's lock; what the disk says meanwhile becomes StoreUnavailable."""
        with self._reachable():
            (self.root / name).mkdir(parents=True, exist_ok=True)
            with locked(self._layout.lock(name)):
                yield

    def _same(self, name: str, version: str | None, manifest: str) -> VersionRecord | None:
        """Give the version that holds this bundle already."""
        records = [record for record in self.versions(name) if version in (None, record.version)]
        for record in records:
            if record.manifest_sha256 == manifest:
                return record
        if version is not None and records:
            raise VersionExists(name, version, records[0].manifest_sha256)
        return None

    def _next(self, name: str) -> str:
        return str(int((self._layout.numbers(name) or ["0"])[-1]) + 1)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(self.description, error.strerror or "cannot be read or written") from error
        except FormatError as error:
            raise StoreUnavailable(self.description, str(error)) from error
