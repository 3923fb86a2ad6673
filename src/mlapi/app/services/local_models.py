"""What this machine has of models in the local last-good directory, and what the follower last saw in the registry."""

from pathlib import Path
from typing import NamedTuple

from mlapi.app.services.local_model import STAGES
from mlapi.bundle.errors import ModelNotFound, StoreError
from mlapi.bundle.listing import Listing
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.records import VersionRecord, is_safe_name


class KnownVersion(NamedTuple):
    """A version that is here or in the registry, and the aliases that name it, sorted."""

    record: VersionRecord
    aliases: tuple[str, ...]
    is_here: bool

    @property
    def stage(self) -> str:
        """`production`, `staging` or `none`."""
        return stage_of(self.aliases)


def stage_of(aliases: tuple[str, ...]) -> str:
    """The stage of a version with these aliases."""
    return next((stage for stage in STAGES if stage in aliases), "none")


class KnownVersions(NamedTuple):
    """Versions of a model, the latest first; when the registry was asked (RFC 3339), None if it never was."""

    versions: list[KnownVersion]
    checked_at: str | None


class LocalModels:
    """Reads the directory anew each time it is asked; a few small files. No registry is asked."""

    def __init__(self, root: Path) -> None:
        """Take the directory, there or not."""
        self._root = root
        self._store = DirectoryStore(root)

    def names(self) -> list[str]:
        """The models that are here, sorted."""
        return self._store.models()

    def versions(self, name: str) -> list[str]:
        """The versions of a model that are here, the latest first."""
        return [record.version for record in reversed(self._store.versions(name))]

    def known(self, name: str) -> KnownVersions:
        """The versions of a model that are here, and those that the follower saw in the registry.

        Where an alias stands here too, it is as this service has it: what the registry says may have been refused.

        Raises:
            ModelNotFound: neither here nor seen there.
        """
        if not is_safe_name(name):
            raise ModelNotFound(name)
        here = {record.version: record for record in self._store.versions(name)}
        listing = Listing.read(self._store, name)
        records = here | {record.version: record for record in (listing.versions if listing else ())}
        if not records:
            raise ModelNotFound(name)
        named = (listing.aliases if listing else {}) | self.aliases(name)
        return KnownVersions(
            [
                KnownVersion(records[version], _names(named, version), version in here)
                for version in sorted(records, key=int, reverse=True)
            ],
            listing.checked_at if listing else None,
        )

    def aliases(self, name: str) -> dict[str, str]:
        """The version that each alias of a model names, by alias."""
        found = {}
        for path in sorted((self._root / name / "aliases").glob("*.json")):
            try:
                found[path.stem] = self._store.resolve(name, path.stem).version
            except StoreError:
                continue
        return found


def _names(aliases: dict[str, str], version: str) -> tuple[str, ...]:
    return tuple(sorted(alias for alias, named in aliases.items() if named == version))
