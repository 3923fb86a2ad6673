"""How training tells what it is doing, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener; a command line draws a bar on a terminal, a test keeps a list."""

    def __call__(self, message: str, done: int | None = None, total: int | None = None) -> None:
        """Hear of a stage.

        Args:
            message: what begins or goes on, one short line.
            done: steps finished, where the stage has steps.
            total: steps at most; early stopping may end a stage sooner.
        """


def silent(message: str, done: int | None = None, total: int | None = None) -> None:
    """Hear nothing."""
