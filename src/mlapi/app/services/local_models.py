"""What this machine has of models: versions and aliases in the local last-good directory."""

from pathlib import Path
from typing import NamedTuple

from mlapi.app.services.local_model import STAGES
from mlapi.bundle.errors import ModelNotFound, StoreError
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.records import VersionRecord, is_safe_name


class LocalVersion(NamedTuple):
    """A version that is here, and the aliases that name it, sorted."""

    record: VersionRecord
    aliases: tuple[str, ...]

    @property
    def stage(self) -> str:
        """`production`, `staging` or `none`."""
        return stage_of(self.aliases)


def stage_of(aliases: tuple[str, ...]) -> str:
    """The stage of a version with these aliases."""
    return next((stage for stage in STAGES if stage in aliases), "none")


class LocalModels:
    """Reads the directory anew each time it is asked; a few small files."""

    def __init__(self, root: Path) -> None:
        """Take the directory, there or not."""
        self._root = root
        self._store = DirectoryStore(root)

    def names(self) -> list[str]:
        """The models that are here, sorted."""
        return self._store.models()

    def versions(self, name: str) -> list[LocalVersion]:
        """The versions of a model that are here, the latest first.

        Raises:
            ModelNotFound: the model is not here.
        """
        records = self._store.versions(name) if is_safe_name(name) else []
        if not records:
            raise ModelNotFound(name)
        named = self.aliases(name)
        return [
            LocalVersion(record, tuple(alias for alias, version in named.items() if version == record.version))
            for record in reversed(records)
        ]

    def aliases(self, name: str) -> dict[str, str]:
        """The version that each alias of a model names, by alias."""
        found = {}
        for path in sorted((self._root / name / "aliases").glob("*.json")):
            try:
                found[path.stem] = self._store.resolve(name, path.stem).version
            except StoreError:
                continue
        return found
