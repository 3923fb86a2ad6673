"""A store in a directory: for places without a registry, and for the local last-good copies that serving reads.

    ROOT/<name>/versions/<version>/       the bundle
    ROOT/<name>/versions/<version>.json   its record; a directory without one is not a version (yet)
    ROOT/<name>/aliases/<alias>.json      where the alias points, and its history
    ROOT/<name>/.lock                     held (flock) by whoever writes any of them

Everything is written beside its place, flushed and renamed, so that a kill at any instant leaves the old or the new.
Readers take no lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mlapi.bundle import archive, document
from mlapi.bundle.contents import Contents
from mlapi.bundle.errors import FormatError, ModelNotFound, StoreError, StoreUnavailable, VersionExists
from mlapi.bundle.store.alias_file import AliasFile, expect, moved, next_move
from mlapi.bundle.store.durable import locked, now, replace_file
from mlapi.bundle.store.protocol import Action, AliasRecord, Promotion, VersionRecord, is_safe_name, is_version
from mlapi.bundle.store.sealed import read_sealed


class DirectoryStore:
    """Bundles below one directory, which is made when the first is added."""

    def __init__(self, root: Path) -> None:
        """Take the directory; nothing is touched yet."""
        self.root = root

    @property
    def description(self) -> str:
        """The kind of store and its directory."""
        return f"directory {self.root}"

    def models(self) -> list[str]:
        """See `Store.models`."""
        with self._reachable():
            found = {path.parents[1].name for path in self.root.glob("*/versions/*.json")}
        return sorted(filter(is_safe_name, found))

    def versions(self, name: str) -> list[VersionRecord]:
        """See `Store.versions`."""
        records = (self._record(name, version) for version in self._numbers(name))
        return [record for record in records if record is not None]  # one may have been removed meanwhile

    def version(self, name: str, version: str) -> VersionRecord:
        """See `Store.version`."""
        record = self._record(name, version)
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
            return present or self._add(name, version or self._next(name), contents, dict(tags or {}))

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
            after.write(self.alias_path(name, alias))
        return after.current

    def history(self, name: str, alias: str) -> list[Promotion]:
        """See `Store.history`."""
        state = self.alias_file(name, alias)
        return [] if state is None else list(state.history)

    def directory(self, name: str, version: str) -> Path:
        """Give the place of a version's bundle, there or not."""
        return self.root / name / "versions" / version

    def alias_path(self, name: str, alias: str) -> Path:
        """Give the place of an alias's file, there or not."""
        return self.root / name / "aliases" / f"{alias}.json"

    def alias_file(self, name: str, alias: str) -> AliasFile | None:
        """Read an alias's file, None if there is none."""
        if not (is_safe_name(name) and is_safe_name(alias)):
            return None
        with self._reachable():
            return AliasFile.read(self.alias_path(name, alias))

    @contextmanager
    def writing(self, name: str) -> Iterator[None]:
        """Hold a model's lock; what the disk says meanwhile becomes StoreUnavailable."""
        with self._reachable():
            (self.root / name).mkdir(parents=True, exist_ok=True)
            with locked(self.root / name / ".lock"):
                yield

    def _numbers(self, name: str) -> list[str]:
        if not is_safe_name(name):
            return []
        with self._reachable():
            found = (path.stem for path in (self.root / name / "versions").glob("*.json"))
            return sorted(filter(is_version, found), key=int)

    def _record(self, name: str, version: str) -> VersionRecord | None:
        if not (is_safe_name(name) and is_version(version)):
            return None
        path = self.directory(name, version).with_suffix(".json")
        with self._reachable():
            try:
                return document.read(path.read_bytes(), VersionRecord, path.name)
            except FileNotFoundError:
                return None

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
        return str(int((self._numbers(name) or ["0"])[-1]) + 1)

    def _add(self, name: str, version: str, contents: Contents, tags: dict[str, str]) -> VersionRecord:
        """Write the bundle, then the record that makes it a version."""
        record = VersionRecord(
            name=name,
            version=version,
            manifest_sha256=contents.manifest_sha256,
            content_digest=contents.manifest.content_digest,
            created_at=now(),
            tags=tags,
        )
        place = self.directory(name, version)
        archive.write_directory(place, contents.files)
        replace_file(place.with_suffix(".json"), document.write(record, readable=True))
        return record

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(self.description, error.strerror or "cannot be read or written") from error
        except FormatError as error:
            raise StoreUnavailable(self.description, str(error)) from error
