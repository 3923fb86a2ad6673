"""Who stands against whom, and what a gate says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Protocol

from mlapi.bundle import Bundle, load
from mlapi.bundle.store.protocol import VersionRecord


class Outcome(StrEnum):
    """How a gate judged."""

    PASSED = "passed"
    REFUSED = "refused"
    WAIVED = "waived"  # refused, and promoted all the same because somebody said so
    NOT_JUDGED = "not judged"  # what the gate compares is not there


@dataclass(frozen=True)
class Verdict:
    """What a gate says, why in one line, and the figures that it rests on."""

    gate: str
    outcome: Outcome
    reason: str
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """A version with its bundle's directory."""

    record: VersionRecord
    path: Path

    @cached_property
    def bundle(self) -> Bundle:
        """The bundle, verified and opened.

        Raises:
            VerificationError: it is damaged.
        """
        return load(self.path, expected_manifest=self.record.manifest_sha256)

    def open(self) -> Bundle:
        """Open the bundle now; errors as for `bundle`."""
        return self.bundle


@dataclass(frozen=True)
class Contest:
    """The version that wants an alias, and the one that has it; `absence` says why there is no champion."""

    challenger: Contender
    champion: Contender | None
    absence: str = ""


class Gate(Protocol):
    """One condition of a promotion."""

    @property
    def name(self) -> str:
        """One word, for the history and to waive it by."""
        ...

    def judge(self, contest: Contest) -> Verdict:
        """Judge a challenger; what goes wrong meanwhile is raised and stops the promotion."""
        ...
