"""Writes lines of a log; those of a busy moment together, since a write for each costs as much as making it."""

from __future__ import annotations

import logging
import select
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:  # the follower and the commands do without the rest of asyncio
    from asyncio import AbstractEventLoop

HOLD_S: Final = 0.01  # for which a line may wait for others
# What a pipe takes in one piece (POSIX): what several workers write at the same time is not mixed within a line.
LARGEST_WRITE_BYTES: Final = getattr(select, "PIPE_BUF", 512)


class LineFormatter(logging.Formatter, ABC):
    """Makes lines of records, and of what is none."""

    @abstractmethod
    def line(self, seconds: float, level: int, message: str, logger: str, fields: Mapping[str, object]) -> str:
        """Give the line of a record that was never made, for the few messages that are written again and again.

        Args:
            seconds: since 1970.
            level: of the record.
            message: of the record.
            logger: its name.
            fields: one at least, and none of the keys that every line has.
        """


class LineHandler(logging.StreamHandler[IO[str]]):
    """Writes every record at once, and what is `put` at once too, unless it may be held for a moment.

    Lines keep their order, and what is held is written when the process ends, unless that is by kill -9. They are made
    when they are written: one after another takes a third of the time that each takes between two requests.
    """

    def __init__(self, stream: IO[str], formatter: LineFormatter) -> None:
        super().__init__(stream)
        self.setFormatter(formatter)
        self._line = formatter.line
        self._held: list[tuple[float, int, str, str, Mapping[str, object]]] = []
        self._loop: AbstractEventLoop | None = None

    def hold(self, loop: AbstractEventLoop | None) -> None:
        """From now on hold what is put, which the loop's own thread alone may do; None holds nothing any more."""
        self._loop = loop
        self.flush()

    def put(self, level: int, message: str, logger: str, fields: Mapping[str, object]) -> None:
        """Write a line for what is no record; see `LineFormatter.line`."""
        self.acquire()
        try:
            self._held.append((time.time(), level, message, logger, fields))
            if self._loop is None:
                self.flush()
            elif len(self._held) == 1:
                self._loop.call_later(HOLD_S, self.flush)
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record behind what was held."""
        self.flush()
        super().emit(record)

    def flush(self) -> None:
        """Write what is held."""
        self.acquire()
        try:
            held, self._held = self._held, []
            for piece in pieces(self._line(*one) + "\n" for one in held):
                self.stream.write(piece)
                self.stream.flush()
            super().flush()
        finally:
            self.release()


def pieces(lines: Iterable[str]) -> Iterator[str]:
    """Join lines to pieces that are written at once."""
    piece, size_bytes = "", 0
    for line in lines:
        line_bytes = len(line.encode())
        if piece and size_bytes + line_bytes > LARGEST_WRITE_BYTES:
            yield piece
            piece, size_bytes = "", 0
        piece += line
        size_bytes += line_bytes
    if piece:
        yield piece


def sole_handler(logger: logging.Logger) -> LineHandler | None:
    """The handler that a record of a logger would reach, if that is one of these and no other."""
    found: logging.Handler | None = None
    at: logging.Logger | None = logger
    while at is not None:
        for handler in at.handlers:
            if found is not None:
                return None
            found = handler
        at = at.parent if at.propagate else None
    return found if isinstance(found, LineHandler) else None
