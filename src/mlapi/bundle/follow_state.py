"""What a follower says of itself: a file for the service beside it, and events for whoever is to be told."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from mlapi.bundle import document
from mlapi.bundle.errors import FormatError
from mlapi.bundle.store.directory import DirectoryStore
from mlapi.bundle.store.durable import replace_file

FILE: Final = "follow.json"
State = Literal["ok", "unreachable", "refused"]
Kind = Literal["adopted", "refused", "unreachable", "recovered"]


class FollowState(msgspec.Struct, frozen=True, kw_only=True):
    """What the last step found; `<root>/<name>/follow.json`.

    Attributes:
        state: "ok": the local copy is what the alias names; "unreachable": the store or the disk did not do their part;
            "refused": the alias names something that is not taken. In the last two the last good copy stays.
        checked_at: when, RFC 3339 UTC with Z.
        reason: what is wrong, None where nothing is.
        code: one word for it: a VerificationError's, or store_unavailable, model_not_found, misconfigured.
        version: the one that the alias names, as far as is known.
        generation: likewise.
    """

    state: State
    checked_at: str
    reason: str | None = None
    code: str | None = None
    version: str | None = None
    generation: int | None = None

    @classmethod
    def read(cls, local: DirectoryStore, name: str) -> FollowState | None:
        """Give what the last follower left, None if there is nothing to read."""
        try:
            return document.read(path_of(local, name).read_bytes(), cls, FILE)
        except (OSError, FormatError):
            return None

    def write(self, local: DirectoryStore, name: str) -> None:
        """Replace the file.

        Raises:
            StoreUnavailable: the disk's own reasons.
        """
        with local.writing(name):
            replace_file(path_of(local, name), document.write(self, readable=True))


class FollowEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A change that somebody may want to hear of; told once, not at every step.

    Attributes:
        kind: "adopted": another version or generation is here; "refused" and "unreachable" as in `FollowState`;
            "recovered": neither any more.
        name: the model's.
        alias: which one is followed.
        version: as far as is known.
        generation: likewise.
        code: see `FollowState`.
        reason: likewise.
    """

    kind: Kind
    name: str
    alias: str
    version: str | None = None
    generation: int | None = None
    code: str | None = None
    reason: str | None = None


def news(last: FollowState | None, state: FollowState, *, adopted: bool) -> Kind | None:
    """Give what kind of change a state is after the last one, None if it is none."""
    if adopted:
        return "adopted"
    if state.state == "ok":
        return "recovered" if last is not None and last.state != "ok" else None
    same = last is not None and (last.state, last.code, last.version, last.generation) == (
        state.state,
        state.code,
        state.version,
        state.generation,
    )
    return None if same else state.state


def path_of(local: DirectoryStore, name: str) -> Path:
    """Give the file's place."""
    return local.root / name / FILE
