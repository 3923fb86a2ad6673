"""Ending with the parent: a process that works for another one has no business without it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


class Parent:
    """The process that started this one."""

    def __init__(self) -> None:
        """Remember it; to be made as early as possible."""
        self._pid = os.getppid()

    def end_with_it(self, number: signal.Signals) -> None:
        """Ask the system for a signal when the parent ends, where it can do that (Linux); elsewhere look at `gone`.

        The signal comes when the thread ends that started this process, so a parent starts it from its main thread.
        """
        if sys.platform == "linux":
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)

    @property
    def gone(self) -> bool:
        """Whether it has ended: an orphan gets another parent."""
        return os.getppid() != self._pid
