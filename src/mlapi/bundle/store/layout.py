"""The files of a directory store.

ROOT/<name>/versions/<version>/       the bundle
ROOT/<name>/versions/<version>.json   its record; a directory without one is not a version (yet)
ROOT/<name>/aliases/<alias>.json      where the alias points, and its history
ROOT/<name>/.lock                     held (flock) by whoever writes any of them
"""

from __future__ import annotations

from pathlib import Path

from mlapi.bundle import archive, document
from mlapi.bundle.contents import Contents
from mlapi.bundle.store.alias_file import AliasFile
from mlapi.bundle.store.durable import replace_file
from mlapi.bundle.store.records import VersionRecord, is_safe_name, is_version


class Layout:
    """Places below a root, and what is there; a name that is none is nowhere.

    Every method that reads may raise OSError, and FormatError for a file that is none of ours. Writers hold the lock.
    """

    def __init__(self, root: Path) -> None:
        """Take the root, there or not."""
        self.root = root

    def lock(self, name: str) -> Path:
        """Give the place of a model's lock."""
        return self.root / name / ".lock"

    def bundle(self, name: str, version: str) -> Path:
        """Give the place of a version's bundle."""
        return self.root / name / "versions" / version

    def alias(self, name: str, alias: str) -> Path:
        """Give the place of an alias's file."""
        return self.root / name / "aliases" / f"{alias}.json"

    def models(self) -> list[str]:
        """Give the names of the models that have a version, sorted."""
        found = {path.parents[1].name for path in self.root.glob("*/versions/*.json")}
        return sorted(filter(is_safe_name, found))

    def numbers(self, name: str) -> list[str]:
        """Give a model's versions, ascending."""
        if not is_safe_name(name):
            return []
        found = (path.stem for path in (self.root / name / "versions").glob("*.json"))
        return sorted(filter(is_version, found), key=int)

    def read_record(self, name: str, version: str) -> VersionRecord | None:
        """Give a version's record, None if there is none."""
        if not (is_safe_name(name) and is_version(version)):
            return None
        path = self.bundle(name, version).with_suffix(".json")
        try:
            return document.read(path.read_bytes(), VersionRecord, path.name)
        except FileNotFoundError:
            return None

    def read_alias(self, name: str, alias: str) -> AliasFile | None:
        """Give an alias's file, None if there is none."""
        if not (is_safe_name(name) and is_safe_name(alias)):
            return None
        return AliasFile.read(self.alias(name, alias))

    def write_version(self, record: VersionRecord, contents: Contents) -> None:
        """Write a bundle, then the record that makes it a version."""
        place = self.bundle(record.name, record.version)
        archive.write_directory(place, contents.files)
        replace_file(place.with_suffix(".json"), document.write(record, readable=True))
