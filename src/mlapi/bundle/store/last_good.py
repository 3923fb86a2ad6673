"""The local last-good copies: a directory store that mirrors an alias of another store, generation by generation."""

from __future__ import annotations

from pathlib import Path

from mlapi.bundle.errors import GenerationConflict
from mlapi.bundle.store.alias_file import AliasFile
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.records import AliasRecord, Promotion

KEPT = 3  # versions: the one in use, and two to fall back on without a download
_KEPT_MOVES = 100


def adopt(store: DirectoryStore, record: AliasRecord) -> None:
    """Point the local alias where the upstream one points, with its generation.

    Raises:
        GenerationConflict: the local copy is of a later generation.
        ModelNotFound: the version is not here.
        StoreUnavailable: the disk's own reasons.
    """
    store.version(record.name, record.version)
    with store.writing(record.name):
        before = store.alias_file(record.name, record.alias)
        if before is not None and before.current.generation > record.generation:
            raise GenerationConflict(record.name, record.alias, record.generation, before.current.generation)
        moves = (*(before.history if before else ()), _move(record))[-_KEPT_MOVES:]
        AliasFile(current=record, history=moves).write(store.alias_path(record.name, record.alias))


def prune(store: DirectoryStore, name: str, alias: str, keep: int = KEPT) -> None:
    """Remove all versions but those that an alias points at, and the last few that this one pointed at.

    Raises:
        StoreUnavailable: the disk's own reasons.
    """
    with store.writing(name):
        recent: dict[str, None] = {}
        for move in reversed(store.history(name, alias)):
            recent.setdefault(move.version)
        kept = {*list(recent)[:keep], *_in_use(store, name)}
        # records first: a version is gone with its record, and an orphaned directory goes with the next pruning
        for place in sorted((store.root / name / "versions").iterdir(), key=Path.is_dir):
            if place.name.partition(".")[0] not in kept:
                _remove(place)


def _move(record: AliasRecord) -> Promotion:
    return Promotion(
        generation=record.generation,
        at=record.promoted_at,
        by=record.promoted_by,
        alias=record.alias,
        version=record.version,
        previous=record.previous,
        reason=record.reason,
    )


def _in_use(store: DirectoryStore, name: str) -> set[str]:
    paths = (store.root / name / "aliases").glob("*.json")
    return {store.resolve(name, path.stem).version for path in paths}


def _remove(place: Path) -> None:
    if place.is_dir():
        import shutil

        shutil.rmtree(place)
    else:
        place.unlink()
