"""Waiting that ends early when somebody kicks: SIGHUP, or a touched file."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

_LOOK_S: Final = 0.25  # how often the file and the parent are looked at; a signal is heard at once


class Wake:
    """Ends a wait on SIGHUP or a change of a file, and the process on SIGTERM or SIGINT.

    Used in the main thread, as a context; the handlers that were there before are put back.
    """

    def __init__(self, kick: Path | None, *, orphaned: Callable[[], bool] = lambda: False) -> None:
        """Take what to listen to.

        Args:
            kick: the file; it need not be there.
            orphaned: tells that nobody needs this process any more.
        """
        self._kick = kick
        self._orphaned = orphaned
        self._seen = self._identity()

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = {
            number: signal.signal(number, handler)
            for number, handler in (
                (signal.SIGHUP, self._hear),
                (signal.SIGTERM, self._end),
                (signal.SIGINT, self._end),
            )
        }
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float) -> bool:
        """Wait, or until a kick; one that came since the last wait counts.

        Returns:
            Whether it was a kick.

        Raises:
            SystemExit: nobody needs this process any more.
        """
        until = time.monotonic() + seconds
        while not self._kicked():
            if self._orphaned():
                raise SystemExit(0)
            left_s = until - time.monotonic()
            if left_s <= 0:
                return False
            select.select([self._reader], [], [], min(left_s, _LOOK_S))
        return True

    def _kicked(self) -> bool:
        before, self._seen = self._seen, self._identity()
        try:
            heard = os.read(self._reader, 4096)
        except BlockingIOError:
            heard = b""
        return bool(heard) or before != self._seen

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self._kick.stat() if self._kick else None
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns) if status else None

    def _hear(self, number: int, frame: FrameType | None) -> None:
        with suppress(BlockingIOError):  # kicked thousands of times during one step: it will wake all the same
            os.write(self._writer, b"!")

    @staticmethod
    def _end(number: int, frame: FrameType | None) -> None:
        """Leave wherever it stands: everything that is written is written so that a kill does no harm."""
        raise SystemExit(0)
