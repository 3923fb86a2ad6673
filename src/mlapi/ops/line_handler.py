"""Writes lines of a log; those of a busy moment together, since a write for each costs as much as making it."""

import logging
import select
from asyncio import AbstractEventLoop
from collections.abc import Iterable, Iterator
from typing import IO, Final

HOLD_S: Final = 0.01  # for which a line may wait for others
# What a pipe takes in one piece (POSIX): what several workers write at the same time is not mixed within a line.
LARGEST_WRITE_BYTES: Final = getattr(select, "PIPE_BUF", 512)


class LineHandler(logging.StreamHandler[IO[str]]):
    """Writes every record at once, and lines that are `put` at once too, unless they may be held for a moment.

    Lines keep their order, and what is held is written when the process ends, unless that is by kill -9.
    """

    def __init__(self, stream: IO[str], formatter: logging.Formatter) -> None:
        super().__init__(stream)
        self.setFormatter(formatter)
        self._held: list[str] = []
        self._loop: AbstractEventLoop | None = None

    def hold(self, loop: AbstractEventLoop | None) -> None:
        """From now on hold what is put, which the loop's own thread alone may do; None holds nothing any more."""
        self._loop = loop
        self.flush()

    def put(self, line: str) -> None:
        """Write a line, given without its end."""
        self.acquire()
        try:
            self._held.append(line + "\n")
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
            for piece in pieces(held):
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
