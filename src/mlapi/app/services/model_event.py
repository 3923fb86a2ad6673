"""Something that happened to the model of this service, for whoever is to hear of it: log, metrics, records, people."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mlapi.app.services.local_model import Candidate
from mlapi.bundle.errors import BundleError, VerificationError
from mlapi.ops.notify import Event, Severity

Kind = Literal["load", "swap", "refusal", "fallback"]
LEVELS: Final[Mapping[Kind, int]] = {
    "load": logging.INFO,
    "swap": logging.INFO,
    "refusal": logging.ERROR,
    "fallback": logging.WARNING,
}
MESSAGES: Final[Mapping[Kind, str]] = {
    "load": "model loaded",
    "swap": "model loaded in place of another",
    "refusal": "model not loaded",
    "fallback": "an earlier version of the model answers instead",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ModelEvent:
    """A version was loaded first, took over, was refused, or answers in place of a newer one that was refused.

    Attributes:
        kind: which of them.
        name: the model's.
        version: the one that it happened to.
        generation: of the alias record that names it.
        code: of a refusal: a VerificationError's, or `unreadable`, `unusable`, `internal_error`.
        reason: of a refusal or fallback, in one line.
    """

    kind: Kind
    name: str
    version: str
    generation: int
    code: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, kind: Kind, candidate: Candidate, error: Exception | None = None) -> ModelEvent:
        """Say what happened to a candidate, and why if something went wrong."""
        alias = candidate.alias
        code, reason = _verdict(error) if error else (None, None)
        return cls(
            kind=kind, name=alias.name, version=alias.version, generation=alias.generation, code=code, reason=reason
        )

    def as_notice(self) -> Event:
        """The same for people; a version that loads ends the trouble of one that did not."""
        why = f": {self.reason}" if self.reason else ""
        return Event(
            key=f"model:{self.name}",
            severity=Severity.INFO if self.kind in ("load", "swap") else Severity.ERROR,
            summary=f"{self.name} version {self.version}: {MESSAGES[self.kind]}{why}",
            resolved=self.kind in ("load", "swap"),
            details={"model.name": self.name, "model.version": self.version, "event.kind": self.kind},
        )


Listener = Callable[[ModelEvent], None]


def write(event: ModelEvent, error: Exception | None = None) -> None:
    """Write an event to the log, with the traceback where nobody foresaw it."""
    fields = {
        "event.action": f"model-{event.kind}",
        "model.name": event.name,
        "model.version": event.version,
        "model.generation": event.generation,
    }
    if event.code:
        fields["error.code"] = event.code
    why = f": {event.reason}" if event.reason else ""
    unforeseen = None if error is None or isinstance(error, BundleError | OSError) else error
    log.log(LEVELS[event.kind], "%s%s", MESSAGES[event.kind], why, exc_info=unforeseen, extra={"fields": fields})


def _verdict(error: Exception) -> tuple[str, str]:
    if isinstance(error, VerificationError):
        return error.code, str(error)
    if isinstance(error, BundleError):
        return "unusable", str(error)
    if isinstance(error, OSError):
        return "unreadable", error.strerror or "its files cannot be read"
    return "internal_error", "the service failed while loading it; its log has the details"
