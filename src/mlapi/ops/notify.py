"""Telling somebody. Whoever can be told implements `Notifier`; the log is always told."""

import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec


class Severity(StrEnum):
    """How bad it is; the words are PagerDuty's (Events API v2)."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should know.

    Attributes:
        key: names the trouble, not the message (`model-refused:churn`); a later event of the same key ends it.
        severity: how bad it is.
        summary: one line without secrets.
        resolved: whether the trouble is over.
        details: fields for logs and pages.
    """

    key: str
    severity: Severity
    summary: str
    resolved: bool = False
    details: Mapping[str, str] = msgspec.field(default_factory=dict)


class Notifier(Protocol):
    """Somebody who can be told."""

    def notify(self, event: Event) -> None:
        """Tell of an event; never raises, for trouble with the messenger must not become trouble of the service."""


class LogNotifier:
    """Writes events to the log."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        """Take the logger to write to; `mlapi.events` if None."""
        self._logger = logger or logging.getLogger("mlapi.events")

    def notify(self, event: Event) -> None:
        """Log the event at its severity, or at INFO when it is over."""
        level = logging.INFO if event.resolved else logging.getLevelNamesMapping()[event.severity.upper()]
        fields = {"event.action": event.key, "event.severity": event.severity.value, "event.resolved": event.resolved}
        self._logger.log(level, "%s", event.summary, extra={"fields": {**event.details, **fields}})
