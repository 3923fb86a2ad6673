"""The local last-good directory, as the serving process reads it: `<state_dir>/serving`, written by the follower.

`<name>/aliases/<alias>.json` says which version to serve, `<name>/versions/<version>/` is that bundle, and
`<name>/follow.json` is what the follower last found upstream. All three are replaced atomically, so a file's identity
(inode, size, modification time) tells whether it is worth reading again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mlapi.bundle.errors import StoreError
from mlapi.bundle.follow_state import FollowState
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.protocol import AliasRecord, Promotion, VersionRecord

STAGES = ("production", "staging")  # the first one that names the version is its stage
Identity = tuple[int, int, int]


class Candidate(NamedTuple):
    """A version that the alias names now."""

    alias: AliasRecord
    path: Path


class LocalModel:
    """One alias of one model in the local directory."""

    def __init__(self, root: Path, *, name: str | None, alias: str) -> None:
        """Take what to look at.

        Args:
            root: the local directory store.
            name: the model; None takes the only one there is.
            alias: such as `production`.
        """
        self._root = root
        self._name = name
        self._alias = alias
        self._store = DirectoryStore(root)
        self._seen: tuple[Identity, Candidate] | None = None

    def look(self) -> Candidate | None:
        """What the alias names now, or None where there is no such model (yet)."""
        name = self._name or self._only_model()
        identity = identify(self._root / name / "aliases" / f"{self._alias}.json") if name else None
        if name is None or identity is None:
            return None
        if self._seen is None or self._seen[0] != identity:
            self._read(name, identity)
        return self._seen[1] if self._seen else None

    def earlier(self) -> Iterator[Candidate]:
        """Versions that the alias named before and that are still here, the latest first."""
        current = self.look()
        if current is None:
            return
        name, seen = current.alias.name, {current.alias.version}
        for move in reversed(self._moves(name)):
            record = self._version(name, move.version)
            if move.version not in seen and record is not None:
                yield Candidate(_as_alias(move, record), self._place(name, move.version))
            seen.add(move.version)

    def aliases(self, name: str, version: str) -> tuple[str, ...]:
        """The aliases known here that name a version, sorted."""
        names = {self._alias, *STAGES}
        return tuple(sorted(alias for alias in names if self._resolves(name, alias) == version))

    @property
    def status(self) -> FollowState | None:
        """What the follower last said of the model; None if it has said nothing that can be read."""
        name = self._name or self._only_model()
        return FollowState.read(self._store, name) if name else None

    def _read(self, name: str, identity: Identity) -> None:
        try:
            alias = self._store.resolve(name, self._alias)
        except StoreError:
            return
        self._seen = (identity, Candidate(alias, self._place(name, alias.version)))

    def _place(self, name: str, version: str) -> Path:
        return self._root / name / "versions" / version

    def _moves(self, name: str) -> list[Promotion]:
        try:
            return self._store.history(name, self._alias)
        except StoreError:
            return []

    def _version(self, name: str, version: str) -> VersionRecord | None:
        try:
            return self._store.version(name, version)
        except StoreError:
            return None

    def _resolves(self, name: str, alias: str) -> str | None:
        try:
            return self._store.resolve(name, alias).version
        except StoreError:
            return None

    def _only_model(self) -> str | None:
        try:
            models = [path.name for path in self._root.iterdir() if (path / "aliases").is_dir()]
        except OSError:
            return None
        return models[0] if len(models) == 1 else None


def _as_alias(move: Promotion, record: VersionRecord) -> AliasRecord:
    """What the alias's record was after a move, as far as serving asks."""
    return AliasRecord(
        name=record.name,
        alias=move.alias,
        version=move.version,
        manifest_sha256=record.manifest_sha256,
        generation=move.generation,
        promoted_at=move.at,
        promoted_by=move.by,
        reason=move.reason,
        previous=move.previous,
    )


def identify(path: Path) -> Identity | None:
    """What changes whenever a file is replaced, or None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
