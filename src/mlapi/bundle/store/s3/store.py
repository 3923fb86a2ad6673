"""A store in an S3 bucket: what Lambda and machines without a registry read.

    PREFIX/versions/<name>/<version>.json          a version's record: written once, with If-None-Match: *
    PREFIX/bundles/<name>/<manifest sha256>.tar    its bundle, as `archive.pack` makes it; there before the record is
    PREFIX/aliases/<name>/<alias>.json             where the alias points, and its history; If-Match: <etag>

One tar and not a folder of objects: it is there whole or not at all, and one request brings it. It is named after what
it is, so that two publishers never write different bytes to one key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from mlapi.bundle import archive, document
from mlapi.bundle.chance import uniform
from mlapi.bundle.contents import Contents
from mlapi.bundle.errors import FormatError, ModelNotFound, StoreError, StoreUnavailable, VersionExists
from mlapi.bundle.store.alias_file import AliasFile, expect, moved, next_move
from mlapi.bundle.store.durable import now
from mlapi.bundle.store.protocol import Action, AliasRecord, Promotion, VersionRecord, is_safe_name, is_version
from mlapi.bundle.store.s3.objects import Client, Objects, Stored
from mlapi.bundle.store.sealed import read_sealed, sealed

T = TypeVar("T")

_TRIES: Final = 100  # of a move; each one that is lost was won by somebody else


class S3Store:
    """Bundles below a prefix of a bucket."""

    def __init__(
        self,
        connect: Callable[[], Client],
        bucket: str,
        prefix: str = "",
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Say where; nothing is asked yet.

        Args:
            connect: gives boto3's S3 client, on first use.
            bucket: its name.
            prefix: before every key.
            sleep: waits, seconds.
        """
        self._objects = Objects(connect, bucket, prefix.strip("/"), sleep=sleep)
        self._sleep = sleep

    @property
    def description(self) -> str:
        """Bucket and prefix."""
        return self._objects.description

    def models(self) -> list[str]:
        """See `Store.models`."""
        return sorted(filter(is_safe_name, self._objects.folders("versions/")))

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
        self, name: str, bundle: Path, *, version: str | None = None, tags: Mapping[str, str] | None = None
    ) -> VersionRecord:
        """See `Store.add`; any number that is free can be chosen."""
        if not is_safe_name(name) or not (version is None or is_version(version)):
            raise StoreError(f"a model or version cannot have this name here: {name!r} {version or ''}".rstrip())
        contents = read_sealed(bundle)
        present = self.versions(name)
        for record in present:
            if record.manifest_sha256 == contents.manifest_sha256 and version in (None, record.version):
                return record
        number = int(version or (int(present[-1].version) + 1 if present else 1))
        self._objects.write(_bundle_key(name, contents.manifest_sha256), archive.pack(contents.files))
        while True:
            record = self._create(name, str(number), contents, dict(tags or {}))
            if record.manifest_sha256 == contents.manifest_sha256:
                return record
            if version is not None:
                raise VersionExists(name, version, record.manifest_sha256)
            number += 1  # one by one: a number that was passed over might be this very bundle's

    def fetch(self, name: str, version: str, destination: Path) -> Path:
        """See `Store.fetch`."""
        record = self.version(name, version)
        key = _bundle_key(name, record.manifest_sha256)
        stored = self._objects.read(key)
        contents = sealed(lambda: archive.unpack(stored.content if stored else b""), record.manifest_sha256)
        try:
            archive.write_directory(destination, contents.files)
        except OSError as error:
            raise StoreUnavailable(self.description, f"{destination}: {error.strerror}") from error
        return destination

    def resolve(self, name: str, alias: str) -> AliasRecord:
        """See `Store.resolve`."""
        state, _ = self._alias(name, alias)
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
        """See `Store.promote`; compare-and-set on the alias's file, so that of two at one time one is told to retry."""
        to = self.version(name, version)
        if not is_safe_name(alias):
            raise StoreError(f"an alias cannot have this name: {alias!r}")
        before, seen = self._alias(name, alias)
        for tried in range(_TRIES):
            expect(name, alias, expect_generation, before.current.generation if before else 0)
            move = next_move(before, to, alias, by=by, reason=reason, metrics=metrics or {}, action=action)
            after = AliasFile(current=moved(to, move), history=(*(before.history if before else ()), move))
            if self._objects.write_if(_alias_key(name, alias), document.write(after, readable=True), seen=seen):
                return after.current
            before, seen = self._alias(name, alias)
            if before is not None and move in before.history:  # it was the yes that got lost
                return after.current
            self._sleep(uniform(0.0, 0.01 * min(tried + 1, 20)))
        raise StoreUnavailable(self.description, f"{alias} of {name} is being moved by too many at one time")

    def history(self, name: str, alias: str) -> list[Promotion]:
        """See `Store.history`."""
        state, _ = self._alias(name, alias)
        return [] if state is None else list(state.history)

    def _numbers(self, name: str) -> list[str]:
        if not is_safe_name(name):
            return []
        found = (file.removesuffix(".json") for file in self._objects.files(f"versions/{name}/"))
        return sorted(filter(is_version, found), key=int)

    def _record(self, name: str, version: str) -> VersionRecord | None:
        if not (is_safe_name(name) and is_version(version)):
            return None
        stored = self._objects.read(_version_key(name, version))
        return None if stored is None else self._parsed(stored, VersionRecord, _version_key(name, version))

    def _alias(self, name: str, alias: str) -> tuple[AliasFile | None, Stored | None]:
        if not (is_safe_name(name) and is_safe_name(alias)):
            return None, None
        stored = self._objects.read(_alias_key(name, alias))
        return (None if stored is None else self._parsed(stored, AliasFile, _alias_key(name, alias))), stored

    def _create(self, name: str, version: str, contents: Contents, tags: dict[str, str]) -> VersionRecord:
        """Write a version's record if there is none, and give the one that is there then."""
        record = VersionRecord(
            name=name,
            version=version,
            manifest_sha256=contents.manifest_sha256,
            content_digest=contents.manifest.content_digest,
            created_at=now(),
            tags=tags,
        )
        if self._objects.write_if(_version_key(name, version), document.write(record, readable=True), seen=None):
            return record
        return self.version(name, version)

    def _parsed(self, stored: Stored, kind: type[T], key: str) -> T:
        try:
            return document.read(stored.content, kind, key)
        except FormatError as error:
            raise StoreUnavailable(self.description, str(error)) from error


def _version_key(name: str, version: str) -> str:
    return f"versions/{name}/{version}.json"


def _bundle_key(name: str, manifest_sha256: str) -> str:
    return f"bundles/{name}/{manifest_sha256}.tar"


def _alias_key(name: str, alias: str) -> str:
    return f"aliases/{name}/{alias}.json"
