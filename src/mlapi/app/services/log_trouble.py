"""Whether the prediction log is in trouble, and telling people when that begins and when it is over."""

import logging
import threading
from typing import Final

from mlapi.ops.errors import SettingsError
from mlapi.ops.notify import Event, Notifier, Severity

KEY: Final = "prediction-log"

log = logging.getLogger(__name__)


class LogTrouble:
    """Hears of every try to write, and tells of changes only."""

    def __init__(self, notifier: Notifier) -> None:
        """Take whom to tell."""
        self._notifier = notifier
        self.reason: str | None = None
        self.drops = False

    def failed(self, error: Exception) -> None:
        """A try failed."""
        known, self.reason = self.reason, _reason(error)
        if known is None:
            self._tell(Severity.WARNING, f"the prediction log cannot be written: {self.reason}")

    def dropping(self) -> None:
        """Rows begin to be lost."""
        if not self.drops:
            self.drops = True
            self._tell(Severity.ERROR, "the prediction log has no room left; its oldest rows are dropped")

    def well(self) -> None:
        """A try succeeded."""
        if self.reason is not None or self.drops:
            self.reason, self.drops = None, False
            self._tell(Severity.INFO, "the prediction log is written again", resolved=True)

    def _tell(self, severity: Severity, summary: str, *, resolved: bool = False) -> None:
        """In a thread of its own: a messenger may take seconds."""
        event = Event(key=KEY, severity=severity, summary=summary, resolved=resolved)
        threading.Thread(target=self._notifier.notify, args=(event,), daemon=True).start()


def _reason(error: Exception) -> str:
    """One line without an address, a statement or a cell: the driver's own words where it has some."""
    if isinstance(error, SettingsError):
        return str(error)
    if isinstance(error, OSError):
        return (error.strerror or "input/output error").lower()
    original = getattr(error, "orig", None)
    words = str(original).splitlines()[0] if original is not None and str(original) else type(error).__name__
    return words[:200]
