"""What the parts of a run share, and how they tell how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.fuzz.build import Counters, Unit, library_of, load
from tests.fuzz.fuzzer import Current


class Session(NamedTuple):
    """What all parts share."""

    seed: int
    folder: Path
    found: Path

    def load(self, unit: Unit) -> tuple[ModuleType, Counters]:
        """Put the sanitized build of an extension in the installed one's place."""
        library = library_of(unit, "sanitized", self.folder)
        return load(unit, library), Counters(library)

    @property
    def current(self) -> Current:
        return Current(self.folder / "current")


class Progress:
    """A line now and then."""

    def __init__(self, what: str, seconds: float) -> None:
        self._what, self._seconds = what, seconds
        self._began = self._told = time.monotonic()

    def is_over(self, tell: Callable[[], str]) -> bool:
        """Whether time is up; prints a line every ten seconds and at the end."""
        now = time.monotonic()
        over = now - self._began >= self._seconds
        if over or now - self._told >= 10:
            print(f"{self._what} {now - self._began:6.0f} s: {tell()}", flush=True)
            self._told = now
        return over
