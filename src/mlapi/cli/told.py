"""Who hears of a long command's stages: a bar on a person's terminal, or the log where a program reads along."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from mlapi.cli.progress import TerminalProgress

if TYPE_CHECKING:
    from mlapi.ops.settings import Settings

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Hears of stages until it is closed."""

    def __call__(self, message: str, done: int | None = None, total: int | None = None) -> None:
        """See `mlapi.training.progress.Progress`."""
        ...

    def close(self) -> None:
        """Hear no more."""
        ...


class LoggedProgress:
    """Logs the beginning of each stage."""

    def __init__(self) -> None:
        self._stage = ""

    def __call__(self, message: str, done: int | None = None, total: int | None = None) -> None:
        """Log a stage that is another than the one before."""
        if message != self._stage:
            self._stage = message
            log.info("%s", message, extra={"fields": {"event.action": message.replace(" ", "-")}})

    def close(self) -> None:
        """Nothing is left open."""


def listener(settings: Settings, service: str) -> Listener:
    """Give the listener that the settings ask for; with `log_format = json` this process logs as the service does.

    Args:
        settings: of this process.
        service: what the log calls it.
    """
    if settings.monitoring.log_format != "json":
        return TerminalProgress()
    from mlapi.ops import logs

    logs.configure(settings.api.log_level, service=service)
    return LoggedProgress()
