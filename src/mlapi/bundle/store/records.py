"""What a store keeps of a version, of an alias and of each of its moves."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

# Names become parts of paths, addresses and filters; what is safe in all of them is allowed and nothing else.
_SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", re.ASCII)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)

Action = Literal["promote", "rollback"]


class VersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One registered bundle.

    Attributes:
        name: the model's.
        version: the store's number as text, "3"; numbers ascend, some may be missing.
        manifest_sha256: of the bundle's `manifest.json`; vouches for every other file.
        content_digest: equal for equal data, configuration and seed.
        created_at: when it was registered, RFC 3339 UTC with Z.
        tags: free text by key.
        run_id: the MLflow run that made it, where there is one.
    """

    name: str
    version: str
    manifest_sha256: str
    content_digest: str
    created_at: str
    tags: dict[str, str] = {}
    run_id: str | None = None


class AliasRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Which version an alias names, and since when.

    Attributes:
        name: the model's.
        alias: such as `production`.
        version: the version in use.
        manifest_sha256: of that version's `manifest.json`.
        generation: grows with every promotion of the alias, by one or more; never falls. 0: none through mlapi so far.
        promoted_at: RFC 3339 UTC with Z; empty where the alias was moved by other means.
        promoted_by: who did it; empty likewise.
        reason: why, in that person's words.
        previous: the version before, None for the first.
    """

    name: str
    alias: str
    version: str
    manifest_sha256: str
    generation: int
    promoted_at: str
    promoted_by: str
    reason: str
    previous: str | None = None


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """One move of an alias.

    Attributes:
        generation: see `AliasRecord`.
        at: RFC 3339 UTC with Z; by the promoter's clock, so that order is told by the generation alone.
        by: who did it.
        alias: which alias.
        version: where it points since.
        previous: the version before, None for the first.
        reason: why.
        nonce: random; tells one promoter's move from another's of the same generation.
        metrics: figures that the decision rested on.
        action: "promote" or "rollback".
    """

    generation: int
    at: str
    by: str
    alias: str
    version: str
    previous: str | None = None
    reason: str = ""
    nonce: str = ""
    metrics: dict[str, float] = {}
    action: Action = "promote"


def is_safe_name(name: str) -> bool:
    """Tell whether a model or an alias may have this name."""
    return _SAFE.fullmatch(name) is not None


def is_version(version: str) -> bool:
    """Tell whether a text is a version: a positive number, spelt in one way only."""
    return _VERSION.fullmatch(version) is not None
