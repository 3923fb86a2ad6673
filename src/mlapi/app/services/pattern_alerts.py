"""Telling people of patterns in the use of keys: once an hour of each, whatever the number of requests and workers."""

import hashlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from mlapi.ops.notify import Event, Notifier, Severity

QUIET_S: Final = 3600.0  # after a pattern was told, until it is told again
BY_PEER: Final = "many-keys-from-one-peer"  # any other pattern is one of a key
# A key that was published must be revoked at once; many keys of one address may be a gateway.
SEVERITIES: Final = {BY_PEER: Severity.WARNING, "one-key-from-many-peers": Severity.ERROR}


class PatternAlerts:
    """Hears of patterns; marks in a directory that all workers share say which were told lately."""

    def __init__(self, notifier: Notifier, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Take whom to tell.

        Args:
            notifier: told in a thread of its own, for a messenger may take seconds.
            folder: for one empty file a pattern.
            clock: seconds since 1970.
        """
        self._notifier = notifier
        self._folder = folder
        self._clock = clock

    def __call__(self, pattern: str, key_id: str, peer: str) -> None:
        """Tell of a pattern, unless it was told within the hour, by whichever worker."""
        key = f"{pattern}:{peer if pattern == BY_PEER else key_id}"
        if self._is_news(key):
            event = Event(
                key=key,
                severity=SEVERITIES[pattern],
                summary=f"{pattern.replace('-', ' ')}: key {key_id}, peer {peer}",
                details={"event.category": "security", "key.id": key_id, "source.ip": peer},
            )
            threading.Thread(target=self._notifier.notify, args=(event,), daemon=True).start()

    def _is_news(self, key: str) -> bool:
        """Whether this call is the first of the hour; on a disk that cannot be written every call is."""
        mark = self._folder / hashlib.sha256(key.encode()).hexdigest()[:32]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for old in self._folder.iterdir():
                self._forget_if_old(old)
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            os.utime(mark, (self._clock(), self._clock()))
        except OSError:
            return not mark.exists()
        return True

    def _forget_if_old(self, mark: Path) -> None:
        with suppress(FileNotFoundError):  # another worker was quicker
            if mark.stat().st_mtime <= self._clock() - QUIET_S:
                mark.unlink()
