"""Where an alias of a directory store points, with all its moves, in one JSON file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from mlapi.bundle import document
from mlapi.bundle.errors import GenerationConflict
from mlapi.bundle.store.durable import now, replace_file
from mlapi.bundle.store.records import Action, AliasRecord, Promotion, VersionRecord


class AliasFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file's content.

    Attributes:
        current: where it points.
        history: its moves, the oldest first.
    """

    current: AliasRecord
    history: tuple[Promotion, ...]

    @classmethod
    def read(cls, path: Path) -> AliasFile | None:
        """Read the file, None if there is none.

        Raises:
            FormatError: it is no such file.
            OSError: it cannot be read.
        """
        try:
            return document.read(path.read_bytes(), cls, path.name)
        except FileNotFoundError:
            return None

    def write(self, path: Path) -> None:
        """Replace the file; the caller holds the model's lock."""
        path.parent.mkdir(exist_ok=True)
        replace_file(path, document.write(self, readable=True))


def next_move(
    before: AliasFile | None,
    to: VersionRecord,
    alias: str,
    *,
    by: str,
    reason: str,
    metrics: Mapping[str, float],
    action: Action,
) -> Promotion:
    """Give the move that follows what is there, one generation on."""
    return Promotion(
        generation=before.current.generation + 1 if before else 1,
        at=now(),
        by=by,
        alias=alias,
        version=to.version,
        previous=before.current.version if before else None,
        reason=reason,
        nonce=os.urandom(8).hex(),
        metrics=dict(metrics),
        action=action,
    )


def moved(to: VersionRecord, move: Promotion) -> AliasRecord:
    """Give the record of an alias after a move."""
    return AliasRecord(
        name=to.name,
        alias=move.alias,
        version=to.version,
        manifest_sha256=to.manifest_sha256,
        generation=move.generation,
        promoted_at=move.at,
        promoted_by=move.by,
        reason=move.reason,
        previous=move.previous,
    )


def expect(name: str, alias: str, expected: int | None, found: int) -> None:
    """Compare the generation that a promoter had seen with the present one.

    Raises:
        GenerationConflict: they differ.
    """
    if expected is not None and expected != found:
        raise GenerationConflict(name, alias, expected, found)
